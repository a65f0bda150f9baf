"""Convolution on active sites, as sparse libraries do it: site by site."""

import numpy as np


def submanifold_conv(x, kernel, active, bias, dilation) -> np.ndarray:
    """Go through pairs of active sites that a tap lies between; one group.

    Args:
      x: input, [N, *I, C].
      kernel: [*K, C, M], odd windows.
      active: [N, *I, 1].
      bias: [M].
      dilation: distance between taps, per spatial axis.

    Returns:
      y, [N, *I, M].

    Example:
      >>> x = np.array([1, 2, 0, 4]).reshape(1, 4, 1)
      >>> submanifold_conv(x, np.ones((3, 1, 1)), x != 0, np.zeros(1), (1,)).ravel()
      array([3., 3., 0., 4.])
    """
    y, sites = np.zeros((*x.shape[:-1], kernel.shape[-1])), {tuple(site[:-1]) for site in np.argwhere(active)}
    for site in sites:
        y[site] += bias
        for k in np.ndindex(kernel.shape[:-2]):
            steps = (d * (tap - size // 2) for tap, size, d in zip(k, kernel.shape, dilation, strict=False))
            other = (site[0], *(j + step for j, step in zip(site[1:], steps, strict=True)))
            if other in sites:
                y[site] += x[other] @ kernel[k]
    return y
