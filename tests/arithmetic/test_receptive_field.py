"""Receptive fields against brute force, the inputs that move each output, and against published ones."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx
from jax import lax
from networks import resnet50, vgg16

from jconv import conv, conv_transpose
from jconv.arithmetic import ReceptiveField, receptive_field

LENGTH = 40


def kernel(window, c_in=1, c_out=1):
    return jnp.ones((window, c_in, c_out))  # of one sign, so that nothing cancels


def seen(function):
    """[outputs, inputs]: which of the inputs along the axis move which outputs, of a linear function."""
    basis = jnp.eye(LENGTH)[:, None, :, None]
    y = np.asarray(jax.jit(jax.vmap(function))(basis))  # [inputs, 1, outputs, channels]
    return np.any(y[:, 0] != 0, axis=-1).T


def agrees_with_brute_force(function, *, tight=True, alike=True):
    """Each output sees nothing outside its interval, unless that leaves the input.

    If `tight`, the interval is the least that holds for all; and if outputs are `alike`, all see all of it.
    """
    field = receptive_field(function, jax.ShapeDtypeStruct((1, LENGTH, 1), jnp.float32))
    (size,), (stride,), (start,) = field
    table, lows, highs = seen(function), [], []
    for o, row in enumerate(table):
        first, last = np.ceil(start + stride * o), np.floor(start + stride * o + size - 1 + (stride % 1 > 0))
        found = np.flatnonzero(row)
        if first < 0 or last >= LENGTH or len(found) == 0:
            continue
        assert first <= found[0] and found[-1] <= last, (field, o, found)
        lows.append(found[0] - stride * o)
        highs.append(found[-1] - stride * o)
        if tight and alike and stride % 1 == 0:
            assert (found[0], found[-1]) == (first, last), (field, o, found)
    if tight and stride % 1 == 0:
        assert (min(lows), max(highs)) == (start, start + size - 1), (field, lows, highs)
    elif tight:
        assert max(high - low + 1 for low, high in zip(lows, highs, strict=True)) == size, (field, lows, highs)


def average(x, window=2, stride=2, padding="SAME"):
    return lax.reduce_window(x, 0.0, lax.add, (1, window, 1), (1, stride, 1), padding)


def branches(x):
    wide = conv(conv(x, kernel(3), padding="SAME"), kernel(2), padding="SAME", dilation=3)
    return jnp.concatenate([x, wide], axis=-1).sum(-1, keepdims=True) + average(x, 3, 1)


def unet(x):
    """Output i, even, sees inputs i to i + 2; odd, i - 1 to i + 1. What holds for all is i - 1 to i + 2."""
    down = conv(x, kernel(3), stride=2, padding="SAME", padding_mode="reflect")
    return x + conv_transpose(jax.nn.relu(down), kernel(2), stride=2)


def layers(x):
    return lax.scan(lambda x, k: (conv(x, k, padding="SAME"), None), x, jnp.ones((3, 3, 1, 1)))[0]


def shift_register(x):
    """A loop over positions that remembers the last two."""

    def step(memory, new):
        return (new, memory[0]), new + memory[0] + memory[1]

    return lax.scan(step, (jnp.zeros(1), jnp.zeros(1)), x[0])[1][None]


def backwards(x):
    return lax.scan(lambda last, new: (new, new + last), jnp.zeros(1), x[0], reverse=True)[1][None]


def grad_of_conv(x):
    return jax.grad(lambda x: jnp.sum(conv(x, kernel(3), stride=2) * jnp.ones((1, 19, 1))) + jnp.sum(x**2) / 2)(x)


def gradient_of_kernel(x):
    """Tap k of the gradient is a sum over the 11 outputs o of x[o + k]."""
    of_kernel = jax.grad(lambda k: conv(x, k).sum())(kernel(30))
    return of_kernel[None, :, :, 0]


FUNCTIONS = {
    "the gradient of a kernel": gradient_of_kernel,
    "strided": lambda x: conv(x, kernel(4), stride=3, padding=((2, 0),), dilation=2),
    "branches": branches,
    "a net that comes up again": unet,
    "layers in a scan": layers,
    "a loop over positions": shift_register,
    "a loop backwards": backwards,
    "transposed": lambda x: conv_transpose(conv(x, kernel(3)), kernel(4), stride=2),
    "resized": lambda x: conv(jax.image.resize(x, (1, 2 * LENGTH, 1), "nearest"), kernel(3)),
    "jitted, rematerialised, wrapped": jax.checkpoint(
        lambda x: jax.jit(partial(conv, padding="SAME", padding_mode="wrap"))(x, kernel(3))
    ),
    "patches": lambda x: (x.reshape(1, LENGTH // 4, 4, 1) @ jnp.ones((1, 2))).sum(-2),
    "sliced": lambda x: (  # output o sees the inputs 3 o + 1, 3 o + 4 and 3 o
        x[:, 1:-3:3] + jnp.roll(x, -2, 1)[:, 2:38:3] + jnp.take(x, np.arange(0, 39, 3)[:13], axis=1)[:, :12]
    ),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_fields_are_what_brute_force_finds(name):
    agrees_with_brute_force(FUNCTIONS[name], alike=name != "a net that comes up again")  # even and odd differ there


@pytest.mark.parametrize("name, size", {"mean": LENGTH, "softmax": LENGTH, "sort": LENGTH, "flip": LENGTH + 40}.items())
def test_what_sees_everything(name, size):
    functions = {
        "mean": lambda x: x * x.mean(1, keepdims=True),
        "softmax": lambda x: jax.nn.softmax(x, 1),
        "sort": lambda x: jnp.sort(x, 1),
        "flip": lambda x: x + x[:, ::-1],
    }
    (found,), _, _ = receptive_field(functions[name], jnp.ones((1, LENGTH, 1)))
    assert LENGTH <= found <= size


def test_published_fields():
    """Of Araujo, Norris and Sim, Distill 2019, table 1, where ResNet is TF-Slim's; torchvision's by their formula.

    By hand: the stem sees 7 + 2 * 2 = 11 pixels, and every 3x3 adds twice the step of its input. TF-Slim strides in
    the last block of a stage: 11 + 2 * (3 * 4 + 4 * 8 + 6 * 16 + 3 * 32) = 483. torchvision (v1.5) strides in the 3x3
    of the first, whose input still has the finer step: 11 + 2 * (3 * 4 + 4 + 3 * 8 + 8 + 5 * 16 + 16 + 2 * 32) = 427.
    """
    picture = jax.ShapeDtypeStruct((1, 224, 224, 3), jnp.float32)
    function, parameters = vgg16()
    assert receptive_field(partial(function, parameters, features=True), picture).size == (212, 212)
    for strided, size in (("last", 483), ("first", 427)):
        function, parameters = resnet50(strided=strided)
        field = receptive_field(partial(function, parameters, features=True), picture)
        assert field.size == (size, size) and field.stride == (32, 32)


def test_a_flax_model_and_what_a_partial_holds():
    model = nnx.Sequential(
        nnx.Conv(3, 8, (5, 5), strides=2, rngs=nnx.Rngs(0)),
        nnx.BatchNorm(8, use_running_average=True, rngs=nnx.Rngs(0)),
        nnx.relu,
        nnx.Conv(8, 8, (3, 3), kernel_dilation=2, rngs=nnx.Rngs(0)),
    )
    x = jax.ShapeDtypeStruct((1, 32, 32, 3), jnp.float32)
    assert receptive_field(model, x) == ReceptiveField((13, 13), (2, 2), (-5, -5))
    held = partial(conv, kernel=jax.ShapeDtypeStruct((3, 5, 3, 4), jnp.float32), stride=2)
    assert receptive_field(held, x) == ReceptiveField((3, 5), (2, 2), (0, 0))


def test_axes_are_followed_where_they_go():
    def net(x):
        return lax.transpose(x, (2, 1, 0))

    x = jnp.ones((5, 4, 3))
    assert receptive_field(net, x, axes=(0, 2)) == ReceptiveField((1, 1), (1, 1), (0, 0))
    both = receptive_field(lambda x: {"same": x[:, ::2], "none": jnp.zeros(3)}, x)
    assert both == {"same": ReceptiveField((1,), (2,), (0,)), "none": None}


def test_an_unknown_loop_and_an_unknown_operation_see_all():
    def loop(x):
        return lax.while_loop(lambda y: y.sum() < 9, lambda y: conv(y, kernel(3), padding="SAME"), x)

    (size,), _, (start,) = receptive_field(loop, jnp.ones((1, LENGTH, 1)))
    assert size == np.inf and start == -np.inf
    (size,), _, _ = receptive_field(lambda x: lax.linalg.cholesky(x @ x.mT), jnp.ones((1, LENGTH, 1)))
    assert size == LENGTH


def test_x_needs_spatial_axes():
    with pytest.raises(ValueError, match="name its spatial axes"):
        receptive_field(jnp.sin, jnp.ones((4, 4)))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(200))
def test_random_nets(seed):
    rng = np.random.default_rng(seed)

    def layer():
        kind = rng.choice(["conv", "conv", "conv", "pool", "up", "skip", "crop"])
        window, dilation = int(rng.integers(1, 5)), int(rng.integers(1, 3))
        options = dict(
            stride=int(rng.integers(1, 3)), dilation=dilation, padding=(tuple(map(int, rng.integers(0, 4, 2))),)
        )
        if kind == "up":
            return lambda x: conv_transpose(x, kernel(window), stride=2)
        if kind == "skip":
            same = dict(padding="SAME", dilation=dilation, padding_mode=str(rng.choice(["zeros", "edge", "wrap"])))
            return lambda x: x + conv(x, kernel(window), **same)
        if kind == "crop":
            return lambda x: x[:, 1:-1] if x.shape[1] > 4 else x
        return (lambda x: average(x, window)) if kind == "pool" else (lambda x: conv(x, kernel(window), **options))

    def net(x):
        for f in chosen:
            x = f(x) if x.shape[1] > 8 else x
        return x

    chosen = [layer() for _ in range(int(rng.integers(1, 5)))]
    agrees_with_brute_force(net, tight=False)
