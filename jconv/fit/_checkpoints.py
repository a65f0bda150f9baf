"""Checkpoints of a training by Orbax: whole or not there, and the newest few kept."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import jax
import numpy as np
import orbax.checkpoint as ocp


class CheckpointError(ValueError):
    """A checkpoint that is not there, is of another model, or cannot be written; the message says what to do."""


class Checkpoints:
    """The checkpoints of one training, in a folder: `STEP/` each, written to another name and then renamed.

    Args:
        folder: where they are; made if it is missing.
        keep: how many of the newest stay.
    """

    def __init__(self, folder: Path, keep: int = 2):
        options = ocp.CheckpointManagerOptions(max_to_keep=keep, create=True, enable_async_checkpointing=False)
        self.folder = folder
        handler = ocp.StandardCheckpointHandler()
        self.manager = ocp.CheckpointManager(folder.absolute(), item_handlers=handler, options=options)

    @property
    def latest(self) -> int | None:
        """The newest step that was saved; None before the first."""
        return self.manager.latest_step()

    def save(self, step: int, tree: Any) -> None:
        """Save a tree of arrays as that of a step; nothing happens if it is there.

        Raises:
            CheckpointError: it cannot be written; what was saved before stays.
        """
        if step in self.manager.all_steps():
            return
        with self.writing(f"the checkpoint of step {step}", (OSError, ValueError)):  # tensorstore's of a full disk
            self.manager.save(step, args=ocp.args.StandardSave(_by_name(tree)))

    @contextmanager
    def writing(self, what: str, errors: Any = OSError) -> Iterator[None]:
        """Say of something of the training that cannot be written why, and what is whole.

        Raises:
            CheckpointError: instead of the errors.
        """
        try:
            yield
        except errors as error:
            last = (
                "no checkpoint was saved" if self.latest is None else f"the checkpoint of step {self.latest} is whole"
            )
            reason = str(error).splitlines()[0][:200]
            raise CheckpointError(
                f"{self.folder.parent}: {what} cannot be written ({reason}); {last}. Free some space, or give another "
                f"folder, and resume."
            ) from error

    def holds(self, name: str, step: int) -> bool:
        """Say whether the tree of a step has something under a first name."""
        return any(key.startswith(f"{name}.") for key in self._shapes(step))

    def restore(self, like: Any, step: int | None = None, *, part: bool = False) -> Any:
        """Read the tree of a step.

        Args:
            like: a tree of the same structure, shapes and dtypes.
            step: which; None: the newest.
            part: whether what was saved may hold more.

        Returns:
            The tree, with the saved arrays.

        Raises:
            CheckpointError: there is none, or it is of another model.
        """
        step = self.latest if step is None else step
        if step is None:
            raise CheckpointError(f"{self.folder}: there is no checkpoint. Train first, without resuming.")
        wanted, there = _by_name(like), self._shapes(step)
        for name in sorted(wanted if part else set(wanted) | set(there)):
            if name not in wanted or wanted[name].shape != there.get(name):
                seen = f"shape {there[name]}" if name in there else "nothing"
                asked = f"shape {wanted[name].shape}" if name in wanted else "nothing"
                raise CheckpointError(
                    f"{self.folder}: the checkpoint is of another model or optimiser: {name} has {seen} there and "
                    f"{asked} here. Give the options that it was trained with."
                )
        arrays = self.arrays(step)
        leaves, structure = jax.tree.flatten(like)
        found = [arrays[name] for name in wanted]
        return jax.tree.unflatten(structure, [_as_saved(a, old) for a, old in zip(found, leaves, strict=True)])

    def arrays(self, step: int) -> dict[str, Any]:
        """Read all arrays of a step by their names, as they stand in the file."""
        return dict(self.manager.restore(step, args=ocp.args.StandardRestore()))

    def _shapes(self, step: int) -> dict[str, tuple[int, ...]]:
        """Give the shapes of what was saved, by name."""
        saved = self.manager.item_metadata(step)
        return {name: tuple(leaf.shape) for name, leaf in getattr(saved, "tree", saved).items()}

    def close(self) -> None:
        """Let go of the folder."""
        self.manager.close()


def _by_name(tree: Any) -> dict[str, np.ndarray]:
    """Give the arrays of a tree by their paths; random keys as the numbers they hold."""
    named = jax.tree_util.tree_flatten_with_path(tree)[0]
    return {jax.tree_util.keystr(path, simple=True, separator="."): _plain(leaf) for path, leaf in named}


def _plain(leaf: Any) -> np.ndarray:
    """Give an array that files can hold."""
    return np.asarray(jax.random.key_data(leaf) if _is_key(leaf) else leaf)


def _as_saved(array: Any, like: Any) -> Any:
    """Give a saved array the kind of the one that was saved: a key, or numbers."""
    if _is_key(like):
        return jax.random.wrap_key_data(jax.numpy.asarray(array), impl=jax.random.key_impl(like))
    return jax.numpy.asarray(np.asarray(array))


def _is_key(leaf: Any) -> bool:
    """Say whether an array holds random keys."""
    return isinstance(leaf, jax.Array) and jax.dtypes.issubdtype(leaf.dtype, jax.dtypes.prng_key)
