"""Convolution and both its adjoints in NumPy, each constructed twice: the truth that jconv is held to.

Every function here reads one equation, per spatial axis with integers s, e, d, lo::

    y[n, o, g, m] = sum over c and over (i, k) with  e*i + lo = s*o + d*k  of  x[n, i, g, c] * w[k, g, c, m]

Legend: n batch (N), i input position (I), o output position (O), k tap (K), g group (G), c channel reduced
over within its group (C), m feature made by its group (M); s `stride`, e `input_dilation`, d `dilation`,
lo `low` (padding before the first position, negative to crop). A position outside its array contributes
nothing. Any rank, also 0; any size, also 0.

The `_by_loops` functions walk the indices one by one; the `_by_patterns` ones are single einsums over the
binary patterns P[k, o, i] of the equation. Arithmetic is float64, complex128 or int64, whatever comes in.
The adjoints belong to a bilinear map: nothing is conjugated, as in JAX.

Only NumPy is imported, so that no mistake made elsewhere can be made here too.
"""

import string
from collections.abc import Iterator
from itertools import product

import numpy as np


def value_by_loops(x, w, *, stride, input_dilation, dilation, low, output_size) -> np.ndarray:
    """Convolve by walking every output position and every tap.

    Args:
      x: input, (N, *I, G, C).
      w: kernel, (*K, G, C, M).
      stride: s, one integer per spatial axis.
      input_dilation: e, one integer per spatial axis.
      dilation: d, one integer per spatial axis.
      low: lo, one integer per spatial axis, of either sign.
      output_size: O, one integer per spatial axis.

    Returns:
      y, (N, *O, G, M).

    Example:
      >>> x, w = np.arange(4).reshape(1, 4, 1, 1), np.array([1, 10]).reshape(2, 1, 1, 1)
      >>> one = dict(stride=(1,), input_dilation=(1,), dilation=(1,))
      >>> value_by_loops(x, w, **one, low=(0,), output_size=(3,)).ravel()
      array([10, 21, 32])
    """
    x, w = _wide(x), _wide(w)
    window = w.shape[:-3]
    y = np.zeros((x.shape[0], *output_size, x.shape[-2], w.shape[-1]), np.result_type(x, w))
    for i, k, o in _triples(stride, input_dilation, dilation, low, x.shape[1:-2], window, output_size):
        y[:, *o] += np.einsum("ngc,gcm->ngm", x[:, *i], w[k])
    return y


def x_cotangent_by_loops(y, w, *, stride, input_dilation, dilation, low, input_size) -> np.ndarray:
    """Send a cotangent of y back to x: every product x*w that made a y gives its w*y to that x.

    Args:
      y: cotangent of the output, (N, *O, G, M).
      w: kernel, (*K, G, C, M).
      stride: s; this and the next three are as in `value_by_loops`.
      input_dilation: e.
      dilation: d.
      low: lo.
      input_size: I, one integer per spatial axis.

    Returns:
      The cotangent of x, (N, *I, G, C).

    Example:
      >>> y, w = np.array([1, 2]).reshape(1, 2, 1, 1), np.array([1, 10]).reshape(2, 1, 1, 1)
      >>> one = dict(input_dilation=(1,), dilation=(1,), low=(0,))
      >>> x_cotangent_by_loops(y, w, stride=(2,), **one, input_size=(4,)).ravel()
      array([ 1, 10,  2, 20])
    """
    y, w = _wide(y), _wide(w)
    window, output_size = w.shape[:-3], y.shape[1:-2]
    x = np.zeros((y.shape[0], *input_size, y.shape[-2], w.shape[-2]), np.result_type(y, w))
    for i, k, o in _triples(stride, input_dilation, dilation, low, input_size, window, output_size):
        x[:, *i] += np.einsum("ngm,gcm->ngc", y[:, *o], w[k])
    return x


def w_cotangent_by_loops(x, y, *, stride, input_dilation, dilation, low, window) -> np.ndarray:
    """Send a cotangent of y back to w: every product x*w that made a y gives its x*y to that w.

    Args:
      x: input, (N, *I, G, C).
      y: cotangent of the output, (N, *O, G, M).
      stride: s; this and the next three are as in `value_by_loops`.
      input_dilation: e.
      dilation: d.
      low: lo.
      window: K, one integer per spatial axis.

    Returns:
      The cotangent of w, (*K, G, C, M).

    Example:
      >>> x, y = np.arange(4).reshape(1, 4, 1, 1), np.array([1, 10, 100]).reshape(1, 3, 1, 1)
      >>> one = dict(stride=(1,), input_dilation=(1,), dilation=(1,))
      >>> w_cotangent_by_loops(x, y, **one, low=(0,), window=(2,)).ravel()
      array([210, 321])
    """
    x, y = _wide(x), _wide(y)
    input_size, output_size = x.shape[1:-2], y.shape[1:-2]
    w = np.zeros((*window, *x.shape[-2:], y.shape[-1]), np.result_type(x, y))
    for i, k, o in _triples(stride, input_dilation, dilation, low, input_size, window, output_size):
        w[k] += np.einsum("ngc,ngm->gcm", x[:, *i], y[:, *o])
    return w


