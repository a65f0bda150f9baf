"""PyTorch's parameters in Flax: equal outputs on nets of every kind of layer, in float64, and errors that name."""

import numpy as np
import pytest
from flax import nnx

from jconv import interop
from jconv.nn import Conv, ConvTranspose

F64 = dict(param_dtype=np.float64, dtype=np.float64)


class Net(nnx.Module):
    """Flax's side of `torch_net`; the names differ, the order is the same."""

    def __init__(self, rngs):
        self.stem = Conv(3, 8, (3, 3), strides=2, padding=1, rngs=rngs, **F64)
        self.norm = nnx.BatchNorm(8, use_running_average=True, epsilon=1e-5, rngs=rngs, **F64)
        self.depthwise = Conv(8, 16, (5, 3), padding=(2, 1), feature_group_count=8, use_bias=False, rngs=rngs, **F64)
        self.grouped = nnx.List([Conv(16, 12, (2, 2), kernel_dilation=2, padding="VALID", feature_group_count=4,
                                      rngs=rngs, **F64)])  # fmt: skip
        self.groups = nnx.GroupNorm(12, num_groups=3, epsilon=1e-5, rngs=rngs, **F64)
        pairs = ((3 - 1 - 1, 3 - 1 - 1 + 1),) * 2  # padding=1, output_padding=1
        self.up = ConvTranspose(12, 6, (3, 3), strides=2, padding=pairs, rngs=rngs, **F64)
        self.last = nnx.LayerNorm(6, epsilon=1e-5, rngs=rngs, **F64)
        self.head = nnx.Linear(6, 5, rngs=rngs, **F64)

    def __call__(self, x):
        x = nnx.relu(self.norm(self.stem(x)))
        x = self.groups(self.grouped[0](self.depthwise(x)))
        x = self.last(self.up(x).mean((1, 2)))
        return self.head(x)


def torch_net(torch):
    """The same in PyTorch, with random statistics."""

    class Mean(torch.nn.Module):
        def forward(self, x):
            return x.mean((2, 3))

    nn = torch.nn
    torch.manual_seed(0)
    net = nn.Sequential(
        nn.Conv2d(3, 8, 3, 2, 1), nn.BatchNorm2d(8), nn.ReLU(),
        nn.Conv2d(8, 16, (5, 3), padding=(2, 1), groups=8, bias=False),
        nn.Conv2d(16, 12, 2, dilation=2, groups=4), nn.GroupNorm(3, 12),
        nn.ConvTranspose2d(12, 6, 3, 2, 1, output_padding=1), Mean(), nn.LayerNorm(6), nn.Linear(6, 5),
    ).double().eval()  # fmt: skip
    for name, tensor in net.state_dict().items():
        if tensor.is_floating_point():
            tensor.copy_(torch.rand_like(tensor) + 0.5 if "var" in name else torch.randn_like(tensor))
    return net


