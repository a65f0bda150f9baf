"""Deformable convolution, jconv's and the same written in PyTorch by grid_sample, timed in one run.

    python benchmarks/deformable.py --json benchmarks/results/deformable.json

The layer is 3x3 with 64 channels on 56x56, without a mask (v1) and with one (v2). Values and gradients are compared
before anything is timed. Turns alternate, so that all meet the same machine; each figure is the median of repeated
calls, and jconv's compile time stands apart. PyTorch is timed in both of its layouts, and the faster counts. On a GPU
add JAX_PLATFORMS=cuda, with a PyTorch that has CUDA.
"""

import argparse
import os
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # before torch: its threads would spoil JAX's figures

import jax
import jax.numpy as jnp
import numpy as np
import torch
from run import commit, write_json
from timing import machine

from jconv.ops import deformable_conv

TAPS, CHANNELS, SIZE = 9, 64, 56
DIRECTIONS = ("forward", "with gradients")
LAYOUTS = {"channels first": torch.contiguous_format, "channels last": torch.channels_last}


def operands(batch: int, masked: bool) -> list[np.ndarray]:
    """x, kernel, offsets of a position or so, and the mask, as jconv takes them."""
    rng = np.random.default_rng(0)
    shapes = [(batch, SIZE, SIZE, CHANNELS), (3, 3, CHANNELS, CHANNELS), (batch, SIZE, SIZE, 2 * TAPS)]
    arrays = [rng.normal(size=shape).astype(np.float32) for shape in shapes]
    mask = [rng.random((batch, SIZE, SIZE, TAPS)).astype(np.float32)] if masked else []
    return [arrays[0], arrays[1] / 24, arrays[2], *mask]


def ours(*arrays: Any) -> Any:
    """The layer in jconv."""
    return deformable_conv(*arrays, padding=1)


