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
    "lax": Rates(1.16e-11, 2.99e-11, 2.54e-10, 2.79e-06),
    "planar": Rates(3.7e-12, 1.1e-11, 1.21e-10, 4.38e-05),
    "taps": Rates(2.31e-12, 1.71e-13, 3.1e-10, 3.46e-05),
    "patches": Rates(3.76e-12, 1.5e-11, 1.01e-10, 3.6e-07),
    "rows": Rates(1.27e-11, 4.1e-12, 7.44e-11, 3.09e-06),
    "fft": Rates(6.67e-12, 6.42e-11, 1.04e-10, 6.07e-07),
    "winograd": Rates(1.45e-12, 2.43e-11, 1.14e-11, 9.72e-08),
    "winograd4": Rates(2.42e-12, 2.19e-11, 2.53e-11, 6.95e-07),
}

RATES: dict[str, dict[str, Rates]] = {
    "cpu": _CPU if jax.__version_info__ >= (0, 11) else _CPU_BEFORE_0_11,
}
