"""What is checked of a convolution: each quantity derived by JAX from the function, and by the oracle."""

from collections.abc import Callable, Mapping
from functools import cache

import jax
import jax.numpy as jnp
import numpy as np

from jconv.testing.case import Case

QUANTITIES = ("value", "jvp", "gradient of x", "gradient of kernel", "second order", "vmap")


def computed_parts(
    quantity: str, conv: Callable[..., jax.Array], arrays: Mapping[str, jax.Array]
) -> dict[str, jax.Array]:
    """Derive one quantity from a function by JAX's transforms.

    Each argument of the bilinear map is also varied alone, so that a mistake in one cannot hide in the other.

    Args:
      quantity: one of QUANTITIES.
      conv: takes x and kernel, and nothing else.
      arrays: as of `Case.arrays`.

    Returns:
      The parts of the quantity, by name; the same names as of `true_parts`.

    Example:
      >>> arrays = {name: jnp.ones(2) for name in ("x", "kernel", "y", "dx", "dkernel", "dy")}
      >>> [*computed_parts("second order", jnp.multiply, arrays)]
      ['gradient of x along kernel', 'gradient of kernel along x']
    """
    x, kernel, y, dx, dkernel, dy = (arrays[name] for name in ("x", "kernel", "y", "dx", "dkernel", "dy"))

    def gradients(x, kernel, y):
        return jax.vjp(conv, x, kernel)[1](y)

    match quantity:
        case "value":
            return {"value": conv(x, kernel)}
        case "jvp":
            return {
                "along x": jax.jvp(lambda x: conv(x, kernel), (x,), (dx,))[1],
                "along kernel": jax.jvp(lambda kernel: conv(x, kernel), (kernel,), (dkernel,))[1],
                "along both": jax.jvp(conv, (x, kernel), (dx, dkernel))[1],
            }
        case "gradient of x":
            return {"gradient": jax.vjp(lambda x: conv(x, kernel), x)[1](y)[0]}
        case "gradient of kernel":
            return {"gradient": jax.vjp(lambda kernel: conv(x, kernel), kernel)[1](y)[0]}
        case "second order":  # forward over reverse
            _, (along_kernel, along_x) = jax.jvp(lambda x, kernel: gradients(x, kernel, y), (x, kernel), (dx, dkernel))
            return {"gradient of x along kernel": along_kernel, "gradient of kernel along x": along_x}
        case "vmap":
            xs, kernels, ys = (
                jnp.stack([x, dx, dx]),
                jnp.stack([kernel, dkernel, kernel]),
                jnp.stack([y, y, dy]),
            )
            inner_xs, last_kernels = jnp.moveaxis(xs, 0, 1), jnp.moveaxis(kernels, 0, -1)
            over = {
                "over x": jax.vmap(conv, (0, None))(xs, kernel),
                "over kernel": jax.vmap(conv, (None, 0))(x, kernels),
                "over both, inner axes": jnp.moveaxis(jax.vmap(conv, (1, -1), 1)(inner_xs, last_kernels), 1, 0),
            }
            if not jnp.issubdtype(x.dtype, jnp.inexact):
                return over
            of_x, of_kernel = jax.vmap(gradients)(xs, kernels, ys)
            return over | {"of gradient of x": of_x, "of gradient of kernel": of_kernel}
        case _:
            raise ValueError(f"computed_parts: quantity={quantity!r} must be one of {QUANTITIES}.")


def true_parts(case: Case, arrays: Mapping[str, np.ndarray]) -> dict[str, dict[str, np.ndarray]]:
    """Compute every quantity of a case by the oracle.

    All follow from the value's bilinearity: with f(x, kernel) the value, its derivative along both
    tangents is f(dx, kernel) + f(x, dkernel), and a gradient of one argument is linear in the other.

    Args:
      case: the convolution.
      arrays: as of `Case.arrays`; or their absolute values, which gives each quantity's scale.

    Returns:
      By quantity, the parts by name; the same names as of `computed_parts`.

    Example:
      >>> from jconv.testing.cases import QUICK
      >>> parts = true_parts(QUICK[0], QUICK[0].arrays("float32"))
      >>> parts["gradient of x"]["gradient"].shape == QUICK[0].x_shape
      True
    """

    @cache
    def value(x: str, kernel: str) -> np.ndarray:
        return case.value(arrays[x], arrays[kernel])

    @cache
    def of_x(y: str, kernel: str) -> np.ndarray:
        return case.x_cotangent(arrays[y], arrays[kernel])

    @cache
    def of_kernel(x: str, y: str) -> np.ndarray:
        return case.kernel_cotangent(arrays[x], arrays[y])

    xs, kernels, ys = ("x", "dx", "dx"), ("kernel", "dkernel", "kernel"), ("y", "y", "dy")
    return {
        "value": {"value": value("x", "kernel")},
        "jvp": {
            "along x": value("dx", "kernel"),
            "along kernel": value("x", "dkernel"),
            "along both": value("dx", "kernel") + value("x", "dkernel"),
        },
        "gradient of x": {"gradient": of_x("y", "kernel")},
        "gradient of kernel": {"gradient": of_kernel("x", "y")},
        "second order": {
            "gradient of x along kernel": of_x("y", "dkernel"),
            "gradient of kernel along x": of_kernel("dx", "y"),
        },
        "vmap": {
            "over x": np.stack([value(x, "kernel") for x in xs]),
            "over kernel": np.stack([value("x", kernel) for kernel in kernels]),
            "over both, inner axes": np.stack(list(map(value, xs, kernels))),
            "of gradient of x": np.stack(list(map(of_x, ys, kernels))),
            "of gradient of kernel": np.stack(list(map(of_kernel, xs, ys))),
        },
    }
