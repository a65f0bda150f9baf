"""Give a model what a checkpoint of its training holds, without the optimiser's state."""

from pathlib import Path

import jax
import jax.numpy as jnp
from flax import nnx

from jconv.fit._checkpoints import CheckpointError, Checkpoints


def restore_model(model: nnx.Module, folder: Path, step: int | None = None) -> int:
    """Change a model in place to what was saved: the averaged parameters, where an average was kept.

    Args:
        model: as it was built for the training.
        folder: of the checkpoints.
        step: which; None: the newest.

    Returns:
        The step.

    Raises:
        CheckpointError: there is none, or it is of another model.
    """
    if not folder.is_dir():
        raise CheckpointError(f"{folder}: there is no checkpoint. Train first.")
    checkpoints = Checkpoints(folder)
    try:
        step = checkpoints.latest if step is None else step
        params, rest = nnx.state(model, nnx.Param), nnx.state(model, nnx.Not(nnx.Param))
        kept = "average" if step is not None and checkpoints.holds("average", step) else "params"
        found = checkpoints.restore({kept: params, "rest": rest}, step, part=True)
        nnx.update(model, *jax.tree.map(jnp.asarray, (found[kept], found["rest"])))
        return int(step or 0)
    finally:
        checkpoints.close()
