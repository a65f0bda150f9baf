"""The arithmetic of convolution: sizes, receptive fields, and what a function or a model costs.

Functions and models are traced, never run:

    print(cost(model, x))
    receptive_field(model, x).size
"""

from jconv.arithmetic._cost import cost as cost
from jconv.arithmetic._effective import EffectiveField as EffectiveField
from jconv.arithmetic._effective import effective_receptive_field as effective_receptive_field
from jconv.arithmetic._receptive_field import ReceptiveField as ReceptiveField
from jconv.arithmetic._receptive_field import receptive_field as receptive_field
from jconv.arithmetic._sizes import output_size as output_size
from jconv.arithmetic._sizes import same_padding as same_padding
from jconv.arithmetic._sizes import transposed_size as transposed_size
from jconv.arithmetic._table import CostRow as CostRow
from jconv.arithmetic._table import CostTable as CostTable
