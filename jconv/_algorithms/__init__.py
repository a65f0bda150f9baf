"""The one ordered table of algorithms: to add one is one file and one line here."""

from jconv._algorithms._contract import Algorithm as Algorithm
from jconv._algorithms._contract import Cost as Cost
from jconv._algorithms.fft import FFT
from jconv._algorithms.lax import LAX
from jconv._algorithms.native import NATIVE
from jconv._algorithms.patches import PATCHES
from jconv._algorithms.planar import PLANAR
from jconv._algorithms.rows import ROWS
from jconv._algorithms.taps import TAPS
from jconv._algorithms.winograd import WINOGRAD, WINOGRAD_4

ALGORITHMS: dict[str, Algorithm] = {
    algorithm.name: algorithm for algorithm in (LAX, PLANAR, TAPS, PATCHES, ROWS, FFT, WINOGRAD, WINOGRAD_4, NATIVE)
}
