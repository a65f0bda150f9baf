"""Every network: shapes, parameter counts, gradients that reach all parameters, half types, strict promotion."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from agreement import QUICK_COMPILE
from flax import nnx

from jconv import models

# How the paper's network is made, and its parameters: as in the papers or in torchvision and timm.
COUNTS = {
    "LeNet": (lambda rngs: models.LeNet(rngs=rngs), 61_706),
    "ResNet-18": (lambda rngs: models.ResNet(18, rngs=rngs), 11_689_512),
    "ResNet-34": (lambda rngs: models.ResNet(34, rngs=rngs), 21_797_672),
    "ResNet-50": (lambda rngs: models.ResNet(50, rngs=rngs), 25_557_032),
    "ResNet-101": (lambda rngs: models.ResNet(101, rngs=rngs), 44_549_160),
    "MobileNetV2": (lambda rngs: models.MobileNetV2(rngs=rngs), 3_504_872),
    "ConvNeXt-atto": (lambda rngs: models.ConvNeXt("atto", rngs=rngs), 3_695_520),
    "ConvNeXt-femto": (lambda rngs: models.ConvNeXt("femto", rngs=rngs), 5_217_784),
    "ConvNeXt-pico": (lambda rngs: models.ConvNeXt("pico", rngs=rngs), 9_045_672),
    "ConvNeXt-nano": (lambda rngs: models.ConvNeXt("nano", rngs=rngs), 15_593_560),
    "ConvNeXt-tiny": (lambda rngs: models.ConvNeXt("tiny", rngs=rngs), 28_589_128),
    "UNet": (lambda rngs: models.UNet(rngs=rngs), 482_466),
    "CenterNet": (lambda rngs: models.CenterNet(rngs=rngs), 376_286),
    "VideoNet (2+1)": (lambda rngs: models.VideoNet(rngs=rngs), 227_234),
    "VideoNet 3d": (lambda rngs: models.VideoNet(kind="3d", rngs=rngs), 226_554),
    "AudioNet": (lambda rngs: models.AudioNet(rngs=rngs), 98_842),
    "Hyena": (lambda rngs: models.Hyena(rngs=rngs), 21_258),
    "WaveNet": (lambda rngs: models.WaveNet(rngs=rngs), 138_112),
}
# Small ones, the shape they take, and the one they give.
SMALL = {
    "LeNet": (lambda **o: models.LeNet(classes=5, **o), (2, 28, 28, 1), (2, 5)),
    "ResNet": (lambda **o: models.ResNet(18, classes=5, stem="cifar", width=8, **o), (2, 16, 16, 3), (2, 5)),
    "MobileNetV2": (
        lambda **o: models.MobileNetV2(classes=5, rows=((1, 8, 1, 1), (6, 8, 2, 2)), width=0.5, **o),
        (2, 16, 16, 3),
        (2, 5),
    ),
    "ConvNeXt": (
        lambda **o: models.ConvNeXt(classes=5, patch=2, depths=(1, 1), widths=(8, 16), **o),
        (2, 9, 8, 3),
        (2, 5),
    ),
    "UNet": (lambda **o: models.UNet(classes=3, width=4, levels=2, **o), (2, 9, 11, 1), (2, 9, 11, 3)),
    "UNet in 3-D": (
        lambda **o: models.UNet(classes=3, width=4, levels=1, rank=3, **o),
        (1, 4, 5, 6, 1),
        (1, 4, 5, 6, 3),
    ),
    "CenterNet": (lambda **o: models.CenterNet(classes=3, width=4, **o), (2, 33, 32, 1), (2, 9, 8, 7)),
    "VideoNet (2+1)": (lambda **o: models.VideoNet(classes=5, width=4, stages=2, **o), (2, 4, 8, 8, 1), (2, 5)),
    "VideoNet 3d": (
        lambda **o: models.VideoNet(classes=5, width=4, stages=2, kind="3d", **o),
        (2, 4, 8, 8, 1),
        (2, 5),
    ),
    "AudioNet": (lambda **o: models.AudioNet(classes=5, width=4, rate=2000, bands=8, **o), (2, 500), (2, 5)),
    "Hyena": (lambda **o: models.Hyena(classes=5, width=8, length=20, depth=1, **o), (2, 20, 1), (2, 5)),
    "WaveNet": (lambda **o: models.WaveNet(classes=5, width=4, skip=4, layers=3, stacks=1, **o), (2, 9, 1), (2, 9, 5)),
}


def flat(outputs):
    """One array, of the three of a detector too."""
    return jnp.concatenate(list(outputs.values()), -1) if isinstance(outputs, dict) else outputs


def noise(shape):
    return jnp.asarray(np.random.default_rng(0).standard_normal(shape), jnp.float32)


@pytest.mark.parametrize("name", COUNTS)
def test_there_are_as_many_parameters_as_is_said(name):
    make, count = COUNTS[name]
    model = nnx.eval_shape(lambda: make(nnx.Rngs(0)))
    assert sum(p.size for p in jax.tree.leaves(nnx.state(model, nnx.Param))) == count
    assert f"{count:,}" in type(model).__doc__ or name in ("ResNet-34", "ResNet-101")


@pytest.mark.parametrize("name", SMALL)
def test_outputs_and_gradients(name):
    make, shape, wanted = SMALL[name]

    def loss(model):
        y = flat(model(noise(shape)))
        return (y * noise(y.shape)).sum(), y

    def both():
        gradients, y = nnx.grad(loss, has_aux=True)(make(rngs=nnx.Rngs(0)))
        return nnx.to_pure_dict(gradients), y

    gradients, y = jax.jit(both).lower().compile(compiler_options=QUICK_COMPILE)()
    assert y.shape == wanted
    leaves = [np.asarray(g) for g in jax.tree.leaves(gradients)]
    assert np.isfinite(y).all()
    assert all(np.isfinite(g).all() for g in leaves)
    assert sum(bool(g.any()) for g in leaves) > 0.9 * len(leaves)


@pytest.mark.parametrize("name", SMALL)
def test_half_types_inside_and_strict_promotion(name):
    make, shape, wanted = SMALL[name]
    with jax.numpy_dtype_promotion("strict"), jax.numpy_rank_promotion("raise"):
        y = nnx.eval_shape(lambda: flat(make(rngs=nnx.Rngs(0))(jnp.zeros(shape, jnp.float32))))
    assert (y.shape, y.dtype) == (wanted, jnp.float32)

    def run():
        model = make(rngs=nnx.Rngs(0), dtype=jnp.bfloat16)
        return flat(model(jnp.zeros(shape, jnp.float32))), nnx.state(model, nnx.Param)

    y, parameters = nnx.eval_shape(run)
    assert (y.shape, y.dtype) == (wanted, jnp.bfloat16)
    assert {leaf.dtype for leaf in jax.tree.leaves(parameters)} == {jnp.dtype("float32")}


def test_train_and_eval_choose_the_statistics():
    model = models.AudioNet(width=1, rate=1000, bands=4, rngs=nnx.Rngs(0))
    run, x, mean = nnx.jit(lambda model, x: model(x)), noise((2, 200)), model.norm.mean
    before = np.asarray(mean[...])
    run(model, x)
    after = np.asarray(mean[...])
    assert (before != after).any()
    model.eval()
    both, other = run(model, x), run(model, x.at[1].multiply(-3))
    np.testing.assert_array_equal(mean[...], after)
    np.testing.assert_allclose(both[0], other[0], atol=1e-5)  # whatever it stands beside


def test_what_stands_behind_the_end_of_a_sequence_is_not_in_the_mean():
    model, x = models.Hyena(classes=3, width=4, length=12, depth=1, rngs=nnx.Rngs(0)), noise((2, 12, 1))
    with jax.numpy_dtype_promotion("strict"), jax.numpy_rank_promotion("raise"):
        found = model(x, lengths=jnp.array([12, 7]))
    np.testing.assert_allclose(found[0], model(x)[0], atol=1e-5)
    np.testing.assert_allclose(found[1], model(x[1:, :7])[0], atol=1e-5)


@pytest.mark.parametrize(
    "make",
    [
        lambda rngs: models.WaveNet(classes=3, width=4, skip=4, layers=3, stacks=2, rngs=rngs),
        lambda rngs: models.Hyena(classes=3, width=4, length=30, depth=1, pool=False, rngs=rngs),
    ],
    ids=["WaveNet", "Hyena"],
)
def test_sequence_models_see_no_future(make):
    model, x = make(nnx.Rngs(0)), noise((2, 30, 1))
    run = nnx.jit(lambda model, x: model(x))
    changed = np.abs(np.asarray(run(model, x) - run(model, x.at[:, 20].add(1)))).max((0, 2))
    assert changed[:20].max() < 1e-5  # of long convolutions, the transforms' rounding
    assert changed[20] > 1e-3
    if isinstance(model, models.WaveNet):
        assert model.receptive_field == 15
        x = x.at[:, 5].add(1)
        changed = np.abs(np.asarray(run(model, x) - run(model, x.at[:, 5].add(1)))).max((0, 2))
        assert np.flatnonzero(changed).tolist() == list(range(5, 20))


def test_log_mel_is_the_energy_in_triangles():
    rate, taps, step, bands = 2000, 50, 20, 8
    layer, x = models.LogMel(rate=rate, bands=bands, lowest=100.0), np.asarray(noise((2, 300)))
    mel = lambda f: 2595 * np.log10(1 + f / 700)  # noqa: E731
    n = np.arange(taps)
    window = 0.5 - 0.5 * np.cos(2 * np.pi * (n + 0.5) / taps)
    frames = np.stack([x[:, t : t + taps] for t in range(0, 300 - taps + 1, step)], 1) * window
    power = np.abs(np.fft.rfft(frames)) ** 2 / (window**2).sum()
    edges = np.linspace(mel(100), mel(1000), bands + 2)
    triangles = [np.interp(mel(np.fft.rfftfreq(taps, 1 / rate)), edges[m : m + 3], [0, 1, 0]) for m in range(bands)]
    np.testing.assert_allclose(layer(x), np.log(power @ np.stack(triangles, 1) + 1e-6), rtol=1e-4, atol=1e-4)


REFUSED = {
    "a depth": (lambda: models.ResNet(20, rngs=nnx.Rngs(0)), "ResNet: depth=20 is not one of 18, 34, 50, 101"),
    "a stem": (lambda: models.ResNet(stem="cifa", rngs=nnx.Rngs(0)), "ResNet: stem='cifa' .* Did you mean 'cifar'"),
    "a size": (lambda: models.ConvNeXt("tinny", rngs=nnx.Rngs(0)), "ConvNeXt: size='tinny' .* Did you mean 'tiny'"),
    "depths": (
        lambda: models.ConvNeXt(depths=(1,), rngs=nnx.Rngs(0)),
        r"ConvNeXt: depths=\(1,\) and widths=\(96, 192, 384, 768\) must be of one length",
    ),
    "a kind": (lambda: models.VideoNet(kind="4d", rngs=nnx.Rngs(0)), "VideoNet: kind='4d' is not one of '2\\+1', '3d'"),
    "levels": (lambda: models.UNet(levels=0, rngs=nnx.Rngs(0)), "UNet: levels=0 must be at least 1"),
    "an order": (lambda: models.Hyena(order=0, rngs=nnx.Rngs(0)), "HyenaMixer: order=0 must be at least 1"),
    "a kernel": (lambda: models.Hyena(kernel="short", rngs=nnx.Rngs(0)), "LongConv: kernel='short' is not one of"),
    "layers": (lambda: models.WaveNet(layers=0, rngs=nnx.Rngs(0)), "WaveNet: layers=0 must be at least 1"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_has_no_meaning_is_refused(name):
    make, message = REFUSED[name]
    with pytest.raises(ValueError, match=message):
        make()
