"""Every JAX transformation of a convolution gives what the dense matrix of the same map gives."""

from dataclasses import replace
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from agreement import EVERYWHERE, QUICK_COMPILE, error_in_eps, normal, numpy_conv, whole
from jax.sharding import AxisType
from jax.sharding import PartitionSpec as P
from paths import equations

import jconv
from jconv._algorithms import ALGORITHMS
from jconv._primitive.conv_p import bind

# One map for all tests: strided, padded unevenly, dilated, grouped.
OPTIONS = dict(stride=(2,), pairs=((2, 1),), dilation=(2,), groups=2)
X, KERNEL, DX, DKERNEL = whole((2, 7, 4)), whole((3, 2, 4), 1), whole((2, 7, 4), 2), whole((3, 2, 4), 3)
Y = numpy_conv(X, KERNEL, **OPTIONS)
C = whole(Y.shape, 4)  # a cotangent


def _along_each(shape, f):
    """Stack f(e) of all unit arrays e behind the axes of f's result: the Jacobian of a linear f."""
    columns = [f(e.reshape(shape)) for e in np.eye(int(np.prod(shape)))]
    return np.stack(columns, -1).reshape(*columns[0].shape, *shape)


BY_X = _along_each(X.shape, lambda x: numpy_conv(x, KERNEL, **OPTIONS))
BY_KERNEL = _along_each(KERNEL.shape, lambda kernel: numpy_conv(X, kernel, **OPTIONS))
X_GRADIENT = np.tensordot(C, BY_X, C.ndim)
KERNEL_GRADIENT = np.tensordot(C, BY_KERNEL, C.ndim)


def conv(x, kernel, algorithm):
    return jconv.conv(x, kernel, stride=2, padding=((2, 1),), dilation=2, groups=2, algorithm=algorithm)


@pytest.fixture(params=EVERYWHERE)
def f(request):
    return partial(conv, algorithm=request.param)


def test_the_map_under_test_uses_more_than_its_defaults():
    assert Y.any()
    assert X_GRADIENT.any()
    assert KERNEL_GRADIENT.any()


# ---- values and derivatives


def test_jit(f):
    np.testing.assert_array_equal(jax.jit(f)(X, KERNEL), Y)


def test_eager(f):
    np.testing.assert_array_equal(f(X, KERNEL), Y)


def test_vmap_over_a_batch_of_kernels_and_of_examples(f):
    kernels, xs = np.stack([KERNEL, DKERNEL]), np.stack([X, DX])
    by_kernel, by_both = jax.jit(
        lambda xs, kernels: (jax.vmap(f, (None, 0))(xs[0], kernels), jax.vmap(f)(xs, kernels))
    )(xs, kernels)
    np.testing.assert_array_equal(by_kernel, [Y, numpy_conv(X, DKERNEL, **OPTIONS)])
    np.testing.assert_array_equal(by_both, [Y, numpy_conv(DX, DKERNEL, **OPTIONS)])


def test_jvp(f):
    y, along = jax.jit(lambda *a: jax.jvp(f, a[:2], a[2:]))(X, KERNEL, DX, DKERNEL)
    np.testing.assert_array_equal(y, Y)
    want = numpy_conv(DX, KERNEL, **OPTIONS) + numpy_conv(X, DKERNEL, **OPTIONS)
    np.testing.assert_array_equal(along, want)


def test_linearize(f):
    y, tangent_map = jax.linearize(f, X, KERNEL)
    np.testing.assert_array_equal(y, Y)
    np.testing.assert_array_equal(tangent_map(DX, np.zeros_like(KERNEL)), numpy_conv(DX, KERNEL, **OPTIONS))


def test_vjp(f):
    of_x, of_kernel = jax.jit(lambda x, kernel, c: jax.vjp(f, x, kernel)[1](c))(X, KERNEL, C)
    np.testing.assert_array_equal(of_x, X_GRADIENT)
    np.testing.assert_array_equal(of_kernel, KERNEL_GRADIENT)


