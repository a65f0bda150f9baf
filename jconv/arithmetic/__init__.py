"""The arithmetic of convolution: sizes, receptive fields, and what a function or a model costs.

    print(cost(model, x))
    receptive_field(model, x).size
"""

from jconv.arithmetic._receptive_field import ReceptiveField as ReceptiveField
from jconv.arithmetic._receptive_field import receptive_field as receptive_field