def test_equal_outputs_in_float64(x64):
    torch = pytest.importorskip("torch")
    theirs, ours = torch_net(torch), Net(nnx.Rngs(0))
    x = np.random.default_rng(0).standard_normal((2, 11, 12, 3))
    for statistic in (ours.norm.mean, ours.norm.var):  # which Flax keeps in float32
        statistic.set_value(statistic[...].astype(np.float64))
    interop.load_torch(theirs, ours)
    want = theirs(torch.from_numpy(np.moveaxis(x, -1, 1).copy())).detach().numpy()
    np.testing.assert_allclose(ours(x), want, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("kind", ["conv_kernel", "conv_transpose_kernel"])
@pytest.mark.parametrize("shape", [(4, 3, 5), (4, 3, 5, 2), (4, 3, 5, 2, 3)])
def test_kernels_go_there_and_back(kind, shape):
    weight = np.random.default_rng(0).standard_normal(shape)
    there, back = getattr(interop, f"{kind}_from_torch"), getattr(interop, f"{kind}_to_torch")
    np.testing.assert_array_equal(back(there(weight)), weight)


def test_linear_kernels_go_there_and_back():
    weight = np.random.default_rng(0).standard_normal((4, 3))
    np.testing.assert_array_equal(interop.linear_kernel_to_torch(interop.linear_kernel_from_torch(weight)), weight)


class Two(nnx.Module):
    """A model of two layers."""

    def __init__(self, features=8):
        self.first = Conv(3, features, (3, 3), rngs=nnx.Rngs(0))
        self.last = nnx.Linear(features, 4, rngs=nnx.Rngs(1))


FITS = {
    "a.weight": np.ones((8, 3, 3, 3)), "a.bias": np.ones(8), "b.weight": np.ones((4, 8)), "b.bias": np.ones(4),
}  # fmt: skip
REFUSED = {
    "a shape": (
        FITS | {"a.weight": np.ones((8, 3, 5, 3))},
        r"PyTorch's a and Flax's first \(Conv\) do not fit: weight has shape \(8, 3, 5, 3\), which makes "
        r"\(5, 3, 3, 8\), and kernel has \(3, 3, 3, 8\)",
    ),
    "a layer of another kind": (
        FITS | {"a.weight": np.ones((8, 3))},
        r"PyTorch's a and Flax's first \(Conv\) do not fit: weight has shape \(8, 3\)",
    ),
    "a bias too many": (
        {name: value for name, value in FITS.items() if name != "b.bias"},
        r"PyTorch's b and Flax's last \(Linear\) do not fit: one has \['weight'\], the other wants \['bias', 'weight'",
    ),
    "a layer too few": (
        {name: value for name, value in FITS.items() if name[0] == "a"},
        r"PyTorch's model has 1 layers with parameters \(a\), Flax's has 2 \(first, last\)",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_does_not_fit_is_named_and_nothing_is_changed(name):
    state, message = REFUSED[name]
    model = Two()
    before = np.asarray(model.first.kernel[...])
    with pytest.raises(ValueError, match=f"load_torch: {message}"):
        interop.load_torch(state, model)
    np.testing.assert_array_equal(model.first.kernel[...], before)
    interop.load_torch(FITS, model)
    assert float(model.first.kernel[...].min()) == float(model.last.bias[...].max()) == 1


def test_what_is_no_model_is_refused():
    with pytest.raises(TypeError, match=r"source must be a torch\.nn\.Module or a state dict, not int"):
        interop.load_torch(3, Two())


def test_a_fully_connected_layer_may_be_a_convolution_by_one_tap():
    weight, model = np.arange(6.0).reshape(2, 3), Conv(3, 2, (1, 1), use_bias=False, rngs=nnx.Rngs(0))
    interop.load_torch({"weight": weight}, model)
    np.testing.assert_array_equal(model.kernel[...], weight.T[None, None])


class Scaled(nnx.Module):
    """A layer, and a parameter that no layer has."""

    def __init__(self):
        self.scale = nnx.Param(np.zeros(3, np.float32))
        self.last = nnx.Linear(3, 2, use_bias=False, rngs=nnx.Rngs(0))


def test_parameters_that_no_layer_has():
    scale, model = np.array([1.0, 2.0, 3.0]), Scaled()
    state = {"block.gamma": scale.reshape(3, 1, 1), "block.0.weight": np.ones((2, 3))}
    interop.load_torch(state, model)
    np.testing.assert_array_equal(model.scale[...], scale)
    with pytest.raises(ValueError, match=r"block.gamma and Flax's scale .* one has shape \(2,\), the other \(3,\)"):
        interop.load_torch(state | {"block.gamma": np.ones(2)}, model)
    with pytest.raises(ValueError, match=r"one has \['bias', 'weight'\], the other is one array"):
        interop.load_torch({"a.weight": scale, "a.bias": scale, "block.0.weight": np.ones((2, 3))}, model)
