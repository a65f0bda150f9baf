"""The layers of further convolutions are the functions with Flax's parameters, and train."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from agreement import normal
from flax import nnx

from jconv import ops
from jconv.nn import ComplexConv, ContinuousConv, CoordConv, GroupConv, LiftConv, OctaveConv, QuaternionConv
from jconv.ops import group_action, group_pool

X = normal((2, 6, 6, 4))


def biased(layer):
    layer.bias[...] = jnp.arange(1.0, layer.bias.shape[0] + 1).astype(layer.bias.dtype)
    return layer


def test_coord_conv():
    layer = biased(CoordConv(4, 8, (3, 3), 2, radius=True, padding_mode="edge", rngs=nnx.Rngs(0)))
    want = ops.coord_conv(X, layer.kernel[...], radius=True, stride=2, padding_mode="edge") + layer.bias[...]
    np.testing.assert_allclose(layer(X), want, rtol=1e-5, atol=1e-5)


def test_complex_conv():
    layer = biased(ComplexConv(4, 6, (3, 3), products=3, feature_group_count=2, rngs=nnx.Rngs(0)))
    want = ops.complex_conv(X * 1j, layer.kernel[...], groups=2, padding="SAME") + layer.bias[...]
    np.testing.assert_allclose(layer(X * 1j), want, rtol=1e-4, atol=1e-5)
    assert np.abs(layer.kernel[...].imag).min() > 0


def test_quaternion_conv():
    layer = biased(QuaternionConv(4, 8, (3, 3), 2, rngs=nnx.Rngs(0)))
    want = ops.quaternion_conv(X, layer.kernel[...], stride=2, padding="SAME") + layer.bias[...]
    np.testing.assert_allclose(layer(X), want, rtol=1e-5, atol=1e-5)
    wide = QuaternionConv(256, 256, (3, 3), rngs=nnx.Rngs(1))
    assert 0.8 < float(wide(normal((8, 8, 256))).std()) < 1.1  # the first values keep the variance, but at borders


def test_octave_conv():
    first = biased(OctaveConv(4, 8, (3, 3), low_in=0, low_out=0.25, rngs=nnx.Rngs(0)))
    high, low = first(X)
    want = ops.octave_conv((X, None), first.kernel[...], low_out=2)
    np.testing.assert_allclose(high, want[0] + jnp.arange(1.0, 7), rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(low, want[1] + jnp.arange(7.0, 9), rtol=1e-5, atol=1e-5)
    last = OctaveConv(8, 3, (3, 3), low_in=0.25, low_out=0, rngs=nnx.Rngs(1))
    assert last((high, low)).shape == (2, 6, 6, 3)


def test_continuous_conv_learns_and_changes_its_resolution():
    layer = ContinuousConv(2, 3, 9, mask_width=0.5, padding="CAUSAL", rngs=nnx.Rngs(0))
    x = normal((2, 30, 2))
    kernel = ops.continuous_kernel(layer.values, (9,), mask_width=layer.mask_width[...])
    want = ops.causal_conv(x, kernel)
    np.testing.assert_allclose(layer(x), want, rtol=1e-4, atol=1e-4)
    assert layer(x, kernel_size=18).shape == (2, 30, 3)
    gradients = nnx.grad(lambda layer: (layer(x) ** 2).mean())(layer)
    assert all(float(jnp.abs(g).max()) > 0 for g in jax.tree.leaves(gradients))
    wide = ContinuousConv(64, 64, (5, 5), rngs=nnx.Rngs(1))
    assert 0.4 < float(wide(normal((8, 8, 64))).std()) < 1.6


@pytest.mark.parametrize(
    ("group", "basis"), [("p4", "taps"), ("p4m", "taps"), ("p4", "harmonics"), ("p4m", "harmonics")]
)
def test_group_layers_turn_with_their_picture(group, basis):
    lift = biased(LiftConv(4, 3, 5, group=group, basis=basis, rngs=nnx.Rngs(0)))
    conv = biased(GroupConv(3, 2, 3, group=group, basis=basis, rngs=nnx.Rngs(1)))

    @jax.jit
    def network(x):
        return conv(nnx.relu(lift(x)))

    y = network(X)
    elements = (1, 2) if group == "p4" else (3, 4, 6)
    for u in elements:
        moved = jnp.rot90(jnp.flip(X, 2) if u >= 4 else X, u % 4, (1, 2))
        np.testing.assert_allclose(network(moved), group_action(y, u, group=group), rtol=0, atol=1e-4)
    assert group_pool(y).shape == (2, 6, 6, 2)
    assert conv.taps().shape == (3, 3, {"p4": 4, "p4m": 8}[group], 3, 2)


REFUSED = {
    "shares": (lambda: OctaveConv(4, 4, 3, low_in=2, rngs=nnx.Rngs(0)), "OctaveConv: low_in=2 and low_out=0.5 must"),
    "products": (lambda: ComplexConv(4, 4, 3, products=2, rngs=nnx.Rngs(0)), "ComplexConv: products=2 must be 3 or 4"),
    "quaternions": (lambda: QuaternionConv(6, 4, 3, rngs=nnx.Rngs(0)), "QuaternionConv: in_features=6 and out"),
    "groups": (
        lambda: ContinuousConv(4, 3, 3, feature_group_count=2, rngs=nnx.Rngs(0)),
        "ContinuousConv: feature_group_count=2 must divide",
    ),
    "group": (lambda: LiftConv(1, 1, 3, group="p6", rngs=nnx.Rngs(0)), "LiftConv: group='p6' is not one of"),
    "basis": (lambda: GroupConv(1, 1, 3, basis="waves", rngs=nnx.Rngs(0)), "GroupConv: basis='waves' is not one of"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused(name):
    call, message = REFUSED[name]
    with pytest.raises(ValueError, match=message):
        call()
