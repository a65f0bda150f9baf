"""Grey-scale erosion and dilation, differentiable in the structuring element too."""

from typing import Any

import numpy as np

from jconv._typing import Array, ArrayLike
from jconv.ndimage._arguments import check_axes, mirrored_origin, per_axis
from jconv.ndimage._dtypes import as_numbers, known, output_dtype
from jconv.ndimage._extremes import extreme
from jconv.ndimage._footprints import under_footprint


def grey_erosion(
    input: ArrayLike,
    size: Any = None,
    footprint: Any = None,
    structure: ArrayLike | None = None,
    output: Any = None,
    mode: Any = "reflect",
    cval: ArrayLike = 0.0,
    origin: Any = 0,
    *,
    axes: Any = None,
) -> Array:
    """Erode: the lowest of the neighbours less the structuring element, as `scipy.ndimage.grey_erosion`.

    y[i] = min over k in the footprint of  x[i + k - size // 2 - origin] - structure[k]. Differentiable in input and
    structure.

    Args:
        input: real numbers, any number of axes.
        size: of a flat, full structuring element, one for all or one per axis.
        footprint: which positions of the structuring element count; not traced.
        structure: heights of the structuring element; without a footprint all positions count.
        output: as in `correlate`.
        mode: as in `maximum_filter`.
        cval: as in `correlate`.
        origin: how far the window is shifted towards lower indices, one for all or one per axis.
        axes: the axes to filter, all if None; sequences have one value for each of these.

    Returns:
        Array of the input's shape.

    Raises:
        ValueError: none of size, footprint and structure, or ones that do not fit; else as in `maximum_filter`.
        TypeError: as in `maximum_filter`.

    Examples:
        >>> import jax.numpy as jnp
        >>> grey_erosion(jnp.array([5, 5, 1, 5, 5]), structure=jnp.array([-1, 0, -1]))
        Array([5, 2, 1, 2, 5], dtype=int32)

    References:
        SciPy, `scipy.ndimage.grey_erosion`. Serra, "Image analysis and mathematical morphology", 1982.
    """
    return _moved("grey_erosion", input, size, footprint, structure, output, mode, cval, origin, axes)


def grey_dilation(
    input: ArrayLike,
    size: Any = None,
    footprint: Any = None,
    structure: ArrayLike | None = None,
    output: Any = None,
    mode: Any = "reflect",
    cval: ArrayLike = 0.0,
    origin: Any = 0,
    *,
    axes: Any = None,
) -> Array:
    """Dilate: the highest of the neighbours plus the structuring element, as `scipy.ndimage.grey_dilation`.

    y[i] = max over k in the footprint of  x[i - k + size // 2 + origin] + structure[k], the centre of an even
    window as in `convolve`. Differentiable in input and structure.

    Args:
        input: as in `grey_erosion`.
        size: as in `grey_erosion`.
        footprint: as in `grey_erosion`.
        structure: as in `grey_erosion`.
        output: as in `correlate`.
        mode: as in `maximum_filter`.
        cval: as in `correlate`.
        origin: as in `grey_erosion`.
        axes: as in `grey_erosion`.

    Returns:
        Array of the input's shape.

    Raises:
        ValueError: as in `grey_erosion`.
        TypeError: as in `grey_erosion`.

    Examples:
        >>> import jax.numpy as jnp
        >>> grey_dilation(jnp.array([0, 0, 5, 0, 0]), structure=jnp.array([1, 2, 3]))
        Array([3, 6, 7, 8, 3], dtype=int32)

    References:
        SciPy, `scipy.ndimage.grey_dilation`.
    """
    return _moved("grey_dilation", input, size, footprint, structure, output, mode, cval, origin, axes, flip=True)


def _moved(verb, input, size, footprint, structure, output, mode, cval, origin, axes, *, flip: bool = False) -> Array:
    """Either verb: dilation raises by the flipped element and takes the largest."""
    x = as_numbers(verb, input, complex_too=False)
    count = len(check_axes(verb, axes, x.ndim))
    if structure is None and footprint is None and size is None:
        raise ValueError(f"{verb}: size, footprint, or structure must be specified.")
    footprint = None if footprint is None else np.asarray(footprint, bool)
    if structure is None:
        if flip:
            sizes = per_axis(verb, "size", size if footprint is None else footprint.shape, count)
            origin = tuple(map(mirrored_origin, per_axis(verb, "origin", origin, count), sizes))
            footprint = None if footprint is None else np.flip(footprint)
        return extreme(verb, x, size, footprint, output, mode, cval, origin, axes, largest=flip)
    heights = known(structure)
    footprint = np.ones(heights.shape, bool) if footprint is None else footprint
    if heights.ndim != count or heights.shape != footprint.shape:
        raise ValueError(
            f"{verb}: structure array has incorrect shape {heights.shape}: it must have {count} axes, and the "
            f"footprint's shape {footprint.shape}."
        )
    if flip:
        origin = tuple(map(mirrored_origin, per_axis(verb, "origin", origin, count), footprint.shape))
        footprint, heights = np.flip(footprint), heights[(slice(None, None, -1),) * count]
    rank = int(footprint.sum()) - 1 if flip else 0
    dtype = output_dtype(verb, output, x.dtype)
    raised = heights if flip else -heights
    return under_footprint(verb, x, raised, footprint, rank, dtype, mode, cval, origin, axes)
