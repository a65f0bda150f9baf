"""What a multiply-add, a byte and a call cost, per platform, algorithm and code path: the cost model's constants."""

from math import exp, log
from typing import NamedTuple

import jax

from jconv._algorithms import ALGORITHMS, Algorithm, Cost
from jconv._algorithms._xla import XlaConv
from jconv._equation.problem import ConvProblem


class Rates(NamedTuple):
    """Seconds per multiply-add, byte moved, byte of temporaries (fresh memory is slow to touch) and call."""

    multiply_add: float
    byte: float
    extra_byte: float
    call: float


class Law(NamedTuple):
    """A slowdown: a factor, powers of sizes, and what it is times where something holds.

    Args:
        factor: what all that follows is multiplied with.
        c: power of the channels of a group.
        m: power of the features of a group.
        batch: power of the batch.
        taps: power of the layer's taps, of which a kernel gradient's outputs are.
        dilated: times where a window is dilated; of a kernel gradient, where the layer is strided.
        line: times where there is one axis.
        deep: times where there are more than two.
    """

    factor: float
    c: float
    m: float
    batch: float
    taps: float
    dilated: float
    line: float
    deep: float


# Counts of `native` are true, so its rates are the machine's: a multiply-add at seven eighths of the rate of large
# products of matrices that `benchmarks/run.py` measured there, so that it is taken where it wins on other machines too;
# bytes at the rate of a copy from cache, fresh memory and calls as `taps` and others need for them.
_NATIVE = Rates(5.2e-12, 1e-11, 1e-10, 2e-06)

# Fitted by `python benchmarks/fit_rates.py --laws` to the workloads, to random layers and to the layers of the networks
# of training.py (benchmarks/results: workloads.json, as of commit 3d28fa0, layers.json and networks.json under jax
# 0.12; workloads-oldest.json and layers-oldest.json under jax 0.10, whose code is another), on 2 cores of an AMD EPYC
# (Zen 5), on 2026-11-22.
_CPU = {
    "native": _NATIVE,
    "lax": Rates(4.9e-12, 3.13e-11, 2.42e-10, 4.35e-06),
    "planar": Rates(4.53e-12, 2.35e-11, 1.19e-10, 1.67e-06),
    "taps": Rates(5.44e-12, 7.45e-12, 5.94e-11, 8.55e-06),
    "patches": Rates(2.98e-12, 1.83e-11, 1.03e-10, 9.54e-07),
    "rows": Rates(1.1e-11, 7.15e-12, 6.09e-11, 2.53e-07),
    "fft": Rates(1.25e-11, 2.65e-11, 1.17e-10, 4.18e-06),
    "winograd": Rates(3.1e-12, 4.75e-12, 1.1e-10, 2.96e-06),
    "winograd4": Rates(3.25e-12, 1.1e-11, 5.27e-11, 2.55e-06),
}
_CPU_BEFORE_0_11 = {
    "native": _NATIVE,
    "lax": Rates(4.36e-12, 2.71e-11, 2.85e-10, 3.52e-06),
    "planar": Rates(3.45e-12, 2.04e-11, 1.25e-10, 1.3e-06),
    "taps": Rates(6.92e-12, 7.28e-12, 2.25e-11, 2.81e-06),
    "patches": Rates(3.11e-12, 1.72e-11, 9.53e-11, 9.26e-07),
    "rows": Rates(7.15e-12, 5.45e-12, 1.32e-10, 1.17e-06),
    "fft": Rates(9.15e-12, 4.88e-11, 1.4e-10, 2.14e-06),
    "winograd": Rates(3.62e-12, 6.36e-12, 1.3e-10, 2.63e-06),
    "winograd4": Rates(3.23e-12, 1.97e-11, 4.31e-11, 1.95e-06),
}

