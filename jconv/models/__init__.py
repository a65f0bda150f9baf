"""Small Flax (nnx) networks on jconv."""

from jconv.models.filters import FILTER_MODELS as FILTER_MODELS
from jconv.models.filters import ConvFilter as ConvFilter
from jconv.models.filters import DeepFilter as DeepFilter
from jconv.models.filters import SeparableFilter as SeparableFilter
