"""What a multiply-add, a byte and a call cost, per platform and algorithm: the cost model's constants."""

from typing import NamedTuple

import jax


class Rates(NamedTuple):
    """Seconds per multiply-add, byte moved, byte of temporaries (fresh memory is slow to touch) and call."""

    multiply_add: float
    byte: float
    extra_byte: float
    call: float


# Fitted by `python benchmarks/fit_rates.py` to the workloads and to random layers (seeds 0, 1, 2 and 100 of
# benchmarks/regret.py) in all directions, on 2 cores of an AMD EPYC (Zen 5), on 2026-11-22: under jax 0.12,
# and under jax 0.10, whose code is another.
_CPU = {
    "lax": Rates(3.99e-12, 4.42e-11, 5.64e-10, 2.42e-05),
    "planar": Rates(3.38e-12, 1.76e-11, 1.57e-10, 5.06e-06),
    "taps": Rates(1.7e-11, 2.18e-13, 7.81e-11, 1.94e-06),
    "patches": Rates(5.41e-12, 1.89e-11, 3.37e-10, 3.99e-07),
    "rows": Rates(2.79e-11, 7.16e-12, 5.6e-10, 1.03e-06),
    "fft": Rates(2e-11, 2.25e-11, 1.06e-10, 2.93e-06),
    "winograd": Rates(3.32e-12, 1.42e-11, 5.71e-11, 1.47e-06),
    "winograd4": Rates(2.74e-11, 4.97e-12, 4.69e-10, 4.4e-06),
}
_CPU_BEFORE_0_11 = {
    "lax": Rates(1.34e-11, 8.19e-11, 3.7e-10, 4.46e-06),
    "planar": Rates(4.74e-12, 1.84e-11, 5.5e-11, 1.14e-06),
    "taps": Rates(3.05e-11, 3.89e-13, 2.93e-10, 5.21e-06),
    "patches": Rates(1.03e-11, 1.75e-11, 1.13e-10, 3.83e-07),
    "rows": Rates(4.14e-11, 9.39e-12, 1.82e-10, 2.22e-06),
    "fft": Rates(2.43e-12, 8.31e-11, 1.13e-10, 8.08e-07),
    "winograd": Rates(1.17e-11, 2.68e-12, 2.89e-11, 3.29e-06),
    "winograd4": Rates(8.74e-12, 1.27e-11, 4.81e-11, 2.8e-06),
}

RATES: dict[str, dict[str, Rates]] = {
    "cpu": _CPU if jax.__version_info__ >= (0, 11) else _CPU_BEFORE_0_11,
}
