"""What a multiply-add, a byte and a call cost, per platform and algorithm: the cost model's constants."""

from typing import NamedTuple

import jax


class Rates(NamedTuple):
    """Seconds per multiply-add, byte moved, byte of temporaries (fresh memory is slow to touch) and call."""

    multiply_add: float
    byte: float
    extra_byte: float
    call: float


# Fitted by `python benchmarks/fit_rates.py` to the workloads and 110 random layers in all directions, on
# 2 cores of an AMD EPYC (Zen 5), on 2026-11-21: under jax 0.12, and under jax 0.10, whose code is another.
_CPU = {
    "lax": Rates(3.61e-12, 4.6e-11, 2.38e-10, 7.76e-06),
    "planar": Rates(3.58e-12, 8.61e-12, 4.69e-11, 1.16e-06),
    "taps": Rates(7.65e-12, 5.32e-13, 3.39e-10, 2.5e-06),
    "patches": Rates(5.12e-12, 8.43e-12, 2.36e-10, 7.45e-07),
    "rows": Rates(2.47e-11, 3.44e-12, 2.89e-10, 4.17e-07),
    "fft": Rates(8.62e-12, 3.14e-11, 5.28e-11, 2.23e-06),
    "winograd": Rates(3.59e-12, 1.15e-11, 5.24e-11, 1.2e-06),
    "winograd4": Rates(5.82e-12, 1.07e-11, 2.2e-10, 2.43e-06),
}
_CPU_BEFORE_0_11 = {
    "lax": Rates(4.28e-12, 2.57e-10, 2.77e-10, 2.6e-06),
    "planar": Rates(5.32e-12, 3.26e-11, 6.29e-11, 9.95e-07),
    "taps": Rates(2.89e-11, 1.95e-13, 3.23e-10, 9.16e-06),
    "patches": Rates(5.73e-12, 1.62e-11, 2.37e-10, 6.44e-07),
    "rows": Rates(1.68e-11, 2.83e-12, 9.4e-11, 1.93e-06),
    "fft": Rates(3.79e-12, 8.81e-11, 6.47e-11, 1.84e-06),
    "winograd": Rates(3.86e-12, 1.32e-11, 5.76e-11, 2.76e-06),
    "winograd4": Rates(5.94e-12, 1.28e-11, 6.06e-11, 2.46e-06),
}

RATES: dict[str, dict[str, Rates]] = {
    "cpu": _CPU if jax.__version_info__ >= (0, 11) else _CPU_BEFORE_0_11,
}
