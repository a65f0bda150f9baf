"""Algorithm: a way to compute a ConvProblem, as a value; what it promises is written here."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NamedTuple

from jax import lax

from jconv._algorithms._xla import XlaConv
from jconv._equation.problem import ConvProblem
from jconv._typing import Array, Ints


class Cost(NamedTuple):
    """What a computation takes, in integers that do not depend on the machine.

    Args:
        multiply_adds: scalar multiply-adds done, wasted ones counted; in short loops, as often as they are slower.
        bytes_moved: bytes read and written, temporaries counted each time they pass.
        extra_bytes: most bytes of temporaries alive at once; held to XLA's own count by
            tests/algorithms/test_memory.py.
        calls: operations started one after another (dots, fused loops, transforms).
        compiled: operations written out one by one where they are many: each is compiled by itself.
        convolution: the convolution of XLA that the multiply-adds are done by, if they are: its code path says how
            much slower than a product of matrices they are.
    """

    multiply_adds: int
    bytes_moved: int
    extra_bytes: int
    calls: int
    compiled: int = 0
    convolution: XlaConv | None = None


@dataclass(frozen=True)
class Algorithm:
    """A frozen record of pure functions.

    Its laws: `compute(x, w, problem)` takes canonical arrays of the dtypes in `problem` and returns
    y [N, *O, G, M] of `problem.dtype`; it is traceable and knows nothing of layouts, gradients,
    platforms or validation. `unsupported(problem, platform)` is empty where `compute` is right.

    Args:
        name: the word that users ask for it by.
        compute: (x, w, problem) -> y.
        unsupported: (problem, platform) -> the reasons why it cannot there, empty if it can.
        error_bound: bound on max|y - y64| / (eps * max conv(|x|, |w|)), where eps belongs to the storage dtype.
        reference: where it comes from.
        cost: (problem, platform) -> what it takes; None if it does not say, then `auto` never takes it.
        partitions: whether XLA can divide it over a sharded batch without gathering the whole: no loop over the
            batch, no Fourier transform.
        local: whether every output is a direct sum over its own window, which nothing outside of it reaches; a NaN
            or an infinity beside it may, where the problem is not `strictly_local`.
        compute_lying: (x, w, problem, x_order, w_order) -> y, where transposing x and w by these orders gives those
            that `compute` takes: for an algorithm that reads arrays as they lie in memory. None if it does not.
        portable: whether a program with it can leave the process, as `jax.export` lets it.
        compute_on_tpu: what `compute` gives, in the form that TPU's compiler is good at; None if that is the same.
    """

    name: str
    compute: Callable[[Array, Array, ConvProblem], Array]
    unsupported: Callable[[ConvProblem, str], tuple[str, ...]]
    error_bound: float
    reference: str
    cost: Callable[[ConvProblem, str], Cost] | None = None
    partitions: bool = False
    local: bool = False
    compute_lying: Callable[[Array, Array, ConvProblem, Ints, Ints], Array] | None = None
    portable: bool = True
    compute_on_tpu: Callable[[Array, Array, ConvProblem], Array] | None = None

    def on_lying(self, x: Array, w: Array, problem: ConvProblem, x_order: Ints, w_order: Ints) -> Array:
        """Give y by `compute_lying`; by an algorithm that has none, from arrays that are transposed before."""
        if self.compute_lying is not None:
            return self.compute_lying(x, w, problem, x_order, w_order)
        return self.compute(lax.transpose(x, x_order), lax.transpose(w, w_order), problem)

    def on(self, platform: str) -> "Algorithm":
        """The algorithm with the `compute` that is meant for a platform."""
        if platform != "tpu" or self.compute_on_tpu is None:
            return self
        return replace(self, compute=self.compute_on_tpu, compute_on_tpu=None)


def in_short_loops(work: int, *lanes: int) -> int:
    """Work as it is felt where an innermost loop is short: each is entered at the cost of 4 more passes."""
    for n in lanes:
        work += 4 * work // max(1, n)
    return work
