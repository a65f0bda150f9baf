"""Convolution as a linear operator: adjoint, matrix, spectrum, norms, inverse.

    operator = ConvOperator(kernel, (32, 32, 3), stride=2, padding="SAME")
    operator.norm(), operator.rmv(operator.mv(x))
"""

from jconv.operator._conv_operator import ConvOperator as ConvOperator
