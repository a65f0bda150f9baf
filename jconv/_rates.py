"""What a multiply-add, a byte and a call cost, per platform and algorithm: the cost model's constants."""

from typing import NamedTuple

import jax


class Rates(NamedTuple):
    """Seconds per multiply-add, byte moved, byte of temporaries (fresh memory is slow to touch) and call."""

    multiply_add: float
    byte: float
    extra_byte: float
    call: float


# Fitted by `python benchmarks/fit_rates.py` to the workloads and to random layers (seeds 0, 1 and 2 of
# benchmarks/regret.py) in all directions, on 2 cores of an AMD EPYC (Zen 5), on 2026-11-22: under jax 0.12,
# and under jax 0.10, whose code is another.
_CPU = {
    "lax": Rates(3.1e-12, 9.58e-11, 1.01e-09, 2.3e-06),
    "planar": Rates(3.39e-12, 9.01e-12, 1.32e-10, 1.01e-05),
    "taps": Rates(1.59e-11, 4.6e-13, 1.46e-10, 2.02e-06),
    "patches": Rates(1.07e-11, 9.36e-12, 1.7e-10, 3.67e-07),
    "rows": Rates(2.45e-12, 1.16e-11, 4.06e-10, 2.92e-07),
    "fft": Rates(6.04e-12, 4.05e-11, 8.51e-11, 7.7e-06),
    "winograd": Rates(5.66e-12, 3.98e-12, 1.82e-10, 4.14e-06),
    "winograd4": Rates(2.71e-11, 1.03e-11, 5.22e-11, 2.22e-06),
}
_CPU_BEFORE_0_11 = {
    "lax": Rates(7.77e-12, 5.64e-10, 4.46e-10, 5.2e-06),
    "planar": Rates(4.74e-12, 3.51e-11, 2.88e-11, 1.14e-06),
    "taps": Rates(3.05e-11, 1.95e-13, 2.93e-10, 5.21e-06),
    "patches": Rates(5.68e-12, 1.73e-11, 2.68e-10, 3.68e-07),
    "rows": Rates(2.61e-11, 5.91e-12, 1.14e-10, 8.81e-07),
    "fft": Rates(2.43e-12, 8.31e-11, 1.24e-10, 8.08e-07),
    "winograd": Rates(3.21e-12, 5.37e-12, 5.78e-11, 1.04e-05),
    "winograd4": Rates(2.2e-11, 6.64e-12, 9.61e-11, 2.8e-06),
}

RATES: dict[str, dict[str, Rates]] = {
    "cpu": _CPU if jax.__version_info__ >= (0, 11) else _CPU_BEFORE_0_11,
}
