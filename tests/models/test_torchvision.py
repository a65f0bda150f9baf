"""The networks are torchvision's: with its parameters copied, the same outputs."""

import numpy as np
import pytest
from flax import nnx

from jconv import models
from jconv.interop import load_torch

NETWORKS = {
    "resnet18": lambda rngs: models.ResNet(18, rngs=rngs),
    "resnet50": lambda rngs: models.ResNet(50, rngs=rngs),
    "mobilenet_v2": lambda rngs: models.MobileNetV2(rngs=rngs),
    "convnext_tiny": lambda rngs: models.ConvNeXt("tiny", rngs=rngs),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", NETWORKS)
def test_outputs_are_torchvisions(name):
    torch = pytest.importorskip("torch")
    torchvision = pytest.importorskip("torchvision")
    torch.manual_seed(0)
    theirs = getattr(torchvision.models, name)(weights=None).eval()
    with torch.no_grad():
        for entry, tensor in theirs.state_dict().items():
            if "running" in entry or "layer_scale" in entry:  # first values would hide what is done with them
                tensor.copy_(torch.rand_like(tensor) + 0.5)
            elif tensor.ndim == 1 and tensor.is_floating_point():
                tensor.add_(0.1 * torch.randn_like(tensor))
    ours = NETWORKS[name](nnx.Rngs(0))
    load_torch(theirs, ours)
    ours.eval()
    x = np.random.default_rng(0).standard_normal((2, 64, 64, 3)).astype(np.float32)
    with torch.no_grad():
        want = theirs(torch.from_numpy(np.moveaxis(x, -1, 1).copy())).numpy()
    got = nnx.jit(lambda model, x: model(x))(ours, x)
    assert np.ptp(want) > 0.01
    np.testing.assert_allclose(got, want, rtol=1e-4, atol=1e-4 * np.abs(want).max())
