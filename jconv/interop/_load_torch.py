"""load_torch: a PyTorch model's parameters into a Flax model of the same structure."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
from flax import nnx

from jconv.interop._parameters import (
    as_numpy,
    conv_kernel_from_torch,
    conv_transpose_kernel_from_torch,
    linear_kernel_from_torch,
)


class Kind(NamedTuple):
    """How a layer's entries of a state dict become a Flax layer's variables."""

    layer: type[nnx.Module]
    entries: Mapping[str, tuple[str, Callable[[Any], np.ndarray]]]  # Flax's name: PyTorch's, and what brings it over


NORM = {
    "scale": ("weight", as_numpy),
    "bias": ("bias", as_numpy),
    "mean": ("running_mean", as_numpy),
    "var": ("running_var", as_numpy),
}
# Subclasses before what they are subclasses of.
KINDS = (
    Kind(nnx.ConvTranspose, {"kernel": ("weight", conv_transpose_kernel_from_torch), "bias": ("bias", as_numpy)}),
    Kind(nnx.Conv, {"kernel": ("weight", conv_kernel_from_torch), "bias": ("bias", as_numpy)}),
    Kind(nnx.Linear, {"kernel": ("weight", linear_kernel_from_torch), "bias": ("bias", as_numpy)}),
    Kind(nnx.BatchNorm, NORM),
    Kind(nnx.LayerNorm, NORM),
    Kind(nnx.GroupNorm, NORM),
    Kind(nnx.Embed, {"embedding": ("weight", as_numpy)}),
)
# What PyTorch keeps and Flax does not.
IGNORED = ("num_batches_tracked",)
# The entries that belong together in a layer; those of other names, such as a scale of features, stand by themselves.
TOGETHER = ("weight", "bias", "running_mean", "running_var")


def load_torch(source: Any, model: nnx.Module) -> None:
    """Copy the parameters and statistics of a PyTorch model into a Flax model of the same structure.

    The layers that have parameters are matched in the order in which each model defines them, and each must have the
    shapes of its partner. Convolutions, transposed ones (of one group), fully connected layers (here also as
    convolutions by one tap), embeddings, batch, layer and group norms are known, and parameters that a module keeps
    itself (`self.scale = nnx.Param(...)`), whose axes of length 1 may differ. Flax pads transposed convolutions in
    other words and has other defaults (batch norm: epsilon 1e-5 in both, `momentum=0.9` where PyTorch writes 0.1):
    that is the model's to say.

    Args:
        source: a `torch.nn.Module`, or its `state_dict()`.
        model: any `nnx.Module`; it changes in place, and only if everything fits.

    Raises:
        ValueError: a layer that does not fit, named with both shapes; or more layers here than there.
        TypeError: the source is neither.

    Examples:
        >>> state = {"0.weight": np.ones((8, 3, 5, 5)), "0.bias": np.ones(8), "2.weight": np.ones((4, 8))}
        >>> class Net(nnx.Module):
        ...     def __init__(self, rngs):
        ...         self.first = nnx.Conv(3, 8, (5, 5), rngs=rngs)
        ...         self.last = nnx.Linear(8, 4, use_bias=False, rngs=rngs)
        >>> net = Net(nnx.Rngs(0))
        >>> load_torch(state, net)
        >>> float(net.first.kernel[...].min())
        1.0

    References:
        https://docs.pytorch.org/docs/stable/generated/torch.nn.Module.html
    """
    state = source.state_dict() if hasattr(source, "state_dict") else source
    if not isinstance(state, Mapping):
        raise TypeError(f"load_torch: source must be a torch.nn.Module or a state dict, not {type(source).__name__}.")
    theirs, ours = list(_grouped(state).items()), list(_layers(model))
    if len(theirs) != len(ours):
        names = [", ".join(name for name, _ in some) or "none" for some in (theirs, ours)]
        raise ValueError(
            f"load_torch: PyTorch's model has {len(theirs)} layers with parameters ({names[0]}), Flax's has "
            f"{len(ours)} ({names[1]})."
        )
    planned = [
        change for (name, entries), (path, layer) in zip(theirs, ours, strict=True)
        for change in _changes(name, entries, path, layer)
    ]  # fmt: skip
    for variable, value in planned:
        variable[...] = jnp.asarray(value, variable[...].dtype)


def _grouped(state: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The entries of a state dict by layer, in order, without what Flax does not keep."""
    layers: dict[str, dict[str, Any]] = {}
    for path, value in state.items():
        layer, _, name = path.rpartition(".")
        if name not in IGNORED:
            layers.setdefault(layer if name in TOGETHER else path, {})[name] = value
    return layers