def theirs(x, kernel, offsets, mask=None):
    """The layer in PyTorch, of x [N, C, H, W], kernel [M, C, 3, 3], offsets [N, 18, H, W] and mask [N, 9, H, W]."""
    n, c, height, width = x.shape
    taps, rows, columns = (torch.arange(size, device=x.device) for size in (TAPS, height, width))
    moved = offsets.view(n, TAPS, 2, height, width)
    y = moved[:, :, 0] + rows[:, None] + (taps // 3 - 1)[:, None, None]
    x_ = moved[:, :, 1] + columns + (taps % 3 - 1)[:, None, None]
    grid = torch.stack([2 * x_ / (width - 1) - 1, 2 * y / (height - 1) - 1], -1).view(n, TAPS * height, width, 2)
    seen = torch.nn.functional.grid_sample(x, grid, align_corners=True).view(n, c, TAPS, height * width)
    if mask is not None:
        seen = seen * mask.view(n, 1, TAPS, height * width)
    product = kernel.view(kernel.shape[0], -1) @ seen.reshape(n, c * TAPS, height * width)
    return product.view(n, -1, height, width)


def our_calls(arrays: list[np.ndarray], bar: np.ndarray) -> tuple[dict[str, Callable], dict[str, float]]:
    """A compiled call per direction, and the seconds to compile it."""

    def with_gradients(bar, *arrays):
        y, back = jax.vjp(ours, *arrays)
        return y, *back(bar)

    given = {"forward": arrays, "with gradients": [bar, *arrays]}
    calls, seconds = {}, {}
    for direction, function in zip(DIRECTIONS, (ours, with_gradients), strict=True):
        start = time.perf_counter()
        on_device = [jnp.asarray(a) for a in given[direction]]
        compiled = jax.jit(function).lower(*on_device).compile()
        seconds[direction] = time.perf_counter() - start
        calls[direction] = lambda compiled=compiled, a=on_device: jax.block_until_ready(compiled(*a))
    return calls, seconds


def their_calls(arrays: list[np.ndarray], bar: np.ndarray, layout: Any) -> dict[str, Callable]:
    """A call per direction; results come as jconv's do."""
    device = "cpu" if jax.default_backend() == "cpu" else "cuda"
    x, kernel, *rest = (torch.from_numpy(a).to(device) for a in arrays)
    first = [x.movedim(-1, 1), kernel.permute(3, 2, 0, 1), *(a.movedim(-1, 1) for a in rest)]
    first = [first[0].contiguous(memory_format=layout), *(a.contiguous() for a in first[1:])]
    first = [a.detach().requires_grad_() for a in first]
    cotangent = torch.from_numpy(bar).to(device).movedim(-1, 1).contiguous()

    def finished(value):
        if device == "cuda":
            torch.cuda.synchronize()
        return value

    def forward():
        with torch.no_grad():
            return finished(theirs(*first))

    def with_gradients():
        y = theirs(*first)
        return finished((y.detach(), *torch.autograd.grad(y, first, cotangent)))

    return dict(zip(DIRECTIONS, (forward, with_gradients), strict=True))


def check(found: Any, wanted: Any) -> None:
    """Stop if values or gradients are not PyTorch's."""
    y, x, kernel, *rest = (a.cpu().numpy() for a in wanted)
    last = [
        np.moveaxis(y, 1, -1),
        np.moveaxis(x, 1, -1),
        kernel.transpose(2, 3, 1, 0),
        *(np.moveaxis(a, 1, -1) for a in rest),
    ]
    for got, want in zip(found, last, strict=True):
        error = np.abs(np.asarray(got) - want).max() / np.abs(want).max()
        if got.shape != want.shape or not error < 1e-3:  # positions pass through PyTorch's -1 to 1 in float32
            raise AssertionError(f"shapes {got.shape} and {want.shape}, off by {error:.2g} of the largest")


def time_together(calls: dict[str, Callable], seconds: float) -> dict[str, list[float]]:
    """The quartiles of each, in turns, after one call that is not timed."""
    samples: dict[str, list[float]] = {name: [] for name in calls}
    while any(len(s) < 7 for s in samples.values()) or sum(map(sum, samples.values())) < seconds:
        for name, call in calls.items():
            call()  # what another left in the caches is not timed
            start = time.perf_counter()
            call()
            samples[name].append(time.perf_counter() - start)
    return {name: statistics.quantiles(s, n=4) for name, s in samples.items()}


def main() -> None:
    """Measure, check and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, help="where the results go")
    parser.add_argument("--seconds", type=float, default=4.0, help="time spent on each figure (default: 4)")
    parser.add_argument("--batch", type=int, default=4, help="examples (default: 4)")
    arguments = parser.parse_args()
    content = {
        "machine": machine(),
        "torch": torch.__version__,
        "commit": commit(),
        "batch": arguments.batch,
        "rows": {},
    }
    for version, masked in (("v1", False), ("v2", True)):
        arrays = operands(arguments.batch, masked)
        bar = np.random.default_rng(1).normal(size=arrays[0].shape).astype(np.float32)
        mine, compile_seconds = our_calls(arrays, bar)
        peers = {name: their_calls(arrays, bar, layout) for name, layout in LAYOUTS.items()}
        check(mine["with gradients"](), peers["channels first"]["with gradients"]())
        for direction in DIRECTIONS:
            calls = {"jconv": mine[direction]} | {name: peer[direction] for name, peer in peers.items()}
            quartiles = time_together(calls, arguments.seconds)
            layout = min(LAYOUTS, key=lambda name: quartiles[name][1])
            ratio = quartiles[layout][1] / quartiles["jconv"][1]
            content["rows"][f"{version} {direction}"] = {
                "jconv_s": quartiles["jconv"],
                "torch_s": quartiles[layout],
                "layout": layout,
                "ratio": ratio,
                "compile_s": compile_seconds[direction],
            }
            shown = (
                f"jconv {1e3 * quartiles['jconv'][1]:7.1f} ms  PyTorch {1e3 * quartiles[layout][1]:7.1f} ms {layout}"
            )
            print(f"{version} {direction:15} {shown}  {ratio:5.2f} times  compile {compile_seconds[direction]:.2f} s")
    if arguments.json:
        write_json(arguments.json, content)


if __name__ == "__main__":
    main()
