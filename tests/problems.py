"""Problems for the tests of single algorithms, their arrays, and the error of what is computed."""

import jax
import jax.numpy as jnp
import numpy as np
from agreement import QUICK_COMPILE, error_in_eps

from jconv import ConvProblem
from jconv._equation.problem import Axis
from jconv.testing import oracle


def problem_of(axes, *, batch=2, groups=1, c_in=2, c_out=3, dtype="float32", algorithm="auto") -> ConvProblem:
    """A problem from (I, K, O, s, e, d, lo) per axis; trailing values left out are 1, 1, 1, 0."""
    no_axes, dtypes = ((),) * 7, (np.dtype(jnp.dtype(dtype)),) * 3
    problem = ConvProblem(batch, groups, c_in, c_out, *no_axes, *dtypes, algorithm=algorithm)
    return problem.with_axes(Axis(*axis) for axis in axes)


def directions(problem: ConvProblem) -> dict[str, ConvProblem]:
    """The problem and its two gradients."""
    return {"value": problem, "x": problem.gradient_x(), "w": problem.gradient_w()}


def operands(problem: ConvProblem, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Normal numbers, complex ones where the dtype is."""
    rng = np.random.default_rng(seed)

    def draw(shape, dtype):
        parts = rng.standard_normal((2, *shape))
        whole = parts[0] + 1j * parts[1] if jnp.issubdtype(dtype, jnp.complexfloating) else parts[0]
        return whole.astype(dtype)

    return draw(problem.x_shape, problem.x_dtype), draw(problem.w_shape, problem.w_dtype)


def truth(problem: ConvProblem, x, w) -> np.ndarray:
    """What the oracle says."""
    steps = ("stride", "input_dilation", "dilation", "low", "output_size")
    return oracle.value_by_patterns(x, w, **{name: getattr(problem, name) for name in steps})


def compiled(algorithm, problem: ConvProblem):
    """The algorithm as a compiled function of x and w."""
    assert algorithm.unsupported(problem, "cpu") == ()
    shapes = (
        jax.ShapeDtypeStruct(problem.x_shape, problem.x_dtype),
        jax.ShapeDtypeStruct(problem.w_shape, problem.w_dtype),
    )
    return jax.jit(lambda x, w: algorithm.compute(x, w, problem)).lower(*shapes).compile(QUICK_COMPILE)


def error_of(algorithm, problem: ConvProblem, arrays=None, seed: int = 0) -> float:
    """Error in eps of conv(|x|, |w|); the result's shape and dtype are checked on the way."""
    x, w = operands(problem, seed) if arrays is None else arrays
    got = compiled(algorithm, problem)(x, w)
    assert got.shape == problem.y_shape
    assert got.dtype == problem.dtype
    return error_in_eps(got, truth(problem, x, w), truth(problem, magnitude(x), magnitude(w)))


def magnitude(a: np.ndarray) -> np.ndarray:
    return np.abs(a.astype(np.complex128))


def check(algorithm, problem: ConvProblem, *, seed: int = 0) -> None:
    """Hold value and both gradients to the promised error."""
    for name, one in directions(problem).items():
        error = error_of(algorithm, one, seed=seed)
        assert error <= algorithm.error_bound, f"{name}: {error:.1f} eps"


def check_in_vmap_and_scan(algorithm, problem: ConvProblem) -> None:
    """Assert that pairs of operands give the same mapped over, scanned over and one by one."""
    pairs = [operands(problem, seed) for seed in range(2)]
    xs, ws = (np.stack(several) for several in zip(*pairs, strict=True))
    want = np.stack([compiled(algorithm, problem)(x, w) for x, w in pairs])
    batched = jax.jit(jax.vmap(lambda x, w: algorithm.compute(x, w, problem)))(xs, ws)
    scanned = jax.lax.scan(lambda _, pair: (None, algorithm.compute(*pair, problem)), None, (xs, ws))[1]
    np.testing.assert_allclose(batched, want, atol=1e-4)
    np.testing.assert_allclose(scanned, want, atol=1e-4)
