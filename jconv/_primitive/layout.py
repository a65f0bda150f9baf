"""lax's convolution as a ConvProblem: the problem it poses, and its arrays in canonical order and back."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from jax import lax

from jconv._algorithms._xla import channels_last
from jconv._equation.dtypes import DTYPES
from jconv._equation.geometry import dilated_size, output_size
from jconv._equation.problem import ConvProblem
from jconv._rewrites.groups import split_groups
from jconv._typing import Array, Ints, Pairs


class Layout(NamedTuple):
    """Where lax's arrays keep the axes of the canonical ones.

    Args:
        numbers: the axes of lhs, rhs and output.
        batch_groups: how many groups lie side by side on the batch axis of lhs.
    """

    numbers: lax.ConvDimensionNumbers
    batch_groups: int

    @property
    def canonical(self) -> bool:
        """Whether the axes stand as in NHWC, HWIO and NHWC already."""
        wanted = channels_last(len(self.numbers.lhs_spec) - 2)
        return self.batch_groups == 1 and list(map(tuple, self.numbers)) == list(map(tuple, wanted))


def padded_sizes(sizes: Sequence[int], input_dilation: Ints, padding: Pairs) -> Ints:
    """Positions per axis of the dilated and padded input; negative where more is cropped than there is."""
    return tuple(dilated_size(n, e) + lo + hi for n, e, (lo, hi) in zip(sizes, input_dilation, padding, strict=True))


def posed_problem(
    lhs_shape: Sequence[int],
    rhs_shape: Sequence[int],
    layout: Layout,
    *,
    padding: Pairs,
    input_dilation: Ints,
    stride: Ints,
    dilation: Ints,
    groups: int,
    **dtypes_and_precision: Any,
) -> ConvProblem:
    """The problem of checked arguments; `groups` counts feature groups and batch groups."""
    batch, _, *sizes = (lhs_shape[a] for a in layout.numbers.lhs_spec)
    c_out, c_in, *window = (rhs_shape[a] for a in layout.numbers.rhs_spec)
    padded = padded_sizes(sizes, input_dilation, padding)
    return ConvProblem(
        batch=batch // layout.batch_groups,
        groups=groups,
        c_in=c_in,
        c_out=c_out // groups,
        input_size=tuple(sizes),
        window=tuple(window),
        output_size=tuple(map(output_size, padded, map(dilated_size, window, dilation), stride)),
        stride=stride,
        input_dilation=input_dilation,
        dilation=dilation,
        low=tuple(lo for lo, _ in padding),
        **dtypes_and_precision,
    )


def equation_problem(
    operands: Sequence[Any], result: Any, params: Mapping[str, Any]
) -> tuple[ConvProblem, Layout] | None:
    """The problem that one equation of `jax.lax.conv_general_dilated_p` poses.

    JAX's gradients of a convolution are such equations too. They pose exactly the `gradient_x` and
    the `gradient_w` of its problem, in other layouts.

    Args:
        operands: the abstract values of input and kernel.
        result: the abstract value of the result.
        params: the equation's parameters.

    Returns:
        The problem and the layout; None if a size is symbolic or a dtype is none of `ConvProblem`'s.
    """
    lhs, rhs = operands
    numbers = lax.ConvDimensionNumbers(*map(tuple, params["dimension_numbers"]))
    columns = tuple(zip(*params["padding"], strict=True)) or ((), ())
    stride, input_dilation, dilation = (params[name] for name in ("window_strides", "lhs_dilation", "rhs_dilation"))
    sizes = (*lhs.shape, *rhs.shape, *columns[0], *columns[1], *stride, *input_dilation, *dilation)
    dtypes = tuple(np.dtype(a.dtype) for a in (lhs, rhs, result))
    if not all(isinstance(n, int | np.integer) for n in sizes) or not {d.name for d in dtypes} <= DTYPES:
        return None
    layout = Layout(numbers, int(params["batch_group_count"]))
    problem = posed_problem(
        lhs.shape,
        rhs.shape,
        layout,
        padding=tuple(zip(_ints(columns[0]), _ints(columns[1]), strict=True)),
        input_dilation=_ints(input_dilation),
        stride=_ints(stride),
        dilation=_ints(dilation),
        groups=int(params["feature_group_count"]) * layout.batch_groups,
        x_dtype=dtypes[0],
        w_dtype=dtypes[1],
        dtype=dtypes[2],
        precision=params["precision"],
    )
    return problem, layout


def _ints(values: Sequence[Any]) -> Ints:
    """Integers of any type as Python's."""
    return tuple(map(int, values))


