"""The convolution of numbers is the convolution of functions, seen at points: the sum goes to the integral.

    (f * g)(t) = integral of f(s) g(t - s) ds,   and with steps of h:   h * sum over k of f[k] g[n - k]

f is a triangle, g a bell. Half the step, and the sum is four times nearer to the integral.
"""

import sys
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np

from jconv import plot
from jconv.ops import convolve_functions
from jconv.signal import convolve

WIDTH, END = 0.4, 3.0


def triangle(s):
    """One at 0, nothing beyond 1."""
    return jnp.maximum(1 - jnp.abs(s), 0)


def bell(s):
    """A Gaussian of sum 1."""
    return jnp.exp(-((s / WIDTH) ** 2) / 2) / (WIDTH * jnp.sqrt(2 * jnp.pi))


def by_sum(h: float) -> tuple[jnp.ndarray, jnp.ndarray]:
    """Give times h apart from -END to END, and the sums there."""
    count = round(END / h)
    times = jnp.arange(-count, count + 1) * h
    return times, h * convolve(triangle(times), bell(times), mode="same", method="direct")


def main(quick: bool = False, out: Path | None = None) -> float:
    """Compare both for smaller and smaller steps; print and give how much nearer the last halving came."""
    with jax.enable_x64(True):
        integral = jax.jit(convolve_functions(triangle, bell, support_f=(-1, 0, 1)))
        errors = []
        for halvings in range(1, 5 if quick else 7):
            times, sums = by_sum(0.5**halvings)
            errors.append(float(jnp.max(jnp.abs(sums - integral(times)))))
            nearer = f", {errors[-2] / errors[-1]:.2f} times nearer" if len(errors) > 1 else ""
            print(f"step 1/{2**halvings}: the sum is off by {errors[-1]:.1e}{nearer}")

        if out is not None:
            out.mkdir(parents=True, exist_ok=True)
            fine = jnp.linspace(-2, 2, 201)
            coarse, sums = by_sum(0.5)
            shown = {
                "two functions": {
                    "triangle": np.stack([fine, triangle(fine)], 1),
                    "bell": np.stack([fine, bell(fine)], 1),
                },
                "their convolution": {
                    "integral": np.stack([fine, integral(fine)], 1),
                    "sum, step 1/2": np.stack([coarse, sums], 1)[2:-2],
                },
            }
            figure = plot.curves(shown, title="the integral and the sum", across="t")
            (out / "06_integral.png").write_bytes(plot.as_png(figure))
        ratio = errors[-2] / errors[-1]
        assert 3.8 < ratio < 4.2, f"half the step should be four times nearer, not {ratio:.2f}"
        return ratio


if __name__ == "__main__":
    main(out=Path(*sys.argv[1:2] or ["runs/examples"]))
