"""Which positions of its operands each of JAX's primitives reads, as maps of lines."""

from collections.abc import Callable, Sequence
from fractions import Fraction
from math import prod
from typing import Any, NamedTuple

import numpy as np

from jconv._primitive.forms import solved_problem
from jconv.arithmetic._kinds import ARITHMETIC, CUMULATIVE, REDUCTIONS, SAME, WINDOWS
from jconv.arithmetic._lines import FIXED, Line, everywhere, table_steps, through


class Value(NamedTuple):
    """What is known of a value: the lines of what it reads, one per axis of the input; or the value itself."""

    lines: tuple[Line, ...] | None = None
    known: np.ndarray | None = None


# A rule takes an equation, its operands, the index of one of them and a line along one of that one's axes. It gives
# the line of the result, or of each.
Rule = Callable[[Any, Sequence[Value], int, Line], Line | list[Line]]


def _elementwise(equation, values, index, line) -> Line:
    return line


def _broadcast(equation, values, index, line) -> Line:
    axis = equation.params["broadcast_dimensions"][line.axis]
    same = equation.outvars[0].aval.shape[axis] == line.count
    return line._replace(axis=axis) if same else everywhere(line)


def _transpose(equation, values, index, line) -> Line:
    return line._replace(axis=equation.params["permutation"].index(line.axis))


def _without(line: Line, axes: Sequence[int]) -> Line:
    """The line after some other axes are gone."""
    return line._replace(axis=line.axis - sum(a < line.axis for a in axes))


def _squeeze(equation, values, index, line) -> Line:
    axes = equation.params["dimensions"]
    return everywhere(line) if line.axis in axes else _without(line, axes)


def _reduction(equation, values, index, line) -> Line:
    axes = equation.params.get("axes", equation.params.get("dimensions"))
    return everywhere(line) if line.axis in axes else _without(line, axes)


def _along(name: str) -> Rule:
    """A rule of what mixes all positions of the axis that a parameter names."""

    def rule(equation, values, index, line) -> Line:
        return everywhere(line) if line.axis == equation.params[name] else line

    return rule


def _top_k(equation, values, index, line) -> Line:
    return everywhere(line) if line.axis == equation.invars[0].aval.ndim - 1 else line


def _fft(equation, values, index, line) -> Line:
    mixed = equation.invars[0].aval.ndim - len(equation.params["fft_lengths"])
    return everywhere(line) if line.axis >= mixed else line


def _steps(equation, line: Line, step, first, last, axis: int | None = None) -> Line:
    """`through`, to an axis of the equation's result, by default the line's own."""
    axis = line.axis if axis is None else axis
    return through(line, axis, equation.outvars[0].aval.shape[axis], step, Fraction(first), Fraction(last))


def _slice(equation, values, index, line) -> Line:
    start = equation.params["start_indices"][line.axis]
    step = (equation.params["strides"] or (1,) * (line.axis + 1))[line.axis]
    return _steps(equation, line, step, start, start)


def _rev(equation, values, index, line) -> Line:
    if line.axis not in equation.params["dimensions"]:
        return line
    return _steps(equation, line, -1, line.count - 1, line.count - 1)


def _pad(equation, values, index, line) -> Line:
    low, _, between = equation.params["padding_config"][line.axis]
    start = Fraction(-low, between + 1)
    return _steps(equation, line, Fraction(1, between + 1), start, start)


def _window(equation, values, index, line) -> Line:
    names = ("window_dimensions", "window_strides", "base_dilation", "window_dilation", "padding")
    window, stride, between, dilation, (low, _) = (equation.params[name][line.axis] for name in names)
    return _steps(
        equation,
        line,
        Fraction(stride, between),
        Fraction(-low, between),
        Fraction(dilation * (window - 1) - low, between),
    )


