"""What XLA's own building blocks reach on this machine: the floors under jconv's times, which it cannot go below.

    python benchmarks/floors.py

Rates are in 1e9 multiply-adds, or bytes, per second. A forward convolution as a matrix product has many rows and a
short sum; a kernel gradient has few rows and columns and a sum over all positions of all images.
"""

import os

os.environ.setdefault("OMP_WAIT_POLICY", "passive")

import jax
import jax.numpy as jnp
from jax import lax
from timing import dot_rate, machine, time_jitted


def product_rate(a_shape: tuple[int, int], b_shape: tuple[int, int], summed: tuple[int, int]) -> float:
    """Multiply-adds per second of a matrix product that sums axis `summed[0]` of a and `summed[1]` of b."""
    a, b = jnp.ones(a_shape), jnp.ones(b_shape)
    seconds = time_jitted(lambda a, b: lax.dot_general(a, b, (((summed[0],), (summed[1],)), ((), ()))), a, b).median
    return a.size * b.size / a_shape[summed[0]] / seconds


def depthwise_rate(taps: int) -> float:
    """Multiply-adds per second of the sum over taps^2 shifted images times a number per channel, in one loop."""
    x, w = jnp.ones((4, 55 + taps, 55 + taps, 128)), jnp.ones((taps, taps, 128))

    def total(x: jax.Array, w: jax.Array) -> jax.Array:
        return sum(x[:, i : i + 56, j : j + 56] * w[i, j] for i in range(taps) for j in range(taps))

    return 4 * 56 * 56 * 128 * taps**2 / time_jitted(total, x, w).median


def write_rate(megabytes: int) -> float:
    """Bytes per second at which a result of so many megabytes is written, in memory that the call allocates."""
    return megabytes * 2**20 / time_jitted(lambda a: jnp.broadcast_to(a, (megabytes * 2**18,)), jnp.ones(())).median


def main() -> None:
    """Measure and print."""
    print(machine())
    rates = {
        "square matrix product, 2048": dot_rate(),
        "forward 7x7, 3 -> 64: (50176, 147) by (147, 64)": product_rate((50176, 147), (147, 64), (1, 0)),
        "its kernel gradient: (50176, 147)' by (50176, 64)": product_rate((50176, 147), (50176, 64), (0, 0)),
        "forward 3x3, 64 -> 64: (25088, 576) by (576, 64)": product_rate((25088, 576), (576, 64), (1, 0)),
        "its kernel gradient: (25088, 576)' by (25088, 64)": product_rate((25088, 576), (25088, 64), (0, 0)),
        "the same transposed: (25088, 64)' by (25088, 576)": product_rate((25088, 64), (25088, 576), (0, 0)),
        "depthwise 3x3, 128 channels, elementwise": depthwise_rate(3),
        "depthwise 7x7, 128 channels, elementwise": depthwise_rate(7),
        "bytes: a result of 8 MB": write_rate(8),
        "bytes: a result of 64 MB": write_rate(64),
    }
    for name, rate in rates.items():
        print(f"{name:52} {rate / 1e9:7.1f}")


if __name__ == "__main__":
    main()
