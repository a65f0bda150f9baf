"""XLA's convolution as the algorithms ask for it: jconv's mark on its own calls, and the form that XLA gets."""

from math import log, prod
from typing import NamedTuple

from jax import lax

from jconv._equation.problem import ConvProblem


class OwnAxes(tuple[int, ...]):
    """Axes of the kernel, equal only to others of this class: the mark of jconv's own calls of lax.

    A call so marked asks for XLA's convolution and must get it, also while every other one is served
    by jconv. A mark in the parameters keeps the two apart in each of JAX's caches.

    >>> OwnAxes((3, 2, 0, 1)) == OwnAxes((3, 2, 0, 1)), OwnAxes((3, 2, 0, 1)) == (3, 2, 0, 1)
    (True, False)
    """

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, OwnAxes) and super().__eq__(other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash((OwnAxes, *self))


def channels_last(rank: int) -> lax.ConvDimensionNumbers:
    """NHWC, HWIO and NHWC, for any number of spatial axes, with the mark of jconv's own calls."""
    last = (0, rank + 1, *range(1, rank + 1))
    return lax.ConvDimensionNumbers(last, OwnAxes((rank + 1, rank, *range(rank))), last)


# The fast path, YNNPACK's, takes 2-D convolutions in which channels or features are more than these; all else is
# Eigen's. (Before jax 0.11 there is no fast path; the same classes have other laws.)
FEW_CHANNELS = 16


def dropped_precision(problem: ConvProblem, platform: str) -> tuple[str, ...]:
    """Why XLA's convolution is not as precise as the problem asks; empty if it is.

    JAX hands no dot algorithm on to a convolution. On CPU that loses nothing: whatever is asked for, the
    factors keep all their bits.
    """
    if platform != "cpu" and isinstance(problem.precision, lax.DotAlgorithmPreset):
        return (f"precision={problem.precision.name} is a dot algorithm, which XLA's convolutions do not take",)
    return ()


class XlaConv(NamedTuple):
    """A convolution that XLA gets, after rewrites: the problem, and what they change of it.

    Args:
        problem: what is asked for.
        c: channels of a group, after rewrites.
        m: features of a group, after rewrites.
        rank: spatial axes, after rewrites.
        groups: groups, after rewrites.
        scalar: whether XLA runs scalar code, as for wide types.
    """

    problem: ConvProblem
    c: int
    m: int
    rank: int
    groups: int
    scalar: bool = False

    @property
    def path(self) -> str:
        """The code path, as in LAWS."""
        few = max(self.c, self.m) <= FEW_CHANNELS
        path = "few channels" if few else "fast"
        if self.groups > 1:
            path = "groups"
        elif self.rank > 2:
            path = "volume"
        return f"{path}, sum" if self.problem.more_taps_than_outputs else path

    @property
    def exponents(self) -> tuple[float, ...]:
        """What the logarithms of a law's factors, and its powers, are multiplied with."""
        p = self.problem
        taps = prod(p.output_size if p.more_taps_than_outputs else p.window)
        sizes = (log(max(1, n)) for n in (self.c, self.m, p.batch, taps))
        holds = (any(d > 1 for d in p.dilation), p.rank == 1, self.rank > 2)
        return (1.0, *sizes, *(1.0 if one else 0.0 for one in holds))
