"""What a model looks at: gradients with respect to its picture."""

from collections.abc import Callable, Sequence

import jax
import jax.numpy as jnp
import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from jconv._typing import Array, ArrayLike
from jconv.plot._picture import as_pictures, name_of, show
from jconv.plot._style import FAINT, ORANGE, RISING, bare, heading, page

FAINTEST = 1e-4  # of the strongest gradient: what is weaker is outside the field
DIM = 0.45  # of a picture's brightness, where a field lies over it
GAMMA = 0.5  # weak parts of a receptive field are shown brighter than they are


def receptive_field(
    function: Callable[[Array], Array],
    picture: ArrayLike,
    *,
    at: tuple[int, int] | None = None,
    title: str = "receptive field",
) -> Figure:
    """Draw which pixels one position of a feature map depends on, and how strongly.

    field[i] = sqrt( sum over m, c of (d features[at, m] / d picture[i, c])^2 )

    Args:
        function: picture `(height, width, c)` to features `(height', width', m)`, traceable by JAX.
        picture: `(height, width, 1 or 3)`, or `(height, width)`.
        at: row and column in the feature map; None: its middle.
        title: written above.

    Returns:
        The figure: the picture with a frame around the field, and the field. Where the model is not linear the field is
        that for this picture.

    Raises:
        ValueError: a picture or features of another shape, or a position beyond them.

    Examples:
        >>> from jconv import conv
        >>> two = lambda x: conv(conv(x, jnp.ones((3, 3, 1, 1))), jnp.ones((3, 3, 1, 1)))
        >>> receptive_field(two, jnp.ones((16, 16, 1))).texts[0].get_text()
        'receptive field: 5 x 5 pixels'

    References:
        Luo et al., "Understanding the effective receptive field in deep convolutional neural networks", NeurIPS 2016.
    """
    x = _floats("receptive_field", picture)
    shape = jax.eval_shape(function, x).shape
    if len(shape) != 3:
        raise ValueError(f"receptive_field: features of shape {shape} must be (height, width, m). Leave out the batch.")
    place = (shape[0] // 2, shape[1] // 2) if at is None else at
    if not all(0 <= n < size for n, size in zip(place, shape, strict=False)):
        raise ValueError(f"receptive_field: at={at} is no position of features of shape {shape}.")
    gradients = jax.jit(jax.jacrev(lambda x: function(x)[place[0], place[1]]))(x)
    field = np.sqrt(np.sum(np.square(np.asarray(gradients, np.float64)), axis=(0, -1)))
    strong = field > FAINTEST * max(field.max(), 1e-300)
    rows, columns = np.flatnonzero(strong.any(axis=1)), np.flatnonzero(strong.any(axis=0))
    words = "nothing"
    if rows.size:
        words = f"{columns[-1] - columns[0] + 1} x {rows[-1] - rows[0] + 1} pixels"
    figure, (left, right) = _pair(x, f"{title}: {words}")
    _over(right, x, (field / max(field.max(), 1e-300)) ** GAMMA)
    heading(right, f"what position {place[0]}, {place[1]} depends on")
    if rows.size:
        for axes in (left, right):
            corner, size = (columns[0] - 0.5, rows[0] - 0.5), (columns[-1] - columns[0] + 1, rows[-1] - rows[0] + 1)
            axes.add_patch(Rectangle(corner, *size, fill=False, edgecolor=ORANGE, linewidth=2.2))
    return figure


def saliency(
    function: Callable[[Array], Array],
    picture: ArrayLike,
    *,
    label: int | None = None,
    names: Sequence[str] | None = None,
    title: str = "",
) -> Figure:
    """Draw which pixels a class's score depends on most.

    saliency[i] = max over c of |d scores[label] / d picture[i, c]|

    Args:
        function: picture `(height, width, c)` to scores `(classes,)` before the softmax, traceable by JAX.
        picture: `(height, width, 1 or 3)`, or `(height, width)`.
        label: the class; None: the one with the highest score.
        names: of the classes.
        title: written above; empty: which class it is.

    Returns:
        The figure: the picture, and the saliency, bright where a small change matters most.

    Raises:
        ValueError: a picture or scores of another shape, or a class that is not there.

    Examples:
        >>> figure = saliency(lambda x: jnp.stack([x[2, 3, 0], x[0, 0, 0]]), jnp.eye(4)[..., None], label=0)
        >>> np.argwhere(figure.axes[1].images[0].get_array() > 0)
        array([[2, 3]])

    References:
        Simonyan, Vedaldi and Zisserman, "Deep inside convolutional networks: visualising image classification models
        and saliency maps", arXiv:1312.6034.
    """
    x = _floats("saliency", picture)
    shape = jax.eval_shape(function, x).shape
    if len(shape) != 1:
        raise ValueError(f"saliency: scores of shape {shape} must be (classes,). Leave out the batch.")
    if label is not None and not 0 <= label < shape[0]:
        raise ValueError(f"saliency: label={label} must be one of {shape[0]} classes.")

    def score(x: Array) -> tuple[Array, Array]:
        scores = function(x)
        chosen = jnp.argmax(scores) if label is None else jnp.asarray(label)
        return scores[chosen], chosen

    (_, chosen), gradient = jax.jit(jax.value_and_grad(score, has_aux=True))(x)
    strength = np.max(np.abs(np.asarray(gradient, np.float64)), axis=-1)
    figure, (_, right) = _pair(x, title or f"what speaks for or against “{name_of(int(chosen), names)}”")
    right.imshow(strength, cmap=RISING, interpolation="nearest")
    heading(right, "saliency")
    return figure


def _over(axes: Axes, x: Array, strength: np.ndarray) -> None:
    """Draw a strength from 0 to 1 in colour over the picture, which is grey and dark where there is none."""
    grey = as_pictures("picture", np.asarray(x).mean(axis=-1)[None])[0]
    colours = colormaps[RISING](strength)[..., :3]
    cover = np.minimum(2 * strength, 1)[..., None]
    axes.imshow((1 - cover) * DIM * grey + cover * colours, interpolation="nearest")


def _floats(verb: str, picture: ArrayLike) -> Array:
    """Give a picture `(height, width, channels)` of floats, as the function takes it."""
    x = jnp.asarray(picture)
    x = x[..., None] if x.ndim == 2 else x
    if x.ndim != 3:
        raise ValueError(f"{verb}: picture of shape {x.shape} must be (height, width, 1 or 3). Give one picture.")
    return x if jnp.issubdtype(x.dtype, jnp.floating) else x.astype(jnp.float32)


def _pair(x: Array, title: str) -> tuple[Figure, list]:
    """Draw the picture at the left, and give the figure and both axes."""
    height, width = x.shape[:2]
    wide = 3.2 * float(np.clip(np.sqrt(width / height), 0.7, 1.5))
    figure, panels = page(1, 2, size=(wide, wide * height / width), title=title, gap=(0.25, 0.3))
    shown = (
        as_pictures("picture", np.asarray(x)[None])[0] if x.shape[-1] in (1, 3) else np.asarray(x).mean(-1)[..., None]
    )
    show(panels[0][0], shown)
    heading(panels[0][0], "picture", colour=FAINT)
    bare(panels[0][1])
    return figure, panels[0]