@pytest.mark.parametrize("mode", [jax.jacfwd, jax.jacrev])
def test_jacobians(f, mode):
    by_x, by_kernel = jax.jit(mode(f, (0, 1)))(X, KERNEL)
    np.testing.assert_array_equal(by_x, BY_X)
    np.testing.assert_array_equal(by_kernel, BY_KERNEL)


def test_hessian_of_a_square_loss(f):
    """Of sum(y**2) / 2 it is J^T J, and beside the diagonal the second derivative of y as well."""
    blocks = jax.jit(jax.hessian(lambda x, kernel: jnp.sum(f(x, kernel) ** 2) / 2, (0, 1)))(X, KERNEL)
    rank = Y.ndim
    axes = (tuple(range(rank)), tuple(range(rank)))
    np.testing.assert_array_equal(blocks[0][0], np.tensordot(BY_X, BY_X, axes))
    np.testing.assert_array_equal(blocks[1][1], np.tensordot(BY_KERNEL, BY_KERNEL, axes))
    bent = _along_each(
        KERNEL.shape,
        lambda k: np.tensordot(Y, _along_each(X.shape, lambda x: numpy_conv(x, k, **OPTIONS)), rank),
    )
    mixed = np.tensordot(BY_X, BY_KERNEL, axes) + bent
    np.testing.assert_array_equal(blocks[0][1], mixed)
    np.testing.assert_array_equal(blocks[1][0], np.moveaxis(mixed, (-3, -2, -1), (0, 1, 2)))


def test_linear_transpose_in_either_argument(f):
    (of_x,) = jax.jit(lambda c: jax.linear_transpose(lambda x: f(x, KERNEL), X)(c))(C)
    (of_kernel,) = jax.jit(lambda c: jax.linear_transpose(lambda k: f(X, k), KERNEL)(c))(C)
    np.testing.assert_array_equal(of_x, X_GRADIENT)
    np.testing.assert_array_equal(of_kernel, KERNEL_GRADIENT)


def test_checkpoint(f):
    gradient = jax.grad(lambda x, kernel: jnp.sum(C * jax.checkpoint(f)(x, kernel)), (0, 1))
    of_x, of_kernel = jax.jit(gradient)(X, KERNEL)
    np.testing.assert_array_equal(of_x, X_GRADIENT)
    np.testing.assert_array_equal(of_kernel, KERNEL_GRADIENT)


# ---- loops and branches

SQUARE = whole((3, 2, 2), 5, reach=1)  # keeps the shape of STATE
STATE = whole((5, 2), 6, reach=1)
SAME = dict(stride=(1,), pairs=((1, 1),), dilation=(1,))
STEPS = 3


def unrolled(state, kernel, step):
    for _ in range(STEPS):
        state = step(state, kernel)
    return state


@pytest.mark.parametrize("algorithm", EVERYWHERE)
def test_scan_with_its_gradients(algorithm):
    def step(state, kernel):
        return jconv.conv(state, kernel, padding="SAME", algorithm=algorithm)

    def scanned(state, kernel):
        return jax.lax.scan(lambda s, _: (step(s, kernel), None), state, length=STEPS)[0]

    c = whole(STATE.shape, 7)
    y, gradients = jax.jit(lambda *a: (scanned(*a), jax.vjp(scanned, *a)[1](c)))(STATE, SQUARE)
    np.testing.assert_array_equal(y, unrolled(STATE, SQUARE, partial(numpy_conv, **SAME)))
    # The truth: the state's gradient by the dense matrix, the kernel's by its product rule.
    dense = _along_each(STATE.shape, lambda x: numpy_conv(x, SQUARE, **SAME))
    states, want_kernel, back = [STATE], 0, c
    for _ in range(STEPS - 1):
        states.append(numpy_conv(states[-1], SQUARE, **SAME))
    for state in reversed(states):
        by_kernel = _along_each(SQUARE.shape, lambda k, s=state: numpy_conv(s, k, **SAME))
        want_kernel = want_kernel + np.tensordot(back, by_kernel, 2)
        back = np.tensordot(back, dense, 2)
    np.testing.assert_array_equal(gradients[0], back)
    np.testing.assert_array_equal(gradients[1], want_kernel)


