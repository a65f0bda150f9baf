"""conv_p: its shapes and dtypes, its derivatives, its batching, and what it compiles to."""

import re
from dataclasses import replace
from functools import partial
from itertools import product

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from agreement import EVERYWHERE, whole
from jax.test_util import check_grads
from problems import problem_of

import jconv
from jconv._algorithms import ALGORITHMS
from jconv._primitive.conv_p import bind, conv_p
from jconv._programs.trace import equations
from jconv.testing import oracle

FLOAT32 = np.dtype("float32")
# (I, K, O, s, e, d, lo): no two axes alike, and every number does something in one of them.
AXES = ((5, 3, 4, 2, 3, 2, 2), (4, 2, 3, 1, 2, 1, 1), (3, 2, 2, 1, 1, 1, -1), (2, 2, 3, 1, 1, 1, 1))
STEPS = ("stride", "input_dilation", "dilation", "low")


grouped = partial(problem_of, groups=2)


def arrays_of(problem, dtype=FLOAT32):
    """x, w, y, dx, dw of small whole numbers: bfloat16 too holds every result exactly."""
    shapes = (problem.x_shape, problem.w_shape, problem.y_shape, problem.x_shape, problem.w_shape)
    reals = [whole(shape, seed, reach=2) for seed, shape in enumerate(shapes)]
    if jnp.issubdtype(dtype, jnp.complexfloating):
        reals = [a + 1j * whole(a.shape, 9 + seed, reach=2) for seed, a in enumerate(reals)]
    return [a.astype(jnp.dtype(dtype)) for a in reals]


def value(x, w, problem):
    steps = {name: getattr(problem, name) for name in STEPS}
    return oracle.value_by_patterns(x, w, **steps, output_size=problem.output_size)


def truth(x, w, y, dx, dw, problem):
    """Everything that a bilinear map has: value, differential, two gradients, and how these change."""
    steps = {name: getattr(problem, name) for name in STEPS}
    sizes, window = problem.input_size, problem.window
    return {
        "value": value(x, w, problem),
        "jvp": value(dx, w, problem) + value(x, dw, problem),
        "gradient of x": oracle.x_cotangent_by_patterns(y, w, **steps, input_size=sizes),
        "gradient of w": oracle.w_cotangent_by_patterns(x, y, **steps, window=window),
        "gradient of x, along dw": oracle.x_cotangent_by_patterns(y, dw, **steps, input_size=sizes),
        "gradient of w, along dx": oracle.w_cotangent_by_patterns(dx, y, **steps, window=window),
    }


def computed(x, w, y, dx, dw, problem):
    def f(x, w):
        return bind(x, w, problem)

    def gradients(x, w):
        return jax.vjp(f, x, w)[1](y)

    (of_x, of_w), (of_x_along, of_w_along) = jax.jvp(gradients, (x, w), (dx, dw))
    return {
        "value": f(x, w),
        "jvp": jax.jvp(f, (x, w), (dx, dw))[1],
        "gradient of x": of_x,
        "gradient of w": of_w,
        "gradient of x, along dw": of_x_along,
        "gradient of w, along dx": of_w_along,
    }


def check_everything(problem, dtype=FLOAT32):
    """Value and derivatives by every algorithm, in one program, equal the oracle's bit by bit."""
    arrays = arrays_of(problem, dtype)
    want = truth(*arrays, problem)
    got = jax.jit(lambda arrays: {a: computed(*arrays, replace(problem, algorithm=a)) for a in EVERYWHERE})(arrays)
    for algorithm, quantity in product(EVERYWHERE, want):
        result = got[algorithm][quantity]
        assert result.dtype == dtype, (algorithm, quantity)
        np.testing.assert_array_equal(
            np.asarray(result).astype(want[quantity].dtype), want[quantity], f"{algorithm}: {quantity}"
        )


