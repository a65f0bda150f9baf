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
# 1500 and 2000 to 2009 under jax 0.12; 2100 to 2105 under jax 0.10, whose code is another), on 2 cores of an AMD EPYC
# (Zen 5), on 2026-11-22.
_CPU = {
    "lax": Rates(3.9e-12, 3.61e-11, 2.69e-10, 4.49e-06),
    "planar": Rates(3.98e-12, 1.95e-11, 5.58e-11, 2.21e-06),
    "taps": Rates(8.38e-12, 5.16e-12, 5.28e-11, 4.9e-06),
    "patches": Rates(3.01e-12, 1.99e-11, 4.76e-11, 6.94e-07),
    "rows": Rates(1.75e-11, 6.38e-12, 1.29e-10, 2.65e-07),
    "fft": Rates(7.11e-12, 3.04e-11, 1.1e-10, 3.32e-06),
    "winograd": Rates(2.76e-12, 4.07e-12, 1e-10, 3.43e-06),
    "winograd4": Rates(3.17e-12, 1.03e-11, 4.29e-11, 2.35e-06),
}
_CPU_BEFORE_0_11 = {
    "lax": Rates(5.69e-12, 2.72e-11, 4.16e-10, 2.82e-06),
    "planar": Rates(4.56e-12, 1.81e-11, 1.39e-10, 8.78e-07),
    "taps": Rates(4.53e-12, 8.61e-12, 3.41e-11, 2.19e-06),
    "patches": Rates(3.01e-12, 1.74e-11, 1.59e-10, 2.99e-07),
    "rows": Rates(7.38e-12, 7.14e-12, 3.72e-10, 2.23e-06),
    "fft": Rates(2.22e-12, 6.22e-11, 7.38e-11, 2.22e-06),
    "winograd": Rates(3.55e-12, 5.95e-12, 1.03e-10, 2.85e-06),
    "winograd4": Rates(3.95e-12, 8.79e-12, 4.72e-11, 2.39e-06),
}

RATES: dict[str, dict[str, Rates]] = {
    "cpu": _CPU if jax.__version_info__ >= (0, 11) else _CPU_BEFORE_0_11,
}
