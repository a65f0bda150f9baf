"""Small Flax (nnx) networks on jconv."""

from jconv.models._filters import ConvFilter, DeepFilter, FILTER_MODELS, SeparableFilter

__all__ = ["ConvFilter", "DeepFilter", "FILTER_MODELS", "SeparableFilter",]