@pytest.mark.parametrize("rank", [0, 1, 2, 3, 4])
def test_value_and_all_derivatives_equal_the_oracle_in_rank(rank):
    axes = AXES[:rank] if rank < 4 else AXES[1:] + AXES[:1]
    check_everything(grouped(axes))


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float64", "complex64", "complex128"])
def test_value_and_all_derivatives_equal_the_oracle_in_dtype(dtype, x64):
    check_everything(grouped(AXES[:1], dtype=dtype), jnp.dtype(dtype))


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int32", "int64"])
def test_integers_have_a_value_and_no_gradient(dtype, x64):
    problem = grouped(AXES[:2], dtype=dtype)
    x, w = ((np.abs(a) if dtype[0] == "u" else a).astype(dtype) for a in arrays_of(problem)[:2])
    got = jax.jit(lambda x, w: {a: bind(x, w, replace(problem, algorithm=a)) for a in EVERYWHERE})(x, w)
    for algorithm in EVERYWHERE:
        assert got[algorithm].dtype == dtype
        np.testing.assert_array_equal(got[algorithm], value(x, w, problem))
    with pytest.raises(TypeError, match="grad requires real- or complex-valued inputs"):
        jax.grad(lambda x: bind(x, w, problem).sum())(x)


# ---- shape and dtype


def test_shape_and_dtype_come_from_the_problem_without_computing():
    problem = replace(grouped(AXES[:2]), dtype=np.dtype("float16"))
    x, w = (jax.ShapeDtypeStruct(shape, FLOAT32) for shape in (problem.x_shape, problem.w_shape))
    y = jax.eval_shape(lambda x, w: bind(x, w, problem), x, w)
    assert (y.shape, y.dtype, y.weak_type) == (problem.y_shape, np.dtype("float16"), False)


WRONG = {
    "shape of x": lambda x, w: (x[:1], w),
    "shape of w": lambda x, w: (x, w[:1]),
    "dtype of x": lambda x, w: (x.astype(jnp.bfloat16), w),
    "dtype of w": lambda x, w: (x, w.astype(jnp.int32)),
}


@pytest.mark.parametrize("what", WRONG)
def test_operands_that_do_not_fit_the_problem_are_refused(what):
    problem = grouped(AXES[:1])
    x, w = jnp.zeros(problem.x_shape), jnp.zeros(problem.w_shape)
    with pytest.raises(TypeError, match=r"conv_p: operands .* do not fit the problem's "):
        conv_p.bind(*WRONG[what](x, w), problem=problem, result="y")


@pytest.mark.parametrize("preferred", ["bfloat16", "float16", "float32", "float64"])
@pytest.mark.parametrize("dtype", ["bfloat16", "float16", "float32"])
def test_gradients_have_the_dtype_of_their_input_whatever_result_is_preferred(dtype, preferred, x64):
    x, kernel = jnp.ones((6, 8), dtype), jnp.ones((3, 8, 8), dtype)

    def f(x, kernel, algorithm):
        return jconv.conv(x, kernel, preferred_element_type=preferred, algorithm=algorithm)

    for algorithm in EVERYWHERE:
        y, pullback = jax.vjp(lambda x, kernel, a=algorithm: f(x, kernel, a), x, kernel)
        of_x, of_kernel = jax.eval_shape(pullback, y)
        assert y.dtype == preferred
        assert of_x.dtype == of_kernel.dtype == dtype


# ---- accumulation


