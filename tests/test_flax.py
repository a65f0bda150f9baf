"""Flax's own layers with jconv inside give the values and the gradients that they give without it."""

import inspect
from functools import partial

import chex
import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from agreement import EVERYWHERE, whole
from flax import nnx
from paths import primitives

import jconv

LAYERS = {  # spatial sizes, kernel_size, and the options that both Flax libraries have
    "plain": ((7, 8), (3, 3), dict()),
    "strided": ((9, 8), (3, 2), dict(strides=(2, 3))),
    "dilated": ((9, 8), (3, 2), dict(kernel_dilation=(2, 3))),
    "transposed by input dilation": ((5,), (3,), dict(input_dilation=2, padding=((2, 2),))),
    "groups": ((7,), (3,), dict(feature_group_count=2)),
    "depthwise": ((7, 6), (3, 3), dict(feature_group_count=4, strides=2)),
    "VALID": ((7,), (4,), dict(padding="VALID")),
    "an int of padding": ((7, 6), (3, 2), dict(padding=1)),
    "CIRCULAR": ((7, 6), (3, 4), dict(padding="CIRCULAR")),
    "CIRCULAR, strided, dilated": ((9,), (3,), dict(padding="CIRCULAR", strides=2, kernel_dilation=2)),
    "REFLECT": ((7, 6), (3, 4), dict(padding="REFLECT")),
    "CAUSAL": ((9,), (3,), dict(padding="CAUSAL", kernel_dilation=2)),
    "three axes": ((3, 4, 5), (2, 3, 2), dict()),
    "precision": ((7,), (3,), dict(precision="highest")),
    "float16 inside": ((7,), (3,), dict(dtype=jnp.float16)),
}
INIT = dict(
    kernel_init=lambda key, shape, dtype, *_: jnp.asarray(whole(shape, 1, dtype)),
    bias_init=lambda key, shape, dtype, *_: jnp.asarray(whole(shape, 2, dtype)),
)


def check_same(program, *arguments):
    """The function that `program` makes of a conv_general_dilated is the same with jconv's, and runs that."""
    want = jax.jit(program(jax.lax.conv_general_dilated))(*arguments)
    ours = program(jconv.conv_general_dilated)
    named = primitives(jax.make_jaxpr(ours)(*arguments).jaxpr)
    assert "jconv" in named
    assert "conv_general_dilated" not in named
    got = jax.jit(ours)(*arguments)
    chex.assert_trees_all_equal_dtypes(got, want)
    chex.assert_trees_all_equal(got, want, strict=True)


@pytest.mark.parametrize("name", LAYERS)
def test_nnx_conv_has_the_same_value_and_parameter_gradients(name):
    sizes, window, options = LAYERS[name]
    x = whole((2, *sizes, 4))

    def program(conv_general_dilated):
        keywords = options | INIT | dict(conv_general_dilated=conv_general_dilated)
        layer = nnx.Conv(4, 8, window, **keywords, rngs=nnx.Rngs(0))
        graph, parameters = nnx.split(layer)

        def value_and_gradients(parameters, x):
            y, pullback = jax.vjp(lambda p, x: nnx.merge(graph, p)(x), parameters, x)
            return y, *pullback(jnp.asarray(whole(y.shape, 3, y.dtype)))

        return partial(value_and_gradients, parameters)

    check_same(program, x)


@pytest.mark.parametrize("name", LAYERS)
def test_linen_conv_has_the_same_value_and_parameter_gradients(name):
    sizes, window, options = LAYERS[name]
    x = whole((2, *sizes, 4))

    def program(conv_general_dilated):
        layer = nn.Conv(8, window, **options, **INIT, conv_general_dilated=conv_general_dilated)

        def value_and_gradients(x):
            parameters = layer.init(jax.random.key(0), x)
            y, pullback = jax.vjp(layer.apply, parameters, x)
            return y, *pullback(jnp.asarray(whole(y.shape, 3, y.dtype)))

        return value_and_gradients

    check_same(program, x)


@pytest.mark.parametrize("algorithm", EVERYWHERE)
def test_a_layer_may_ask_for_an_algorithm(algorithm):
    x = whole((2, 7, 4))
    named = partial(jconv.conv_general_dilated, algorithm=algorithm)
    layers = [
        nnx.Conv(4, 8, (3,), conv_general_dilated=f, **INIT, rngs=nnx.Rngs(0))
        for f in (named, jax.lax.conv_general_dilated)
    ]
    np.testing.assert_array_equal(layers[0](x), layers[1](x))


def test_a_layer_trains_as_without_jconv():
    """Three steps of gradient descent on whole numbers: the parameters stay equal bit by bit."""
    x = whole((2, 5, 4), reach=1)

    def trained(conv_general_dilated):
        layer = nnx.Conv(4, 2, (3,), conv_general_dilated=conv_general_dilated, **INIT, rngs=nnx.Rngs(0))
        for _ in range(3):
            gradient = nnx.grad(lambda layer: jnp.sum(layer(x)))(layer)
            nnx.update(layer, jax.tree.map(lambda p, g: p - g, nnx.state(layer, nnx.Param), gradient))
        return layer.kernel[...]

    np.testing.assert_array_equal(trained(jconv.conv_general_dilated), trained(jax.lax.conv_general_dilated))


# ---- transposed convolution: Flax calls lax.conv_transpose itself, and lets nothing be put in its place


def test_which_layers_of_flax_take_a_convolution_is_recorded(record_property):
    """As of Flax 0.12 the transposed layers do not; once they do, test them as nnx.Conv is tested above."""
    takes = {layer: set(inspect.signature(layer.__init__).parameters) for layer in (nnx.Conv, nn.Conv)}
    assert all("conv_general_dilated" in names for names in takes.values())
    for layer in (nnx.ConvTranspose, nn.ConvTranspose):
        names = inspect.signature(layer.__init__).parameters
        record_property(f"{layer.__module__}.ConvTranspose takes one", "conv_general_dilated" in names)


@pytest.mark.parametrize("transpose_kernel", [True, False])
@pytest.mark.parametrize("padding", ["SAME", "VALID"])
def test_conv_transpose_takes_the_kernel_of_flaxs_transposed_layer(padding, transpose_kernel):
    y = whole((2, 5, 6, 4))
    layer = nnx.ConvTranspose(
        4, 3, (3, 4), strides=(2, 3), padding=padding, transpose_kernel=transpose_kernel, use_bias=False,
        kernel_init=INIT["kernel_init"], rngs=nnx.Rngs(0),
    )  # fmt: skip
    kernel = layer.kernel[...]
    if not transpose_kernel:  # then Flax stores it flipped, with its axes as those of the opposite direction
        kernel = jnp.flip(kernel, (0, 1)).swapaxes(-1, -2)
    np.testing.assert_array_equal(jconv.conv_transpose(y, kernel, stride=(2, 3), padding=padding), layer(y))
