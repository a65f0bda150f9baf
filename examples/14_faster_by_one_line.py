"""Your own Flax model, unchanged: `jconv.install()` makes its convolutions faster, and its losses stay the same."""

import time

import jax
import numpy as np
import optax
from flax import nnx

import jconv


def build() -> tuple[nnx.Module, nnx.Optimizer]:
    """A small network of stock Flax layers, with depthwise windows as in MobileNet and ConvNeXt."""
    rngs = nnx.Rngs(0)
    model = nnx.Sequential(
        nnx.Conv(3, 32, (3, 3), rngs=rngs),
        nnx.relu,
        nnx.Conv(32, 32, (5, 5), feature_group_count=32, rngs=rngs),
        nnx.relu,
        nnx.Conv(32, 8, (1, 1), rngs=rngs),
    )
    return model, nnx.Optimizer(model, optax.adam(1e-3), wrt=nnx.Param)


def step(model, optimizer, pictures):
    """One step of training."""
    loss, gradients = nnx.value_and_grad(lambda model: ((model(pictures) - 1) ** 2).mean())(model)
    optimizer.update(model, gradients)
    return loss


def run(pictures, steps: int) -> tuple[np.ndarray, float]:
    """Train; gives the losses, and the median time of a step in milliseconds."""
    model, optimizer = build()
    program = nnx.jit(lambda *arguments: step(*arguments))  # compiled anew, with or without jconv
    losses, times = [], []
    for _ in range(steps):
        started = time.perf_counter()
        losses.append(float(program(model, optimizer, pictures)))
        times.append(time.perf_counter() - started)
    return np.array(losses), 1e3 * float(np.median(times[1:]))


def main(quick: bool = False) -> None:
    """Train by stock JAX and by jconv, from the same parameters."""
    side = 16 if quick else 48
    pictures = jax.random.uniform(jax.random.key(0), (8, side, side, 3))
    stock, slow = run(pictures, 6 if quick else 20)
    jconv.install()
    try:
        ours, fast = run(pictures, 6 if quick else 20)
    finally:
        jconv.uninstall()
    print(f"a step takes {slow:.1f} ms by stock JAX and {fast:.1f} ms with jconv: {slow / fast:.1f} times as fast")
    print(f"losses differ by {np.abs(ours - stock).max():.1e} at most")
    np.testing.assert_allclose(ours, stock, rtol=1e-3)


if __name__ == "__main__":
    main()