LONG = 4096  # half types hold it, but no sum in them by ones reaches it
SUMS = {
    "channels": ((1, LONG), (1, LONG, 8), 1),
    "channels, few features": ((1, LONG), (1, LONG, 1), 1),
    "taps, one output": ((LONG, 1), (LONG, 1, 1), 1),
    "taps, loop over taps": ((2 * LONG, 1), (LONG, 1, 1), 1),
    "taps, loop over outputs": ((LONG + 99, 1), (LONG, 1, 1), 1),
    "taps and channels": ((LONG // 8 + 2, 8), (LONG // 8, 8, 8), 1),
    "depthwise": ((LONG + 1, 2), (LONG, 1, 2), 2),
}


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_half_types_accumulate_in_float32(dtype):
    assert np.add.accumulate(np.ones(LONG, jnp.dtype(dtype)))[-1] < LONG  # what a sum in the half type would be
    operands = {name: (jnp.ones(x, dtype), jnp.ones(w, dtype)) for name, (x, w, _) in SUMS.items()}

    @jax.jit
    def sums(operands):
        return {
            (a, name): jconv.conv(x, w, groups=SUMS[name][-1], algorithm=a)
            for a in EVERYWHERE
            for name, (x, w) in operands.items()
        }

    for what, y in sums(operands).items():
        assert y.dtype == dtype
        assert np.all(np.asarray(y, np.float32) == LONG), what


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_gradients_of_half_types_accumulate_in_float32(dtype):
    """Of x: over 4096 features. Of the kernel: over 4096 positions, depthwise and dense."""

    @jax.jit
    def gradients():
        def total(x, kernel, **options):
            y, pullback = jax.vjp(lambda x, kernel: jconv.conv(x, kernel, **options), x, kernel)
            return pullback(jnp.ones_like(y))

        def ones(*shape):
            return jnp.ones(shape, dtype)

        return {
            a: {
                "features": total(ones(2, 1), ones(1, 1, LONG), algorithm=a)[0],
                "positions": total(ones(LONG, 1), ones(1, 1, 1), algorithm=a)[1],
                "positions, dense": total(ones(LONG, 8), ones(1, 8, 8), algorithm=a)[1],
                "positions, depthwise": total(ones(LONG + 2, 2), ones(3, 1, 2), groups=2, algorithm=a)[1],
            }
            for a in EVERYWHERE
        }

    for algorithm, parts in gradients().items():
        for name, gradient in parts.items():
            assert gradient.dtype == dtype
            assert np.all(np.asarray(gradient, np.float32) == LONG), (algorithm, name)


# ---- batching


def test_vmap_over_any_axis_of_x_of_w_and_of_both_equals_a_loop():
    problem = grouped(AXES[:1])
    xs, ws = whole((3, *problem.x_shape)), whole((3, *problem.w_shape), 1)
    want = {
        "x": np.stack([value(x, ws[0], problem) for x in xs]),
        "w": np.stack([value(xs[0], w, problem) for w in ws]),
        "both": np.stack([value(x, w, problem) for x, w in zip(xs, ws, strict=True)]),
    }
    axes = range(-1, 4)  # every one, the last by its other name

    @jax.jit
    def mapped(xs, ws):
        def f(x, w):
            return bind(x, w, problem)

        moved_x = {a: jnp.moveaxis(xs, 0, a) for a in axes}
        moved_w = {a: jnp.moveaxis(ws, 0, a) for a in axes}
        return {
            "x": [jax.vmap(f, (a, None))(moved_x[a], ws[0]) for a in axes],
            "w": [jax.vmap(f, (None, a))(xs[0], moved_w[a]) for a in axes],
            "both": [jax.vmap(f, (a, b))(moved_x[a], moved_w[b]) for a, b in product(axes, axes)],
        }

    got = mapped(xs, ws)
    assert [len(got[name]) for name in want] == [5, 5, 25]
    for name, results in got.items():
        for result in results:
            np.testing.assert_array_equal(result, want[name], name)


def test_nested_vmaps_and_vmapped_gradients_equal_loops():
    problem = grouped(AXES[:1])
    xs, ws = whole((2, 3, *problem.x_shape)), whole((3, 2, *problem.w_shape), 1)
    ys = whole((3, *problem.y_shape), 2)
    steps = {name: getattr(problem, name) for name in STEPS}
    sizes, window = problem.input_size, problem.window

    def f(x, w):
        return bind(x, w, problem)

    def gradients(x, w, y):
        return jax.vjp(f, x, w)[1](y)

    @jax.jit
    def mapped(xs, ws, ys):
        return {
            "x, then w": jax.vmap(jax.vmap(f, (0, None)), (None, 0))(xs[0], ws[:, 0]),
            "w, then x": jax.vmap(jax.vmap(f, (None, 0)), (0, None))(xs[0], ws[:, 0]),
            "both, then both": jax.vmap(jax.vmap(f, (0, 0)), (0, 1))(xs, ws),
            "gradients": jax.vmap(gradients)(xs[0], ws[:, 0], ys),
            "gradients, one kernel": jax.vmap(gradients, (0, None, 0))(xs[0], ws[0, 0], ys),
        }

    got = mapped(xs, ws, ys)
    table = np.stack([[value(x, w, problem) for x in xs[0]] for w in ws[:, 0]])
    np.testing.assert_array_equal(got["x, then w"], table)
    np.testing.assert_array_equal(got["w, then x"], table.swapaxes(0, 1))
    np.testing.assert_array_equal(
        got["both, then both"], [[value(xs[i, j], ws[j, i], problem) for j in range(3)] for i in range(2)]
    )
    for name, kernels in {"gradients": ws[:, 0], "gradients, one kernel": [ws[0, 0]] * 3}.items():
        of_x, of_w = got[name]
        for i, w in enumerate(kernels):
            want_x = oracle.x_cotangent_by_patterns(ys[i], w, **steps, input_size=sizes)
            want_w = oracle.w_cotangent_by_patterns(xs[0, i], ys[i], **steps, window=window)
            np.testing.assert_array_equal(of_x[i], want_x, name)
            np.testing.assert_array_equal(of_w[i], want_w, name)


def test_vmap_over_no_examples_gives_no_results():
    problem = grouped(AXES[:1])
    xs, ws = jnp.zeros((0, *problem.x_shape)), jnp.zeros((0, *problem.w_shape))

    def f(x, w):
        return bind(x, w, problem)

    for dims in ((0, None), (None, 0), (0, 0)):
        operands = [a if d == 0 else jnp.zeros(a.shape[1:]) for a, d in zip((xs, ws), dims, strict=True)]
        assert jax.vmap(f, dims)(*operands).shape == (0, *problem.y_shape)


# ---- sizes of zero


ZEROS = {
    "batch": ((0, 5, 4), (3, 4, 2), {}),
    "outputs": ((2, 2, 4), (3, 4, 2), {}),
    "outputs of a dilated kernel": ((2, 4, 4), (3, 4, 2), {"rhs_dilation": (2,)}),
    "inputs, padded": ((2, 0, 4), (3, 4, 2), {"padding": ((2, 3),)}),
    "inputs, padded and dilated": ((2, 0, 4), (3, 4, 2), {"padding": ((2, 3),), "lhs_dilation": (2,)}),
    "channels": ((2, 5, 0), (3, 0, 2), {}),
    "features": ((2, 5, 4), (3, 4, 0), {}),
    "groups of nothing": ((2, 5, 0), (3, 0, 4), {"feature_group_count": 2}),
}


@pytest.mark.parametrize("name", ZEROS)
def test_empty_sums_are_zero_and_have_gradients_as_in_lax(name):
    x_shape, w_shape, options = ZEROS[name]
    x, w = jnp.ones(x_shape), jnp.ones(w_shape)
    options = dict(window_strides=(1,), padding="VALID", dimension_numbers=("NWC", "WIO", "NWC")) | options
    want = jax.eval_shape(lambda x, w: jax.lax.conv_general_dilated(x, w, **options), x, w)
    for algorithm in EVERYWHERE:
        y, pullback = jax.vjp(lambda x, w, a=algorithm: jconv.conv_general_dilated(x, w, **options, algorithm=a), x, w)
        of_x, of_w = pullback(jnp.ones_like(y))
        assert (y.shape, of_x.shape, of_w.shape) == (want.shape, x_shape, w_shape)
        assert not (y.any() or of_x.any() or of_w.any())


# ---- programs


@pytest.fixture
def traced(monkeypatch):
    """The problems that the algorithm `taps` was traced for."""
    problems = []
    taps = ALGORITHMS["taps"]

    def compute(x, w, problem):
        problems.append(problem)
        return taps.compute(x, w, problem)

    monkeypatch.setitem(ALGORITHMS, "taps", replace(taps, compute=compute))
    return problems


def test_eager_calls_with_equal_arguments_compile_once(traced):
    x, kernel = jnp.ones((1, 17, 1)), jnp.ones((5, 1, 1))  # a shape of this test's own
    results = [jconv.conv(scale * x, kernel, algorithm="taps") for scale in (1, 2, 3)]
    assert [float(y[0, 0, 0]) for y in results] == [5, 10, 15]
    assert len(traced) == 1
    jconv.conv(x, kernel, algorithm="taps", stride=2)
    assert len(traced) == 2


def test_eager_gradients_with_equal_arguments_compile_once(traced):
    x, kernel = jnp.ones((1, 19, 1)), jnp.ones((5, 1, 1))
    for _ in range(3):
        jax.grad(lambda x, k: jconv.conv(x, k, algorithm="taps").sum(), (0, 1))(x, kernel)
    assert len(traced) == 3  # the value and two gradients, each once


def test_second_derivatives_are_the_three_maps_of_the_one_problem():
    problem = grouped(AXES[:2])
    arrays = arrays_of(problem)
    jaxpr = jax.make_jaxpr(lambda *arrays: computed(*arrays, problem))(*arrays)
    found = [equation.params for equation in equations(jaxpr) if equation.primitive is conv_p]
    assert {params["result"] for params in found} == {"x", "w", "y"}
    assert {params["problem"] for params in found} == {problem}


def test_checking_second_gradients_outside_of_jit_traces_each_of_the_three_maps_once(traced):
    x, kernel = jnp.ones((1, 21, 1)), jnp.ones((5, 1, 1))
    check_grads(lambda x, k: jconv.conv(x, k, algorithm="taps"), (x, kernel), order=2, rtol=0.1, atol=0.1)
    assert len(traced) == 3


def test_equal_problems_of_one_program_are_lowered_once():
    x, kernel = jnp.ones((1, 9, 8)), jnp.ones((3, 8, 8))

    def repeated(times):
        def f(x):
            for _ in range(times):
                x = jconv.conv(x, kernel, padding="SAME", algorithm="taps")
            return x

        return jax.jit(f).lower(x).as_text().count("stablehlo.dot_general")

    assert repeated(1) == repeated(4) == 3  # one for each tap


# ---- precision


def precisions(algorithm, **options):
    """The precision pairs that the products of a value and of both its gradients are lowered with."""
    x, kernel = jnp.ones((2, 9, 32)), jnp.ones((3, 32, 32))  # so many channels that all multiply matrices

    def f(x, kernel):
        return jnp.sum(jconv.conv(x, kernel, algorithm=algorithm, **options) ** 2)

    text = jax.jit(jax.grad(f, (0, 1))).lower(x, kernel).as_text()
    products = [line for line in text.splitlines() if re.search(r"stablehlo\.(dot_general|convolution)", line)]
    assert len(products) >= 3
    return {
        tuple(re.findall("DEFAULT|HIGHEST|HIGH", re.search(r"precision(?:_config)? = \[(.*?)\]", line)[1]))
        for line in products
    }


@pytest.mark.parametrize("algorithm", EVERYWHERE)
def test_precision_reaches_every_product_of_value_and_gradients(algorithm):
    assert precisions(algorithm) == {("DEFAULT", "DEFAULT")}
    assert precisions(algorithm, precision="highest") == {("HIGHEST", "HIGHEST")}
    assert precisions(algorithm, precision=jax.lax.Precision.HIGH) == {("HIGH", "HIGH")}
    assert precisions(algorithm, precision=("high", "highest")) == {("HIGH", "HIGHEST")}


@pytest.mark.parametrize("algorithm", EVERYWHERE)
def test_default_matmul_precision_is_honoured_and_an_argument_overrides_it(algorithm):
    with jax.default_matmul_precision("float32"):
        assert precisions(algorithm) == {("HIGHEST", "HIGHEST")}
        assert precisions(algorithm, precision="default") == {("DEFAULT", "DEFAULT")}
    with jax.default_matmul_precision("tensorfloat32"):
        assert precisions(algorithm) == {("HIGH", "HIGH")}
    assert precisions(algorithm) == {("DEFAULT", "DEFAULT")}


def test_a_dot_algorithm_reaches_the_dots_of_taps():
    x, kernel = jnp.ones((2, 9, 8)), jnp.ones((3, 8, 8))
    for precision in ("BF16_BF16_F32", jax.lax.DotAlgorithmPreset.BF16_BF16_F32):
        f = jax.jit(lambda x, kernel, p=precision: jconv.conv(x, kernel, precision=p, algorithm="taps"))
        text = f.lower(x, kernel).as_text()
        assert text.count("lhs_precision_type = bf16") == text.count("stablehlo.dot_general") == 3
