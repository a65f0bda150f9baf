"""Group convolutions turn with their input, exactly, and are NumPy's sums."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from agreement import normal, numpy_pad, whole
from derivatives import check_derivatives

from jconv.ops import group_action, group_conv, group_pool, lift_conv
from jconv.testing.oracles import groups as oracle

QUICK, ALL = 4, 200
ORDERS = {"p4": 4, "p4m": 8}


def turned(x, element):
    """A picture (*batch, H, W, c), mirrored and turned."""
    x = jnp.flip(x, -2) if element >= 4 else x
    return jnp.rot90(x, element % 4, (-3, -2))


def draw(k):
    """A picture, kernels of two layers and keywords that turn."""
    rng = np.random.default_rng(k)
    group = ("p4", "p4m")[k % 2]
    size, dilation, stride = int(rng.integers(1, 4)), int(rng.integers(1, 3)), int(rng.integers(1, 3))
    pad = int(rng.integers(0, 2))
    span = dilation * (size - 1) + 1
    sizes = [span - 2 * pad + stride * int(rng.integers(2, 4)) for _ in range(2)]
    c, m, f = (int(n) for n in rng.integers(1, 3, 3))
    x, kernel = whole((1, *sizes, c), k), whole((size, size, c, m), k + 1)
    second = whole((size, size, ORDERS[group], m, f), k + 2)
    return group, x, kernel, second, dict(stride=stride, dilation=dilation, padding=pad)


def check(k):
    group, x, kernel, second, options = draw(k)
    order, pad = ORDERS[group], options["padding"]
    rule = (options["stride"], options["dilation"])

    def padded(x):
        return numpy_pad(x.reshape(*x.shape[:3], -1), [(pad, pad)] * 2, ("zeros",) * 2).reshape(
            x.shape[0], *(n + 2 * pad for n in x.shape[1:3]), *x.shape[3:]
        )

    y = lift_conv(x, kernel, group=group, **options)
    np.testing.assert_array_equal(y, oracle.lift_conv(padded(x), kernel, order, *rule))
    u = k % order
    np.testing.assert_array_equal(
        lift_conv(turned(x, u), kernel, group=group, **options), group_action(y, u, group=group)
    )
    # The second layer takes features of its own, large enough.
    features = whole((*x.shape[:3], order, second.shape[3]), k + 3)
    z = group_conv(features, second, group=group, **options)
    np.testing.assert_array_equal(z, oracle.group_conv(padded(features), second, order, *rule))
    moved = group_conv(group_action(features, u, group=group), second, group=group, **options)
    np.testing.assert_array_equal(moved, group_action(z, u, group=group))
    np.testing.assert_array_equal(group_pool(moved), turned(group_pool(z), u))


@pytest.mark.parametrize("k", range(QUICK))
def test_a_few(k):
    check(k)


@pytest.mark.slow
@pytest.mark.parametrize("k", range(QUICK, ALL + QUICK))
def test_hundreds(k):
    check(k)


@pytest.mark.parametrize("group", ORDERS)
def test_a_network_turns_with_its_picture(group):
    """All elements, two layers with even windows and strides; floats to rounding, the pooled numbers too."""
    x, kernel = normal((2, 9, 13, 3)), normal((3, 3, 3, 4), 1)
    second = normal((4, 4, ORDERS[group], 4, 2), 2)

    @jax.jit
    def network(x):
        y = jax.nn.relu(lift_conv(x, kernel, group=group))
        return group_conv(y, second, group=group, stride=2, padding=((2, 2), (2, 2)), padding_mode="reflect")[:, :]

    # (9 + 4 - 4) is not a multiple of 2: refused, and one padding less is right.
    with pytest.raises(ValueError, match="do not turn"):
        network(x)
    valid = jax.jit(lambda x: group_conv(jax.nn.relu(lift_conv(x, kernel, group=group)), second, group=group))
    with pytest.raises(ValueError, match="do not turn"):
        valid(x)  # "SAME" with an even window

    @jax.jit
    def right(x):
        y = jax.nn.relu(lift_conv(x, kernel, group=group, padding_mode="edge"))
        return group_conv(y, second, group=group, padding="VALID")

    y = right(x)
    for u in range(ORDERS[group]):
        want = group_action(y, u, group=group)
        np.testing.assert_allclose(right(turned(x, u)), want, rtol=0, atol=1e-3)
        np.testing.assert_allclose(group_pool(want, how="mean"), turned(group_pool(y, how="mean"), u), atol=1e-4)


def test_the_action_is_one():
    """T_u T_v = T_uv, for the mirror images too: eight elements, each with its inverse."""
    x = jnp.asarray(whole((3, 3, 8, 2)))
    results = [group_action(x, u, group="p4m") for u in range(8)]
    for u in range(8):
        twice = [group_action(r, u, group="p4m") for r in results]
        found = [next(v for v in range(8) if (t == results[v]).all()) for t in twice]
        assert sorted(found) == list(range(8))


def test_derivatives_and_adjoint(x64):
    x, kernel = normal((3, 3, 1), dtype=np.float64), normal((2, 2, 1, 1), 1, np.float64)
    second = normal((2, 2, 4, 1, 1), 2, np.float64)
    check_derivatives(
        lambda x, a, b: group_conv(lift_conv(x, a, padding="VALID"), b, padding="VALID"), x, kernel, second
    )
    y, back = jax.vjp(lambda x: lift_conv(x, kernel, group="p4m", padding="VALID"), x)
    bar = jnp.asarray(normal(y.shape, 3, np.float64))
    np.testing.assert_allclose(jnp.vdot(y, bar), jnp.vdot(x, back(bar)[0]), rtol=1e-12)


def test_dtypes_strict_promotion_and_vmap(strict):
    x, kernel = jnp.asarray(whole((3, 5, 5, 2)), "bfloat16"), jnp.asarray(whole((3, 3, 2, 2), 1), "bfloat16")
    y = lift_conv(x, kernel, group="p4m")
    assert y.dtype == jnp.bfloat16
    np.testing.assert_array_equal(jax.vmap(lambda x: lift_conv(x, kernel, group="p4m"))(x), y)
    z = group_conv(y, jnp.ones((3, 3, 8, 2, 1), "bfloat16"), group="p4m")
    assert z.shape == (3, 5, 5, 8, 1) and group_pool(z).dtype == jnp.bfloat16


X, Y = np.ones((5, 5, 2)), np.ones((5, 5, 4, 2))
REFUSED = {
    "a window that is not square": (lambda: lift_conv(X, np.ones((3, 2, 2, 1))), r"lift_conv: kernel must be \(k, k"),
    "no group": (lambda: lift_conv(X, np.ones((3, 3, 2, 1)), group="p6"), "lift_conv: group='p6' is not one of"),
    "a kernel of another group": (
        lambda: group_conv(Y, np.ones((3, 3, 4, 2, 1)), group="p4m"),
        r"group_conv: kernel must be \(k, k, 8, c_in, c_out\)",
    ),
    "a picture": (
        lambda: group_conv(X, np.ones((3, 3, 4, 2, 1))),
        r"group_conv: x must be \(\*batch, height, width, 4, c\).*lift_conv",
    ),
    "padding that does not turn": (
        lambda: lift_conv(X, np.ones((3, 3, 2, 1)), padding=((1, 1), (0, 0))),
        "lift_conv: padding=.* do not turn",
    ),
    "a pool of a picture": (lambda: group_pool(X), r"group_pool: x must be"),
    "an unknown pool": (lambda: group_pool(Y, how="median"), "group_pool: how='median' is not one of"),
    "no element": (lambda: group_action(Y, 4, group="p4"), "group_action: element=4 must be from 0 to 3"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused(name):
    call, message = REFUSED[name]
    with pytest.raises(ValueError, match=message):
        call()
