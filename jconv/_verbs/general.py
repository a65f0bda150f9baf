"""conv_general_dilated: lax's exact signature on jconv's primitive, a drop-in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from jax import lax

from jconv._algorithms import Algorithm
from jconv._choice.choose import CHOICES
from jconv._equation.problem import ConvProblem
from jconv._primitive.conv_p import bind, compiled_alone
from jconv._primitive.layout import Layout, padded_sizes, posed_problem, solve_in_layout
from jconv._typing import Array, DTypeLike, Ints, Pairs, PrecisionLike
from jconv._verbs.arguments import (
    as_array,
    axis_ints,
    canonical_precision,
    check_algorithm,
    check_dtype,
    is_sequence,
    one_int,
    result_dtype,
)
from jconv._verbs.padding import FLAX_PADDING_MODES, PADDING_WORDS, padding_pairs
from jconv._verbs.signatures import shown_as_written
from jconv._verbs.use_algorithm import or_pinned

VERB = "conv_general_dilated"
LAX_WORDS = ("VALID", "SAME", "SAME_LOWER")


@shown_as_written
def conv_general_dilated(
    lhs: Array,
    rhs: Array,
    window_strides: Sequence[int],
    padding: str | Sequence[tuple[int, int]],
    lhs_dilation: Sequence[int] | None = None,
    rhs_dilation: Sequence[int] | None = None,
    dimension_numbers: Any = None,
    feature_group_count: int = 1,
    batch_group_count: int = 1,
    precision: PrecisionLike = None,
    preferred_element_type: DTypeLike | None = None,
    out_sharding: None = None,
    *,
    algorithm: str | Algorithm = "auto",
) -> Array:
    """Compute what `jax.lax.conv_general_dilated` computes, with its exact signature.

    The equation is `ConvProblem`'s, with e = lhs_dilation and d = rhs_dilation. It plugs into Flax:
    `nnx.Conv(..., conv_general_dilated=jconv.conv_general_dilated)`, and `flax.linen.Conv` likewise.

    Args:
        lhs: the input, laid out as `dimension_numbers` says; by default [N, C, *spatial].
        rhs: the kernel, by default [O, I, *window].
        window_strides: one int per spatial axis.
        padding: "VALID", "SAME", "SAME_LOWER", or a (low, high) pair per axis; negative crops.
        lhs_dilation: distance between neighbouring inputs, per axis.
        rhs_dilation: distance between neighbouring taps, per axis.
        dimension_numbers: None, three strings such as ("NHWC", "HWIO", "NHWC"), or a
            `jax.lax.ConvDimensionNumbers`.
        feature_group_count: groups of input and output features.
        batch_group_count: groups of the batch and of output features.
        precision: as in `jax.lax`; None asks `jax.default_matmul_precision`.
        preferred_element_type: dtype of the result.
        out_sharding: None only.
        algorithm: as in `conv`.

    Returns:
        The output, laid out as `dimension_numbers` says.

    Raises:
        ValueError: shapes, sizes or words that do not fit together.
        TypeError: an argument of the wrong kind, or operands of different dtypes.
        NotImplementedError: `out_sharding` is given, or the named algorithm cannot compute this.

    Examples:
        >>> import jax.numpy as jnp
        >>> image, kernel = jnp.ones((1, 4, 4, 3)), jnp.ones((3, 3, 3, 8))
        >>> conv_general_dilated(
        ...     image, kernel, (1, 1), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC")).shape
        (1, 4, 4, 8)

    References:
        https://www.openxla.org/xla/operation_semantics#conv_convolution
    """
    lhs, rhs = as_array(VERB, "lhs", lhs), as_array(VERB, "rhs", rhs)
    if out_sharding is not None:
        raise NotImplementedError(f"{VERB}: out_sharding={out_sharding!r} is not supported; only None is.")
    numbers = _dimension_numbers(lhs, rhs, dimension_numbers)
    rank = lhs.ndim - 2
    shape = [lhs.shape[a] for a in numbers.lhs_spec]
    window = tuple(rhs.shape[a] for a in numbers.rhs_spec[2:])
    (batch, c_in), sizes = shape[:2], tuple(shape[2:])
    c_out, per_group = (rhs.shape[a] for a in numbers.rhs_spec[:2])

    stride = axis_ints(VERB, "window_strides", _bools_as_ints(window_strides), rank, least=1)
    input_dilation = _dilation("lhs_dilation", lhs_dilation, rank)
    dilation = _dilation("rhs_dilation", rhs_dilation, rank)
    pairs = _pairs(padding, sizes, window, stride, input_dilation, dilation, lhs.shape)
    feature_groups, batch_groups = _check_groups(
        feature_group_count, batch_group_count, batch, c_in, per_group, c_out, lhs.shape, rhs.shape
    )
    if lhs.dtype != rhs.dtype:
        raise TypeError(
            f"{VERB}: lhs is {lhs.dtype} and rhs is {rhs.dtype}; both must have one dtype: cast with .astype."
        )
    asked = or_pinned(check_algorithm(VERB, algorithm))
    if lhs.dtype == bool:
        return _of_booleans(
            lhs, rhs, asked,
            window_strides=stride, padding=pairs, lhs_dilation=input_dilation, rhs_dilation=dilation,
            dimension_numbers=numbers, feature_group_count=feature_groups, batch_group_count=batch_groups,
            precision=precision, preferred_element_type=preferred_element_type,
        )  # fmt: skip
    layout = Layout(numbers, batch_groups)
    problem = posed_problem(
        lhs.shape,
        rhs.shape,
        layout,
        padding=pairs,
        input_dilation=input_dilation,
        stride=stride,
        dilation=dilation,
        groups=feature_groups * batch_groups,
        x_dtype=check_dtype(VERB, "lhs and rhs", lhs.dtype),
        w_dtype=rhs.dtype,
        dtype=result_dtype(VERB, lhs.dtype, preferred_element_type, stacklevel=3),
        precision=canonical_precision(VERB, precision),
        algorithm=asked,
    )
    return _conv_general_dilated(lhs, rhs, problem, layout)


def _dilation(name: str, values: Any, rank: int) -> Ints:
    """A dilation for each axis, from what was given; None means 1."""
    return axis_ints(VERB, name, (1,) * rank if values is None else _bools_as_ints(values), rank, least=1)


def _bools_as_ints(value: Any) -> Any:
    """Python's booleans as 0 and 1, also inside sequences; all else as it is. NumPy's are refused, as by lax."""
    if isinstance(value, list | tuple):
        return tuple(map(_bools_as_ints, value))
    return int(value) if isinstance(value, bool) else value


def _of_booleans(lhs: Array, rhs: Array, algorithm: str | Algorithm, **keywords: Any) -> Array:
    """The convolution of booleans, by lax; `keywords` are lax's.

    Their sums are "or", so it is no `ConvProblem`.
    """
    name = algorithm.name if isinstance(algorithm, Algorithm) else algorithm
    if name not in ("lax", *CHOICES):
        raise NotImplementedError(
            f"{VERB}: algorithm={name!r} cannot compute this convolution: its operands are booleans, for which a sum "
            f'is "or". These can: {", ".join(map(repr, ("lax", *CHOICES)))}.'
        )
    return lax.conv_general_dilated(lhs, rhs, **keywords)


def _dimension_numbers(lhs: Array, rhs: Array, dimension_numbers: Any) -> lax.ConvDimensionNumbers:
    """The axes of lhs, rhs and result, by lax's own function."""
    if lhs.ndim != rhs.ndim:
        hint = " If lhs has no batch axis, add one: lhs[None]." if lhs.ndim == rhs.ndim - 1 else ""
        raise ValueError(
            f"{VERB}: lhs and rhs must have the same number of axes; they have shapes {lhs.shape} and "
            f"{rhs.shape}.{hint}"
        )
    if lhs.ndim < 2:
        raise ValueError(f"{VERB}: lhs needs a batch and a channel axis at least; it has shape {lhs.shape}.")
    try:
        return lax.conv_dimension_numbers(lhs.shape, rhs.shape, dimension_numbers)
    except (TypeError, ValueError) as error:
        raise type(error)(f"{VERB}: dimension_numbers={dimension_numbers!r}: {error}") from None


def _pairs(
    padding, sizes: Ints, window: Ints, stride: Ints, input_dilation: Ints, dilation: Ints, shape: Ints
) -> Pairs:
    """The (low, high) pairs of `padding`: zeros only, and no more cropped than there is."""
    padding = tuple(padding) if isinstance(padding, Iterator) else padding
    if isinstance(padding, str) and max(input_dilation, default=1) > 1:
        raise ValueError(
            f"{VERB}: padding={padding!r} has no meaning with lhs_dilation={input_dilation}: give "
            f"(low, high) pairs, or use jconv.conv_transpose."
        )
    if isinstance(padding, str):
        if padding.upper() in set(PADDING_WORDS) - {*LAX_WORDS, *FLAX_PADDING_MODES}:
            raise ValueError(
                f"{VERB}: padding={padding!r} is a word of jconv.conv; here it is one of "
                f"{', '.join(map(repr, LAX_WORDS))}, as in lax."
            )
    elif not _is_pairs(padding, len(window)):
        raise ValueError(
            f"{VERB}: padding={padding!r} must be a word or a (low, high) pair per spatial axis (here {len(window)}), "
            f"as in lax; jconv.conv takes ints too."
        )
    pairs, mode = padding_pairs(VERB, _bools_as_ints(padding), sizes, window, stride, dilation, words=LAX_WORDS)
    if mode is not None:
        raise ValueError(f"{VERB}: padding={padding!r} is not zero padding: use jconv.conv(padding_mode={mode!r}).")
    padded = padded_sizes(sizes, input_dilation, pairs)
    if any(size < 0 for size in padded):
        raise ValueError(
            f"{VERB}: padding={padding!r} crops more than there is: the padded input would have sizes "
            f"{padded} (lhs has shape {shape})."
        )
    return pairs


def _is_pairs(padding: Any, rank: int) -> bool:
    """Whether padding is a pair of something for each of `rank` axes."""
    return is_sequence(padding) and len(padding) == rank and all(is_sequence(p) and len(p) == 2 for p in padding)


def _check_groups(feature_group_count, batch_group_count, batch, c_in, per_group, c_out, lhs_shape, rhs_shape):
    """The groups of the features and of the batch, checked against the shapes."""
    features = one_int(VERB, "feature_group_count", _bools_as_ints(feature_group_count), least=1)
    batches = one_int(VERB, "batch_group_count", _bools_as_ints(batch_group_count), least=1)
    seen = f"(lhs has shape {lhs_shape}, rhs has shape {rhs_shape})"
    if features > 1 and batches > 1:
        raise ValueError(
            f"{VERB}: feature_group_count={features} and batch_group_count={batches}: one of them must be 1."
        )
    if batch % batches:
        raise ValueError(f"{VERB}: batch_group_count={batches} must divide the batch size {batch} {seen}.")
    if c_in % features:
        raise ValueError(f"{VERB}: feature_group_count={features} must divide the {c_in} features of lhs {seen}.")
    if c_out % (features * batches):
        name, count = ("feature_group_count", features) if features > 1 else ("batch_group_count", batches)
        raise ValueError(f"{VERB}: {name}={count} must divide the {c_out} output features of rhs {seen}.")
    if c_in // features != per_group:
        raise ValueError(
            f"{VERB}: lhs has {c_in} features in {features} groups, {c_in // features} each, and rhs takes "
            f"{per_group}; they must be equal {seen}."
        )
    return features, batches


@compiled_alone
def _conv_general_dilated(lhs: Array, rhs: Array, problem: ConvProblem, layout: Layout) -> Array:
    return solve_in_layout(bind, lhs, rhs, problem, layout)
