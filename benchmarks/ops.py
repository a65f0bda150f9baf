"""Time the operations of `jconv.ops` against PyTorch, forward and with gradients, in one run on one machine.

    python benchmarks/ops.py --json benchmarks/results/ops.json
    python benchmarks/ops.py --json PATH --torch-json benchmarks/results/ops.json

The second takes PyTorch's figures from the first, which another interpreter on the same machine made; values are
checked where both run.

Each library has a block of its own, PyTorch the first. PyTorch is timed in both of its layouts, channels first (its
default) and channels last, and the faster counts. Values are checked before anything is timed. On a GPU add
JAX_PLATFORMS=cuda, with a PyTorch that has CUDA. --only takes names, or parts of names.
"""

import argparse
import importlib.util
import json
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # before torch: its threads would spoil JAX's figures
os.environ.setdefault("JCONV_TUNED", "")

import jax
import jax.numpy as jnp
import numpy as np
from run import commit, write_json
from timing import machine, time_compiled

from jconv import ops

DIRECTIONS = ("forward", "with gradients")


class Operation(NamedTuple):
    """Shapes of the operands, channels last; a function of them here, and by name in `torch_ops`."""

    shapes: tuple[tuple[int, ...], ...]
    ours: Callable[..., Any]
    theirs: str
    words: dict[str, Any]


def operation(shape, ours, theirs, *more, **words) -> Operation:
    """An operation whose first operand is a feature map."""
    return Operation((shape, *more), ours, theirs, words)


def pool(kind, shape, k, s, p) -> Operation:
    """A pool with a square window."""
    window = (k,) * (len(shape) - 2)
    ours = partial(getattr(ops, f"{kind}_pool"), window=window, stride=s, padding=p)
    return operation(shape, ours, f"{kind}_pool", window=k, stride=s, padding=p)


STEM, HALVING, SAME_SIZE = ((8, 112, 112, 64), 3, 2, 1), ((8, 56, 56, 128), 2, 2, 0), ((8, 56, 56, 64), 3, 1, 1)
PYRAMID, ODD = (8, 20, 20, 256), (8, 25, 25, 256)
LONG = (2, 8192, 32)

OPERATIONS = {
    "max_pool 3x3 stride 2": pool("max", *STEM),
    "max_pool 2x2 stride 2": pool("max", *HALVING),
    "max_pool 3x3 stride 1": pool("max", *SAME_SIZE),
    "max_pool 13x13 stride 1": pool("max", PYRAMID, 13, 1, 6),
    "max_pool 2 of 16384": pool("max", (8, 16384, 64), 2, 2, 0),
    "max_pool 3-D": pool("max", (2, 24, 48, 48, 32), 2, 2, 0),
    "avg_pool 3x3 stride 2": pool("avg", *STEM),
    "avg_pool 2x2 stride 2": pool("avg", *HALVING),
    "avg_pool 3x3 stride 1": pool("avg", *SAME_SIZE),
    "avg_pool 7x7": pool("avg", (8, 7, 7, 512), 7, 1, 0),
    "lp_pool 2x2": operation(HALVING[0], partial(ops.lp_pool, p=2, window=(2, 2)), "lp_pool", p=2, window=2, stride=2),
    "global_avg_pool": operation((8, 14, 14, 512), partial(ops.global_avg_pool, rank=2), "adaptive_avg", size=1),
    "global_max_pool": operation((8, 14, 14, 512), partial(ops.global_max_pool, rank=2), "adaptive_max", size=1),
    "adaptive_avg_pool 25 to 6": operation(ODD, partial(ops.adaptive_avg_pool, size=(6, 6)), "adaptive_avg", size=6),
    "adaptive_max_pool 25 to 6": operation(ODD, partial(ops.adaptive_max_pool, size=(6, 6)), "adaptive_max", size=6),
    "max_pool_with_indices and max_unpool": operation(HALVING[0], lambda x: pool_and_unpool(x), "pool_and_unpool"),
    "unfold 3x3": operation(
        (8, 56, 56, 32), partial(ops.unfold, window=(3, 3), padding=1), "unfold", window=3, padding=1
    ),
    "unfold 4x4 stride 4": operation(
        (8, 64, 64, 32), partial(ops.unfold, window=(4, 4), stride=4), "unfold", window=4, stride=4
    ),
    "fold 3x3": operation((8, 54, 54, 3, 3, 32), partial(ops.fold, size=(56, 56)), "fold", window=3, size=56),
    "pixel_shuffle 2": operation(
        (8, 56, 56, 128), partial(ops.pixel_shuffle, factor=(2, 2)), "pixel_shuffle", factor=2
    ),
    "pixel_unshuffle 2": operation(
        (8, 112, 112, 32), partial(ops.pixel_unshuffle, factor=(2, 2)), "pixel_unshuffle", factor=2
    ),
    "blur_pool 3x3": operation(
        (8, 56, 56, 128), partial(ops.blur_pool, window=(3, 3)), "blur_pool", window=3, stride=2
    ),
    "depthwise_conv 3x3": operation(
        (8, 56, 56, 128), partial(ops.depthwise_conv, padding=1), "depthwise", (3, 3, 1, 128), padding=1
    ),
    "separable_conv 3x3": operation(
        (8, 56, 56, 128),
        partial(ops.separable_conv, padding=1),
        "separable",
        (3, 3, 1, 128),
        (1, 1, 128, 128),
        padding=1,
    ),
    "causal_conv 4 depthwise": operation(
        (4, 2048, 256), partial(ops.causal_conv, groups=256), "causal", (4, 1, 256), groups=256
    ),
    "causal_conv 3 dilation 8": operation(
        (4, 4096, 64), partial(ops.causal_conv, dilation=8), "causal", (3, 64, 64), dilation=8
    ),
    "resize_conv 2, 3x3": operation(
        (8, 28, 28, 64), partial(ops.resize_conv, scale=2), "resize", (3, 3, 64, 64), scale=2
    ),
    "long_conv 8192": operation(LONG, ops.long_conv, "long", (8192, 32)),
    "long_conv 8192, gate and skip": operation(
        LONG, lambda x, k, gate, skip: ops.long_conv(x, k, gate=gate, skip=skip), "long", (8192, 32), LONG, (32,)
    ),
}


