"""The pooling layers are the functions of `jconv.ops`, with their options."""

import numpy as np
import pytest
from agreement import whole
from flax import nnx

from jconv import nn, ops

X = whole((2, 7, 6, 3))
OPTIONS = dict(stride=(2, 1), padding=1, dilation=(1, 2), ceil_mode=True)
SAME = {
    "max": (nn.MaxPool((3, 2), **OPTIONS), lambda: ops.max_pool(X, (3, 2), **OPTIONS)),
    "avg": (
        nn.AvgPool((3, 2), count_include_pad=False, **OPTIONS),
        lambda: ops.avg_pool(X, (3, 2), count_include_pad=False, **OPTIONS),
    ),
    "lp": (nn.LPPool(3, [3, 2], **OPTIONS), lambda: ops.lp_pool(X, 3, (3, 2), **OPTIONS)),
    "lp, trained": (nn.LPPool(3, (2, 2), trained=True), lambda: ops.lp_pool(X, 3.0, (2, 2))),
    "blur": (
        nn.BlurPool((3, 2), stride=(2, 1), padding="SAME", padding_mode="edge"),
        lambda: ops.blur_pool(X, (3, 2), stride=(2, 1), padding="SAME", padding_mode="edge"),
    ),
    "adaptive avg": (nn.AdaptiveAvgPool([3, None]), lambda: ops.adaptive_avg_pool(X, (3, None))),
    "adaptive max": (nn.AdaptiveMaxPool((3, None)), lambda: ops.adaptive_max_pool(X, (3, None))),
    "global avg": (nn.GlobalAvgPool(2), lambda: ops.global_avg_pool(X, 2)),
    "global max": (nn.GlobalMaxPool(2), lambda: ops.global_max_pool(X, 2)),
}


@pytest.mark.parametrize("name", SAME)
def test_a_layer_is_its_function(name):
    layer, want = SAME[name]
    np.testing.assert_allclose(layer(X), want(), rtol=1e-6)
    assert len(nnx.to_flat_state(nnx.state(layer, nnx.Param))) == (name == "lp, trained")


def test_they_stand_in_a_sequential():
    model = nnx.Sequential(nn.Conv(3, 4, (3, 3), rngs=nnx.Rngs(0)), nn.MaxPool((2, 2)), nn.GlobalAvgPool(2))
    assert model(X).shape == (2, 4)


REFUSED = {
    "a window": (lambda: nn.MaxPool(2), TypeError, "MaxPool: window=2 must be a sequence with an int per spatial axis"),
    "of blurs": (lambda: nn.BlurPool(3), TypeError, "BlurPool: window=3 must be a sequence"),
    "a size": (lambda: nn.AdaptiveAvgPool(5), TypeError, "AdaptiveAvgPool: size=5 must be a sequence"),
    "a rank": (lambda: nn.GlobalMaxPool(0), ValueError, "GlobalMaxPool: rank=0 must be at least 1"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_has_no_meaning_is_refused(name):
    make, error, message = REFUSED[name]
    with pytest.raises(error, match=message):
        make()
