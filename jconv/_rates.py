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
# random layers of benchmarks/regret.py (seeds 3, 4 and 300 to 1200 under jax 0.12; 0 and 1 under jax 0.10, whose
# code is another; the costs of `planar` with groups and of loops in `taps` were mended since, and a fit to those chose
# no better), on 2 cores of an AMD EPYC (Zen 5), on 2026-11-22.
_CPU = {
    "lax": Rates(3.49e-12, 8.31e-11, 3.68e-10, 1.33e-06),
    "planar": Rates(3.94e-12, 1.08e-11, 2.78e-11, 2.55e-05),
    "taps": Rates(5.55e-12, 4.51e-12, 1.27e-10, 4.46e-06),
    "patches": Rates(3.49e-12, 1.29e-11, 2.71e-11, 1.62e-07),
    "rows": Rates(2.18e-11, 9.96e-12, 2.75e-10, 2.96e-08),
    "fft": Rates(3.32e-11, 1.88e-11, 9.85e-11, 2.44e-06),
    "winograd": Rates(9.29e-13, 2.57e-12, 1.82e-10, 4.26e-06),
    "winograd4": Rates(2.17e-12, 1.7e-11, 2.67e-11, 7.19e-08),
}
_CPU_BEFORE_0_11 = {
    "lax": Rates(7.02e-12, 1.83e-11, 4.3e-09, 2.4e-05),
    "planar": Rates(4.63e-12, 1.12e-11, 5.04e-11, 6.28e-05),
    "taps": Rates(3.7e-12, 9.66e-14, 3.24e-10, 3.56e-05),
    "patches": Rates(5.68e-12, 8.81e-12, 9.43e-11, 5.87e-07),
    "rows": Rates(7.97e-12, 5.05e-12, 4.49e-10, 2.98e-06),
    "fft": Rates(1.97e-12, 6.37e-11, 1.35e-10, 1.75e-06),
    "winograd": Rates(1.5e-13, 2.85e-12, 5.31e-10, 5.16e-06),
    "winograd4": Rates(1.74e-12, 2.17e-11, 2.17e-11, 1.05e-07),
}

RATES: dict[str, dict[str, Rates]] = {
    "cpu": _CPU if jax.__version_info__ >= (0, 11) else _CPU_BEFORE_0_11,
}
