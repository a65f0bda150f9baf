"""Layers whose kernel, positions or sites vary: their parameters in the functions, Flax's checkpoints, training."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from agreement import normal
from flax import nnx

import jconv
from jconv import nn, ops

X = normal((2, 7, 6, 4))
HOLES = np.random.default_rng(0).random((2, 7, 6, 1)) < 0.6
LAYERS = {  # a layer, and the function of it and of x that it is
    "DynamicConv": (
        lambda: nn.DynamicConv(4, 6, (3, 3), 2, experts=3, bias_init=nnx.initializers.normal(), rngs=nnx.Rngs(0)),
        lambda layer, x: sum_of_experts(layer, x),
    ),
    "Involution": (
        lambda: nn.Involution(4, (3, 3), 2, groups=2, reduction=2, rngs=nnx.Rngs(0)),
        lambda layer, x: ops.involution(
            x,
            layer.span(
                nnx.relu(layer.reduce(ops.avg_pool(x, (2, 2), padding="SAME", count_include_pad=False)))
            ).reshape(2, 4, 3, 3, 3, 2),
            stride=2,
        ),
    ),
    "LocalConv": (
        lambda: nn.LocalConv(4, 6, (3, 2), 2, input_size=(7, 6), bias_init=nnx.initializers.normal(), rngs=nnx.Rngs(0)),
        lambda layer, x: ops.local_conv(x, layer.kernel[...], stride=2, padding="SAME") + layer.bias[...],
    ),
    "DeformableConv": (
        lambda: moving(nn.DeformableConv(4, 6, (3, 3), 2, offset_groups=2, feature_group_count=2, rngs=nnx.Rngs(0))),
        lambda layer, x: ops.deformable_conv(
            x,
            layer.kernel[...],
            layer.moves(x)[..., :36],
            jax.nn.sigmoid(layer.moves(x)[..., 36:]),
            stride=2,
            padding="SAME",
            groups=2,
        ),
    ),
    "MaskedConv": (
        lambda: nn.MaskedConv(4, 6, (3, 3), kind="A", channel_groups=2, kernel_dilation=2, rngs=nnx.Rngs(0)),
        lambda layer, x: ops.masked_conv(x, layer.kernel[...], kind="A", channel_groups=2, dilation=2),
    ),
    "PartialConv": (
        lambda: with_mask(nn.PartialConv(4, 6, (3, 3), 2, padding="VALID", rngs=nnx.Rngs(0)), HOLES),
        lambda layer, x: ops.partial_conv(x, layer.kernel[...], HOLES, bias=layer.bias[...], stride=2)[0],
    ),
    "SubmanifoldConv": (
        lambda: with_mask(nn.SubmanifoldConv(4, 6, (3, 3), use_bias=False, rngs=nnx.Rngs(0)), HOLES),
        lambda layer, x: ops.submanifold_conv(x, layer.kernel[...], HOLES),
    ),
}


def sum_of_experts(layer, x):
    """The outputs of all experts, mixed: what mixing the kernels first is equal to."""
    weights = jax.nn.softmax(layer.router(x.mean((1, 2))))
    made = [
        jconv.conv(x, kernel, stride=2, padding="SAME") + bias
        for kernel, bias in zip(layer.kernel[...], layer.bias[...], strict=True)
    ]
    return jnp.einsum("ne,enhwc->nhwc", weights, jnp.stack(made))


def moving(layer):
    """A deformable layer whose taps have begun to move."""
    layer.moves.kernel[...] = 0.2 * jnp.asarray(normal(layer.moves.kernel.shape, 1))
    return layer


def with_mask(layer, mask):
    """A layer that is called with its mask alone left out."""

    class Given(nnx.Module):
        def __init__(self):
            self.layer = layer
            self.kernel, self.bias = layer.kernel, layer.bias

        def __call__(self, x):
            y = self.layer(x, mask)
            return y[0] if isinstance(y, tuple) else y

    return Given()


@pytest.mark.parametrize("name", LAYERS)
def test_a_layer_is_its_function_and_every_parameter_is_trained(name):
    make, function = LAYERS[name]
    layer = make()
    np.testing.assert_allclose(layer(X), function(layer, X), rtol=1e-4, atol=1e-5)
    gradients = nnx.jit(nnx.grad(lambda layer: (layer(X) ** 2).sum()))(layer)
    for gradient in jax.tree.leaves(gradients):
        assert np.isfinite(gradient).all() and (np.asarray(gradient) != 0).any()


@pytest.mark.parametrize("name", ["MaskedConv", "PartialConv", "SubmanifoldConv", "DeformableConv"])
def test_parameters_of_layers_on_conv_are_flaxs(name):
    layer, theirs = getattr(nn, name)(4, 6, (3, 3), rngs=nnx.Rngs(1)), nnx.Conv(4, 6, (3, 3), rngs=nnx.Rngs(1))
    ours = {key: value for key, value in nnx.to_pure_dict(nnx.state(layer, nnx.Param)).items() if key != "moves"}
    want = nnx.to_pure_dict(nnx.state(theirs, nnx.Param))
    assert ours.keys() == want.keys()
    for key in want:
        np.testing.assert_array_equal(ours[key], want[key])


def test_a_deformable_layer_starts_as_a_convolution():
    plain = nnx.Conv(4, 6, (3, 3), 2, rngs=nnx.Rngs(1))
    for modulated, part in ((False, 1.0), (True, 0.5)):
        layer = nn.DeformableConv(4, 6, (3, 3), 2, modulated=modulated, rngs=nnx.Rngs(1))
        np.testing.assert_allclose(layer(X), part * plain(X), rtol=1e-4, atol=1e-5)


def test_first_weights_have_the_size_of_a_convolutions():
    want = 1 / np.sqrt(3 * 3 * 16)
    local = nn.LocalConv(16, 8, (3, 3), input_size=(6, 6), rngs=nnx.Rngs(0))
    dynamic = nn.DynamicConv(16, 8, (3, 3), rngs=nnx.Rngs(0))
    for layer in (local, dynamic):
        assert abs(np.std(layer.kernel[...]) / want - 1) < 0.05


def test_batch_axes_may_be_many_or_none_and_dtypes_are_flaxs():
    for name in ("DynamicConv", "Involution", "LocalConv", "DeformableConv", "MaskedConv"):
        layer = LAYERS[name][0]()
        y = layer(X)
        np.testing.assert_allclose(layer(X[None])[0], y, rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(layer(X[1]), y[1], rtol=1e-4, atol=1e-5)
    half = nn.DynamicConv(4, 6, (3, 3), dtype=jnp.bfloat16, rngs=nnx.Rngs(0))
    assert half(X).dtype == jnp.bfloat16 and half.kernel[...].dtype == jnp.float32


REFUSED = {
    "strides of what is masked": (
        lambda: nn.MaskedConv(4, 6, 3, padding="VALID", rngs=nnx.Rngs(0)),
        TypeError,
        "MaskedConv: there is no argument padding=. Beside its own, it takes algorithm, kernel_dilation",
    ),
    "a kind": (
        lambda: nn.MaskedConv(4, 6, 3, kind="C", rngs=nnx.Rngs(0)),
        ValueError,
        "MaskedConv: kind='C' is not one of 'A', 'B'",
    ),
    "offset groups": (
        lambda: nn.DeformableConv(4, 6, 3, offset_groups=3, rngs=nnx.Rngs(0)),
        ValueError,
        "DeformableConv: offset_groups=3 must divide in_features=4",
    ),
    "experts": (
        lambda: nn.DynamicConv(4, 6, 3, experts=0, rngs=nnx.Rngs(0)),
        ValueError,
        "DynamicConv: experts=0 must be at least 1",
    ),
    "groups of an involution": (
        lambda: nn.Involution(4, 3, groups=3, rngs=nnx.Rngs(0)),
        ValueError,
        "Involution: groups=3 must divide features=4",
    ),
    "input sizes": (
        lambda: nn.LocalConv(4, 6, (3, 3), input_size=(7,), rngs=nnx.Rngs(0)),
        ValueError,
        r"LocalConv: input_size=\(7,\) has 1 value; it must be",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused(name):
    call, kind, message = REFUSED[name]
    with pytest.raises(kind, match=message):
        call()
