"""One convolution's training step, outside `lax.scan` and inside it: jax's own convolution and jconv's.

    python benchmarks/scan_step.py --json benchmarks/results/scan.json

XLA on CPU brings convolutions into the form its fast paths know only in a program's entry computation, so the
gradients of jax's convolution fall to scalar code inside a loop. The last column is what one step inside costs, in
steps outside.
"""

import argparse
from functools import partial
from pathlib import Path

import jax
import jax.numpy as jnp
from choice_table import scan
from jax import lax
from run import commit, write_json
from timing import machine, time_jitted

import jconv


def training_step(convolve, x, target, kernel):
    """One step of gradient descent on a mean squared error."""
    gradient = jax.grad(lambda kernel: jnp.mean((convolve(x, kernel) - target) ** 2))
    return kernel - 0.1 * gradient(kernel)


def jax_conv(x, kernel):
    """The same convolution by jax itself."""
    return lax.conv_general_dilated(x, kernel, (1, 1), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC"))


def main(steps: int = 4, path: Path | None = None) -> list[dict]:
    """Print, and write if asked, milliseconds outside the loop and inside; return them."""
    keys = jax.random.split(jax.random.key(0), 3)
    x, target = (jax.random.normal(key, (8, 28, 28, 64)) for key in keys[:2])
    kernel = 0.05 * jax.random.normal(keys[2], (3, 3, 64, 64))
    candidates = {"jax.lax": jax_conv} | {
        f"jconv {name}": partial(jconv.conv, padding="SAME", algorithm=name) for name in ("lax", "taps", "auto")
    }
    rows = []
    for name, convolve in candidates.items():
        step = partial(training_step, convolve, x, target)
        outside = time_jitted(step, kernel).median

        def loop(kernel, step=step):
            return lax.scan(lambda kernel, _: (step(kernel), None), kernel, length=steps)[0]

        inside = time_jitted(loop, kernel).median / steps
        rows.append({"name": name, "outside_ms": 1e3 * outside, "inside_ms": 1e3 * inside})
    content = {"machine": machine(), "commit": commit(), "rows": rows}
    print(scan(content))
    if path:
        write_json(path, content)
    return rows


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=4, help="training steps inside the loop (default: 4)")
    parser.add_argument("--json", type=Path, help="where the results go")
    given = parser.parse_args()
    main(given.steps, given.json)