@pytest.mark.parametrize("algorithm", EVERYWHERE)
def test_while_loop_and_forward_mode_through_it(algorithm):
    def step(state, kernel):
        return jconv.conv(state, kernel, padding="SAME", algorithm=algorithm)

    def looped(state, kernel):
        return jax.lax.while_loop(lambda s: s[0] < STEPS, lambda s: (s[0] + 1, step(s[1], kernel)), (0, state))[1]

    tangent = whole(STATE.shape, 8, reach=1)
    y, along = jax.jit(lambda s, t: jax.jvp(lambda s: looped(s, SQUARE), (s,), (t,)))(STATE, tangent)
    np.testing.assert_array_equal(y, unrolled(STATE, SQUARE, partial(numpy_conv, **SAME)))
    np.testing.assert_array_equal(along, unrolled(tangent, SQUARE, partial(numpy_conv, **SAME)))


def test_cond_with_a_gradient_through_each_branch(f):
    @jax.jit
    def gradient(x, take):
        return jax.grad(lambda x: jax.lax.cond(take, lambda x: jnp.sum(C * f(x, KERNEL)), jnp.sum, x))(x)

    np.testing.assert_array_equal(gradient(X, True), X_GRADIENT)
    np.testing.assert_array_equal(gradient(X, False), np.ones_like(X))


# ---- export


def value_and_gradients(f):
    def all_of_it(x, kernel):
        y, pullback = jax.vjp(f, x, kernel)
        return y, *pullback(jnp.asarray(C))

    return all_of_it


def test_export_for_cpu_cuda_and_tpu_at_once(f):
    exported = jax.export.export(jax.jit(value_and_gradients(f)), platforms=("cpu", "cuda", "tpu"))(X, KERNEL)
    assert exported.platforms == ("cpu", "cuda", "tpu")
    for got, want in zip(exported.call(X, KERNEL), (Y, X_GRADIENT, KERNEL_GRADIENT), strict=True):
        np.testing.assert_array_equal(got, want)


def squares(x, kernel):
    return (jconv.conv(x, kernel, groups=2, padding="SAME") ** 2).sum()


