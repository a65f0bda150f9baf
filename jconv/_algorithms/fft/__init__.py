"""The algorithm `fft`: the convolution theorem, over the whole input or over overlapping tiles of it."""

from jconv._algorithms.fft.record import FFT as FFT
