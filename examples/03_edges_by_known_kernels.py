"""Find the edges of a photograph with kernels that are known, and hold them to scikit-image's own.

An edge is where brightness changes fast. Two kernels of Sobel's measure the change across and down, and the length of
that pair of numbers is the strength of the edge. Smoothing first, or other kernels, find coarser or finer edges.
"""

import sys
from pathlib import Path

import jax.numpy as jnp
import numpy as np
from skimage import data, filters

import jconv
from jconv import kernels, plot


def filtered(picture: jnp.ndarray, kernel: jnp.ndarray) -> jnp.ndarray:
    """Slide a kernel over a picture `(height, width)` that is mirrored beyond its border."""
    x, taps = picture[..., None], kernel[..., None, None]  # one channel in, one out
    return jconv.conv(x, taps, padding="SAME", padding_mode="symmetric", precision="highest")[..., 0]


def strength(picture: jnp.ndarray, kernel) -> jnp.ndarray:
    """Give how strong the edges are: the length of the change across and down."""
    across, down = filtered(picture, kernel(axis=-1)), filtered(picture, kernel(axis=-2))
    return jnp.hypot(across, down)


def main(quick: bool = False, out: Path | None = None) -> float:
    """Find the edges; print and give the largest difference from scikit-image."""
    photograph = data.camera()[::4, ::4] if quick else data.camera()
    picture = jnp.asarray(photograph, jnp.float32) / 255

    worst = 0.0
    for name, kernel, theirs in (
        ("sobel", kernels.sobel, filters.sobel),
        ("scharr", kernels.scharr, filters.scharr),
        ("prewitt", kernels.prewitt, filters.prewitt),
    ):
        ours, truth = strength(picture, kernel), theirs(np.asarray(picture))
        # scikit-image divides by the sum of the positive taps, and by the root of two.
        ours = ours / (jnp.sum(jnp.maximum(kernel(axis=-1), 0)) * jnp.sqrt(2.0))
        difference = float(jnp.max(jnp.abs(ours - truth)))
        print(f"{name:8s} edges as scikit-image's: {difference < 1e-5}")
        worst = max(worst, difference)

    smooth = filtered(picture, kernels.gaussian(2.0))
    named = {
        "photograph": picture,
        "sobel, across": filtered(picture, kernels.sobel(axis=-1)),
        "sobel, down": filtered(picture, kernels.sobel(axis=-2)),
        "strength of edges": strength(picture, kernels.sobel) / 2,
        "laplacian": filtered(picture, kernels.laplacian()),
        "strength, smoothed first": 2 * strength(smooth, kernels.sobel),
    }
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        figure = plot.pictures(named, title="edges by known kernels", columns=3)
        (out / "03_edges.png").write_bytes(plot.as_png(figure))
    assert worst < 1e-5, f"the edges are not scikit-image's: off by {worst:.1e}"
    return worst


if __name__ == "__main__":
    main(out=Path(*sys.argv[1:2] or ["runs/examples"]))
