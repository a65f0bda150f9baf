"""What a multiply-add, a byte and a call cost, per platform and algorithm: the cost model's constants."""

from typing import NamedTuple


class Rates(NamedTuple):
    """Seconds per multiply-add, per byte moved and per call."""

    multiply_add: float
    byte: float
    call: float


# Fitted by `python benchmarks/fit_rates.py`.
RATES: dict[str, dict[str, Rates]] = {
    "cpu": {
        "lax": Rates(1.1e-11, 4e-11, 2e-6),
        "taps": Rates(1.2e-11, 4e-11, 5e-6),
        "patches": Rates(1.2e-11, 6e-11, 5e-6),
        "planar": Rates(1.1e-11, 4e-11, 5e-6),
        "rows": Rates(2e-11, 2e-11, 2e-6),
        "fft": Rates(1e-11, 5e-11, 2e-5),
        "winograd": Rates(1.2e-11, 6e-11, 5e-6),
        "winograd4": Rates(1.2e-11, 6e-11, 5e-6),
    }
}
