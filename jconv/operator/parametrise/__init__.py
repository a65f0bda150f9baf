"""Kernels with a property that training cannot lose: functions from free parameters to a kernel.

Each is pure and differentiable: keep the free parameters where parameters are kept, and call it before
the convolution.

    kernel = orthogonal(free, stride=2)
    y = jconv.conv(x, kernel, stride=2, padding="SAME", padding_mode="wrap")
"""

from jconv.operator.parametrise._constraints import non_negative as non_negative
from jconv.operator.parametrise._constraints import self_adjoint as self_adjoint
from jconv.operator.parametrise._constraints import symmetric as symmetric
from jconv.operator.parametrise._constraints import unit_sum as unit_sum
from jconv.operator.parametrise._constraints import zero_mean as zero_mean
from jconv.operator.parametrise._families import gabor as gabor
from jconv.operator.parametrise._families import gaussian as gaussian
from jconv.operator.parametrise._families import separable as separable
from jconv.operator.parametrise._orthogonal import orthogonal as orthogonal
from jconv.operator.parametrise._orthogonal import orthogonal_free as orthogonal_free
from jconv.operator.parametrise._spectral import spectral_norm as spectral_norm
from jconv.operator.parametrise._steerable import circular_harmonics as circular_harmonics
from jconv.operator.parametrise._steerable import steerable as steerable
