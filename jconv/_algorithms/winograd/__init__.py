"""The algorithms `winograd` and `winograd4`: minimal filtering, F(2,3) and F(4,3) per axis."""

from jconv._algorithms.winograd.record import WINOGRAD as WINOGRAD
from jconv._algorithms.winograd.record import WINOGRAD_4 as WINOGRAD_4
