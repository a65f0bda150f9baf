"""What XLA's own building blocks reach on this machine, beside what jconv takes: it is made of them.

    python benchmarks/floors.py benchmarks/results/cpu.json --json benchmarks/results/floors.json

First what the blocks do in general: 1e9 multiply-adds, or bytes, per second. A forward convolution as a matrix
product has many rows and a short sum; a kernel gradient has few rows and columns and a sum over all positions of all
images. Then, for each entry of a file of run.py that is slower than 1.05 times `jax.lax` or 1.5 times PyTorch, what
its multiply-adds take as such a block, with everything that they multiply laid out beforehand: for groups of one
channel the sum of shifted images, else one matrix product. To cut the work otherwise can be faster than that block.
"""

import argparse
import json
import os
from functools import partial
from math import prod
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "passive")

import jax
import jax.numpy as jnp
from jax import lax
from run import commit, write_json
from speed_table import roof
from timing import dot_rate, machine, time_compiled, time_jitted

from jconv import ConvProblem
from jconv._equation.as_json import problem_from_json


def product_rate(rows: int, summed: int, columns: int, *, first: bool = False, groups: int = 1, dtype="float32"):
    """Multiply-adds per second of a product of matrices; `first` if the sum is over the first axis of both."""
    a_shape, b_shape = ((summed, rows) if first else (rows, summed)), (summed, columns)
    numbers = (((0 if first else 1,), (0,)), ((), ()))
    if groups > 1:
        a_shape, b_shape = (groups, *a_shape), (groups, *b_shape)
        numbers = (((1 if first else 2,), (1,)), ((0,), (0,)))
    a, b = jnp.ones(a_shape, dtype), jnp.ones(b_shape, dtype)
    product = partial(lax.dot_general, dimension_numbers=numbers, preferred_element_type=jnp.float32)
    return groups * rows * summed * columns / time_jitted(product, a, b).median


def depthwise_rate(taps: int, **compiler_options: int) -> float:
    """Multiply-adds per second of the sum over taps^2 shifted images times a number per channel, in one loop."""
    x, w = jnp.ones((4, 55 + taps, 55 + taps, 128)), jnp.ones((taps, taps, 128))

    def total(x: jax.Array, w: jax.Array) -> jax.Array:
        return sum(x[:, i : i + 56, j : j + 56] * w[i, j] for i in range(taps) for j in range(taps))

    lowered = jax.jit(total, compiler_options=compiler_options).lower(x, w)
    return 4 * 56 * 56 * 128 * taps**2 / time_compiled(lowered, x, w)[0].median


def write_rate(megabytes: int) -> float:
    """Bytes per second at which a result of so many megabytes is written, in memory that the call allocates."""
    return megabytes * 2**20 / time_jitted(lambda a: jnp.broadcast_to(a, (megabytes * 2**18,)), jnp.ones(())).median


def block_rate(problem: ConvProblem) -> float:
    """Multiply-adds per second of the building block that does the problem's work."""
    rows, columns = problem.batch * prod(problem.output_size), problem.c_out
    if problem.groups > 1 and columns == 1:
        return depthwise_rate(min(max(problem.window), max(problem.output_size)))
    summed = round(problem.multiply_adds / (problem.groups * rows * columns))
    return product_rate(
        rows, summed, columns, first=problem.more_taps_than_outputs, groups=problem.groups, dtype=problem.compute_dtype
    )


def missed(results: dict) -> list[dict]:
    """The entries that are slower than is aimed at, with their floors in seconds."""
    entries = []
    for name, row in results["rows"].items():
        mine, stock, peer = row["auto"]["quartiles_s"][1], row["jax.lax"]["quartiles_s"][1], results["torch"][name][1]
        if mine <= 1.05 * stock and mine <= 1.5 * peer:
            continue
        block = row["problem"]["multiply_adds"] / block_rate(problem_from_json(row["problem"]["equation"]))
        floor = {"roof": roof(results, row), "block": block}
        entries.append({"entry": name, "jconv": mine, "lax": stock, "torch": peer} | floor)
        print(name, *(f"{k} {1e3 * v:.2f} ms" for k, v in entries[-1].items() if k != "entry"), sep=", ", flush=True)
    return entries


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results", type=Path, help="a file of run.py")
    parser.add_argument("--json", type=Path, required=True, help="where the floors go")
    arguments = parser.parse_args()
    print(machine())
    rates = {
        "square matrix product, 2048": dot_rate(),
        "the same of bfloat16": dot_rate("bfloat16"),
        "forward 7x7, 3 -> 64: (50176, 147) by (147, 64)": product_rate(50176, 147, 64),
        "its kernel gradient: (50176, 147)' by (50176, 64)": product_rate(147, 50176, 64, first=True),
        "the same in 24 blocks: (147, 2048) by (2048, 64)": product_rate(147, 2048, 64, groups=24),
        "forward 3x3, 64 -> 64: (25088, 576) by (576, 64)": product_rate(25088, 576, 64),
        "its kernel gradient: (25088, 576)' by (25088, 64)": product_rate(576, 25088, 64, first=True),
        "the same transposed: (25088, 64)' by (25088, 576)": product_rate(64, 25088, 576, first=True),
        "depthwise 3x3, 128 channels, elementwise": depthwise_rate(3),
        "depthwise 7x7, 128 channels, elementwise": depthwise_rate(7),
        "the same in vectors of 512 bits": depthwise_rate(7, xla_cpu_prefer_vector_width=512),
        "bytes: a result of 8 MB": write_rate(8),
        "bytes: a result of 64 MB": write_rate(64),
    }
    for name, rate in rates.items():
        print(f"{name:52} {rate / 1e9:7.1f}")
    entries = missed(json.loads(arguments.results.read_text()))
    content = {"machine": machine(), "commit": commit(), "rates": rates, "missed": entries}
    write_json(arguments.json, content)


if __name__ == "__main__":
    main()
