"""The same workloads in PyTorch, on the CPU or on CUDA, one direction at a time."""

import os
import statistics
import time

os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # before torch: its threads would spoil JAX's figures

import numpy as np
import torch
from workloads import Workload


def torch_operands(workload: Workload, x, kernel, cotangent, device: str = "cpu"):
    """Channels-first copies: x and cotangent [N, C, *spatial], weight as PyTorch lays it out."""
    dtype = getattr(torch, workload.dtype)

    def tensor(a) -> torch.Tensor:
        return torch.from_numpy(np.array(a, np.float32)).to(device, dtype)

    x, kernel, cotangent = map(tensor, (x, kernel, cotangent))
    if workload.per_sample:  # pairs of example and kernel are groups
        b = workload.batch
        x, cotangent = (a.squeeze(1).movedim(-1, 1).reshape(1, -1, *a.shape[2:-1]) for a in (x, cotangent))
        weight = kernel.movedim((-1, -2), (1, 2)).reshape(b * workload.c_out, -1, *workload.window)
        return x.contiguous(), weight.contiguous(), cotangent.contiguous()
    x, cotangent = x.movedim(-1, 1), cotangent.movedim(-1, 1)
    if workload.transposed:  # PyTorch's transposed convolution flips the kernel, lax's dilated one does not
        weight = kernel.flip(tuple(range(workload.rank))).movedim((-2, -1), (0, 1))
    else:
        weight = kernel.movedim((-1, -2), (0, 1))
    return x.contiguous(), weight.contiguous(), cotangent.contiguous()


def as_jax(workload: Workload, direction: str, value: torch.Tensor) -> np.ndarray:
    """What a direction gives, in the axes that JAX has it in."""
    value, rank = value.float().cpu(), workload.rank
    if direction == "kernel gradient":
        if workload.per_sample:
            value = value.reshape(workload.batch, workload.c_out, *value.shape[1:]).movedim((1, 2), (-1, -2))
        elif workload.transposed:
            value = value.movedim((0, 1), (-2, -1)).flip(tuple(range(rank)))
        else:
            value = value.movedim((0, 1), (-1, -2))
    elif workload.per_sample:
        value = value.reshape(workload.batch, 1, -1, *value.shape[2:]).movedim(2, -1)
    else:
        value = value.movedim(1, -1)
    return value.numpy()


def torch_directed(workload: Workload, direction: str):
    """(x, weight, cotangent) -> the value, or one of the two gradients, alone."""
    w, rank = workload, workload.rank
    groups = w.batch if w.per_sample else w.groups
    asymmetric = any(lo != hi for lo, hi in w.pairs)
    # A causal convolution is padded on both sides, and its tail cut.
    padding = [max(pair) for pair in w.pairs]
    cut = (slice(None), slice(None), *(slice(0, n) for n in w.spatial)) if asymmetric else ...
    options = (
        [w.stride] * rank,
        padding,
        [w.dilation] * rank,
        w.transposed,
        [w.output_padding] * rank,
        groups,
    )

    def forward(x, weight, cotangent):
        return torch.ops.aten.convolution(x, weight, None, *options)[cut]

    def backward(mask):
        def run(x, weight, cotangent):
            if asymmetric:
                tail = [0, w.window[0] - 1]
                cotangent = torch.nn.functional.pad(cotangent, tail)
            return torch.ops.aten.convolution_backward(cotangent, x, weight, None, *options, mask)[mask.index(True)]

        return run

    return {
        "forward": forward,
        "input gradient": backward([True, False, False]),
        "kernel gradient": backward([False, True, False]),
    }[direction]


def time_torch(function, *args, seconds: float = 1.0, least: int = 5) -> tuple[float, float, float]:
    """Quartiles of one call, in seconds, after a warm-up."""
    wait = torch.cuda.synchronize if args[0].is_cuda else lambda: None
    with torch.no_grad():
        for _ in range(2):
            function(*args)
        samples: list[float] = []
        while len(samples) < least or sum(samples) < seconds:
            wait()
            start = time.perf_counter()
            function(*args)
            wait()
            samples.append(time.perf_counter() - start)
    low, median, high = statistics.quantiles(samples, n=4)
    return low, median, high
