"""What a multiply-add, a byte and a call cost, per platform and algorithm: the cost model's constants."""

from typing import NamedTuple

import jax


class Rates(NamedTuple):
    """Seconds per multiply-add, byte moved, byte of temporaries (fresh memory is slow to touch) and call."""

    multiply_add: float
    byte: float
    extra_byte: float
    call: float


# Fitted by `python benchmarks/fit_rates.py` to the workloads, to the layers of benchmarks/training.py's networks and to
# random layers of benchmarks/regret.py (seeds 0 to 4 and 100 to 600 under jax 0.12; 0 and 1 under jax 0.10, whose
# code is another), on 2 cores of an AMD EPYC (Zen 5), on 2026-11-22.
_CPU = {
    "lax": Rates(3.89e-12, 7.71e-11, 4.07e-10, 1.38e-06),
    "planar": Rates(4e-12, 7.93e-12, 2.9e-11, 3.01e-05),
    "taps": Rates(6e-12, 2.68e-12, 2.48e-10, 6.33e-06),
    "patches": Rates(3.91e-12, 1.01e-11, 6.76e-11, 7.27e-08),
    "rows": Rates(5.47e-11, 9.38e-12, 1.87e-10, 4.34e-08),
    "fft": Rates(1.74e-11, 3.88e-11, 1.12e-10, 2.69e-06),
    "winograd": Rates(1.7e-13, 2.22e-11, 6.39e-11, 1.59e-07),
    "winograd4": Rates(3.17e-12, 1.33e-11, 3.11e-11, 9.16e-08),
}
_CPU_BEFORE_0_11 = {
    "lax": Rates(9.53e-12, 2.27e-11, 3.87e-09, 5.75e-06),
    "planar": Rates(5.9e-12, 4.9e-12, 5.41e-12, 4.47e-05),
    "taps": Rates(2.8e-12, 1.86e-13, 2.1e-10, 4.21e-05),
    "patches": Rates(4.16e-12, 1.79e-11, 3.19e-11, 3.81e-07),
    "rows": Rates(8.25e-12, 5.95e-12, 4.3e-10, 3.36e-06),
    "fft": Rates(5.03e-12, 7.52e-11, 7.77e-11, 1.34e-06),
    "winograd": Rates(6.33e-13, 3.64e-12, 4.75e-10, 1.52e-06),
    "winograd4": Rates(8.67e-13, 2.85e-11, 2.13e-11, 1.32e-07),
}

RATES: dict[str, dict[str, Rates]] = {
    "cpu": _CPU if jax.__version_info__ >= (0, 11) else _CPU_BEFORE_0_11,
}