def pool_and_unpool(x):
    """Largest values put back where they stood."""
    y, at = ops.max_pool_with_indices(x, (2, 2))
    return ops.max_unpool(y, at, (2, 2), size=x.shape[1:-1])


def operands(wanted: Operation) -> list[np.ndarray]:
    """Normal numbers."""
    rng = np.random.default_rng(0)
    return [rng.normal(size=shape).astype(np.float32) for shape in wanted.shapes]


def cotangent(wanted: Operation) -> np.ndarray:
    """Normal numbers of the shape of the result."""
    shape = jax.eval_shape(wanted.ours, *operands(wanted)).shape
    return np.random.default_rng(1).normal(size=shape).astype(np.float32)


def ours(wanted: Operation, seconds: float) -> tuple[dict[str, dict], list[np.ndarray]]:
    """The quartiles of jconv in both directions, and what it computed."""
    arrays, bar = [jnp.asarray(a) for a in operands(wanted)], jnp.asarray(cotangent(wanted))

    def with_gradients(bar, *arrays):
        y, back = jax.vjp(wanted.ours, *arrays)
        return y, *back(bar)

    programs = {"forward": (wanted.ours, arrays), "with gradients": (with_gradients, [bar, *arrays])}
    found, values = {}, []
    for direction, (function, given) in programs.items():
        timing, compiled = time_compiled(jax.jit(function).lower(*given), *given, seconds=seconds)
        found[direction] = {"compile_s": timing.compile, "quartiles_s": [timing.low, timing.median, timing.high]}
        values = [np.asarray(v) for v in compiled(*given)] if direction == "with gradients" else values
    return found, values


def check(name: str, found: list[np.ndarray], wanted: list[np.ndarray]) -> None:
    """Stop if values or gradients are not PyTorch's."""
    for got, want in zip(found, wanted, strict=True):
        error = np.abs(got - want).max() / np.abs(want).max()
        if got.shape != want.shape or not error < 1e-4:
            raise AssertionError(f"{name}: shapes {got.shape} and {want.shape}, off by {error:.2g} of the largest")


def theirs(names: list[str], seconds: float) -> tuple[dict, dict]:
    """The quartiles of PyTorch by name and direction, and what it computed."""
    from torch_ops import time_operation

    device = "cpu" if jax.default_backend() == "cpu" else "cuda"
    rows, values = {}, {}
    for name in names:
        wanted = OPERATIONS[name]
        rows[name], values[name] = time_operation(
            wanted.theirs, wanted.words, operands(wanted), cotangent(wanted), device=device, seconds=seconds
        )
        shown = {d: f"{1e3 * q['quartiles_s'][1]:.2f} ms {q['layout']}" for d, q in rows[name].items()}
        print(f"PyTorch {name:40} {shown}", flush=True)
    return rows, values


def told(path: Path) -> tuple[dict, dict]:
    """PyTorch's figures from a file of results, and no values."""
    kept = json.loads(path.read_text())
    return {name: {d: row[d]["torch"] for d in DIRECTIONS} for name, row in kept["rows"].items()}, {}


def main() -> None:
    """Measure, check and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, required=True, help="where the results go")
    parser.add_argument("--seconds", type=float, default=0.5, help="time spent on each figure (default: 0.5)")
    parser.add_argument("--torch-json", type=Path, help="results that hold PyTorch's figures")
    parser.add_argument("--only", nargs="*", default=[""], help="parts of names")
    arguments = parser.parse_args()
    names = [name for name in OPERATIONS if any(part in name for part in arguments.only)]
    content = {"machine": machine(), "commit": commit(), "date": str(np.datetime64("today"))}
    if arguments.torch_json:
        rows, values = told(arguments.torch_json)
    else:
        rows, values = theirs(names, arguments.seconds) if importlib.util.find_spec("torch") else ({}, {})
    content["rows"] = {}
    for name in names:
        found, computed = ours(OPERATIONS[name], arguments.seconds)
        if name in values:
            check(name, computed, values[name])
        row = {d: {"jconv": found[d]} | ({"torch": rows[name][d]} if rows else {}) for d in DIRECTIONS}
        content["rows"][name] = row
        for direction in DIRECTIONS:
            mine = row[direction]["jconv"]["quartiles_s"][1]
            ratio = f"{row[direction]['torch']['quartiles_s'][1] / mine:6.2f} x PyTorch's speed" if rows else ""
            print(f"jconv {name:38} {direction:15} {1e3 * mine:8.2f} ms {ratio}", flush=True)
        write_json(arguments.json, content)


if __name__ == "__main__":
    main()
