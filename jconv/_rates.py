"""What a multiply-add, a byte and a call cost, per platform and algorithm: the cost model's constants."""

from typing import NamedTuple


class Rates(NamedTuple):
    """Seconds per multiply-add, per byte moved and per call."""

    multiply_add: float
    byte: float
    call: float


# From a fit by `python benchmarks/fit_rates.py` to nine of the workloads in all directions, on 2 cores of an
# AMD EPYC (Zen 5) under jax 0.12, on 2026-11-21; rates that it found to be zero were raised by hand.
RATES: dict[str, dict[str, Rates]] = {
    "cpu": {
        "lax": Rates(8e-12, 5e-11, 2e-5),
        "planar": Rates(5.5e-12, 2e-11, 3e-5),
        "taps": Rates(2e-11, 2.5e-12, 2e-6),
        "patches": Rates(1.3e-11, 5e-12, 1.5e-5),
        "rows": Rates(1e-12, 2.6e-11, 1e-6),
        "fft": Rates(9e-11, 2.6e-11, 2e-5),
        "winograd": Rates(8.5e-12, 4e-12, 2.5e-5),
        "winograd4": Rates(1.9e-11, 1.2e-11, 5e-6),
    }
}