def solve_in_layout(
    solve: Callable[[Array, Array, ConvProblem], Array],
    lhs: Array,
    rhs: Array,
    problem: ConvProblem,
    layout: Layout,
) -> Array:
    """Bring lhs and rhs to the canonical x and w, solve, and bring y back."""
    x, w = _canonical_x(lhs, problem, layout), _canonical_w(rhs, problem, layout)
    return _from_canonical_y(solve(x, w, problem), problem, layout)


def solve_lying(
    solve: Callable[[Array, Array, ConvProblem, Ints, Ints], Array],
    lhs: Array,
    rhs: Array,
    problem: ConvProblem,
    layout: Layout,
) -> Array:
    """Solve by what takes arrays as they lie, and bring y back: only the axes of the groups are split off before."""
    batch, channels, *spatial = layout.numbers.lhs_spec
    if layout.batch_groups > 1:
        x, where = _split(lhs, batch, layout.batch_groups)
        x_order = (where(batch) + 1, *map(where, spatial), where(batch), where(channels))
    else:
        x, where = _split(lhs, channels, problem.groups)
        x_order = (where(batch), *map(where, spatial), where(channels), where(channels) + 1)
    features, channels, *spatial = layout.numbers.rhs_spec
    w, where = _split(rhs, features, problem.groups)
    w_order = (*map(where, spatial), where(features), where(channels), where(features) + 1)
    return _from_canonical_y(solve(x, w, problem, x_order, w_order), problem, layout)


def _split(array: Array, axis: int, groups: int) -> tuple[Array, Callable[[int], int]]:
    """The array with an axis split into (groups, rest), and where its other axes are now."""
    shape = array.shape
    split = array.reshape(*shape[:axis], groups, shape[axis] // groups, *shape[axis + 1 :])
    return split, lambda a: a + (a > axis)


def _canonical_x(lhs: Array, problem: ConvProblem, layout: Layout) -> Array:
    """[N, *I, G, C] from lax's lhs."""
    batch, channels, *spatial = layout.numbers.lhs_spec
    x = _move(lhs, (batch, *spatial, channels))
    if layout.batch_groups > 1:
        x = x.reshape(layout.batch_groups, problem.batch, *x.shape[1:])
        x = _move(x, (*range(1, x.ndim - 1), 0, x.ndim - 1))
    return x.reshape(problem.x_shape)


def _canonical_w(rhs: Array, problem: ConvProblem, layout: Layout) -> Array:
    """[*K, G, C, M] from lax's rhs."""
    features, channels, *spatial = layout.numbers.rhs_spec
    return split_groups(_move(rhs, (*spatial, channels, features)), problem)


def _from_canonical_y(y: Array, problem: ConvProblem, layout: Layout) -> Array:
    """Give lax's result from y [N, *O, G, M]."""
    y = y.reshape(*y.shape[:-2], problem.groups * problem.c_out)
    batch, features, *spatial = layout.numbers.out_spec
    order = (batch, *spatial, features)
    return _move(y, tuple(order.index(a) for a in range(y.ndim)))


def _move(array: Array, order: Ints) -> Array:
    """The array with its axes in this order; itself if they are."""
    return array if tuple(order) == tuple(range(array.ndim)) else lax.transpose(array, order)
