"""Each parametrisation's property, by its definition, and that free parameters have gradients through it."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from agreement import normal
from operators import true_matrix

from jconv import kernels
from jconv.operator import ConvOperator, parametrise

# window, c_in // groups, c_out, stride, groups, sizes
ORTHOGONAL = {
    "square": ((3, 2, 3, 3), 1, 1, (4, 4)),
    "more out than in": ((4, 2, 5), 1, 1, (6,)),
    "more in than out": ((3, 3, 5, 2), 1, 1, (3, 4)),
    "stride 2": ((3, 3, 2, 4), 2, 1, (4, 6)),
    "stride 2, more out than a patch holds": ((2, 1, 3), 2, 1, (6,)),
    "stride 2, fewer out": ((4, 3, 2), 2, 1, (8,)),
    "strides differ, groups": ((3, 4, 2, 6), (2, 1), 2, (4, 4)),
    "one channel": ((3, 1, 1), 1, 1, (5,)),
}


@pytest.mark.parametrize("name", ORTHOGONAL)
def test_orthogonal_convolutions_have_singular_values_1(name):
    shape, stride, groups, sizes = ORTHOGONAL[name]
    free = parametrise.orthogonal_free(jax.random.key(1), shape, stride=stride, groups=groups)
    kernel = jax.jit(parametrise.orthogonal, static_argnames="stride")(free, stride=stride)
    assert kernel.shape == shape
    operator = ConvOperator(kernel, (*sizes, groups * shape[-2]), stride, "SAME", "wrap", groups=groups)
    assert operator.form.circular
    np.testing.assert_allclose(np.linalg.svd(true_matrix(operator), compute_uv=False), 1, atol=3e-6)
    with_zeros = ConvOperator(kernel, (*sizes, groups * shape[-2]), stride, "SAME", groups=groups)
    assert np.linalg.norm(true_matrix(with_zeros), 2) < 1 + 3e-6


def test_orthogonal_kernels_vary_with_all_free_parameters_and_may_be_complex():
    free = parametrise.orthogonal_free(jax.random.key(0), (3, 4, 4), dtype=complex)
    weights = normal((3, 4, 4))

    def loss(free):
        return jnp.sum(parametrise.orthogonal(free).real * weights)

    gradients = jax.jit(jax.grad(loss))(free)
    assert all(float(jnp.min(jnp.linalg.norm(leaf, axis=(-1, -2)))) > 1e-3 for leaf in jax.tree.leaves(gradients))
    operator = ConvOperator(parametrise.orthogonal(free), (5, 4), 1, "SAME", "wrap")
    np.testing.assert_allclose(operator.singular_values(), 1, atol=3e-6)


def test_a_window_smaller_than_the_stride_cannot_be_orthogonal():
    with pytest.raises(ValueError, match=r"must not be smaller than the stride \(2, 2\)"):
        parametrise.orthogonal_free(jax.random.key(0), (1, 3, 2, 2), stride=2)


@pytest.mark.parametrize("certified", (False, True))
def test_spectral_norm_is_that_of_the_convolution_itself(certified):
    options = dict(stride=2, padding=((1, 0), (0, 2)), padding_mode="edge")
    free = normal((3, 2, 2, 3))
    kernel = parametrise.spectral_norm(free, (6, 5, 2), norm=0.7, certified=certified, **options)
    norm = np.linalg.norm(true_matrix(ConvOperator(kernel, (6, 5, 2), **options)), 2)
    np.testing.assert_allclose(norm, 0.7, rtol=0.02 if certified else 1e-5)
    assert not certified or norm < 0.7


def test_spectral_norm_at_most_leaves_small_kernels_alone():
    free = 0.01 * normal((3, 2, 3))
    certified = dict(at_most=True, certified=True)
    np.testing.assert_array_equal(parametrise.spectral_norm(free, (6, 2), **certified), free)
    zero = parametrise.spectral_norm(0 * free, (6, 2), certified=True)
    assert not np.any(zero)


def test_the_constraints_hold_and_are_projections():
    free = normal((3, 4, 2, 2))
    for function, holds in {
        parametrise.symmetric: lambda k: (k, k[::-1]),
        parametrise.self_adjoint: lambda k: (k, k[::-1, ::-1].swapaxes(2, 3)),
        parametrise.zero_mean: lambda k: (k.sum((0, 1, 2)), np.zeros(2)),
        parametrise.unit_sum: lambda k: (k.sum((0, 1, 2)), np.ones(2)),
    }.items():
        kernel = function(free)
        np.testing.assert_allclose(*holds(kernel), atol=1e-6)
        np.testing.assert_allclose(function(kernel), kernel, atol=1e-6)  # nothing is left to do
        assert abs(np.vdot(free - kernel, kernel - function(0 * free))) < 1e-4  # the nearest: at a right angle
    one_axis = parametrise.symmetric(free, axes=1)
    np.testing.assert_array_equal(one_axis, one_axis[:, ::-1])
    assert np.abs(one_axis - one_axis[::-1]).max() > 0.1
    assert np.all(np.asarray(parametrise.non_negative(free)) > 0)


def test_self_adjoint_kernels_make_symmetric_matrices():
    kernel = parametrise.self_adjoint(normal((3, 3, 2, 2)))
    for mode in ("zeros", "wrap"):
        matrix = true_matrix(ConvOperator(kernel, (4, 3, 2), padding="SAME", padding_mode=mode))
        np.testing.assert_allclose(matrix, matrix.T, atol=1e-6)


def test_families_are_what_kernels_makes():
    log_sigma = normal((3, 2))
    blurs = parametrise.gaussian(log_sigma, size=5)
    assert blurs.shape == (5, 5, 1, 3)
    np.testing.assert_allclose(blurs[..., 0, 1], kernels.gaussian(np.exp(log_sigma[1]), size=5), rtol=1e-5)
    frequency, theta, log_x, log_y, offset = normal((5, 2, 3))
    waves = parametrise.gabor(frequency, theta, log_x, log_y, offset, size=7)
    assert waves.shape == (7, 7, 2, 3)
    one = kernels.gabor(
        0.5 / (1 + np.exp(-frequency[1, 2])),
        theta=theta[1, 2],
        sigma_x=np.exp(log_x[1, 2]),
        sigma_y=np.exp(log_y[1, 2]),
        offset=offset[1, 2],
        size=7,
    )
    np.testing.assert_allclose(waves[..., 1, 2], one.real, atol=1e-6)


def test_separable_is_a_sum_of_products():
    a, b, mix = normal((4, 3)), normal((4, 5)), normal((4, 2, 3))
    np.testing.assert_allclose(parametrise.separable([a, b], mix), np.einsum("ti,tj,tcm->ijcm", a, b, mix), atol=1e-5)
    with pytest.raises(ValueError, match="as many terms"):
        parametrise.separable([a, b[:2]], mix)


def test_steerable_kernels_turn():
    """By 90 degrees as the array does; by the half of it twice; and small angles as a smooth picture does."""
    basis, frequencies = parametrise.circular_harmonics(5, max_frequency=3)
    weights = normal((2, len(basis), 2, 1))
    kernel, half, turned = (
        parametrise.steerable(weights, size=5, max_frequency=3, angle=a) for a in (0, np.pi / 4, np.pi / 2)
    )
    np.testing.assert_allclose(turned, np.rot90(kernel, -1), atol=1e-5)
    coefficients = (weights[0] + 1j * weights[1]) * np.exp(-1j * frequencies * np.pi / 4)[:, None, None]
    again = np.stack([coefficients.real, coefficients.imag]).astype(np.float32)
    np.testing.assert_allclose(parametrise.steerable(again, size=5, max_frequency=3), half, atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(basis, axis=(1, 2)), 1)
    with pytest.raises(ValueError, match=r"weights must be \(2, 4"):
        parametrise.steerable(weights, size=3)


def test_all_families_have_gradients_to_order_2():
    free = normal((2, 4, 1, 1))

    def families(t):
        w = t * free
        return [
            parametrise.steerable(w, size=3, angle=t),
            parametrise.gabor(*(t * normal((5, 1, 2))), size=3),
            parametrise.gaussian(t * normal((2, 2)), size=3),
            parametrise.separable([t * normal((2, 3)), t * normal((2, 2))], t * normal((2, 1, 1))),
            parametrise.non_negative(w),
            parametrise.unit_sum(parametrise.symmetric(w)) ** 2,
        ]

    def total(t):
        return sum(jnp.sum(k**2) for k in families(t))

    first, second = jax.jit(lambda t: (jax.grad(total)(t), jax.jvp(jax.grad(total), (t,), (1.0,))[1]))(0.5)
    step = 0.05
    values = [float(jax.jit(total)(0.5 + s)) for s in (-step, 0, step)]
    np.testing.assert_allclose(first, (values[2] - values[0]) / (2 * step), rtol=0.02)
    np.testing.assert_allclose(second, (values[2] - 2 * values[1] + values[0]) / step**2, rtol=0.05)
