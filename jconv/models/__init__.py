"""Small Flax (nnx) networks on jconv."""

from jconv.models._filters import FILTER_MODELS as FILTER_MODELS
from jconv.models._filters import ConvFilter as ConvFilter
from jconv.models._filters import DeepFilter as DeepFilter
from jconv.models._filters import SeparableFilter as SeparableFilter
