"""The algorithm `taps`: the equation written down, one product per tap, or per output if those are fewer."""

from jconv._algorithms.taps.record import TAPS as TAPS