def _layers(module: Any, path: str = "") -> Iterator[tuple[str, nnx.Module | nnx.Param]]:
    """The layers with variables of a Flax model, and what parameters stand alone, in the order of definition."""
    if isinstance(module, nnx.Param) or any(isinstance(module, kind.layer) for kind in KINDS):
        yield path, module
        return
    if isinstance(module, nnx.Module):
        children = ((name, value) for name, value in vars(module).items() if not name.startswith("_"))
    elif isinstance(module, Mapping):
        children = module.items()
    elif isinstance(module, list | tuple | nnx.List):
        children = enumerate(module)
    else:
        return
    for name, child in children:
        yield from _layers(child, f"{path}.{name}".strip("."))


def _changes(name: str, entries: dict[str, Any], path: str, layer: Any) -> Iterator[tuple[nnx.Variable, np.ndarray]]:
    """What to write into the variables of one Flax layer, checked."""
    if isinstance(layer, nnx.Param):
        yield layer, _alone(name, entries, path, layer)
        return
    kind = next(kind for kind in KINDS if isinstance(layer, kind.layer))
    both = f"PyTorch's {name or 'layer'} and Flax's {path or 'layer'} ({type(layer).__name__})"
    mine = {ours: getattr(layer, ours, None) for ours in kind.entries}
    mine = {ours: variable for ours, variable in mine.items() if isinstance(variable, nnx.Variable)}
    here, there = {kind.entries[ours][0] for ours in mine}, set(entries)
    if here != there:
        raise ValueError(f"load_torch: {both} do not fit: one has {sorted(there)}, the other wants {sorted(here)}.")
    for ours, variable in mine.items():
        entry, bring = kind.entries[ours]
        shape, wanted = np.shape(as_numpy(entries[entry])), variable[...].shape
        try:
            value = bring(entries[entry])
        except ValueError:
            value = _pointwise(as_numpy(entries[entry]), wanted)
        if value.shape != wanted:
            raise ValueError(
                f"load_torch: {both} do not fit: {entry} has shape {shape}, which makes {value.shape}, and {ours} has "
                f"{wanted}."
            )
        yield variable, value


def _pointwise(weight: np.ndarray, wanted: tuple[int, ...]) -> np.ndarray:
    """A fully connected layer's (out, in) as the (1, ..., 1, in, out) of a convolution; anything else as it is."""
    return weight.T.reshape(*wanted[:-2], *weight.T.shape) if weight.ndim == 2 and set(wanted[:-2]) == {1} else weight


def _alone(name: str, entries: dict[str, Any], path: str, parameter: nnx.Param) -> np.ndarray:
    """What to write into a parameter that no layer has, checked."""
    both, wanted = f"PyTorch's {name} and Flax's {path} (a parameter)", parameter[...].shape
    if len(entries) != 1:
        raise ValueError(f"load_torch: {both} do not fit: one has {sorted(entries)}, the other is one array.")
    value = as_numpy(*entries.values())
    if [n for n in value.shape if n != 1] != [n for n in wanted if n != 1]:
        raise ValueError(f"load_torch: {both} do not fit: one has shape {value.shape}, the other {wanted}.")
    return value.reshape(wanted)
