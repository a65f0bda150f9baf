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
# as of commit e9d365e, and layers.json under jax 0.12; workloads-oldest.json and layers-oldest.json under jax 0.10,
# whose code is another), on 2 cores of an AMD EPYC (Zen 5), on 2026-11-22.
_CPU = {
    "lax": Rates(4.97e-12, 3.39e-11, 2.24e-10, 4.22e-06),
    "planar": Rates(4.51e-12, 2.54e-11, 9.92e-11, 1.92e-06),
    "taps": Rates(8.19e-12, 5.52e-12, 6.26e-11, 7.52e-06),
    "patches": Rates(3.15e-12, 1.84e-11, 6.15e-11, 7.98e-07),
    "rows": Rates(1.85e-11, 4.44e-12, 6.13e-11, 2.68e-07),
    "fft": Rates(1.36e-11, 2.7e-11, 1.16e-10, 4.29e-06),
    "winograd": Rates(3.41e-12, 3.98e-12, 1.19e-10, 2.46e-06),
    "winograd4": Rates(3.51e-12, 9.66e-12, 5.46e-11, 2.67e-06),
}
_CPU_BEFORE_0_11 = {
    "lax": Rates(7.02e-12, 2.98e-11, 4.99e-10, 3.07e-06),
    "planar": Rates(5.63e-12, 2.36e-11, 2.75e-10, 1.21e-06),
    "taps": Rates(1.19e-11, 6.28e-12, 2.08e-11, 3.06e-06),
    "patches": Rates(3.23e-12, 1.53e-11, 1.15e-10, 4.66e-07),
    "rows": Rates(7.19e-12, 5.77e-12, 8.2e-11, 1.39e-06),
    "fft": Rates(3.83e-12, 5.02e-11, 1.01e-10, 3.95e-06),
    "winograd": Rates(3.52e-12, 4.57e-12, 1.26e-10, 2.84e-06),
    "winograd4": Rates(4.15e-12, 8.42e-12, 5.17e-11, 2.31e-06),
}

# XLA's convolutions by code path: forward, and as the sum over all positions that a kernel gradient is.
_LAWS = {
    "fast": Law(1.2, 0.16, -0.53, 0.01, 0.22, 1.3, 0.35, 1),
    "few channels": Law(530, -0.69, -1.1, 0.06, -0.35, 2.5, 0.62, 1),
    "volume": Law(1200, -0.51, -0.81, 0.02, -0.15, 1.5, 1, 1),
    "groups": Law(190, -0.24, -0.7, -0.02, -0.11, 0.96, 0.47, 6.1),
    "fast, sum": Law(10, 0.11, 0, -0.22, -0.4, 1.1, 0.64, 1),
    "few channels, sum": Law(65, -0.12, -0.82, -0.03, -0.22, 4.5, 0.81, 1),
    "volume, sum": Law(2700, -0.18, -0.84, -0.2, -0.47, 3.2, 1, 1),
    "groups, sum": Law(660, -0.33, -0.7, -0.27, -0.4, 1.3, 0.89, 3.4),
}
_LAWS_BEFORE_0_11 = {
    "fast": Law(12, -0.28, -0.46, -0.11, 0.08, 1.3, 0.44, 1),
    "few channels": Law(1500, -0.85, -1, -0.26, -0.5, 1.4, 0.7, 1),
    "volume": Law(670, -0.46, -1.3, -0.05, 0.58, 1, 1, 1.2),
    "groups": Law(52, -0.14, -0.74, 0.45, 0.17, 0.88, 0.36, 1),
    "fast, sum": Law(33, 0.07, -0.39, -0.1, -0.35, 1.7, 0.72, 1),
    "few channels, sum": Law(70, -0.17, -0.82, -0.06, -0.25, 3.3, 0.94, 1),
    "volume, sum": Law(2000, 0, 0, 0, 0, 1, 1, 1),
    "groups, sum": Law(92, -0.15, -0.7, -0.25, 0.2, 0.79, 0.18, 2.5),
}

RATES: dict[str, dict[str, Rates]] = {
    "cpu": _CPU if jax.__version_info__ >= (0, 11) else _CPU_BEFORE_0_11,
}
LAWS: dict[str, Law] = _LAWS if jax.__version_info__ >= (0, 11) else _LAWS_BEFORE_0_11
