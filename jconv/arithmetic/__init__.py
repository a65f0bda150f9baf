"""The arithmetic of convolution: sizes, receptive fields, and what a function or a model costs.

Functions and models are traced, never run:

    print(cost(model, x))
    receptive_field(model, x).size
"""

from jconv.arithmetic._cost import cost
from jconv.arithmetic._effective import EffectiveField, effective_receptive_field
from jconv.arithmetic._receptive_field import ReceptiveField, receptive_field
from jconv.arithmetic._sizes import output_size, same_padding, transposed_size
from jconv.arithmetic._table import CostRow, CostTable

__all__ = [
    "CostRow",
    "CostTable",
    "EffectiveField",
    "ReceptiveField",
    "cost",
    "effective_receptive_field",
    "output_size",
    "receptive_field",
    "same_padding",
    "transposed_size",
]
