"""What `jconv learn` and `jconv show` may be asked. Light, so that `--help` is quick."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from math import pi
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from jconv import kernels
from jconv._typing import Array

# The names that `jconv learn --target` and `jconv show --filter` take.
NAMED_FILTERS: Mapping[str, Callable[[], Array]] = MappingProxyType(
    {
        "sobel-x": partial(kernels.sobel, axis=-1),
        "sobel-y": partial(kernels.sobel, axis=-2),
        "laplacian": kernels.laplacian,
        "gaussian": partial(kernels.gaussian, 1.0, size=7),
        "box": partial(kernels.box, 5),
        "sharpen": kernels.sharpen,
        "emboss": kernels.emboss,
        "motion": partial(kernels.motion, 7, angle=pi / 6),
    }
)

Model = Literal["conv", "separable", "deep"]
Optimizer = Literal["adam", "adamw", "sgd", "lbfgs"]
Border = Literal["none", "zeros", "reflect", "symmetric", "edge", "wrap"]


@dataclass(frozen=True, kw_only=True)
class LearnOptions:
    """The options of `jconv learn`; its help explains them. None asks for the default of the optimiser."""

    image: Path | None = None
    target: str = "emboss"
    kernel_size: int = 7
    model: Model = "conv"
    optimizer: Optimizer = "adam"
    learning_rate: float | None = None
    steps: int | None = None
    seed: int = 0
    algorithm: str = "auto"
    padding_mode: Border = "none"
    noise: float = 0.0


@dataclass(frozen=True, kw_only=True)
class ShowOptions:
    """The options of `jconv show`; its help explains them."""

    input: int = 4
    kernel: int = 2
    stride: int = 1
    padding: int = 0
    dilation: int = 1
    groups: int = 1
    transposed: bool = False
    rank: int = 2
    seed: int = 0
    picture: Path | None = None
    filter: str | None = None
