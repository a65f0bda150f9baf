"""Learn an edge detector: two kernels start random, see a photograph and the strength of its edges, and become Sobel's.

The model squares two convolutions, adds them and takes the root. The target was made by scikit-image's Sobel filter;
nobody tells the model the kernels. Any pair that is Sobel's turned by some angle explains the target as well, so the
truth is the plane that the two span: it is found. On a photograph that was never seen, the edges are right too.
"""

import sys
from pathlib import Path

import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx
from skimage import data, filters

from jconv import kernels, plot
from jconv.fit import decorrelate
from jconv.nn import Conv

TAPS = 5  # more than Sobel's: the rest must come out as zero


class Edges(nnx.Module):
    """The length of two convolutions: strength = sqrt((x * a)^2 + (x * b)^2)."""

    def __init__(self, *, rngs: nnx.Rngs):
        self.conv = Conv(1, 2, (TAPS, TAPS), padding="VALID", use_bias=False, precision="highest", rngs=rngs)

    def __call__(self, x):
        """Give the strengths, `(height, width)`, of a picture `(height, width)`."""
        return jnp.sqrt(jnp.sum(self.conv(x[..., None]) ** 2, axis=-1) + 1e-12)


def task(photograph: np.ndarray) -> tuple[jnp.ndarray, jnp.ndarray]:
    """Give a photograph, and scikit-image's edges where the learner's whole window lies inside; both in its units."""
    picture = (photograph.astype(np.float32) - photograph.mean()) / photograph.std()
    rim = TAPS // 2
    return jnp.asarray(picture), jnp.asarray(filters.sobel(picture)[rim:-rim, rim:-rim])


@nnx.jit
def training_step(model: Edges, optimizer: nnx.Optimizer, picture, strength):
    """Descend once; give the loss."""
    loss, gradients = nnx.value_and_grad(lambda model: jnp.mean((model(picture) - strength) ** 2))(model)
    optimizer.update(model, gradients)
    return loss


def outside_the_plane(learned: np.ndarray) -> float:
    """Give how much of Sobel's two kernels, as a part of 1, lies outside the plane that the learned two span."""
    rim = (TAPS - 3) // 2
    truth = np.stack([np.pad(kernels.sobel(axis=axis), rim).ravel() for axis in (-1, -2)], axis=1)
    basis, _ = np.linalg.qr(learned.reshape(-1, 2))
    return float(np.linalg.norm(truth - basis @ (basis.T @ truth)) / np.linalg.norm(truth))


def main(quick: bool = False, out: Path | None = None) -> float:
    """Learn; print and give the part of Sobel's kernels that was missed."""
    steps = 200 if quick else 400
    picture, strength = task(data.camera()[::2, ::2] if quick else data.camera())
    model = Edges(rngs=nnx.Rngs(0))
    first = np.asarray(model.conv.kernel[...])
    adam = optax.adam(optax.cosine_decay_schedule(0.1, steps))
    # Neighbouring pixels are nearly equal: the optimiser sees the kernels in coordinates in which they are not.
    optimizer = nnx.Optimizer(model, decorrelate(adam, picture[None, ..., None]), wrt=nnx.Param)
    for step in range(1, steps + 1):
        loss = training_step(model, optimizer, picture, strength)
        if step % (steps // 5) == 0:
            missed = outside_the_plane(np.asarray(model.conv.kernel[...]))
            print(f"step {step:5d}   loss {float(loss):.1e}   of Sobel's kernels missed {missed:.1e}")

    unseen, truth = task(data.coins())
    found = model(unseen)
    right = float(jnp.corrcoef(found.ravel(), truth.ravel())[0, 1])
    print(f"on a photograph that was never seen, the edges agree by {right:.4f} (1 is all)")
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        last = np.asarray(model.conv.kernel[...])
        both = np.concatenate([first / np.abs(first).max(), last / np.abs(last).max()], axis=-1)
        names = ("first, before", "second, before", "first, learned", "second, learned")
        figure = plot.kernels(both, title="an edge detector, learned", names=names)
        (out / "04_kernels.png").write_bytes(plot.as_png(figure))
    assert missed < (1e-2 if quick else 1e-4), f"Sobel's kernels were not found: {missed:.1e} is missing"
    assert right > 0.99
    return missed


if __name__ == "__main__":
    main(out=Path(*sys.argv[1:2] or ["runs/examples"]))
