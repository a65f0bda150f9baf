"""The operations of `ops.py` in PyTorch, in both of its layouts, forward and with gradients."""

import os
import statistics
import time
from collections.abc import Callable

os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # before torch: its threads would spoil JAX's figures

import numpy as np
import torch

functional = torch.nn.functional


def named(name: str, x: torch.Tensor) -> Callable:
    """The function for as many spatial axes as x [N, C, *spatial] has."""
    return getattr(functional, f"{name}{x.ndim - 2}d")


def pool_and_unpool(x):
    """Largest values put back where they stood."""
    y, at = functional.max_pool2d(x, 2, return_indices=True)
    return functional.max_unpool2d(y, at, 2)


def blur_pool(x, window, stride):
    """Reflect, then convolve depthwise."""
    row = torch.tensor(np.array([1.0, 2.0, 1.0]) / 4, dtype=x.dtype, device=x.device)
    kernel = torch.outer(row, row).expand(x.shape[1], 1, window, window)
    padded = functional.pad(x, (1, 1, 1, 1), mode="reflect")
    return functional.conv2d(padded, kernel, stride=stride, groups=x.shape[1])


def separable(x, kernel, pointwise, padding):
    """Depthwise, then 1x1."""
    return functional.conv2d(functional.conv2d(x, kernel, padding=padding, groups=x.shape[1]), pointwise)


def causal(x, kernel, groups=1, dilation=1):
    """Pad in front, then convolve."""
    padded = functional.pad(x, (dilation * (kernel.shape[-1] - 1), 0))
    return functional.conv1d(padded, kernel, groups=groups, dilation=dilation)


def resize(x, kernel, scale):
    """Nearest neighbours, then convolve."""
    return functional.conv2d(functional.interpolate(x, scale_factor=scale), kernel, padding=1)


def long(x, kernel, gate=None, skip=None):
    """Real transforms of twice the length, multiplied; sequences last, as PyTorch's transforms like them."""
    n = x.shape[-1]
    y = torch.fft.irfft(torch.fft.rfft(x, n=2 * n) * torch.fft.rfft(kernel, n=2 * n), n=2 * n)[..., :n]
    return y if gate is None else gate * (y + skip[:, None] * x)


FUNCTIONS = {
    "max_pool": lambda x, window, stride, padding: named("max_pool", x)(x, window, stride, padding),
    "avg_pool": lambda x, window, stride, padding: named("avg_pool", x)(x, window, stride, padding),
    "lp_pool": lambda x, p, window, stride: named("lp_pool", x)(x, float(p), window, stride),
    "adaptive_avg": lambda x, size: named("adaptive_avg_pool", x)(x, size),
    "adaptive_max": lambda x, size: named("adaptive_max_pool", x)(x, size),
    "pool_and_unpool": pool_and_unpool,
    "unfold": lambda x, window, stride=1, padding=0: functional.unfold(x, window, stride=stride, padding=padding),
    "fold": lambda columns, window, size: functional.fold(columns, (size, size), window),
    "pixel_shuffle": lambda x, factor: functional.pixel_shuffle(x, factor),
    "pixel_unshuffle": lambda x, factor: functional.pixel_unshuffle(x, factor),
    "blur_pool": blur_pool,
    "depthwise": lambda x, kernel, padding: functional.conv2d(x, kernel, padding=padding, groups=x.shape[1]),
    "separable": separable,
    "causal": causal,
    "resize": resize,
    "long": long,
}


def to_torch(name: str, arrays: list[np.ndarray]) -> list[torch.Tensor]:
    """Feature maps with their channels first, kernels as PyTorch lays them out."""
    x, *rest = map(torch.from_numpy, arrays)
    if name == "fold":  # (n, *outputs, *window, c) to (n, c * K, O)
        return [x.permute(0, 5, 3, 4, 1, 2).flatten(4).flatten(1, 3)]
    if name == "long":
        return [a.movedim(-1, -2) if a.ndim > 1 else a for a in (x, *rest)]
    return [x.movedim(-1, 1), *(kernel.movedim((-1, -2), (0, 1)) for kernel in rest)]


def from_torch(name: str, words: dict, values: list[torch.Tensor], like: list[np.ndarray]) -> list[np.ndarray]:
    """The value and the gradients in the axes that jconv has them in; `like` has the shape of each."""
    y, x, *rest = values
    if name == "long":
        moved = [a.movedim(-1, -2) if a.ndim > 1 else a for a in values]
    elif name == "fold":
        n, _, outputs = x.shape[0], x.shape[1], like[1].shape[1:3]
        patches = x.reshape(n, -1, words["window"], words["window"], *outputs).permute(0, 4, 5, 2, 3, 1)
        moved = [y.movedim(1, -1), patches]
    elif name == "unfold":
        window = words["window"]
        patches = y.reshape(y.shape[0], -1, window, window, *like[0].shape[1:3]).permute(0, 4, 5, 2, 3, 1)
        moved = [patches, x.movedim(1, -1)]
    else:
        moved = [y.movedim(1, -1), x.movedim(1, -1), *(k.movedim((0, 1), (-1, -2)) for k in rest)]
    return [a.detach().cpu().numpy().reshape(b.shape) for a, b in zip(moved, like, strict=True)]


def time_operation(
    name: str, words: dict, arrays: list[np.ndarray], bar: np.ndarray, *, device: str, seconds: float
) -> tuple[dict, list[np.ndarray]]:
    """By direction, the quartiles in the faster layout; and the value and gradients."""
    found, values = {}, []
    # What unfold makes, fold takes; and what fold makes is a feature map.
    (moved_bar,) = to_torch({"unfold": "fold", "fold": ""}.get(name, name), [bar])
    for layout in ("channels first", "channels last"):
        tensors = [a.to(device).contiguous() for a in to_torch(name, arrays)]
        if layout == "channels last":
            tensors = [in_layout(a) for a in tensors]
        tensors = [a.requires_grad_() for a in tensors]
        y_bar = moved_bar.to(device).contiguous()
        function = FUNCTIONS[name]

        def forward(function=function, tensors=tensors):
            with torch.no_grad():
                function(*tensors, **words)

        def with_gradients(function=function, tensors=tensors, y_bar=y_bar, layout=layout):
            y = function(*tensors, **words)
            bar = y_bar.reshape(y.shape) if layout == "channels first" else in_layout(y_bar.reshape(y.shape))
            return y, *torch.autograd.grad(y, tensors, bar)

        like = [bar, *arrays]
        values = from_torch(name, words, list(with_gradients()), like)
        for direction, run in (("forward", forward), ("with gradients", with_gradients)):
            quartiles = time_calls(run, cuda=device == "cuda", seconds=seconds)
            if direction not in found or quartiles[1] < found[direction]["quartiles_s"][1]:
                found[direction] = {"quartiles_s": quartiles, "layout": layout}
    return found, values


def in_layout(a: torch.Tensor) -> torch.Tensor:
    """Channels last in memory, where PyTorch has such a layout."""
    layouts = {4: torch.channels_last, 5: torch.channels_last_3d}
    return a.contiguous(memory_format=layouts[a.ndim]) if a.ndim in layouts else a


def time_calls(run: Callable, *, cuda: bool, seconds: float, least: int = 5) -> list[float]:
    """Quartiles of one call, in seconds, after a warm-up."""
    wait = torch.cuda.synchronize if cuda else lambda: None
    for _ in range(2):
        run()
    samples: list[float] = []
    while len(samples) < least or sum(samples) < seconds:
        wait()
        start = time.perf_counter()
        run()
        wait()
        samples.append(time.perf_counter() - start)
    return statistics.quantiles(samples, n=4)
