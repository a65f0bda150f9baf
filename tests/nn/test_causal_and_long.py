"""CausalConv and LongConv, against the loops of the oracle, and what they see."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from agreement import normal, whole
from derivatives import check_derivatives
from flax import nnx

from jconv.nn import CausalConv, Conv, ImplicitKernel, LongConv
from jconv.testing.oracles import convs as oracle


@pytest.mark.parametrize(
    ("sizes", "window", "options"),
    [
        ((9,), 3, dict(kernel_dilation=2)),
        ((9,), (2,), dict(strides=2, use_bias=False)),
        ((5, 4), (2, 3), dict(padding="VALID", kernel_dilation=(2, 1))),
    ],
)
def test_causal_conv_is_the_sum_it_says(sizes, window, options):
    layer, x = CausalConv(3, 4, window, **options, rngs=nnx.Rngs(0)), whole((2, *sizes, 3))
    rank = len(sizes)
    steps = (np.broadcast_to(options.get(name, 1), rank).tolist() for name in ("strides", "kernel_dilation"))
    want = oracle.causal_conv(x, layer.kernel[...], *steps)
    if options.get("use_bias", True):
        layer.bias.set_value(jnp.arange(4.0))
        want += np.arange(4)
    np.testing.assert_allclose(layer(x), want, rtol=1e-5, atol=1e-5)


def test_causal_conv_has_convs_parameters_and_sees_no_future():
    layer, conv = (kind(2, 4, 3, kernel_dilation=2, rngs=nnx.Rngs(0)) for kind in (CausalConv, Conv))
    np.testing.assert_array_equal(layer.kernel[...], conv.kernel[...])
    x = jnp.asarray(normal((8, 2)))
    np.testing.assert_array_equal(layer(x)[:5], layer(x.at[5:].add(1))[:5])


@pytest.mark.parametrize("kernel", ["explicit", "implicit"])
@pytest.mark.parametrize("length", [11, 7, 15])
def test_long_conv_is_the_sum_it_says(kernel, length):
    layer, x = LongConv(3, 11, kernel=kernel, rngs=nnx.Rngs(0)), normal((2, length, 3))
    layer.skip.set_value(jnp.asarray([0.5, 2.0, -1.0]))
    h = layer.kernel() if kernel == "implicit" else layer.kernel[...]
    gate = normal(x.shape, 5)
    want = oracle.long_conv(x, h, gate, layer.skip[...])
    np.testing.assert_allclose(layer(x, gate=gate), want, rtol=1e-4, atol=1e-5)


def test_long_conv_without_skip_and_gate_and_in_half_types():
    layer, x = LongConv(3, 11, use_skip=False, dtype=jnp.bfloat16, rngs=nnx.Rngs(0)), normal((2, 11, 3))
    y = layer(x)
    want = oracle.long_conv(x, layer.kernel[...], np.ones((2, 11, 3)), np.zeros(3))
    assert y.dtype == jnp.bfloat16
    np.testing.assert_allclose(y.astype(np.float32), want, rtol=0.05, atol=0.05)


def test_an_implicit_kernel_is_its_network_in_its_window():
    length, features, bands = 20, 4, 3
    layer = ImplicitKernel(features, length, width=5, depth=2, bands=bands, rngs=nnx.Rngs(0))
    t = np.arange(length)[:, None] / length
    angles = 2 * np.pi * t * np.array([0.5, 1.75, 3.0])
    z = np.concatenate([2 * t - 1, np.sin(angles), np.cos(angles)], 1)
    for hidden in layer.hidden:
        z = np.sin(3.0 * (z @ np.asarray(hidden.kernel[...]) + np.asarray(hidden.bias[...])))
    z = z @ np.asarray(layer.last.kernel[...])
    window = np.exp(-t * np.linspace(-np.log(0.01) / 1.5, -np.log(0.01) / 0.3, features))
    np.testing.assert_allclose(layer(), z * window / np.linalg.norm(window, axis=0), rtol=1e-4, atol=1e-5)


def test_derivatives_of_an_implicit_long_conv(x64):
    layer = LongConv(2, 6, kernel="implicit", width=3, param_dtype=np.float64, rngs=nnx.Rngs(0))
    graph, state = nnx.split(layer)
    flat, unravel = jax.flatten_util.ravel_pytree(state)
    check_derivatives(lambda p, x: nnx.merge(graph, unravel(p))(x), flat, normal((6, 2), dtype=np.float64))


REFUSED = {
    "zeros between inputs": (
        lambda: CausalConv(1, 1, 3, input_dilation=2, rngs=nnx.Rngs(0)),
        "CausalConv: input_dilation=2 puts zeros between the inputs",
    ),
    "padding of time": (
        lambda: CausalConv(1, 1, 3, padding="VALID", rngs=nnx.Rngs(0))(jnp.ones((5, 1))),
        "causal_conv: padding='VALID' is for the spatial axes after the first",
    ),
    "an unknown kernel": (
        lambda: LongConv(1, 1, kernel="implict", rngs=nnx.Rngs(0)),
        "LongConv: kernel='implict' is not one of 'explicit', 'implicit'. Did you mean 'implicit'",
    ),
    "no length": (lambda: LongConv(1, 0, rngs=nnx.Rngs(0)), "LongConv: length=0 must be at least 1"),
    "no bands": (lambda: ImplicitKernel(1, 5, bands=0, rngs=nnx.Rngs(0)), "ImplicitKernel: bands=0 must be at least 1"),
    "other channels": (
        lambda: LongConv(3, 5, rngs=nnx.Rngs(0))(jnp.ones((5, 2))),
        "long_conv: kernel must be .taps, c. with one tap or more and the c=2 channels of x",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_has_no_meaning_is_refused(name):
    make, message = REFUSED[name]
    with pytest.raises(ValueError, match=message):
        make()
