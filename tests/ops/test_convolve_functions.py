"""The convolution integral, against closed forms in float64."""

from math import erf, exp, pi, sqrt

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from derivatives import check_derivatives

from jconv import ops

T = np.array([-3.0, -1.2, -0.5, 0.0, 0.3, 1.0, 1.7, 2.5, 6.0, 15.0])
ONE = lambda s: 1.0  # noqa: E731
BOX, UP, HAT = (-0.5, 0.5), (0, np.inf), (-1, 0, 1)


def hat(s):
    return 1 - jnp.abs(s)


def bell(width, middle=0.0):
    return lambda s: jnp.exp(-(((s - middle) / width) ** 2) / 2) / (width * sqrt(2 * pi))


def decay(rate):
    return lambda s: jnp.exp(-rate * s)


def cauchy(width):
    return lambda s: width / (jnp.pi * (s**2 + width**2))


def box_hat(t):
    """The box of width 1 times the triangle: the quadratic and cubic pieces of the hat's integral."""

    def whole(x):  # integral of the triangle up to x
        x = min(max(x, -1.0), 1.0)
        return (1 + x) ** 2 / 2 if x < 0 else 1 - (1 - x) ** 2 / 2

    return whole(t + 0.5) - whole(t - 0.5)


def box_bell(t, width=0.7):
    return (erf((t + 0.5) / width / sqrt(2)) - erf((t - 0.5) / width / sqrt(2))) / 2


# f, g, their supports, and the truth.
FORMS = {
    "box * box": (ONE, ONE, (0, 1), (0, 1), lambda t: max(0.0, 1 - abs(t - 1))),
    "box * wider box": (ONE, ONE, (-0.5, 0.5), (-2, 2), lambda t: min(max(2.5 - abs(t), 0.0), 1.0)),
    "box * triangle": (ONE, hat, BOX, HAT, box_hat),
    "triangle * box": (hat, ONE, HAT, BOX, box_hat),
    "bell * bell": (bell(1.0), bell(0.6), None, None, lambda t: float(bell(sqrt(1.36))(t))),
    "bells far from 0": (bell(1.0, 5), bell(0.5, -4), (-np.inf, 5, np.inf), (-np.inf, -4, np.inf),
                         lambda t: float(bell(sqrt(1.25))(t - 1))),
    "box * bell": (ONE, bell(0.7), BOX, None, box_bell),
    "decay * decay": (decay(1.0), decay(3.0), UP, UP, lambda t: (exp(-t) - exp(-3 * t)) / 2 if t > 0 else 0.0),
    "decay * the same": (decay(2.0), decay(2.0), UP, UP, lambda t: t * exp(-2 * t) if t > 0 else 0.0),
    "two-sided decays": (lambda s: jnp.exp(-jnp.abs(s)), lambda s: jnp.exp(-jnp.abs(s)), (-np.inf, 0, np.inf),
                         (-np.inf, 0, np.inf), lambda t: (1 + abs(t)) * exp(-abs(t))),
    "decay * its mirror": (decay(1.0), lambda s: jnp.exp(s), UP, (-np.inf, 0), lambda t: exp(-abs(t)) / 2),
    "Cauchy * Cauchy": (cauchy(1.0), cauchy(0.5), None, None, lambda t: float(cauchy(1.5)(t))),
    "a wave, complex": (lambda s: jnp.exp(3j * s), bell(1.0), BOX, None, None),
}  # fmt: skip


def given(name):
    f, g, support_f, support_g, truth = FORMS[name]
    supports = {"support_f": support_f, "support_g": support_g}
    return ops.convolve_functions(f, g, **{k: v for k, v in supports.items() if v is not None}), truth


@pytest.mark.parametrize("name", [name for name in FORMS if FORMS[name][-1]])
def test_closed_forms(name, x64):
    convolved, truth = given(name)
    want = [truth(t) for t in T]
    np.testing.assert_allclose(jax.jit(convolved)(T), want, rtol=0, atol=1e-10)


def test_boxes_are_exact_to_rounding_and_so_are_their_slopes(x64):
    convolved, _ = given("box * box")
    np.testing.assert_allclose(convolved(jnp.asarray([0.25, 1.0, 1.5])), [0.25, 1.0, 0.5], rtol=1e-15)
    slopes = jax.vmap(jax.grad(convolved))(jnp.asarray([-0.5, 0.25, 1.5, 3.0]))
    np.testing.assert_allclose(slopes, [0, 1, -1, 0], atol=1e-14)


