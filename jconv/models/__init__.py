"""Networks for Flax nnx on jconv's layers: pictures, boxes, masks, videos, sounds, sequences; and small filters.

Pictures are channels-last. `dtype=` says what is computed in, `param_dtype=` what the parameters are; `model.train()`
and `model.eval()` say which statistics batch norms use. Classes come out as logits.

>>> from flax import nnx
>>> import jax.numpy as jnp
>>> nnx.eval_shape(lambda: UNet(rngs=nnx.Rngs(0))(jnp.ones((1, 32, 32, 1)))).shape
(1, 32, 32, 2)
"""

from jconv.models._audio_net import AudioNet
from jconv.models._boxes import centernet_decode, centernet_loss, centernet_targets, focal_loss
from jconv.models._center_net import CenterNet
from jconv.models._convnext import ConvNeXt
from jconv.models._filters import FILTER_MODELS, ConvFilter, DeepFilter, SeparableFilter
from jconv.models._hyena import Hyena
from jconv.models._hyena_mixer import HyenaMixer
from jconv.models._lenet import LeNet
from jconv.models._log_mel import LogMel
from jconv.models._mobilenet_v2 import MobileNetV2
from jconv.models._resnet import ResNet
from jconv.models._unet import UNet
from jconv.models._video_net import VideoNet
from jconv.models._wave_net import WaveNet

__all__ = [
    "FILTER_MODELS",
    "AudioNet",
    "CenterNet",
    "ConvFilter",
    "ConvNeXt",
    "DeepFilter",
    "Hyena",
    "HyenaMixer",
    "LeNet",
    "LogMel",
    "MobileNetV2",
    "ResNet",
    "SeparableFilter",
    "UNet",
    "VideoNet",
    "WaveNet",
    "centernet_decode",
    "centernet_loss",
    "centernet_targets",
    "focal_loss",
]
