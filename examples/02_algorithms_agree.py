"""Every algorithm of jconv gives the same convolution: the one that two nested loops write down.

A 4 x 4 image and a 2 x 2 kernel give 3 x 3 numbers, each the sum of a window times the kernel. Padding
frames the image with zeros, a stride skips windows. The numbers are small integers, so that "the same"
means equal, not close; the gradients are derived by JAX, and their truth follows from the same loops.
"""

from itertools import product

import jax
import jax.numpy as jnp
import numpy as np

import jconv

ALGORITHMS = ("lax", "taps", "auto")
IMAGE = np.arange(16.0, dtype=np.float32).reshape(4, 4)
KERNEL = np.array([[1, 2], [3, -4]], np.float32)


def by_loops(image: np.ndarray, kernel: np.ndarray, stride: int, padding: int) -> np.ndarray:
    """Slide the kernel over the framed image, as on paper."""
    framed = np.pad(image, padding)
    out = np.zeros([(size - 2) // stride + 1 for size in framed.shape], np.float32)
    for i, j in product(*map(range, out.shape)):
        out[i, j] = np.sum(framed[i * stride : i * stride + 2, j * stride : j * stride + 2] * kernel)
    return out


def slope_by_loops(function, argument: np.ndarray) -> np.ndarray:
    """Give the slope of a linear function's sum of outputs in each entry: the sum for that unit array."""
    units = np.eye(argument.size, dtype=np.float32).reshape(-1, *argument.shape)
    return np.array([function(unit).sum() for unit in units]).reshape(argument.shape)


def check(algorithm: str, stride: int, padding: int) -> None:
    """Hold an algorithm's value and both its gradients to the loops."""

    def conv(image, kernel):
        x, w = image[..., None], kernel[..., None, None]  # [4, 4, 1] and [2, 2, 1, 1]: one channel each
        return jconv.conv(x, w, stride=stride, padding=padding, algorithm=algorithm)[..., 0]

    slopes = jax.grad(lambda image, kernel: jnp.sum(conv(image, kernel)), (0, 1))(IMAGE, KERNEL)
    of_image = slope_by_loops(lambda image: by_loops(image, KERNEL, stride, padding), IMAGE)
    of_kernel = slope_by_loops(lambda kernel: by_loops(IMAGE, kernel, stride, padding), KERNEL)
    truth = by_loops(IMAGE, KERNEL, stride, padding), of_image, of_kernel
    for got, true in zip((conv(IMAGE, KERNEL), *slopes), truth, strict=True):
        assert np.array_equal(got, true), f"{algorithm}, stride {stride}, padding {padding}: {got} for {true}"


def main(quick: bool = False) -> None:
    """Check all, for several strides and paddings."""
    for stride, padding, algorithm in product((1, 2), (0, 1) if quick else (0, 1, 2), ALGORITHMS):
        check(algorithm, stride, padding)
        print(f"stride {stride}, padding {padding}: {algorithm} equals the loops, gradients too")


if __name__ == "__main__":
    print(by_loops(IMAGE, KERNEL, 1, 0))
    main()
