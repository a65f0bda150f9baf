"""How two results are compared, and the truth of `jconv.conv` in NumPy alone."""

import numpy as np
from jax import numpy as jnp

from jconv.testing import oracle

# The names that may be asked for in any convolution and its derivatives; the others are tested in the matrix.
EVERYWHERE = ("auto", "lax", "taps")

# Compiling dominates the tests of single algorithms, and small arrays need no optimised code.
QUICK_COMPILE = {"xla_backend_optimization_level": 0, "xla_llvm_disable_expensive_passes": True}

# NumPy's words for the padding modes that are jconv's.
NUMPY_MODES = {"zeros": "constant"}


def whole(shape, seed=0, dtype=np.float32, reach=3):
    """Draw whole numbers from -reach to reach, not 0: sums of products are exact, so results are equal."""
    rng = np.random.default_rng(seed)
    return (rng.integers(1, reach + 1, shape) * rng.choice([-1, 1], shape)).astype(jnp.dtype(dtype))


def normal(shape, seed=0, dtype=np.float32):
    return np.random.default_rng(seed).standard_normal(shape).astype(jnp.dtype(dtype))


def error_in_eps(got, want, scale) -> float:
    """max|got - want| / (eps * max scale), with eps of got's dtype and scale = conv(|x|, |w|)."""
    got = np.asarray(got)
    assert got.shape == np.shape(want) == np.shape(scale)
    if got.size == 0:
        return 0.0
    wide = np.complex128 if jnp.issubdtype(got.dtype, jnp.complexfloating) else np.float64
    distance = np.abs(got.astype(wide) - np.asarray(want).astype(wide)).max()
    if distance == 0:
        return 0.0
    largest = np.max(np.asarray(scale).astype(np.float64))
    return float(distance / (float(jnp.finfo(got.dtype).eps) * largest)) if largest else float("inf")


def numpy_pad(x, pairs, modes):
    """np.pad on the spatial axes of x (*batch, *spatial, c); negative amounts crop what was extended."""
    first = x.ndim - 1 - len(pairs)
    for axis, ((low, high), mode) in enumerate(zip(pairs, modes, strict=True), start=first):
        amounts = [(0, 0)] * x.ndim
        amounts[axis] = max(low, 0), max(high, 0)
        x = np.pad(x, amounts, mode=NUMPY_MODES.get(mode, mode))
        x = x.take(range(max(-low, 0), x.shape[axis] - max(-high, 0)), axis)
    return x


def numpy_conv(x, kernel, *, stride, pairs, dilation, groups=1, modes=None) -> np.ndarray:
    """Compute `jconv.conv` by np.pad and the oracle, with one value per axis for every argument."""
    rank = kernel.ndim - 2
    x = numpy_pad(np.asarray(x), pairs, modes or ("zeros",) * rank)
    batch, sizes = x.shape[: x.ndim - rank - 1], x.shape[x.ndim - rank - 1 : -1]
    *window, c_in, c_out = kernel.shape
    outputs = tuple(
        len(range(0, n - d * (k - 1), s)) for n, k, s, d in zip(sizes, window, stride, dilation, strict=True)
    )
    y = oracle.value_by_patterns(
        x.reshape(-1, *sizes, groups, c_in),
        np.moveaxis(kernel.reshape(*window, c_in, groups, c_out // groups), -2, -3),
        stride=stride,
        input_dilation=(1,) * rank,
        dilation=dilation,
        low=(0,) * rank,
        output_size=outputs,
    )
    return y.reshape(*batch, *outputs, c_out)
