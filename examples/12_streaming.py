"""Train a small causal network to say what comes next, then run it on the signal as it comes, chunk by chunk.

The signal is the sum of two waves. The network sees 29 values and predicts the next one; as a stream it
keeps the few that its layers still need, so that each value is seen once. `in_order` adds in one order
whatever the length of a chunk: the stream equals the network on the whole signal bit for bit.
"""

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx

from jconv.nn import Conv
from jconv.ops import in_order, stream

CHUNKS = (1, 4, 25)


def signal(length: int) -> jnp.ndarray:
    """Give two waves and what stands one step later: [1, length, 1] each."""
    t = np.arange(length + 1)
    waves = np.sin(0.31 * t) + 0.5 * np.sin(0.83 * t + 1)
    return jnp.asarray(waves, jnp.float32)[None, :, None]


def network() -> nnx.Sequential:
    """Give a stack of causal layers, each with twice the distance between its taps."""
    options = dict(padding="CAUSAL", algorithm=in_order, rngs=nnx.Rngs(0))
    return nnx.Sequential(
        Conv(1, 16, 2, kernel_dilation=4, **options), nnx.relu,
        Conv(16, 16, 2, kernel_dilation=8, **options), nnx.relu,
        Conv(16, 16, 2, kernel_dilation=16, **options), nnx.relu,
        Conv(16, 1, 1, **options),
    )  # fmt: skip


@nnx.jit
def training_step(model: nnx.Sequential, optimizer: nnx.Optimizer, waves):
    """Descend once; give the loss."""

    def loss_of(model: nnx.Sequential):
        return jnp.mean((model(waves[:, :-1]) - waves[:, 1:])[:, 28:] ** 2)

    loss, gradients = nnx.value_and_grad(loss_of)(model)
    optimizer.update(model, gradients)
    return loss


def in_chunks(model: nnx.Sequential, x, length: int):
    """Run the network over chunks of one length; give all outputs, and how many numbers the state holds."""
    net = stream(model)
    state = net.init(x[:, :length])
    held = sum(a.size for a in jax.tree.leaves(state))
    chunks = x.reshape(1, -1, length, 1).swapaxes(0, 1)
    _, y = jax.lax.scan(net.step, state, chunks)
    return y.swapaxes(0, 1).reshape(x.shape), held


def main(quick: bool = False) -> float:
    """Train, stream, compare; give the error of the predictions, relative to the signal."""
    steps = 150 if quick else 600
    waves, model = signal(400), network()
    optimizer = nnx.Optimizer(model, optax.adam(optax.cosine_decay_schedule(1e-2, steps)), wrt=nnx.Param)
    for step in range(1, steps + 1):
        loss = training_step(model, optimizer, waves)
        if step % (steps // 3) == 0:
            print(f"step {step:4d}   loss {loss:.1e}")

    x = signal(600)[:, :-1]
    whole = jax.jit(model)(x)
    for length in CHUNKS:
        y, held = in_chunks(model, x, length)
        assert np.array_equal(y, whole), f"chunks of {length} differ from the whole by {abs(y - whole).max()}"
        print(f"chunks of {length:2d}: equal to the whole bit for bit, {held} numbers kept")
    new = slice(400, 600)  # what it has not been trained on
    error = float(jnp.sqrt(jnp.mean((whole - signal(600)[:, 1:])[:, new] ** 2) / jnp.mean(x[:, new] ** 2)))
    print(f"error of the predictions: {error:.1e} of the signal")
    assert error < (0.1 if quick else 0.05)
    return error


if __name__ == "__main__":
    main()
