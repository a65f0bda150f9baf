"""Convolutions whose kernel, positions or sites vary, against sums written as loops."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from agreement import normal, whole
from derivatives import check_derivatives
from family_cases import OPERATIONS, compare

import jconv
from jconv import ops


def test_values_are_the_oracles_and_adjoints_the_functions(x64):
    rng = np.random.default_rng(0)
    compare([make(rng) for make in OPERATIONS.values() for _ in range(4)])


@pytest.mark.slow
@pytest.mark.parametrize("name", OPERATIONS)
def test_two_hundred_random_cases(name, x64):
    rng = np.random.default_rng(1)
    for _ in range(10):
        compare([OPERATIONS[name](rng) for _ in range(20)])


# ---- derivatives

X = normal((2, 4, 3, 2), dtype=np.float64)
KERNEL = normal((2, 3, 2, 2), 1, np.float64)
HOLES = np.random.default_rng(2).random((2, 4, 3, 1)) < 0.5
OFFSETS = normal((2, 4, 3, 2 * 6 * 2), 3, np.float64)
DIFFERENTIATED = {
    "dynamic_conv": (ops.dynamic_conv, X, normal((2, 2, 3, 2, 2), 1, np.float64)),
    "involution": (ops.involution, X, normal((2, 4, 3, 2, 3, 2), 1, np.float64)),
    "carafe": (lambda x, k: ops.carafe(x, k, (2, 3)), X, normal((2, 8, 3, 6), 1, np.float64)),
    "local_conv": (ops.local_conv, X, normal((3, 1, 2, 3, 2, 2), 1, np.float64)),
    "masked_conv": (lambda x, k: ops.masked_conv(x, k, order=np.arange(12).reshape(4, 3) % 5), X, KERNEL),
    "partial_conv": (lambda x, k, b: ops.partial_conv(x, k, HOLES, bias=b)[0], X, KERNEL, np.ones(2)),
    "spatially_varying_conv": (
        lambda x, k, w: ops.spatially_varying_conv(x, k, w, weigh="outputs", padding="SAME"),
        X,
        normal((2, 2, 3, 2, 2), 1, np.float64),
        normal((4, 3, 2), 3, np.float64),
    ),
    "submanifold_conv": (lambda x, k: ops.submanifold_conv(x, k, HOLES), X, KERNEL[:1]),
    "deformable_conv": (
        lambda x, k, o, m: ops.deformable_conv(x, k, o, m, padding="SAME"),
        X,
        KERNEL,
        OFFSETS,
        normal((2, 4, 3, 2 * 6), 4, np.float64),
    ),
}


@pytest.mark.parametrize("name", DIFFERENTIATED)
def test_derivatives(name, x64):
    check_derivatives(*DIFFERENTIATED[name])


# ---- dtypes, batch axes, vmap, strict programs


def float32(name):
    """A function of float32 arrays, x the first, and the arrays."""
    function, *arrays = DIFFERENTIATED[name]
    return function, [jnp.asarray(a, jnp.float32) for a in arrays]


@pytest.mark.parametrize("name", DIFFERENTIATED)
def test_half_types_complex_numbers_and_strict_programs(name, strict):
    function, arrays = float32(name)
    plain = np.asarray(function(*arrays), np.float64)
    scale = np.abs(plain).max()
    half = function(*(a.astype(jnp.bfloat16) for a in arrays))
    assert half.dtype == jnp.bfloat16
    if name != "deformable_conv":  # its positions are rounded too
        assert np.abs(np.asarray(half, np.float64) - plain).max() < 2**-5 * scale
    turn = jnp.complex64(1 + 0.5j)
    turned = [a.astype(turn.dtype) * turn if i < 2 else a for i, a in enumerate(arrays)]
    if name == "partial_conv":
        turned[2] = jnp.zeros_like(turned[2], turn.dtype)
        plain = np.asarray(function(*arrays[:2], jnp.zeros_like(arrays[2])))
    if name == "spatially_varying_conv":
        turned[2] = turned[2].astype(turn.dtype)
    assert np.abs(np.asarray(function(*turned)) - plain * (1 + 0.5j) ** 2).max() < 1e-5 * scale


@pytest.mark.parametrize("name", ["dynamic_conv", "involution", "local_conv", "masked_conv", "submanifold_conv"])
def test_integers_are_exact(name):
    function, *arrays = DIFFERENTIATED[name]
    numbers = [whole(a.shape, i, np.int32) for i, a in enumerate(arrays)]
    y = function(*numbers)
    assert y.dtype == jnp.int32
    np.testing.assert_array_equal(y, function(*(jnp.asarray(a, jnp.float32) for a in numbers)))


@pytest.mark.parametrize("name", ["involution", "local_conv", "spatially_varying_conv", "deformable_conv"])
def test_any_number_of_batch_axes_and_vmap(name):
    function, arrays = float32(name)
    per_example = [(a.shape[0] == 2 and i != 1) or (i == 1 and name == "involution") for i, a in enumerate(arrays)]
    if name == "spatially_varying_conv":
        per_example = [True, False, False]
    want = function(*arrays)
    split = [a.reshape(2, 1, *a.shape[1:]) if each else a for a, each in zip(arrays, per_example, strict=True)]
    np.testing.assert_allclose(function(*split)[:, 0], want, rtol=1e-5, atol=1e-5)
    alone = [a[1] if each else a for a, each in zip(arrays, per_example, strict=True)]
    np.testing.assert_allclose(function(*alone), want[1], rtol=1e-5, atol=1e-5)
    mapped = jax.vmap(function, [0 if each else None for each in per_example])(*arrays)
    np.testing.assert_allclose(mapped, want, rtol=1e-5, atol=1e-5)


def test_dynamic_conv_of_more_batch_axes_of_none_and_of_no_examples():
    x, kernel = whole((2, 3, 6, 2)), whole((2, 3, 3, 2, 4), 1)
    y = ops.dynamic_conv(x, kernel, rank=1)
    for n in np.ndindex(2, 3):
        np.testing.assert_array_equal(y[n], jconv.conv(x[n], kernel[n]))
    np.testing.assert_array_equal(ops.dynamic_conv(x[0, 0], kernel[0, 0], rank=1), y[0, 0])
    assert ops.dynamic_conv(x[:0, 0], kernel[:0, 0]).shape == (0, 4, 4)


# ---- what each of them promises


def test_a_local_conv_of_equal_kernels_and_an_involution_of_equal_ones_are_convolutions():
    x, kernel = whole((2, 6, 5, 2)), whole((3, 2, 2, 4), 1)
    everywhere = np.broadcast_to(kernel, (4, 4, *kernel.shape))
    np.testing.assert_array_equal(ops.local_conv(x, everywhere), jconv.conv(x, kernel))
    window = whole((3, 3), 2)
    shared = np.broadcast_to(window[..., None], (2, 6, 5, 3, 3, 1))
    depthwise = np.broadcast_to(window[..., None, None], (3, 3, 1, 2))
    want = ops.depthwise_conv(x, depthwise, padding="SAME")
    np.testing.assert_array_equal(ops.involution(x, shared), want)


def test_the_adjoint_of_weighed_inputs_weighs_the_outputs_of_the_transposed_convolution(x64):
    x, kernels, weights = (whole(s, i, np.float64) for i, s in enumerate(((6, 5, 2), (3, 2, 3, 2, 4), (6, 5, 3))))
    y, back = jax.vjp(lambda x: ops.spatially_varying_conv(x, kernels, weights, stride=2, padding=1), x)
    bar = whole(y.shape, 5, np.float64)
    words = dict(stride=2, padding=1)
    spread = [jconv.conv_transpose(bar, kernel, **words) for kernel in kernels]
    want = sum(weights[..., b, None] * one for b, one in enumerate(spread))
    np.testing.assert_array_equal(back(bar)[0], want)


def test_a_masked_stack_is_autoregressive_in_positions_and_colours():
    """Two layers, A and then B, of three colours: no output sees its own input or a later one."""
    sizes, kernels = (3, 4), [whole((3, 3, *c), i) for i, c in enumerate(((3, 6), (6, 3)))]

    def stack(x):
        first = ops.masked_conv(x, kernels[0], kind="A", channel_groups=3)
        return ops.masked_conv(first, kernels[1], kind="B", channel_groups=3).ravel()

    seen = np.asarray(jax.jacobian(stack)(jnp.ones((*sizes, 3)))).reshape(36, 36)
    assert (np.triu(seen) == 0).all() and (np.tril(seen, -1) != 0).any(1)[1:].all()


def test_masked_conv_takes_an_order_per_example_and_traced():
    x, kernel = whole((2, 4, 5, 2)), whole((3, 3, 2, 3), 1)
    raster = jnp.arange(20).reshape(4, 5)
    orders = jnp.stack([raster, raster[::-1, ::-1]])
    y = jax.jit(lambda order: ops.masked_conv(x, kernel, order=order))(orders)
    np.testing.assert_array_equal(y[0], ops.masked_conv(x[0], kernel))
    turned = ops.masked_conv(x[1, ::-1, ::-1], kernel[::-1, ::-1])[::-1, ::-1]
    np.testing.assert_array_equal(y[1], turned)


def test_partial_conv_without_holes_is_conv_and_closes_holes_with_depth():
    x, kernel = whole((2, 7, 6, 2)), whole((3, 3, 2, 3), 1)
    y, mask = ops.partial_conv(x, kernel, np.ones((7, 6, 1), np.float32))
    assert mask.dtype == np.float32 and mask.shape == (5, 4, 1) and (mask == 1).all()
    np.testing.assert_allclose(y, jconv.conv(x, kernel), rtol=1e-6)
    mask = np.zeros((7, 6, 1), bool)
    mask[3, 3] = True
    for _ in range(3):
        x, mask = ops.partial_conv(x, whole((3, 3, x.shape[-1], 2), 1), mask, padding="SAME")
    assert (mask == (np.abs(np.arange(7) - 3) <= 3)[:, None, None]).all()


def test_partial_conv_does_not_read_what_is_missing():
    x, kernel = whole((6, 2)), whole((3, 2, 2), 1)
    there = np.array([1, 1, 0, 1, 0, 0])[:, None]
    broken = np.where(there, x, np.nan)
    np.testing.assert_array_equal(ops.partial_conv(broken, kernel, there)[0], ops.partial_conv(x, kernel, there)[0])
    gradient = jax.grad(lambda x: ops.partial_conv(x, kernel, there)[0].sum())(jnp.asarray(broken))
    assert np.isfinite(gradient).all() and (np.asarray(gradient)[there[:, 0] == 0] == 0).all()


def test_submanifold_layers_keep_the_active_sites():
    active = np.random.default_rng(0).random((5, 5, 5, 1)) < 0.2
    x = np.where(active, whole((5, 5, 5, 2)), np.nan).astype(np.float32)
    for i in range(3):
        x = ops.submanifold_conv(x, whole((3, 3, 3, 2, 2), i), active, bias=np.ones(2, np.float32))
    assert np.isfinite(x).all() and ((np.asarray(x) != 0).any(-1, keepdims=True) <= active).all()


def test_a_deformable_conv_without_offsets_is_conv_on_every_platform(monkeypatch):
    x, kernel = whole((2, 9, 8, 2)), whole((3, 2, 2, 4), 1)
    words = dict(stride=2, padding=((1, 0), (1, 1)), dilation=(1, 2))
    want = jconv.conv(x, kernel, **words)
    offsets = np.zeros((*want.shape[:-1], 2 * 6), np.float32)
    np.testing.assert_array_equal(ops.deformable_conv(x, kernel, offsets, **words), want)
    monkeypatch.setattr(jax, "default_backend", lambda: "gpu")
    np.testing.assert_array_equal(ops.deformable_conv(x, kernel, offsets, **words), want)
    assert ops.deformable_conv(x[:0], kernel, offsets[:0], **words).shape == (0, *want.shape[1:])


def test_offsets_that_lead_anywhere_lead_to_zeros():
    x, kernel = np.ones((4, 1), np.float32), np.ones((1, 1, 1), np.float32)
    offsets = np.array([-1e30, 1e9, -2.25, 0.75], np.float32)[:, None]
    np.testing.assert_array_equal(ops.deformable_conv(x, kernel, offsets).ravel(), [0, 0, 0.75, 0.25])


TORCH_CASES = [
    dict(),
    dict(stride=(2, 1), padding=(1, 2), dilation=(1, 2)),
    dict(groups=2, offset_groups=2, masked=True),
    dict(padding=(2, 1), offset_groups=4, masked=True, whole=True),
]


@pytest.mark.parametrize("words", TORCH_CASES)
def test_deformable_conv_is_torchvisions(words, x64):
    torch = pytest.importorskip("torch")
    # One that was made for another PyTorch fails otherwise than by an ImportError.
    vision = pytest.importorskip("torchvision", exc_type=(ImportError, RuntimeError))  # pyrefly: ignore
    words = dict(words)
    offset_groups, masked, at_positions = (
        words.pop(n, d) for n, d in (("offset_groups", 1), ("masked", 0), ("whole", 0))
    )
    x, kernel = normal((2, 6, 7, 4), 0, np.float64), normal((3, 2, 4 // words.get("groups", 1), 6), 1, np.float64)
    outputs = jax.eval_shape(lambda x, k: jconv.conv(x, k, **words), x, kernel).shape[1:3]
    offsets = 1.5 * normal((2, *outputs, offset_groups * 6 * 2), 2, np.float64)
    offsets = np.round(offsets) if at_positions else offsets  # where the derivative is that to the right
    arrays = [x, kernel, offsets] + [normal((2, *outputs, offset_groups * 6), 3, np.float64)] * bool(masked)
    y, back = jax.vjp(lambda *a: ops.deformable_conv(*a, **words), *arrays)
    bar = normal(y.shape, 4, np.float64)
    tensors = [torch.from_numpy(a).requires_grad_() for a in arrays]
    first = [tensors[0].movedim(-1, 1), tensors[2].movedim(-1, 1), tensors[1].permute(3, 2, 0, 1)]
    rest = {name: words[name] for name in ("stride", "padding", "dilation") if name in words}
    mask = tensors[3].movedim(-1, 1) if masked else None
    theirs = vision.ops.deform_conv2d(*first, mask=mask, **rest).movedim(1, -1)
    theirs.backward(torch.from_numpy(bar))
    for got, want in zip((y, *back(bar)), (theirs.detach(), *(t.grad for t in tensors)), strict=True):
        np.testing.assert_allclose(got, want.numpy(), rtol=0, atol=1e-12 * np.abs(want.numpy()).max())
