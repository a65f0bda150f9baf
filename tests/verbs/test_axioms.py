"""What every convolution must satisfy, whatever computes it; drawn by hypothesis, held by every algorithm.

Operands are whole numbers, so that each law is an equality of bits, not of roundings.
"""

from functools import partial

import hypothesis
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from agreement import EVERYWHERE, whole
from hypothesis import strategies

import jconv

EXAMPLES = 6  # each compiles a program with both sides of a law, by every algorithm
MODES = ("zeros", "reflect", "symmetric", "edge", "wrap")


def draws(*strategies_):
    """Give the law a few examples of a configuration and a seed for the operands."""
    return lambda law: hypothesis.settings(max_examples=EXAMPLES)(
        hypothesis.given(*strategies_, strategies.integers(0, 2**31))(law)
    )


@strategies.composite
def forms(draw, *, plain=False, rank=None):
    """Draw sizes, window, channels and options that fit together; `plain`: stride and groups 1."""
    rank = rank or draw(strategies.sampled_from((1, 1, 2, 3)))

    def per_axis(least, most):
        return tuple(draw(strategies.integers(least, most)) for _ in range(rank))

    groups = 1 if plain else draw(strategies.sampled_from((1, 2, 3)))
    dilation, window = per_axis(1, 3 - (rank > 1)), per_axis(1, 4 - (rank > 1))
    return dict(
        sizes=tuple(d * (k - 1) + 1 + draw(strategies.integers(0, 4)) for d, k in zip(dilation, window, strict=True)),
        window=window,
        channels=(draw(strategies.sampled_from((1, 2, 5))), draw(strategies.sampled_from((1, 2, 5)))),
        options=dict(
            stride=(1,) * rank if plain else per_axis(1, 3),
            dilation=dilation,
            padding=tuple((draw(strategies.integers(0, 3)), draw(strategies.integers(0, 3))) for _ in range(rank)),
            groups=groups,
        ),
    )


def operands(form, seed, *, count=1):
    """`count` inputs and as many kernels of a form."""
    groups, (c, m) = form["options"]["groups"], form["channels"]
    xs = [whole((2, *form["sizes"], groups * c), seed + i) for i in range(count)]
    kernels = [whole((*form["window"], c, groups * m), seed + 50 + i) for i in range(count)]
    return xs, kernels


def hold(sides, *arrays):
    """Both sides of a law, made of (conv, *arrays), are equal with every algorithm; in one program."""

    def both(*arrays):
        return {name: sides(partial(jconv.conv, algorithm=name), *arrays) for name in EVERYWHERE}

    for algorithm, (left, right) in jax.jit(both)(*arrays).items():
        assert left.shape == right.shape
        np.testing.assert_array_equal(left, right, algorithm)


@draws(forms())
def test_bilinearity(form, seed):
    (x1, x2), (k1, k2) = operands(form, seed, count=2)

    def sides(conv, x1, x2, k1, k2):
        def f(x, kernel):
            return conv(x, kernel, **form["options"])

        apart = f(x1, k1) + 3 * f(x1, k2) - 2 * f(x2, k1) - 6 * f(x2, k2)
        return f(x1 - 2 * x2, k1 + 3 * k2), apart

    hold(sides, x1, x2, k1, k2)


@draws(forms(plain=True), strategies.integers(1, 3))
def test_shift_equivariance(form, steps, seed):
    """An input moved on by some steps, zeros before it, gives the output moved on."""
    (x,), (kernel,) = operands(form, seed)
    options = form["options"] | dict(padding="FULL")

    def moved(a):
        return jnp.pad(a, [(0, 0), (steps, 0)] + [(0, 0)] * (a.ndim - 2))

    hold(lambda conv, x, k: (conv(moved(x), k, **options), moved(conv(x, k, **options))), x, kernel)


@draws(forms())
def test_striding_takes_every_so_manieth_output(form, seed):
    (x,), (kernel,) = operands(form, seed)
    options, stride = form["options"], form["options"]["stride"]

    def sides(conv, x, kernel):
        dense = conv(x, kernel, **options | dict(stride=1))
        return conv(x, kernel, **options), dense[:, *(slice(None, None, s) for s in stride)]

    hold(sides, x, kernel)


