"""Learn an unknown filter from one photograph before and after it, with Flax (nnx), optax and jconv.

The photograph ships with scikit-image. The filter embosses; the learner sees the two pictures only.
Neighbouring pixels of a photograph are nearly equal, so that plain gradient descent cannot tell
neighbouring taps apart: `decorrelate` lets the optimiser see the kernel in better coordinates.
"""

import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx
from skimage import data

import jconv
from jconv import kernels
from jconv.fit._train import decorrelate

TAPS = 7  # more than the filter has: the rest must come out as zero


def pictures() -> tuple[jnp.ndarray, jnp.ndarray, np.ndarray]:
    """Give the photograph, the same after the filter, and the kernel to be found."""
    photograph = data.camera().astype(np.float32)
    photograph = (photograph - photograph.mean()) / photograph.std()
    before = jnp.asarray(photograph)[None, :, :, None]  # [1, height, width, 1]
    emboss = kernels.emboss()
    after = jconv.conv(before, emboss[:, :, None, None], padding="SAME", padding_mode="reflect")
    middle = slice((TAPS - 1) // 2, -(TAPS // 2))  # where the learner's whole window lies inside
    return before, after[:, middle, middle], np.pad(emboss, (TAPS - emboss.shape[0]) // 2)


@nnx.jit
def training_step(model: nnx.Conv, optimizer: nnx.Optimizer, before, after):
    """Descend once; give the loss."""

    def loss_of(model: nnx.Conv):
        return jnp.mean((model(before) - after) ** 2)

    loss, gradients = nnx.value_and_grad(loss_of)(model)
    optimizer.update(model, gradients)
    return loss


def main(quick: bool = False) -> float:
    """Learn the kernel; print and give its relative error."""
    steps = 150 if quick else 240
    before, after, truth = pictures()
    model = nnx.Conv(
        1, 1, (TAPS, TAPS), padding="VALID", rngs=nnx.Rngs(0),
        precision="highest", conv_general_dilated=jconv.conv_general_dilated,
    )  # fmt: skip
    adam = optax.adam(optax.cosine_decay_schedule(0.2, steps))
    optimizer = nnx.Optimizer(model, decorrelate(adam, before), wrt=nnx.Param)

    for step in range(1, steps + 1):
        loss = training_step(model, optimizer, before, after)
        if step % 30 == 0:
            learned = np.asarray(model.kernel[:, :, 0, 0])
            error = float(np.linalg.norm(learned - truth) / np.linalg.norm(truth))
            print(f"step {step:4d}   loss {loss:.1e}   kernel error {error:.1e}")

    print("learned kernel:", np.array2string(learned, precision=2, suppress_small=True), sep="\n")
    assert error < (1e-2 if quick else 1e-3), f"the kernel was not found: relative error {error:.1e}"
    return error


if __name__ == "__main__":
    main()
