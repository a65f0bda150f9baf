"""What `jconv learn` may be asked. Light, so that `--help` is quick."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from math import pi
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from jconv import kernels
from jconv._typing import Array

# The names that `jconv learn --target` takes.
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