@draws(forms())
def test_the_identity_kernel_picks_its_tap(form, seed):
    """A single 1 at some tap reads the padded input from there on."""
    (x,), _ = operands(form, seed)
    rank, options = len(form["window"]), form["options"]
    tap = tuple(np.random.default_rng(seed).integers(form["window"]))
    channels = x.shape[-1]
    kernel = np.zeros((*form["window"], channels, channels), np.float32)
    kernel[tap] = np.eye(channels)
    outputs = jax.eval_shape(lambda x: jconv.conv(x, kernel, **options | dict(groups=1)), x).shape[1 : rank + 1]
    padded = np.pad(x, [(0, 0), *options["padding"], (0, 0)])
    read = tuple(
        slice(d * k, d * k + s * (o - 1) + 1, s)
        for d, k, s, o in zip(options["dilation"], tap, options["stride"], outputs, strict=True)
    )
    hold(
        lambda conv, x, kernel, want: (conv(x, kernel, **options | dict(groups=1)), want),
        x,
        kernel,
        padded[:, *read],
    )


@draws(forms(), strategies.sampled_from(MODES))
def test_adjointness(form, mode, seed):
    """<conv(x), y> = <x, conv_transpose(y)>, for an x of the size that conv_transpose gives."""
    (x,), (kernel,) = operands(form, seed)
    options = form["options"] | dict(padding_mode=mode)
    y_shape = jax.eval_shape(lambda x, k: jconv.conv(x, k, **options), x, kernel).shape
    y = whole(y_shape, seed + 1)
    back_shape = jax.eval_shape(lambda y, k: jconv.conv_transpose(y, k, **options), y, kernel).shape
    hypothesis.assume(min(back_shape) > 0)
    x = whole(back_shape, seed + 2)

    @jax.jit
    def both(x, y, kernel):
        return [
            (jconv.conv(x, kernel, **o), jconv.conv_transpose(y, kernel, **o))
            for o in (options | dict(algorithm=a) for a in EVERYWHERE)
        ]

    for forward, back in both(x, y, kernel):
        assert np.sum(np.asarray(forward) * y) == np.sum(x * np.asarray(back))


@draws(forms())
def test_groups_split_and_concatenate(form, seed):
    (x,), (kernel,) = operands(form, seed)
    groups, options = form["options"]["groups"], form["options"] | dict(groups=1)

    def sides(conv, x, kernel):
        pairs = zip(jnp.split(x, groups, -1), jnp.split(kernel, groups, -1), strict=True)
        apart = jnp.concatenate([conv(part, k, **options) for part, k in pairs], -1)
        return conv(x, kernel, **form["options"]), apart

    hold(sides, x, kernel)


@draws(forms())
def test_dilation_is_zeros_between_the_taps(form, seed):
    (x,), (kernel,) = operands(form, seed)
    dilation = form["options"]["dilation"]
    spans = tuple(d * (k - 1) + 1 for d, k in zip(dilation, form["window"], strict=True))
    stuffed = np.zeros((*spans, *kernel.shape[-2:]), np.float32)
    stuffed[tuple(slice(None, None, d) for d in dilation)] = kernel

    def sides(conv, x, kernel, stuffed):
        return conv(x, kernel, **form["options"]), conv(x, stuffed, **form["options"] | dict(dilation=1))

    hold(sides, x, kernel, stuffed)


@draws(strategies.integers(1, 3), strategies.integers(1, 3), strategies.integers(1, 2))
def test_associativity_of_full_convolution(first, second, rank, seed):
    """(x * k1) * k2 = x * (k1 * k2), where the kernels convolve as in mathematics: one of them flipped."""
    x = whole((2, *(4,) * rank, 2), seed, reach=2)
    k1, k2 = (
        whole((*(first,) * rank, 2, 3), seed + 1, reach=2),
        whole((*(second,) * rank, 3, 2), seed + 2, reach=2),
    )
    axes = tuple(range(rank))

    def sides(conv, x, k1, k2):
        twice = conv(conv(x, k1, padding="FULL"), k2, padding="FULL")
        # The kernel of both: k1's taps are examples' positions, its inputs examples, its outputs channels.
        rows = jnp.moveaxis(k1, -2, 0)  # [c_in, *window, c_mid]
        joint = conv(rows, jnp.flip(k2, axes), padding="FULL")  # flipped: k1 is not the input but a kernel too
        return twice, conv(x, jnp.moveaxis(joint, 0, -2), padding="FULL")

    hold(sides, x, k1, k2)


def test_a_law_that_is_false_is_noticed():
    """With zeros beyond the border, convolution does not commute with rolling: the check must say so."""
    x, kernel = whole((2, 6, 1)), whole((3, 1, 1), 1)
    with pytest.raises(AssertionError):
        hold(
            lambda conv, x, k: (conv(jnp.roll(x, 1, 1), k, padding="SAME"), conv(x, k, padding="SAME")),
            x,
            kernel,
        )
