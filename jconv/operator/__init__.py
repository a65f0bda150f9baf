"""Convolution as a linear operator: adjoint, matrix, spectrum, norms, inverse.

A `ConvOperator` is a convolution with all its arguments but x fixed:

    operator = ConvOperator(kernel, (32, 32, 3), stride=2, padding="SAME")
    operator.norm(), operator.rmv(operator.mv(x))

`jconv.operator.parametrise` makes kernels whose operators have a property: orthogonal, of a given norm ...
`jconv.operator.lineax` shows operators to lineax's solvers; it alone needs lineax.
"""

from jconv.operator._conv_operator import ConvOperator

__all__ = [
    "ConvOperator",
]
