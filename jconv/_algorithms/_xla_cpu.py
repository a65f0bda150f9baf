"""How much slower XLA's convolutions are on CPU than at their best, by the code path that they take."""

from math import exp, log, prod
from typing import NamedTuple

from jconv._problem import ConvProblem
from jconv._rates import LAWS, Law

# The fast path, YNNPACK's, takes 2-D convolutions in which channels or features are more than these; all else is
# Eigen's. (Before jax 0.11 there is no fast path; the same classes have other laws.)
FEW_CHANNELS = 16


class Form(NamedTuple):
    """What XLA gets, after rewrites: the problem, and what they change of it."""

    problem: ConvProblem
    c: int
    m: int
    rank: int
    groups: int

    @property
    def path(self) -> str:
        """The code path, as in LAWS."""
        few = max(self.c, self.m) <= FEW_CHANNELS
        path = "groups" if self.groups > 1 else "volume" if self.rank > 2 else "few channels" if few else "fast"
        return path + ", sum" * self.problem.few_outputs

    @property
    def exponents(self) -> tuple[float, ...]:
        """What the logarithms of a law's factors, and its powers, are multiplied with."""
        p = self.problem
        taps = prod(p.output_size if p.few_outputs else p.window)
        sizes = (log(max(1, n)) for n in (self.c, self.m, p.batch, taps))
        return (1.0, *sizes, float(any(d > 1 for d in p.dilation)), float(p.rank == 1), float(self.rank > 2))


def logarithms(law: Law) -> tuple[float, ...]:
    """The law as the logarithms of its factors, and its powers: what `Form.exponents` are multiplied with."""
    sizes = (law.c, law.m, law.batch, law.taps)
    return (log(law.factor), *sizes, log(law.dilated), log(law.line), log(law.deep))


def slowdown(form: Form) -> float:
    """How many times a multiply-add costs what it does in a large product of matrices, at least 1."""
    powers = zip(form.exponents, logarithms(LAWS[form.path]), strict=True)
    slow = exp(sum(size * power for size, power in powers))
    return max(1.0, slow * (100 if form.rank > 3 else 1))  # which it has scalar loops for