def _lax_conv(equation, values, index, line) -> Line:
    numbers, params = equation.params["dimension_numbers"], equation.params
    place = numbers.lhs_spec.index(line.axis) if index == 0 else 1
    if place == 0 and params["batch_group_count"] == 1:
        return line._replace(axis=numbers.out_spec[0])
    if place < 2:  # channels are summed over; and of a kernel that depends on the input, all is read
        return everywhere(line)
    axis = place - 2
    window = equation.invars[1].aval.shape[numbers.rhs_spec[place]]
    stride, between, dilation = (params[name][axis] for name in ("window_strides", "lhs_dilation", "rhs_dilation"))
    low = params["padding"][axis][0]
    return _conv_steps(equation, line, window, stride, between, dilation, low, numbers.out_spec[place])


def _conv_steps(equation, line, window, stride, between, dilation, low, axis) -> Line:
    """ConvProblem's equation for one output o: i = (s*o + d*k - lo) / e, for k = 0 .. window - 1."""
    last = Fraction(dilation * (window - 1) - low, between)
    return _steps(equation, line, Fraction(stride, between), Fraction(-low, between), last, axis)


def _jconv(equation, values, index, line) -> Line:
    problem, of_kernel = solved_problem(**equation.params), equation.params["result"] == "w"
    examples, groups, channels = 0, problem.rank + 1, problem.rank + 2
    summed = examples if of_kernel else channels
    if index == 1 or line.axis == summed:
        return everywhere(line)
    axis = line.axis - 1 if of_kernel else line.axis  # a kernel has no examples, else its axes stand alike
    if line.axis in (examples, groups, channels):
        return line._replace(axis=axis)
    _, window, _, stride, between, dilation, low = problem.axes[line.axis - 1]
    return _conv_steps(equation, line, window, stride, between, dilation, low, axis)


def _dot(equation, values, index, line) -> Line:
    contracted, batch = equation.params["dimension_numbers"]
    free = [
        [a for a in range(v.aval.ndim) if a not in contracted[side] and a not in batch[side]]
        for side, v in enumerate(equation.invars)
    ]
    before = len(batch[0]) + (len(free[0]) if index else 0)
    if line.axis in batch[index]:
        return line._replace(axis=tuple(batch[index]).index(line.axis))
    if line.axis in free[index]:
        return line._replace(axis=before + free[index].index(line.axis))
    weights = values[1 - index].known
    if weights is None or len(free[1 - index]) == 0:
        return everywhere(line)
    # Known weights, as those that resize a picture: only those that are not zero count.
    other = contracted[1 - index][tuple(contracted[index]).index(line.axis)]
    axis = max(free[1 - index], key=lambda a: weights.shape[a])
    rest = tuple(a for a in range(weights.ndim) if a not in (other, axis))
    used = np.any(weights != 0, axis=rest)
    used = used if axis < other else used.T  # [output, contracted]
    first, last = used.argmax(1), used.shape[1] - 1 - used[:, ::-1].argmax(1)
    last = np.where(used.any(1), last, first - 1)
    after = len(batch[0]) + (0 if index else len(free[0])) + free[1 - index].index(axis)
    return _steps(equation, line, *table_steps(first, last, line.count), after)


def _concatenate(equation, values, index, line) -> Line:
    """Along the axis, each piece has the line that it has from its place on; `joined` looks after the pieces."""
    along = equation.params["dimension"]
    if line.axis != along:
        return line
    before = sum(v.aval.shape[along] for v in equation.invars[:index])
    return _steps(equation, line, 1, -before, -before)


def _split(equation, values, index, line) -> list[Line]:
    if line.axis != equation.params["axis"]:
        return [line] * len(equation.outvars)
    sizes = equation.params["sizes"]
    starts = [sum(sizes[:piece]) for piece in range(len(sizes))]
    return [through(line, line.axis, n, 1, Fraction(at), Fraction(at)) for n, at in zip(sizes, starts, strict=True)]


def _dynamic_slice(equation, values, index, line) -> Line:
    size = equation.params["slice_sizes"][line.axis] if index == 0 else 0
    if index == 0 and size == line.count:
        return line
    start = values[1 + line.axis].known if index == 0 else None
    return everywhere(line) if start is None else _steps(equation, line, 1, int(start), int(start))


