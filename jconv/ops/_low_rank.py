"""A kernel as a sum of separable terms, with its error; and its use."""

from typing import Any, NamedTuple, cast

import jax
import jax.numpy as jnp
from jax import lax

from jconv._algorithms import Algorithm
from jconv._typing import Array, ArrayLike, IntOrInts, Padding, PaddingMode, PrecisionLike
from jconv._verbs.arguments import as_array, axis_ints, one_int
from jconv._verbs.conv import conv
from jconv._verbs.padding import padding_modes, padding_pairs
from jconv._verbs.shapes import check_ranks
from jconv.ops._avg_pool import with_fractions

RIDGE = 1e-7  # of the normal equations, against columns that have become the same


class LowRank(NamedTuple):
    """What `low_rank` gives.

    Args:
        factors: a kernel per spatial axis, long along that axis alone, for `low_rank_conv`.
        error: the relative error |kernel - sum of terms| / |kernel|, by the root of the sum of squares.
    """

    factors: tuple[Array, ...]
    error: Array


def low_rank(kernel: ArrayLike, terms: int, *, groups: int = 1, sweeps: int = 100) -> LowRank:
    """Approximate a kernel by a sum of separable terms: along each axis in turn, with `terms` channels between.

    kernel[k1, ..., kn, c, m] = sum over r < terms of  a1[k1, c, r] * a2[k2, r] * ... * an[kn, r, m].

    With one spatial axis the second factor has one tap. With one or two it is the best there is, by the singular value
    decomposition; with three or more it is found by alternating least squares from the leading singular vectors,
    which may end in a local optimum: see `error`. In groups, each has its own terms. K1*...*Kn * c*m multiplications
    become (K1*c + K2 + ... + Kn*m) * terms.

    Args:
        kernel: (*window, c_in // groups, c_out).
        terms: how many terms per group; at most as many as the smaller side with one or two axes.
        groups: as in `jconv.conv`.
        sweeps: rounds of alternating least squares.

    Returns:
        A `LowRank`: the factors, and the relative error.

    Raises:
        ValueError: sizes that do not fit together.
        TypeError: an argument of the wrong kind; a complex kernel.

    Examples:
        >>> import jax.numpy as jnp
        >>> binomial = jnp.array([1.0, 2.0, 1.0])
        >>> kernel = (binomial[:, None] * binomial)[..., None, None]
        >>> factors, error = low_rank(kernel, 1)
        >>> [factor.shape for factor in factors], bool(error < 1e-6)
        ([(3, 1, 1, 1), (1, 3, 1, 1)], True)

    References:
        Jaderberg, Vedaldi and Zisserman, "Speeding up convolutional neural networks with low rank expansions",
        arXiv:1405.3866; Tai et al., arXiv:1511.06067; Lebedev et al., arXiv:1412.6553, for three axes and more.
    """
    verb = "low_rank"
    kernel = with_fractions(verb, kernel, "kernel")[0]
    if jnp.iscomplexobj(kernel):
        raise TypeError(f"{verb}: kernel has dtype {kernel.dtype}; take real and imaginary part apart.")
    n = check_ranks(verb, "kernel", kernel.shape[:-1], kernel.shape)
    groups, terms = one_int(verb, "groups", groups, least=1), one_int(verb, "terms", terms, least=1)
    *window, c, m = kernel.shape
    if m % groups:
        raise ValueError(f"{verb}: groups={groups} must divide c_out={m} (kernel has shape {kernel.shape}).")
    wide = kernel.astype(jnp.float32) if kernel.dtype.itemsize == 2 else kernel
    apart = jnp.moveaxis(wide.reshape(*window, c, groups, m // groups), -2, 0)  # [G, *K, C, M]
    middle = window[1:] if n > 1 else [1]
    apart = jnp.moveaxis(apart, n + 1, 2)  # [G, K1, C, K2, ..., Kn, M]
    tensor = apart.reshape(groups, window[0] * c, *middle[:-1], middle[-1] * (m // groups))
    if tensor.ndim == 3:
        most = min(tensor.shape[1:])
        if terms > most:
            raise ValueError(
                f"{verb}: terms={terms} must be at most {most}, which give the kernel of shape {kernel.shape} exactly."
            )
        parts = _by_svd(tensor, terms)
    else:
        parts = jax.vmap(lambda t: _by_alternating(t, terms, one_int(verb, "sweeps", sweeps, least=1)))(tensor)
    names = "abcdefgh"[: len(parts)]
    found = jnp.einsum(",".join(f"z{a}r" for a in names) + f"->z{names}", *parts, precision="highest")
    error = jnp.linalg.norm((tensor - found).ravel()) / jnp.linalg.norm(tensor.ravel())
    return LowRank(tuple(a.astype(kernel.dtype) for a in _as_kernels(parts, window, c, m, groups)), error)


def _by_svd(matrix: Array, terms: int) -> list[Array]:
    """[G, A, B] to [G, A, R] and [G, B, R]: the leading singular pairs."""
    left, sizes, right = jnp.linalg.svd(matrix, full_matrices=False)
    root = jnp.sqrt(sizes[:, None, :terms])
    return [left[:, :, :terms] * root, right[:, :terms].swapaxes(1, 2) * root]


def _by_alternating(tensor: Array, terms: int, sweeps: int) -> list[Array]:
    """[A, B, ...] to [A, R], [B, R], ...: each factor in turn by least squares, the others held."""
    n = tensor.ndim
    unfolded = [jnp.moveaxis(tensor, axis, 0).reshape(tensor.shape[axis], -1) for axis in range(n)]
    factors = [_start(matrix, terms, axis) for axis, matrix in enumerate(unfolded)]
    names = "abcdefgh"[:n]

    def sweep(factors: list[Array], _: None) -> tuple[list[Array], None]:
        factors = list(factors)
        for axis in range(n):
            others = [a for i, a in enumerate(factors) if i != axis]
            letters = [a for i, a in enumerate(names) if i != axis]
            spec = f"{names},{','.join(f'{a}r' for a in letters)}->{names[axis]}r"
            seen = jnp.einsum(spec, tensor, *others, precision="highest")
            gram = jnp.ones((terms, terms), tensor.dtype)
            for other in others:
                gram = gram * jnp.matmul(other.T, other, precision="highest")
            gram = gram + RIDGE * jnp.trace(gram) / terms * jnp.eye(terms, dtype=gram.dtype)
            found = jnp.linalg.solve(gram, seen.T).T
            # The scale stands in the last factor alone, so that no other one grows or fades.
            factors[axis] = found if axis == n - 1 else _unit(found)
        return factors, None

    factors, _ = lax.scan(sweep, factors, None, length=sweeps)
    return _balanced(factors)


def _start(matrix: Array, terms: int, axis: int) -> Array:
    """[A, ...] to [A, R]: its leading left singular vectors, and arbitrary directions where there are no more."""
    left = jnp.linalg.svd(matrix, full_matrices=False)[0][:, :terms]
    more = jax.random.normal(jax.random.key(axis), (matrix.shape[0], terms - left.shape[1]), matrix.dtype)
    return jnp.concatenate([left, _unit(more)], 1)


def _unit(a: Array) -> Array:
    """Columns of length 1; those of zeros stay."""
    size = jnp.sqrt((a * a).sum(0, keepdims=True))
    return a / jnp.where(size > 0, size, jnp.ones_like(size))


def _balanced(factors: list[Array]) -> list[Array]:
    """The scale of each term, shared among its factors."""
    *units, last = factors
    size = jnp.sqrt((last * last).sum(0, keepdims=True))
    shared = size ** (1 / len(factors))
    return [*(a * shared for a in units), _unit(last) * shared]


def _as_kernels(parts: list[Array], window: list[int], c: int, m: int, groups: int) -> list[Array]:
    """[G, K1*C, R], [G, K2, R], ..., [G, Kn*M, R] as kernels of as many window axes as the kernel has."""
    first, *middle, last = parts
    n, r = len(window), first.shape[-1]
    ones = (1,) * (n - 1)
    kernels = [jnp.moveaxis(first.reshape(groups, window[0], c, r), 0, 2).reshape(window[0], *ones, c, groups * r)]
    for axis, part in enumerate(middle, start=1):
        shape = [1] * n
        shape[axis] = window[axis]
        kernels.append(jnp.moveaxis(part, 0, 1).reshape(*shape, 1, groups * r))
    k = window[-1] if n > 1 else 1
    turned = last.reshape(groups, k, m // groups, r).transpose(1, 3, 0, 2)  # [Kn, R, G, M]
    return [*kernels, turned.reshape(*ones, k, r, m)]


def low_rank_conv(
    x: ArrayLike,
    factors: Any,
    *,
    stride: IntOrInts = 1,
    padding: Padding = "VALID",
    dilation: IntOrInts = 1,
    padding_mode: PaddingMode | tuple[PaddingMode, ...] = "zeros",
    precision: PrecisionLike = None,
    algorithm: str | Algorithm = "auto",
) -> Array:
    """Convolve by the factors of `low_rank`, one axis after the other.

    y = conv(... conv(conv(x, factors[0]), factors[1]) ..., factors[-1]), each along its own axis: the convolution by
    the sum of separable terms. Groups are those of the factors.

    Args:
        x: (*batch, *spatial, c_in), with any number of batch axes, also none.
        factors: of `low_rank`.
        stride: as in `jconv.conv`.
        padding: as in `jconv.conv`.
        dilation: as in `jconv.conv`.
        padding_mode: as in `jconv.conv`.
        precision: as in `jconv.conv`.
        algorithm: as in `jconv.conv`.

    Returns:
        (*batch, *outputs, c_out).

    Raises:
        ValueError: shapes, sizes or words that do not fit together.
        TypeError: an argument of the wrong kind, or dtypes that may not be mixed.
        NotImplementedError: the named algorithm cannot compute this convolution.

    Examples:
        >>> import jax.numpy as jnp
        >>> factors, _ = low_rank(jnp.ones((3, 3, 1, 1)), 1)
        >>> low_rank_conv(jnp.ones((4, 4, 1)), factors).round(3)[..., 0]
        Array([[9., 9.],
               [9., 9.]], dtype=float32)

    References:
        As for `low_rank`.
    """
    verb = "low_rank_conv"
    x, kernels = as_array(verb, "x", x), [as_array(verb, "factors", factor) for factor in factors]
    n = check_ranks(verb, "x", x.shape, kernels[0].shape)
    window = tuple(max(kernel.shape[axis] for kernel in kernels) for axis in range(n))
    strides = axis_ints(verb, "stride", stride, n, least=1)
    dilations = axis_ints(verb, "dilation", dilation, n, least=1)
    sizes = x.shape[x.ndim - n - 1 : -1]
    pairs, implied = padding_pairs(verb, padding, sizes, window, strides, dilations)
    modes = padding_modes(verb, padding_mode, implied, n)
    for axis, kernel in enumerate(kernels):
        if x.shape[-1] % kernel.shape[-2]:
            raise ValueError(
                f"{verb}: factor {axis} of shape {kernel.shape} takes {kernel.shape[-2]} channels per group, and what "
                f"it is given has {x.shape[-1]}. The factors are those of low_rank, in order."
            )
        along = [axis == i for i in range(n)]
        own = tuple(pair if on else (0, 0) for pair, on in zip(pairs, along, strict=True))
        x = conv(
            x,
            kernel,
            stride=tuple(s if on else 1 for s, on in zip(strides, along, strict=True)),
            padding=own,
            dilation=tuple(d if on else 1 for d, on in zip(dilations, along, strict=True)),
            groups=x.shape[-1] // kernel.shape[-2],
            padding_mode=cast(
                Any, tuple(mode if any(pair) else "zeros" for mode, pair in zip(modes, own, strict=True))
            ),
            precision=precision,
            algorithm=algorithm,
        )
    return x