def test_export_with_a_symbolic_batch_and_width():
    shape = (*jax.export.symbolic_shape("n, width", constraints=["width >= 3"]), 4)
    f = jax.jit(jax.value_and_grad(squares, argnums=(0, 1)))
    exported = jax.export.export(f)(jax.ShapeDtypeStruct(shape, X.dtype), KERNEL)
    for shape in ((1, 3, 4), (5, 8, 4)):
        x = jax.random.normal(jax.random.key(3), shape)
        for got, want in zip(*map(jax.tree.leaves, (exported.call(x, KERNEL), f(x, KERNEL))), strict=True):
            np.testing.assert_allclose(got, want, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("padding_mode", ["zeros", "reflect"])
def test_export_of_the_adjoint_with_a_symbolic_batch(padding_mode):
    f = jax.jit(partial(jconv.conv_transpose, stride=2, padding="SAME", padding_mode=padding_mode))
    y = jnp.ones((3, 5, KERNEL.shape[-1]))
    exported = jax.export.export(f)(
        jax.ShapeDtypeStruct((*jax.export.symbolic_shape("n"), *y.shape[1:]), y.dtype), KERNEL
    )
    np.testing.assert_allclose(exported.call(y, KERNEL), f(y, KERNEL), rtol=1e-4, atol=1e-5)


def test_with_jit_disabled():
    wanted = jax.value_and_grad(squares)(X, KERNEL)
    with jax.disable_jit():
        for got, want in zip(jax.value_and_grad(squares)(X, KERNEL), wanted, strict=True):
            np.testing.assert_allclose(got, want, rtol=1e-4, atol=1e-5)


def test_an_exported_program_chooses_for_each_platform():
    """Depthwise: sums of shifted products on CPU, the compiler's convolution elsewhere."""
    x, kernel = jnp.ones((8, 9, 9, 64)), jnp.ones((3, 3, 1, 64))

    def holds_convolution(*platforms):
        exported = jax.export.export(jax.jit(partial(jconv.conv, groups=64)), platforms=platforms)(x, kernel)
        return "stablehlo.convolution" in exported.mlir_module()

    assert not holds_convolution("cpu")
    assert holds_convolution("cuda")
    assert holds_convolution("tpu")
    assert holds_convolution("cpu", "cuda")


def test_a_serialised_program_computes_the_same_and_keeps_its_gradient():
    pytest.importorskip("flatbuffers", reason="jax.export serialises by flatbuffers")
    exported = jax.export.export(jax.jit(partial(conv, algorithm="auto")))(X, KERNEL)
    restored = jax.export.deserialize(exported.serialize(vjp_order=1))
    np.testing.assert_array_equal(restored.call(X, KERNEL), Y)
    of_kernel = jax.grad(lambda kernel: jnp.sum(C * restored.call(X, kernel)))(KERNEL)
    np.testing.assert_array_equal(of_kernel, KERNEL_GRADIENT)


# ---- shard_map

WINDOWS = {  # each takes another way through the algorithms
    "dense": ((16, 5, 3), (3, 3, 2), dict(padding="SAME")),
    "grouped": ((16, 5, 4), (3, 2, 4), dict(groups=2, stride=2, padding=1)),
    "depthwise": ((16, 5, 2), (3, 1, 2), dict(groups=2, padding="CAUSAL")),
    "many taps": ((8, 70, 1), (66, 1, 8), dict(padding="SAME")),
    "input beyond the border": ((8, 5, 2), (3, 2, 2), dict(padding="SAME", padding_mode="wrap")),
}


@pytest.mark.parametrize("name", WINDOWS)
@pytest.mark.parametrize("algorithm", EVERYWHERE)
def test_shard_map_with_a_replicated_kernel(name, algorithm):
    """Its checks of varying axes are on; the kernel's gradient is summed over the mesh without our doing."""
    x_shape, kernel_shape, options = WINDOWS[name]
    x, kernel = whole(x_shape, reach=1), whole(kernel_shape, 1, reach=1)

    def g(x, kernel):
        return jconv.conv(x, kernel, **options, algorithm=algorithm)

    def all_of_it(g):
        return lambda x, kernel: (g(x, kernel), *jax.grad(lambda *a: jnp.sum(g(*a) ** 2), (0, 1))(x, kernel))

    mesh = jax.make_mesh((8,), ("b",), axis_types=(AxisType.Auto,))
    mapped = jax.shard_map(g, mesh=mesh, in_specs=(P("b"), P()), out_specs=P("b"), check_vma=True)
    inside = jax.shard_map(
        all_of_it(g), mesh=mesh, in_specs=(P("b"), P()), out_specs=(P("b"), P("b"), P()), check_vma=True
    )
    want, got, got_inside = jax.jit(
        lambda x, kernel: (all_of_it(g)(x, kernel), all_of_it(mapped)(x, kernel), inside(x, kernel))
    )(x, kernel)
    for a, b, c in zip(want, got, got_inside, strict=True):
        np.testing.assert_array_equal(a, b)
        np.testing.assert_array_equal(a, c)


def test_shard_map_with_a_kernel_whose_features_are_spread():
    x, kernel = whole((2, 5, 3)), whole((3, 3, 16), 1)
    mesh = jax.make_mesh((8,), ("m",), axis_types=(AxisType.Auto,))
    mapped = jax.shard_map(
        jconv.conv,
        mesh=mesh,
        in_specs=(P(), P(None, None, "m")),
        out_specs=P(None, None, "m"),
        check_vma=True,
    )

    def gradients(g):
        return jax.grad(lambda *a: jnp.sum(g(*a) ** 2), (0, 1))

    want, got = jax.jit(lambda *a: (gradients(jconv.conv)(*a), gradients(mapped)(*a)))(x, kernel)
    np.testing.assert_array_equal(got[0], want[0])
    np.testing.assert_array_equal(got[1], want[1])


# ---- the modes of JAX that a user's program may be in

FORMS = {  # x, kernel, options of conv: with their gradients, every way through every algorithm
    "dense": ((8, 12, 12, 8), (3, 3, 8, 8), dict(padding="SAME")),
    "strided, dilated": ((8, 20, 3), (4, 3, 20), dict(stride=3, dilation=2, padding=2)),
    "groups": ((8, 9, 9, 4), (3, 3, 2, 6), dict(groups=2, padding=1)),
    "many groups": ((8, 5, 5, 18), (3, 3, 2, 9), dict(groups=9, padding=1)),
    "depthwise": ((8, 40, 4), (4, 1, 4), dict(groups=4, padding="CAUSAL")),
    "many taps": ((8, 200, 1), (70, 1, 8), dict(padding="SAME")),
    "many taps, depthwise": ((8, 600, 2), (300, 1, 2), dict(groups=2, padding="FULL")),
    "patches": ((8, 16, 16, 3), (4, 4, 3, 8), dict(stride=4)),
    "three axes": ((8, 6, 7, 6, 4), (3, 3, 3, 4, 4), dict(padding="SAME")),
}


def problems_of(name, dtype="float32"):
    """The problems of a form's value and gradients, with every algorithm that can compute them."""
    x_shape, kernel_shape, options = FORMS[name]
    x, kernel = jax.ShapeDtypeStruct(x_shape, dtype), jax.ShapeDtypeStruct(kernel_shape, dtype)
    jaxpr = jax.make_jaxpr(partial(jconv.conv, **options))(x, kernel).jaxpr
    (value,) = (equation.params["problem"] for equation in equations(jaxpr) if equation.primitive.name == "jconv")
    for problem in (value, value.gradient_x(), value.gradient_w()):
        for algorithm in ALGORITHMS.values():
            if not algorithm.unsupported(problem, "cpu"):
                yield replace(problem, algorithm=algorithm.name)


def lower(problem, wrap=lambda f: f):
    """Trace the algorithm of a problem, and return the dtype of the result."""
    x, w = (
        jax.ShapeDtypeStruct(shape, dtype)
        for shape, dtype in ((problem.x_shape, problem.x_dtype), (problem.w_shape, problem.w_dtype))
    )
    lowered = jax.jit(wrap(lambda x, w: bind(x, w, problem))).lower(x, w)
    return lowered.out_info.dtype


def test_the_forms_reach_every_algorithm():
    assert {problem.algorithm for name in FORMS for problem in problems_of(name)} == set(ALGORITHMS)


@pytest.mark.parametrize("name", FORMS)
def test_every_algorithm_in_scan_while_cond_and_vmap(name):
    """In value and in both gradients, against `lax` outside all of them."""

    def everywhere(x, w, problem):
        def f(x):
            return bind(x, w, problem)

        twice, halves = jnp.stack([x, 2 * x]), jnp.array([1, 0.5]).reshape(2, *(1,) * len(problem.y_shape))
        looped = jax.lax.while_loop(lambda s: s[0] < 3, lambda s: (s[0] + 1, s[1] + f(x)), (0, jnp.zeros_like(f(x))))
        return {
            "scan": jax.lax.scan(lambda _, x: (None, f(x)), None, twice)[1] * halves,
            "while": looped[1][None] / 3,
            "cond": jax.lax.cond(jnp.isfinite(x).all(), f, lambda x: jnp.zeros_like(f(x)), x)[None],
            "vmap": jax.vmap(f)(twice) * halves,
        }

    for problem in problems_of(name):
        x, w = normal(problem.x_shape), normal(problem.w_shape, 1)
        plain = replace(problem, algorithm="lax")
        want, scale = bind(x, w, plain), bind(abs(x), abs(w), plain)
        compiled = jax.jit(everywhere, static_argnums=2).lower(x, w, problem).compile(QUICK_COMPILE)
        bound = ALGORITHMS[problem.algorithm].error_bound + ALGORITHMS["lax"].error_bound
        for where, found in compiled(x, w).items():
            for got in found:
                assert error_in_eps(got, want, scale) <= bound, (problem.algorithm, where)


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize("dtype", ["float32", "float64", "bfloat16", "complex128"])
def test_every_algorithm_keeps_its_dtypes_under_x64(name, dtype, x64):
    for problem in problems_of(name, dtype):
        assert lower(problem) == dtype, problem.algorithm


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_every_algorithm_works_where_implicit_promotion_is_forbidden(name, dtype, strict):
    for problem in problems_of(name, dtype):
        assert lower(problem) == dtype, problem.algorithm


@pytest.mark.parametrize("name", FORMS)
def test_every_algorithm_passes_the_checks_of_shard_map(name):
    """With operands that vary over the mesh, and with one that does not."""
    mesh = jax.make_mesh((8,), ("b",), axis_types=(AxisType.Auto,))

    def manual(f, axes):
        def varying(x, w):
            return f(jax.lax.pcast(x, axes, to="varying"), w)

        return jax.shard_map(varying, mesh=mesh, in_specs=(P(), P()), out_specs=P(*axes), check_vma=True)

    for problem in problems_of(name):
        assert lower(problem, partial(manual, axes=("b",))) == "float32", problem.algorithm


@pytest.mark.parametrize("algorithm", EVERYWHERE)
def test_the_verbs_work_where_implicit_promotion_is_forbidden(algorithm, strict):
    """In value, gradients and second order; dense and grouped; each padding mode."""

    @jax.jit
    def program(x, kernel, depthwise):
        def loss(x, kernel, depthwise):
            for mode in ("zeros", "reflect", "symmetric", "edge", "wrap"):
                x = jconv.conv(x, kernel, padding="SAME", padding_mode=mode, algorithm=algorithm)
            x = jconv.conv(x, depthwise, groups=2, stride=2, padding="CAUSAL", algorithm=algorithm)
            x = jconv.conv_transpose(x, depthwise, groups=2, stride=2, padding="SAME", algorithm=algorithm)
            return jnp.sum(jnp.square(x))

        return jax.jvp(jax.grad(loss, (0, 1, 2)), (x, kernel, depthwise), (x, kernel, depthwise))

    x, kernel, depthwise = (jnp.asarray(whole(s, reach=1)) for s in ((1, 6, 2), (3, 2, 2), (3, 1, 2)))
    for array in jax.tree.leaves(program(x, kernel, depthwise)):
        assert array.dtype == "float32"
        assert np.isfinite(array).all()


@pytest.mark.parametrize("algorithm", EVERYWHERE)
def test_nothing_leaks_and_nothing_is_nan_under_jaxs_checks(algorithm):
    with jax.checking_leaks(), jax.debug_nans(True):
        gradient = jax.grad(lambda k: jnp.sum(C * conv(X, k, algorithm)))(KERNEL)
    np.testing.assert_array_equal(gradient, KERNEL_GRADIENT)


# ---- errors while tracing


def test_a_traced_stride_is_refused_in_the_users_words():
    def my_model(x, kernel, my_stride):
        return jconv.conv(x, kernel, stride=my_stride)

    with pytest.raises(TypeError, match=r"^conv: stride is traced, .*name it in static_argnames of jax.jit"):
        jax.jit(my_model)(X[0], KERNEL[:, :, :2], 2)
    static = jax.jit(my_model, static_argnames="my_stride")
    assert static(X[0], KERNEL[:, :, :2].repeat(2, 1), 2).shape == (3, 2)


def test_a_wrong_shape_under_jit_is_reported_while_tracing_the_users_function():
    def my_model(x, kernel):
        return jconv.conv(x, kernel)

    with pytest.raises(ValueError, match=r"^conv: the kernel takes") as raised:
        jax.eval_shape(jax.jit(my_model), X, KERNEL[:, :1])
    assert "my_model" in [entry.name for entry in raised.traceback]


def test_a_compiled_program_is_named_after_the_users_function():
    def my_model(x, kernel):
        return jconv.conv(x, kernel, groups=2)

    assert "module @jit_my_model" in jax.jit(my_model).lower(X, KERNEL).as_text()