def test_a_wave_against_its_sum(x64):
    convolved, _ = given("a wave, complex")
    s = np.linspace(-0.5, 0.5, 20001)
    values = np.exp(3j * s) * np.asarray(bell(1.0)(0.4 - s))
    want = np.sum((values[1:] + values[:-1]) / 2) * (s[1] - s[0])
    np.testing.assert_allclose(convolved(0.4), want, atol=1e-8)


def test_derivatives_in_t_and_in_parameters_of_functions_and_supports(x64):
    def smooth(t, width, rate):
        return ops.convolve_functions(bell(width), decay(rate), support_g=UP)(t)

    check_derivatives(smooth, np.array([0.3, -1.0]), np.float64(0.8), np.float64(1.5))

    def edges(t, end, height):
        return ops.convolve_functions(lambda s: height * s, hat, support_f=(0.0, end), support_g=HAT)(t)

    check_derivatives(edges, np.array([0.7, 1.3]), np.float64(0.9), np.float64(1.5))


def test_the_slope_of_a_convolution_is_the_convolution_with_the_slope(x64):
    slope = ops.convolve_functions(jax.grad(bell(1.0)), bell(0.6))
    whole = ops.convolve_functions(bell(1.0), bell(0.6))
    np.testing.assert_allclose(jax.vmap(jax.grad(whole))(T), slope(T), atol=1e-10)


def test_outside_both_supports_values_and_slopes_are_zero_even_where_functions_are_infinite(x64):
    convolved = ops.convolve_functions(jnp.sqrt, lambda s: 1 / jnp.sqrt(s), support_f=(0, 1), support_g=(0, 1))
    value, slope = jax.value_and_grad(convolved)(-1.0)
    assert (value, slope) == (0.0, 0.0)


def test_a_singular_edge_inside_the_other_support_is_no_trouble(x64):
    convolved = ops.convolve_functions(lambda s: 1 / jnp.sqrt(s), ONE, support_f=(0, 1), support_g=(0, 1), order=400)
    value, slope = jax.value_and_grad(convolved)(0.49)
    np.testing.assert_allclose((value, slope), (2 * sqrt(0.49), 1 / sqrt(0.49)), rtol=5e-3)


def test_shapes_dtypes_vmap_and_strict_promotion(strict):
    convolved, _ = given("box * bell")
    t = jnp.linspace(-1, 1, 6, dtype=jnp.float32).reshape(2, 3)
    y = convolved(t)
    assert y.shape == (2, 3) and y.dtype == jnp.float32
    np.testing.assert_allclose(y.ravel(), [box_bell(float(x)) for x in t.ravel()], atol=2e-6)
    np.testing.assert_array_equal(jax.vmap(convolved)(t), y)
    assert convolved(jnp.asarray(0.5, jnp.bfloat16)).dtype == jnp.bfloat16
    assert convolved(jnp.asarray(1)).dtype == jnp.float32
    width = jnp.asarray([0.5, 1.0], jnp.float32)
    several = jax.vmap(lambda w: ops.convolve_functions(bell(w), bell(w))(jnp.float32(0)))(width)
    np.testing.assert_allclose(several, 1 / (np.asarray(width) * sqrt(2) * sqrt(2 * pi)), rtol=1e-5)


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (lambda: ops.convolve_functions(1.0, ONE), TypeError, "f=1.0 must be a function"),
        (lambda: ops.convolve_functions(ONE, ONE, support_f=(1, 0)), ValueError, "must be in order"),
        (lambda: ops.convolve_functions(ONE, ONE, support_f=(0, np.inf, np.inf)), ValueError, "must be in order"),
        (lambda: ops.convolve_functions(ONE, ONE, support_g=(1,)), ValueError, "must be the first and the last point"),
        (lambda: ops.convolve_functions(ONE, ONE, order=0), ValueError, "order=0"),
        (lambda: given("box * box")[0](1j), TypeError, "must be real"),
        (lambda: ops.convolve_functions(lambda s: jnp.ones(2), ONE)(0.0), ValueError, r"f gives an array of shape"),
    ],
)
def test_mistakes_are_told(call, kind, message):
    with pytest.raises(kind, match=message):
        call()