def value_by_patterns(x, w, *, stride, input_dilation, dilation, low, output_size) -> np.ndarray:
    """Convolve as one einsum of x, w and a binary pattern per axis; arguments as in `value_by_loops`.

    Example:
      >>> x, w = np.arange(4).reshape(1, 4, 1, 1), np.array([1, 10]).reshape(2, 1, 1, 1)
      >>> one = dict(stride=(1,), input_dilation=(1,), dilation=(1,))
      >>> value_by_patterns(x, w, **one, low=(0,), output_size=(3,)).ravel()
      array([10, 21, 32])
    """
    x, w = _wide(x), _wide(w)
    sizes = w.shape[:-3], output_size, x.shape[1:-2]
    p = binary_patterns(*sizes, stride=stride, input_dilation=input_dilation, dilation=dilation, low=low)
    return _einsum("x w -> y", x, w, p)


def x_cotangent_by_patterns(y, w, *, stride, input_dilation, dilation, low, input_size) -> np.ndarray:
    """Send a cotangent of y back to x by the same einsum, asked for x; as in `x_cotangent_by_loops`.

    Example:
      >>> y, w = np.array([1, 2]).reshape(1, 2, 1, 1), np.array([1, 10]).reshape(2, 1, 1, 1)
      >>> one = dict(input_dilation=(1,), dilation=(1,), low=(0,))
      >>> x_cotangent_by_patterns(y, w, stride=(2,), **one, input_size=(4,)).ravel()
      array([ 1, 10,  2, 20])
    """
    y, w = _wide(y), _wide(w)
    sizes = w.shape[:-3], y.shape[1:-2], input_size
    p = binary_patterns(*sizes, stride=stride, input_dilation=input_dilation, dilation=dilation, low=low)
    return _einsum("y w -> x", y, w, p)


def w_cotangent_by_patterns(x, y, *, stride, input_dilation, dilation, low, window) -> np.ndarray:
    """Send a cotangent of y back to w by the same einsum, asked for w; as in `w_cotangent_by_loops`.

    Example:
      >>> x, y = np.arange(4).reshape(1, 4, 1, 1), np.array([1, 10, 100]).reshape(1, 3, 1, 1)
      >>> one = dict(stride=(1,), input_dilation=(1,), dilation=(1,))
      >>> w_cotangent_by_patterns(x, y, **one, low=(0,), window=(2,)).ravel()
      array([210, 321])
    """
    x, y = _wide(x), _wide(y)
    sizes = window, y.shape[1:-2], x.shape[1:-2]
    p = binary_patterns(*sizes, stride=stride, input_dilation=input_dilation, dilation=dilation, low=low)
    return _einsum("x y -> w", x, y, p)


def binary_patterns(window, output_size, input_size, *, stride, input_dilation, dilation, low) -> list[np.ndarray]:
    """Write the equation's condition as one 0/1 array per spatial axis.

    P[k, o, i] = 1 where e*i + lo = s*o + d*k, else 0.

    Args:
      window: K, one integer per spatial axis.
      output_size: O, one integer per spatial axis.
      input_size: I, one integer per spatial axis.
      stride: s; this and the next three are as in `value_by_loops`.
      input_dilation: e.
      dilation: d.
      low: lo.

    Returns:
      P for each spatial axis, (K, O, I), int64.

    Example:
      >>> one = dict(stride=(1,), input_dilation=(1,), dilation=(1,))
      >>> binary_patterns((2,), (3,), (4,), **one, low=(0,))[0][1]  # tap 1 reads one position ahead
      array([[0, 1, 0, 0],
             [0, 0, 1, 0],
             [0, 0, 0, 1]])

    Source:
      Dangel, "Convolutions and More as Einsum" (NeurIPS 2024), arXiv:2307.02275, for the binary pattern.
    """
    patterns = []
    for a in range(len(window)):
        k = np.arange(window[a])[:, None, None]
        o = np.arange(output_size[a])[None, :, None]
        i = np.arange(input_size[a])[None, None, :]
        holds = input_dilation[a] * i + low[a] == stride[a] * o + dilation[a] * k
        patterns.append(holds.astype(np.int64))  # [K, O, I]
    return patterns


def _wide(a) -> np.ndarray:
    """Return the array in the widest dtype of its kind; NumPy knows bfloat16's kind only as 'V'."""
    a = np.asarray(a)
    match a.dtype.kind:
        case "c":
            return a.astype(np.complex128)
        case "i" | "u" | "b":
            return a.astype(np.int64)
        case _:
            return a.astype(np.float64)


def _triples(
    stride, input_dilation, dilation, low, input_size, window, output_size
) -> Iterator[tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]]:
    """Yield every (i, k, o) of the equation, each a tuple with one index per spatial axis."""
    for o in product(*map(range, output_size)):
        for k in product(*map(range, window)):
            i = []
            for a in range(len(window)):
                position, between = divmod(stride[a] * o[a] + dilation[a] * k[a] - low[a], input_dilation[a])
                if between or not 0 <= position < input_size[a]:
                    break
                i.append(position)
            else:
                yield tuple(i), k, o


def _einsum(sentence: str, a, b, patterns: list[np.ndarray]) -> np.ndarray:
    """Evaluate "x w -> y" (or another of the three) with one letter per axis of each array."""
    rank = len(patterns)
    k, o, i = (string.ascii_uppercase[j * rank : (j + 1) * rank] for j in range(3))
    letters = {"x": f"n{i}gc", "w": f"{k}gcm", "y": f"n{o}gm"}
    per_axis = [f"{k[j]}{o[j]}{i[j]}" for j in range(rank)]
    first, second, _, asked = sentence.split()
    equation = ",".join([letters[first], letters[second], *per_axis]) + "->" + letters[asked]
    return np.einsum(equation, a, b, *patterns, optimize="greedy")
