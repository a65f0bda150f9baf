"""A stream is its whole, to the bit by `in_order`, and the whole is the NumPy sum."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from agreement import normal, whole
from derivatives import check_derivatives
from flax import nnx

import jconv
from jconv.nn import CausalConv, Conv, ConvTranspose, DeformableConv
from jconv.ops import StreamBranches, StreamConv, StreamConvTranspose, StreamLayer, causal_conv, in_order, stream
from jconv.testing.oracles import convs, streams

QUICK, ALL = 6, 200


def draw(k, make=normal):
    """Layers, an input and a chunk length of a random case, and the NumPy truth of a single layer."""
    rng = np.random.default_rng(k)
    rank, transposed = int(rng.choice([1, 1, 2])), k % 2 == 1
    groups = 1 if transposed else int(rng.choice([1, 1, 2]))
    window, stride, dilation = (tuple(int(n) for n in rng.integers(1, top, rank)) for top in (5, 4, 4))
    if rank == 2:
        window, stride, dilation = (window[0], 2), (stride[0], 1), (dilation[0], 1)
    c, m = int(rng.integers(1, 7)) * groups, int(rng.integers(1, 7)) * groups
    pieces, most = int(rng.integers(2, 5)), stride[0] * int(rng.integers(1, 4))
    batch = tuple(int(n) for n in rng.integers(1, 3, int(rng.integers(0, 3))))
    x = make((*batch, pieces * most, *(3,) * (rank - 1), c), k)
    options = dict(stride=stride, dilation=dilation, padding="VALID", algorithm=in_order)
    if transposed:
        kernel = make((*window, m, c), k + 1)
        return StreamConvTranspose(kernel, bias=make((m,), k + 2), **options), x, most
    kernel = make((*window, c // groups, m), k + 1)
    return StreamConv(kernel, bias=make((m,), k + 2), groups=groups, **options), x, most


def in_chunks(net, x, length):
    """The outputs of all chunks, by a scan."""
    time = x.ndim - net.rank - 1
    chunks = jnp.moveaxis(x.reshape(*x.shape[:time], -1, length, *x.shape[time + 1 :]), time, 0)
    state = net.init(jax.ShapeDtypeStruct(chunks.shape[1:], x.dtype))
    state, y = jax.lax.scan(net.step, state, chunks)
    y = jnp.moveaxis(y, 0, time)
    return y.reshape(*y.shape[:time], -1, *y.shape[time + 2 :])


def check(k):
    layer, x, length = draw(k)
    net = stream(layer)
    together = jax.jit(net.whole)(x)
    np.testing.assert_array_equal(in_chunks(net, x, length), together)
    flat = x.reshape(-1, *x.shape[x.ndim - layer.rank - 1 :])
    if isinstance(layer, StreamConvTranspose):
        want = streams.causal_conv_transpose(flat, layer.kernel, layer.stride, layer.dilation)
    elif layer.groups == 1:
        want = convs.causal_conv(flat, layer.kernel, layer.stride, layer.dilation)
    else:
        want = causal_conv(flat, layer.kernel, **{**vars_of(layer), "algorithm": "auto"})
    want = (want + layer.bias).reshape(together.shape)
    np.testing.assert_allclose(together, want, rtol=0, atol=2**-20 * (1 + np.abs(want).max()))


def vars_of(layer):
    padding = {"padding": layer.padding} if layer.rank > 1 else {}
    return dict(stride=layer.stride, dilation=layer.dilation, groups=layer.groups, **padding)


@pytest.mark.parametrize("k", range(QUICK))
def test_a_few_layers_in_chunks_are_their_whole_to_the_bit_and_numpys_sum(k):
    check(k)


@pytest.mark.slow
@pytest.mark.parametrize("k", range(QUICK, ALL + QUICK))
def test_hundreds_of_layers_in_chunks_are_their_whole_to_the_bit_and_numpys_sum(k):
    check(k)


def deep(make=normal, **options):
    """A stack with all that a stack may have; 6 inputs make 2 outputs."""
    return [
        StreamConv(make((3, 4, 8), 1), stride=2, dilation=2, bias=make((8,), 2), **options),
        jax.nn.relu,
        StreamBranches([[], [StreamConv(make((2, 1, 8), 3), groups=8, **options), jax.nn.relu]]),
        StreamConvTranspose(make((5, 3, 8), 4), stride=2, dilation=3, bias=make((3,), 5), **options),
        StreamConv(make((3, 3, 2), 6), stride=3, **options),
    ]


@pytest.mark.parametrize("length", [6, 12])
def test_a_stack_in_chunks_is_its_whole_to_the_bit(length):
    net, x = stream(deep(), algorithm=in_order), jnp.asarray(normal((2, 24, 4)))
    assert (net.rate, net.multiple, net.rank) == (net.layers[-1].rate, 6, 1)
    np.testing.assert_array_equal(in_chunks(net, x, length), net.whole(x))


def test_any_algorithm_streams_to_rounding_and_whole_numbers_exactly():
    x = jnp.asarray(normal((2, 24, 4)))
    net = stream(deep())
    np.testing.assert_allclose(in_chunks(net, x, 12), net.whole(x), rtol=0, atol=1e-3)
    x = jnp.asarray(whole((1, 24, 4)))
    for algorithm in ("direct", "taps", "lax"):
        net = stream(deep(lambda shape, seed: whole(shape, seed, reach=1)), algorithm=algorithm)
        np.testing.assert_array_equal(in_chunks(net, x, 6), net.whole(x))


def test_chunks_of_several_lengths_one_after_the_other():
    net, x = stream(StreamConv(normal((4, 3, 2), 1), stride=2, algorithm=in_order)), jnp.asarray(normal((24, 3)))
    state, parts = net.init(x[:1]), []
    for start, end in ((0, 2), (2, 12), (12, 16), (16, 24)):
        state, y = net.step(state, x[start:end])
        parts.append(y)
    np.testing.assert_array_equal(
        jnp.concatenate(parts), causal_conv(x, net.layers[0].kernel, stride=2, algorithm=in_order)
    )


def test_flax_layers_stream():
    x = jnp.asarray(normal((2, 12, 4)))
    options = dict(rngs=nnx.Rngs(0), algorithm=in_order)
    model = nnx.Sequential(
        Conv(4, 8, 3, padding="CAUSAL", kernel_dilation=2, feature_group_count=2, **options),
        nnx.relu,
        Conv(8, 6, (1,), mask=whole((1, 8, 6), reach=1), **options),
        nnx.Sequential(nnx.Linear(6, 6, rngs=nnx.Rngs(1)), nnx.LayerNorm(6, rngs=nnx.Rngs(1))),
        Conv(6, 2, (2,), padding="CAUSAL", dtype=jnp.bfloat16, **options),
    )
    net = stream(model)
    got, want = in_chunks(net, x, 4), model(x)
    assert got.dtype == want.dtype == jnp.bfloat16
    np.testing.assert_allclose(got.astype(np.float32), want.astype(np.float32), rtol=2**-6, atol=1e-3)
    few = stream([*model.layers[:3]])
    np.testing.assert_array_equal(in_chunks(few, x, 4), nnx.Sequential(*model.layers[:3])(x))


CAUSAL_LAYERS = {  # sizes of the input, time first, and the arguments of the layer
    "time alone": ((12,), (3,), dict(kernel_dilation=2)),
    "with strides and groups": ((12,), (4, 2), dict(feature_group_count=2)),
    "pictures in time": ((12, 5), ((3, 2), (2, 1)), dict(padding="SAME", padding_mode=("zeros", "edge"))),
    "a mask, in half": ((12, 5), ((2, 3),), dict(mask=whole((2, 3, 4, 6), 3, reach=1), dtype=jnp.bfloat16)),
}


@pytest.mark.parametrize("name", CAUSAL_LAYERS)
def test_a_causal_layer_streams_to_what_it_gives_at_once(name):
    sizes, arguments, options = CAUSAL_LAYERS[name]
    layer = CausalConv(4, 6, *arguments, **options, algorithm=in_order, rngs=nnx.Rngs(0))
    layer.bias[...] = jnp.arange(6.0)
    x = jnp.asarray(normal((2, *sizes, 4)))
    got, want = in_chunks(stream(layer), x, 4), layer(x)
    assert got.dtype == want.dtype
    np.testing.assert_array_equal(got.astype(np.float32), want.astype(np.float32))


def test_layers_are_known_by_what_they_compute_and_not_by_their_names():
    class Renamed(CausalConv):
        """Still causal, for it is called as CausalConv is."""

    renamed, x = Renamed(4, 6, 3, algorithm=in_order, rngs=nnx.Rngs(0)), jnp.asarray(normal((2, 12, 4)))
    np.testing.assert_array_equal(in_chunks(stream(renamed), x, 4), renamed(x))
    stranger = type("CausalConv", (Conv,), {})(4, 6, 3, rngs=nnx.Rngs(0))
    with pytest.raises(ValueError, match=r"stream: CausalConv with kernel_size=.* is not causal"):
        stream(stranger)


def test_a_layer_of_ones_own_and_streams_in_streams():
    class Total:
        """y[t] = x[0] + ... + x[t]."""

        rate, multiple, rank = stream([]).rate, 1, 1

        def init(self, like):
            return jnp.zeros((1, *like.shape[1:]), like.dtype)

        def step(self, state, chunk):
            y = state + jnp.cumsum(chunk, 0)
            return y[-1:], y

        def whole(self, x):
            return jnp.cumsum(x, 0)

    assert isinstance(Total(), StreamLayer)
    x = jnp.asarray(whole((6, 2)))
    inner = stream(StreamConv(whole((2, 2, 2), 1)))
    net = stream([inner, Total(), [jnp.negative]], algorithm="taps")
    np.testing.assert_array_equal(in_chunks(net, x, 2), -jnp.cumsum(inner.whole(x), 0))


def test_in_order_is_conv_in_every_direction(x64):
    x, kernel = normal((1, 7, 4), 1, np.float64), normal((3, 2, 6), 2, np.float64)
    check_derivatives(
        lambda x, k: jconv.conv(x, k, stride=2, dilation=2, padding="SAME", groups=2, algorithm=in_order), x, kernel
    )
    many, wide = normal((2, 40, 9)), normal((9, 9, 5), 1)  # more products than are written out
    np.testing.assert_allclose(jconv.conv(many, wide, algorithm=in_order), jconv.conv(many, wide), rtol=0, atol=1e-4)
    for dtype in ("int32", "bfloat16", "complex64"):
        a, b = (jnp.asarray(whole(s, 1), dtype) for s in ((2, 8, 3), (3, 3, 2)))
        y = jconv.conv(a, b, algorithm=in_order)
        assert y.dtype == a.dtype
        np.testing.assert_array_equal(y, jconv.conv(a, b, algorithm="direct"))


def test_derivatives_and_vmap_of_a_stream(x64):
    kernels = normal((3, 2, 2), 1, np.float64), normal((3, 2, 2), 2, np.float64)
    x = normal((1, 4, 2), dtype=np.float64)

    def run(x, a, b):
        net = stream([StreamConv(a, stride=2), jnp.tanh, StreamConvTranspose(b, stride=2)])
        state, first = net.step(net.init(x), x)
        return jnp.concatenate([first, net.step(state, x)[1]], 1)

    check_derivatives(run, x, *kernels)
    mapped = jax.vmap(run, (0, None, None))(np.stack([x, 2 * x]), *kernels)
    np.testing.assert_allclose(mapped[1], run(2 * x, *kernels), rtol=0, atol=1e-12)


def test_a_stream_under_strict_promotion(strict):
    x = jnp.asarray(normal((2, 12, 4)))
    net = stream(deep())
    assert in_chunks(net, x, 6).shape == (2, 4, 2)


@pytest.mark.parametrize("kind", ["conv", "transposed"])
def test_a_stream_keeps_its_adjoint(kind, x64):
    """<whole(x), y> = <x, its transpose by JAX>, and the steps have the same transpose."""
    kernel = normal((3, 2, 2), 1, np.float64)
    net = stream((StreamConv if kind == "conv" else StreamConvTranspose)(kernel, stride=2))
    x = jnp.asarray(normal((8, 2), dtype=np.float64))
    y, back = jax.vjp(net.whole, x)
    bar = jnp.asarray(normal(y.shape, 3, np.float64))
    np.testing.assert_allclose(jnp.vdot(y, bar), jnp.vdot(x, back(bar)[0]), rtol=1e-12)
    np.testing.assert_allclose(jax.vjp(lambda x: in_chunks(net, x, 4), x)[1](bar)[0], back(bar)[0], atol=1e-12)


class Model(nnx.Module):
    """Its layers are called in an order that nothing shows."""

    def __init__(self):
        self.parts = nnx.List([Conv(1, 1, 3, padding="CAUSAL", rngs=nnx.Rngs(0))])

    def __call__(self, x):
        return self.parts[0](x)


KERNEL = np.ones((3, 4, 6), np.float32)
X = np.ones((2, 8, 4), np.float32)
REFUSED = {
    "a chunk within a stride": (
        lambda: stream(StreamConv(KERNEL, stride=2)).step((jnp.zeros((2, 2, 4)),), X[:, :3]),
        ValueError,
        "stream: the chunk has length=3 .* must be a multiple of 2",
    ),
    "another batch": (
        lambda: stream(StreamConv(KERNEL)).step((jnp.zeros((3, 2, 4)),), X),
        ValueError,
        r"StreamConv: a chunk of shape \(2, 8, 4\) does not continue .* shape \(3, 2, 4\)",
    ),
    "another dtype": (
        lambda: stream(StreamConv(KERNEL)).step((jnp.zeros((2, 2, 4), "bfloat16"),), X),
        TypeError,
        "StreamConv: a chunk of dtype float32 does not continue a stream of dtype bfloat16",
    ),
    "a mode in time": (
        lambda: StreamConv(KERNEL, padding_mode="edge"),
        ValueError,
        "StreamConv: padding_mode='edge' asks for 'edge' before the first input",
    ),
    "a bias of another size": (
        lambda: StreamConvTranspose(KERNEL, bias=np.ones(6)),
        ValueError,
        r"StreamConvTranspose: bias must be \(4,\)",
    ),
    "a stride of 0": (lambda: StreamConv(KERNEL, stride=0), ValueError, "StreamConv: stride=0 must be at least 1"),
    "padding that repeats": (
        lambda: stream(StreamConv(np.ones((1, 3, 4, 6)), padding="CIRCULAR")).whole(X[None]),
        ValueError,
        "StreamConv: for padding='CIRCULAR' write padding='SAME'",
    ),
    "branches of several rates": (
        lambda: stream(StreamBranches([[], StreamConv(KERNEL, stride=2)])),
        ValueError,
        "stream: the branches make .*1/2",
    ),
    "no branches": (lambda: StreamBranches([]), ValueError, "StreamBranches: branches="),
    "no layer": (lambda: stream(3), TypeError, "stream: int is no layer"),
    "a model": (lambda: stream(Model()), TypeError, "stream: Model holds layers that look at several positions"),
    "a layer that sees the future": (
        lambda: stream(Conv(4, 6, 3, rngs=nnx.Rngs(0))),
        ValueError,
        "stream: Conv with kernel_size=.* is not causal",
    ),
    "a transposed layer": (
        lambda: stream(ConvTranspose(4, 6, 3, rngs=nnx.Rngs(0))),
        NotImplementedError,
        "stream: ConvTranspose has no stream.* Use StreamConvTranspose",
    ),
    "zeros between inputs": (
        lambda: stream(Conv(4, 6, 3, input_dilation=2, padding="CAUSAL", rngs=nnx.Rngs(0))),
        NotImplementedError,
        "stream: Conv has input_dilation=",
    ),
    "a layer that calls its kernel in another way": (
        lambda: stream(DeformableConv(4, 6, 3, padding="CAUSAL", rngs=nnx.Rngs(0))),
        TypeError,
        "stream: DeformableConv is called in a way of its own",
    ),
    "an unknown algorithm": (lambda: stream([], algorithm="tap"), ValueError, "stream: algorithm='tap' is not one of"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_a_stream_refuses(name):
    call, kind, message = REFUSED[name]
    with pytest.raises(kind, match=message):
        call()
