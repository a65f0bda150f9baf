"""What a multiply-add, a byte and a call cost, per platform and algorithm: the cost model's constants."""

from typing import NamedTuple

import jax


class Rates(NamedTuple):
    """Seconds per multiply-add, byte moved, byte of temporaries (fresh memory is slow to touch) and call."""

    multiply_add: float
    byte: float
    extra_byte: float
    call: float


# Fitted by `python benchmarks/fit_rates.py` to the workloads and to random layers of benchmarks/regret.py (seeds 300 to
# 1500 and 2000 to 2009 under jax 0.12; 2100 to 2105 under jax 0.10, whose code is another), 0.1 s a figure, timed again
# where an algorithm had changed meanwhile, on 2 cores of an AMD EPYC (Zen 5), on 2026-11-22.
_CPU = {
    "lax": Rates(3.87e-12, 3.84e-11, 2.65e-10, 4.37e-06),
    "planar": Rates(3.89e-12, 2.55e-11, 4.87e-11, 1.15e-06),
    "taps": Rates(7.5e-12, 5.16e-12, 5.7e-11, 7.22e-06),
    "patches": Rates(2.53e-12, 1.93e-11, 5.32e-11, 6.88e-07),
    "rows": Rates(1.91e-11, 5.62e-12, 4.71e-11, 2.61e-07),
    "fft": Rates(6.85e-12, 3.12e-11, 1.06e-10, 3.04e-06),
    "winograd": Rates(2.84e-12, 3.92e-12, 9.96e-11, 2.64e-06),
    "winograd4": Rates(2.94e-12, 9.65e-12, 4.4e-11, 2.33e-06),
}
_CPU_BEFORE_0_11 = {
    "lax": Rates(5.79e-12, 2.84e-11, 4.13e-10, 2.81e-06),
    "planar": Rates(4.66e-12, 2.17e-11, 1.34e-10, 8.19e-07),
    "taps": Rates(4.5e-12, 8.8e-12, 3.43e-11, 2.63e-06),
    "patches": Rates(2.85e-12, 1.62e-11, 1.77e-10, 3.01e-07),
    "rows": Rates(6.76e-12, 5.1e-12, 8.18e-11, 2.38e-06),
    "fft": Rates(2.18e-12, 6.38e-11, 6.98e-11, 2.05e-06),
    "winograd": Rates(3.63e-12, 5.93e-12, 1.04e-10, 2.61e-06),
    "winograd4": Rates(3.96e-12, 9.71e-12, 4.51e-11, 2.44e-06),
}

RATES: dict[str, dict[str, Rates]] = {
    "cpu": _CPU if jax.__version_info__ >= (0, 11) else _CPU_BEFORE_0_11,
}