# XLA's convolutions by code path: forward, and as the sum over all positions that a kernel gradient is.
_LAWS = {
    "fast": Law(6.17, -0.08, -0.41, -0.03, 0, 1.1, 0.58, 1),
    "few channels": Law(504.1, -0.74, -1.13, 0.06, -0.34, 2.16, 0.72, 1),
    "volume": Law(1057, -0.5, -0.79, 0.04, -0.14, 1.43, 1, 1),
    "groups": Law(199.3, -0.23, -0.75, 0.02, -0.13, 1.01, 0.52, 6.08),
    "fast, sum": Law(5.03, 0.16, 0.12, -0.19, -0.41, 1.13, 0.68, 1),
    "few channels, sum": Law(31.96, -0.05, -0.8, 0.05, -0.14, 4.9, 0.91, 1),
    "volume, sum": Law(2932, -0.18, -0.85, -0.21, -0.48, 2.77, 1, 0.99),
    "groups, sum": Law(621.2, -0.32, -0.69, -0.27, -0.39, 1.36, 0.92, 3.47),
}
_LAWS_BEFORE_0_11 = {
    "fast": Law(3.81, 0, -0.16, 0.1, -0.03, 1.1, 0.31, 1),
    "few channels": Law(709.5, -0.71, -0.87, -0.26, -0.27, 1.43, 0.95, 1),
    "volume": Law(503, -0.26, -1.14, -0.13, 0.51, 1.95, 1, 1.03),
    "groups": Law(318.1, -0.26, -0.87, 0.31, -0.13, 1, 0.4, 1.82),
    "fast, sum": Law(32.25, 0.06, -0.3, -0.12, -0.22, 1.23, 0.74, 1),
    "few channels, sum": Law(54.59, -0.23, -0.75, 0.01, -0.12, 3.08, 0.71, 1),
    "volume, sum": Law(2131, 0, 0, 0, 0, 1, 1, 1),
    "groups, sum": Law(736.7, -0.41, -0.85, -0.17, -0.18, 1.53, 0.38, 3.84),
}

RATES: dict[str, dict[str, Rates]] = {
    "cpu": _CPU if jax.__version_info__ >= (0, 11) else _CPU_BEFORE_0_11,
}
LAWS: dict[str, Law] = _LAWS if jax.__version_info__ >= (0, 11) else _LAWS_BEFORE_0_11

# Temporaries up to this come from memory that the allocator has at hand; what is more is mapped in anew,
# page by page, at every call.
REUSED_BYTES = 16 * 2**20

# What XLA takes to compile one of many operations on CPU, as a part of every call: it must be repaid in a thousand.
COMPILE_SECONDS = 0.02 / 1000

# Scalar loops, which XLA has for more than three axes and for wide types.
SCALAR_SLOWDOWN = 100


def predicted_times(problem: ConvProblem, platform: str) -> dict[str, float]:
    """Seconds that each algorithm which can compute the problem is predicted to take."""
    times = {}
    for name, algorithm in ALGORITHMS.items():
        rates = RATES.get(platform, {}).get(name)
        if rates is not None and algorithm.cost is not None and not algorithm.unsupported(problem, platform):
            counts = charged(algorithm.cost(problem, platform), problem)
            times[name] = sum(rate * count for rate, count in zip(rates, counts, strict=True))
    return times


def charged(cost: Cost, problem: ConvProblem) -> Rates:
    """What is multiplied by each rate: the work as often as XLA is slower at it, the bytes, fresh memory, and calls."""
    fresh = max(0, cost.extra_bytes + problem.y_bytes - REUSED_BYTES)
    return Rates(felt_work(cost), cost.bytes_moved, fresh, cost.calls)


def felt_work(cost: Cost) -> float:
    """Multiply-adds; in XLA's convolutions, as often as they are slower than at their best."""
    return cost.multiply_adds * slowdown(cost.convolution) if cost.convolution else cost.multiply_adds


def slowdown(convolution: XlaConv) -> float:
    """How many times a multiply-add costs what it does in a large product of matrices, at least 1."""
    powers = zip(convolution.exponents, logarithms(LAWS[convolution.path]), strict=True)
    slow = exp(sum(size * power for size, power in powers))
    slow = max(1.0, slow * (SCALAR_SLOWDOWN if convolution.rank > 3 else 1))
    return slow * (SCALAR_SLOWDOWN if convolution.scalar else 1)


def logarithms(law: Law) -> tuple[float, ...]:
    """The law as the logarithms of its factors, and its powers: what `XlaConv.exponents` are multiplied with."""
    sizes = (law.c, law.m, law.batch, law.taps)
    return (log(law.factor), *sizes, log(law.dilated), log(law.line), log(law.deep))


def compile_seconds(algorithm: Algorithm, problem: ConvProblem, platform: str) -> float:
    """What the compilation of many operations weighs in the choice."""
    return COMPILE_SECONDS * algorithm.cost(problem, platform).compiled if algorithm.cost else 0.0
