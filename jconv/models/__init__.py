"""Small Flax (nnx) networks on jconv."""

from jconv.models._filters import FILTER_MODELS, ConvFilter, DeepFilter, SeparableFilter

__all__ = ["FILTER_MODELS", "ConvFilter", "DeepFilter", "SeparableFilter"]
