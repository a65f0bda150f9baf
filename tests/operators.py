"""Random operators, and the truth about them: the matrix by NumPy alone, in float64."""

from math import prod

import numpy as np
from agreement import numpy_conv

from jconv.operator import ConvOperator

MODES = ("zeros", "reflect", "symmetric", "edge", "wrap")


def true_matrix(operator) -> np.ndarray:
    """The matrix (rows, columns) of an operator, column by column from the oracle."""
    form = operator.form
    columns = prod(form.input_shape)
    basis = np.eye(columns).reshape(columns, *form.input_shape)
    options = dict(stride=form.stride, pairs=form.pairs, dilation=form.dilation, groups=form.groups, modes=form.modes)
    return numpy_conv(basis, np.asarray(operator.kernel), **options).reshape(columns, -1).T


def random_operator(seed, *, mode=None, dtype=np.float32, draw=None) -> ConvOperator:
    """A small operator with strides, dilations, paddings, groups and modes drawn at random."""
    rng = np.random.default_rng(seed)

    def some(least, most):
        return tuple(int(n) for n in rng.integers(least, most + 1, rank))

    rank = int(rng.choice([1, 2, 2, 3]))
    groups = int(rng.choice([1, 1, 2, 3]))
    window, dilation, stride = some(1, 4 if rank < 3 else 2), some(1, 2), some(1, 3)
    spans = np.array(dilation) * (np.array(window) - 1) + 1
    sizes = tuple(int(n) for n in spans + some(0, {1: 24, 2: 6, 3: 2}[rank]))
    padding = tuple((int(lo), int(hi)) for lo, hi in rng.integers(0, 3, (rank, 2)))
    modes = tuple(str(m) for m in rng.choice(MODES, rank)) if mode is None else mode
    c, m = int(rng.integers(1, 4)), int(rng.integers(1, 4))
    shape = (*window, c, groups * m)
    kernel = rng.standard_normal(shape) if draw is None else draw(shape, seed)
    return ConvOperator(
        kernel.astype(dtype),
        (*sizes, groups * c),
        stride,
        padding,
        padding_mode=modes,
        dilation=dilation,
        groups=groups,
    )


def random_circular(seed, *, dtype=np.float32) -> ConvOperator:
    """The same with padding that wraps and sizes that the stride divides."""
    rng = np.random.default_rng(seed)
    rank, groups = int(rng.choice([1, 2, 2, 3])), int(rng.choice([1, 1, 2]))
    most = {1: 8, 2: 4, 3: 2}[rank]
    window, dilation, stride = (tuple(int(n) for n in rng.integers(1, top + 1, rank)) for top in (most, 2, 2))
    sizes = tuple(s * int(n) for s, n in zip(stride, rng.integers(2, most + 1, rank), strict=True))
    c, m = int(rng.integers(1, 4)), int(rng.integers(1, 4))
    # As many outputs as inputs over stride: windows reach once round at most `reach` further.
    reach = (d * (k - 1) + 1 - s for d, k, s in zip(dilation, window, stride, strict=True))
    padding = tuple((int(lo), r - int(lo)) for r, lo in zip(reach, rng.integers(-1, 3, rank), strict=True))
    kernel = rng.standard_normal((*window, c, groups * m)).astype(dtype)
    return ConvOperator(kernel, (*sizes, groups * c), stride, padding, "wrap", dilation, groups)
