"""One jitted chunk of training steps, and the state that goes from one to the next."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx

from jconv._typing import Array


class State(NamedTuple):
    """All that a training is, so that it can be saved and go on from there bit for bit.

    Args:
        params: what is trained.
        rest: the model's other variables, such as batch statistics and random streams.
        optimizer: the optimiser's state.
        average: the moving average of the parameters; empty where none is kept.
        step: steps made, an int32 scalar. The place in the data and the random keys follow from it.
    """

    params: Any
    rest: Any
    optimizer: Any
    average: Any
    step: Array


class Recipe(NamedTuple):
    """What a step does, apart from arrays.

    Args:
        graphdef: of the model.
        optimizer: of optax.
        loss: `(model, *batch) -> scalar`.
        augment: `(key, *batch) -> batch`, or None.
        compute_dtype: of the parameters and the batch's floats within the loss; None leaves them.
        average: how much of the moving average a step keeps; None: there is none.
    """

    graphdef: Any
    optimizer: optax.GradientTransformationExtraArgs
    loss: Callable[..., Array]
    augment: Callable[..., Sequence[Array]] | None
    compute_dtype: Any
    average: float | None


@partial(jax.jit, static_argnames="recipe", donate_argnames="state")
def run_chunk(state: State, batches: Sequence[Array], key: Array, *, recipe: Recipe) -> tuple[State, Array]:
    """Make as many steps as there are batches.

    Args:
        state: before; its memory is used up.
        batches: arrays [steps, batch, ...], in the order of the loss's arguments.
        key: of the training; each step draws its own from it.
        recipe: what a step does.

    Returns:
        The state after, and the losses [steps].
    """
    return jax.lax.scan(lambda state, batch: step(state, batch, key, recipe), state, batches)


def step(state: State, batch: Sequence[Array], key: Array, recipe: Recipe) -> tuple[State, Array]:
    """Make one step; gives the state after it, and the loss before it."""
    if recipe.augment is not None:
        batch = recipe.augment(jax.random.fold_in(key, state.step), *batch)

    def objective(params):
        lowered = cast(params, recipe.compute_dtype)
        model = nnx.merge(recipe.graphdef, lowered, state.rest, copy=True)
        value = recipe.loss(model, *cast(tuple(batch), recipe.compute_dtype))
        return value.astype(jnp.float32), nnx.state(model, nnx.Not(nnx.Param))

    (value, rest), gradient = jax.value_and_grad(objective, has_aux=True)(state.params)
    # A model that computes in half types still keeps its statistics in its own.
    rest = jax.tree.map(lambda new, old: new.astype(old.dtype) if _is_float(old) else new, rest, state.rest)
    updates, optimizer = recipe.optimizer.update(gradient, state.optimizer, state.params)
    params = optax.apply_updates(state.params, updates)
    average = state.average
    if recipe.average is not None:
        average = optax.incremental_update(params, average, 1 - recipe.average)
    return State(params, rest, optimizer, average, state.step + 1), value


def cast(tree: Any, dtype: Any) -> Any:
    """Give the floats of a tree in a dtype; the tree itself for None."""
    if dtype is None:
        return tree
    return jax.tree.map(lambda a: a.astype(dtype) if _is_float(a) else a, tree)


def _is_float(array: Any) -> bool:
    """Say whether an array has real floats."""
    return jnp.issubdtype(array.dtype, jnp.floating)


def stacked(batches: Sequence[Any]) -> tuple[np.ndarray, ...]:
    """Put the batches of a chunk into one array for each argument of the loss."""
    return tuple(np.stack(arrays) for arrays in zip(*batches, strict=True))
