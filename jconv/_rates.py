"""What a multiply-add, a byte and a call cost, per platform, algorithm and code path: the cost model's constants."""

from typing import NamedTuple

import jax


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


# Fitted by `python benchmarks/fit_rates.py --laws` to the workloads and to random layers (benchmarks/results: cpu.json,
# as of commit 3d28fa0, and layers.json under jax 0.12; workloads-oldest.json and layers-oldest.json under jax 0.10,
# whose code is another), on 2 cores of an AMD EPYC (Zen 5), on 2026-11-22.
_CPU = {
    "lax": Rates(4.85e-12, 3.08e-11, 2.33e-10, 4.25e-06),
    "planar": Rates(4.47e-12, 2.26e-11, 1.16e-10, 1.62e-06),
    "taps": Rates(6.7e-12, 6.62e-12, 5.3e-11, 7.09e-06),
    "patches": Rates(2.89e-12, 1.92e-11, 1.01e-10, 7.44e-07),
    "rows": Rates(1.57e-11, 5.95e-12, 6.26e-11, 2.47e-07),
    "fft": Rates(1.22e-11, 2.65e-11, 1.14e-10, 4.45e-06),
    "winograd": Rates(3.2e-12, 4.06e-12, 1.12e-10, 2.74e-06),
    "winograd4": Rates(3.3e-12, 9.53e-12, 5.28e-11, 2.63e-06),
}
_CPU_BEFORE_0_11 = {
    "lax": Rates(7.13e-12, 2.76e-11, 2.97e-10, 3.37e-06),
    "planar": Rates(5.68e-12, 2.19e-11, 1.73e-10, 9.99e-07),
    "taps": Rates(7.04e-12, 7.18e-12, 2.74e-11, 2.5e-06),
    "patches": Rates(3.03e-12, 1.72e-11, 1.13e-10, 1.05e-06),
    "rows": Rates(7.17e-12, 5.33e-12, 1.39e-10, 1.15e-06),
    "fft": Rates(1.58e-11, 4.48e-11, 1.36e-10, 1.75e-06),
    "winograd": Rates(3.99e-12, 6.44e-12, 9.5e-11, 2.35e-06),
    "winograd4": Rates(3.94e-12, 9.18e-12, 5e-11, 2.93e-06),
}

# XLA's convolutions by code path: forward, and as the sum over all positions that a kernel gradient is.
_LAWS = {
    "fast": Law(5.56, -0.07, -0.41, -0.04, 0.02, 1.13, 0.54, 1),
    "few channels": Law(528.8, -0.71, -1.13, 0.07, -0.35, 2.06, 0.68, 1),
    "volume": Law(1081, -0.5, -0.79, 0.04, -0.14, 1.49, 1, 1),
    "groups": Law(196.8, -0.24, -0.74, 0.02, -0.13, 1.01, 0.51, 6.27),
    "fast, sum": Law(8.16, 0.12, 0.04, -0.21, -0.39, 1.25, 0.64, 1),
    "few channels, sum": Law(35.07, -0.04, -0.7, 0.02, -0.14, 4.11, 0.92, 1),
    "volume, sum": Law(3022, -0.18, -0.85, -0.22, -0.49, 3.27, 1, 1),
    "groups, sum": Law(633.3, -0.32, -0.69, -0.27, -0.39, 1.37, 0.91, 3.55),
}
_LAWS_BEFORE_0_11 = {
    "fast": Law(4.97, 0.07, -0.97, 0.05, 0.07, 1.25, 0.25, 1),
    "few channels": Law(620.3, -0.64, -0.95, -0.2, -0.41, 1.66, 0.89, 1),
    "volume": Law(282.9, -0.26, -1.15, -0.12, 0.55, 1.96, 1, 1.05),
    "groups": Law(190.4, -0.26, -0.86, 0.31, -0.13, 0.99, 0.41, 1.82),
    "fast, sum": Law(23.31, -0.03, -0.31, -0.12, -0.24, 1.41, 0.72, 1),
    "few channels, sum": Law(30.68, -0.22, -0.73, 0.02, -0.11, 3.02, 0.71, 1),
    "volume, sum": Law(2088, 0, 0, 0, 0, 1, 1, 1),
    "groups, sum": Law(462, -0.43, -0.84, -0.16, -0.18, 1.52, 0.38, 3.82),
}

RATES: dict[str, dict[str, Rates]] = {
    "cpu": _CPU if jax.__version_info__ >= (0, 11) else _CPU_BEFORE_0_11,
}
LAWS: dict[str, Law] = _LAWS if jax.__version_info__ >= (0, 11) else _LAWS_BEFORE_0_11
