"""What a multiply-add, a byte and a call cost, per platform and algorithm: the cost model's constants."""

from typing import NamedTuple

import jax


class Rates(NamedTuple):
    """Seconds per multiply-add, byte moved, byte of temporaries (fresh memory is slow to touch) and call."""

    multiply_add: float
    byte: float
    extra_byte: float
    call: float


# Fitted by `python benchmarks/fit_rates.py` to the workloads and to random layers of benchmarks/regret.py (seeds 0,
# 1, 2 and 100 under jax 0.12; 0 and 1 under jax 0.10, whose code is another), on 2 cores of an AMD EPYC (Zen 5), on
# 2026-11-22. The multiply-add of `patches` was halved by hand afterwards, when its cost came to count all but single
# taps twice.
_CPU = {
    "lax": Rates(5.34e-12, 6.67e-11, 7.21e-10, 7.55e-06),
    "planar": Rates(3.5e-12, 8.57e-12, 1.43e-10, 1.99e-06),
    "taps": Rates(1.62e-11, 3.94e-13, 3.05e-11, 1.31e-06),
    "patches": Rates(4.3e-12, 1.17e-11, 4.26e-10, 1.65e-07),
    "rows": Rates(1.04e-11, 7.32e-12, 5.07e-10, 2.99e-07),
    "fft": Rates(4e-12, 5.43e-11, 6.11e-11, 3.21e-06),
    "winograd": Rates(3.27e-12, 4.96e-12, 1.82e-10, 5.73e-06),
    "winograd4": Rates(5.34e-12, 1.18e-11, 8.99e-11, 4.48e-06),
}
_CPU_BEFORE_0_11 = {
    "lax": Rates(1.71e-11, 3.62e-11, 2.38e-10, 4.07e-06),
    "planar": Rates(5.36e-12, 3.12e-11, 4.7e-11, 7.03e-07),
    "taps": Rates(2.56e-11, 4.16e-13, 4.27e-10, 3e-06),
    "patches": Rates(4.5e-12, 1.9e-11, 1.28e-10, 3.27e-07),
    "rows": Rates(2e-11, 6.01e-12, 2.07e-10, 3.52e-06),
    "fft": Rates(2.49e-12, 8.19e-11, 6.01e-11, 4.33e-06),
    "winograd": Rates(3.64e-12, 3.19e-12, 6.6e-11, 1.57e-05),
    "winograd4": Rates(6.38e-12, 3e-11, 3.74e-11, 3.16e-06),
}

RATES: dict[str, dict[str, Rates]] = {
    "cpu": _CPU if jax.__version_info__ >= (0, 11) else _CPU_BEFORE_0_11,
}
