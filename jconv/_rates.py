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
# random layers of benchmarks/regret.py (seeds 0 to 4 and 100 to 800 under jax 0.12; 0 and 1 under jax 0.10, whose
# code is another), on 2 cores of an AMD EPYC (Zen 5), on 2026-11-22.
_CPU = {
    "lax": Rates(3.71e-12, 8.22e-11, 3.88e-10, 1.29e-06),
    "planar": Rates(4.14e-12, 8.74e-12, 3.31e-11, 2.32e-05),
    "taps": Rates(5.55e-12, 3.24e-12, 2.4e-10, 5.47e-06),
    "patches": Rates(3.97e-12, 1.04e-11, 7.64e-11, 5.93e-08),
    "rows": Rates(5.1e-11, 8.58e-12, 2.18e-10, 4.38e-08),
    "fft": Rates(2.7e-11, 2.68e-11, 1.14e-10, 4.03e-06),
    "winograd": Rates(8.87e-13, 6.53e-12, 1.69e-10, 3.76e-06),
    "winograd4": Rates(2.72e-12, 1.63e-11, 3.01e-11, 8.73e-08),
}
_CPU_BEFORE_0_11 = {
    "lax": Rates(7.03e-12, 1.84e-11, 4.32e-09, 2.42e-05),
    "planar": Rates(4.63e-12, 1.12e-11, 4.93e-11, 6.33e-05),
    "taps": Rates(3.69e-12, 9.59e-14, 3.22e-10, 3.58e-05),
    "patches": Rates(5.68e-12, 8.86e-12, 8.89e-11, 5.92e-07),
    "rows": Rates(7.92e-12, 5.08e-12, 4.41e-10, 2.97e-06),
    "fft": Rates(2e-12, 6.37e-11, 1.33e-10, 1.75e-06),
    "winograd": Rates(1.52e-13, 2.92e-12, 5.31e-10, 5.15e-06),
    "winograd4": Rates(1.76e-12, 2.17e-11, 2.14e-11, 1.05e-07),
}

RATES: dict[str, dict[str, Rates]] = {
    "cpu": _CPU if jax.__version_info__ >= (0, 11) else _CPU_BEFORE_0_11,
}