def _dynamic_update_slice(equation, values, index, line) -> Line:
    whole = equation.outvars[0].aval.shape
    if index == 0 or (index == 1 and line.count == whole[line.axis]):
        return line
    start = values[2 + line.axis].known if index == 1 else None
    return everywhere(line) if start is None else _steps(equation, line, 1, -int(start), -int(start))


def _gather(equation, values, index, line) -> Line:
    if index == 1:
        return everywhere(line)
    numbers, sizes = equation.params["dimension_numbers"], equation.params["slice_sizes"]
    gone = (*numbers.collapsed_slice_dims, *numbers.operand_batching_dims)
    if line.axis not in gone and sizes[line.axis] == line.count:
        kept = [a for a in range(len(sizes)) if a not in gone]
        return line._replace(axis=numbers.offset_dims[kept.index(line.axis)])
    places = values[1].known
    if places is None or numbers.start_index_map != (line.axis,) or places.ndim > 2 or sizes[line.axis] != 1:
        return everywhere(line)
    places = places.reshape(-1)
    batch = [a for a in range(equation.outvars[0].aval.ndim) if a not in numbers.offset_dims]
    if not batch:
        return through(line, FIXED, 1, 0, int(places[0]), int(places[0]))
    return _steps(equation, line, *table_steps(places, places, line.count), batch[0])


def _reshape(equation, values, index, line) -> Line:
    """Split an axis, or merge it with those after it; else every position may be read."""
    old, new = equation.invars[0].aval.shape, equation.outvars[0].aval.shape
    axis, size = line.axis, line.count
    if old[: axis + 1] == new[: axis + 1]:
        return line
    if old[axis:] == new[len(new) - len(old) + axis :]:
        return line._replace(axis=len(new) - len(old) + axis)
    before = prod(old[:axis])
    start = next((a for a in range(len(new)) if prod(new[:a]) == before and new[a] > 1), None)
    if start is None or size < 2:
        return everywhere(line)
    outer = new[start]
    if size % outer == 0:  # split: position o of the outer axis holds size / outer positions
        return _steps(equation, line, size // outer, 0, size // outer - 1, start)
    if outer % size == 0:  # merged with the axes after it: every so many positions lie in one
        inner = outer // size
        return _steps(equation, line, Fraction(1, inner), Fraction(1 - inner, inner), 0, start)
    return everywhere(line)


RULES: dict[str, Rule] = {
    "broadcast_in_dim": _broadcast,
    "concatenate": _concatenate,
    "conv_general_dilated": _lax_conv,
    "dot_general": _dot,
    "dynamic_slice": _dynamic_slice,
    "dynamic_update_slice": _dynamic_update_slice,
    "fft": _fft,
    "gather": _gather,
    "jconv": _jconv,
    "pad": _pad,
    "reshape": _reshape,
    "rev": _rev,
    "slice": _slice,
    "sort": _along("dimension"),
    "split": _split,
    "squeeze": _squeeze,
    "top_k": _top_k,
    "transpose": _transpose,
    **dict.fromkeys(ARITHMETIC | SAME, _elementwise),
    **dict.fromkeys(REDUCTIONS, _reduction),
    **dict.fromkeys(CUMULATIVE, _along("axis")),
    **dict.fromkeys(WINDOWS, _window),
}


def counting_pieces(equation: Any, lines: list[tuple[int, Line]]) -> list[Line]:
    """Of pieces that are concatenated, as (operand, line of the result), the lines that count.

    Along the axis, those of the longest. What is shorter is a border, to which padding modes repeat what
    was read elsewhere: a receptive field is that of the positions between.
    """
    along = equation.params["dimension"]
    counts = [equation.invars[index].aval.shape[along] for index, _ in lines]
    most = max(counts) if all(line.axis == along for _, line in lines) else 1
    return [line for (_, line), count in zip(lines, counts, strict=True) if count >= most]
