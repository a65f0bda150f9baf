"""fit_kernel: a kernel, or any parametrised kernel, learned by optax from what it makes."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import optax
from flax import nnx

from jconv._typing import Array, ArrayLike
from jconv._verbs.conv import conv
from jconv.fit._train import Progress, fit, squared_error


class _Kernel(nnx.Module):
    """A convolution whose kernel is made of parameters."""

    def __init__(self, start: Any, apply: Callable[[Array, Any], Array]):
        self.parameters = nnx.data(nnx.Param(start))
        self.apply = apply

    def __call__(self, x: Array) -> Array:
        """Convolve."""
        return self.apply(x, self.parameters.get_value())


def fit_kernel(
    x: ArrayLike,
    y: ArrayLike,
    start: Any,
    *,
    optimizer: optax.GradientTransformation,
    steps: int,
    build: Callable[[Any], Array] = lambda kernel: kernel,
    weights: ArrayLike | None = None,
    on_progress: Callable[[Progress], object] | None = None,
    **options: Any,
) -> tuple[Any, Progress]:
    """Learn the kernel that makes y of x, by steps.

    p <- p + optimizer(gradient of mean (conv(x, build(p)) - y)^2). Where build(p) = p the answer in closed form is
    `solve_kernel`'s, and the steps can be held to it.

    Args:
        x: (batch, *spatial, c_in).
        y: (batch, *outputs, c_out), what conv(x, kernel) should be.
        start: a kernel to start from, (*window, c_in // groups, c_out); or whatever `build` takes.
        optimizer: any of optax's.
        steps: how many.
        build: makes the kernel of the parameters, such as `lambda sigma: gaussian(sigma, size=7)[:, :, None, None]`.
        weights: of y's shape; None: all count alike.
        on_progress: as in `fit`.
        **options: stride, padding, ... as in `jconv.conv`.

    Returns:
        The parameters that were learned, of `start`'s structure, and the last `Progress`.

    Raises:
        ValueError: shapes that do not fit together.
        TypeError: an argument of the wrong kind.
        DivergedError: the loss is no longer finite.

    Examples:
        >>> x = jax.random.normal(jax.random.key(0), (1, 64, 1))
        >>> edge = jnp.array([-1.0, 0.0, 1.0])[:, None, None]
        >>> found, _ = fit_kernel(x, conv(x, edge), jnp.zeros((3, 1, 1)), optimizer=optax.sgd(0.3), steps=60)
        >>> found.ravel().round(2) + 0.0
        Array([-1.,  0.,  1.], dtype=float32)
    """
    model = _Kernel(jax.tree.map(jnp.asarray, start), lambda x, p: conv(x, build(p), **options))
    data = [x, y] + ([] if weights is None else [jnp.broadcast_to(jnp.asarray(weights), jnp.shape(y))])
    progress = fit(model, *data, optimizer=optimizer, steps=steps, loss=squared_error, on_progress=on_progress)
    return model.parameters.get_value(), progress
