"""The slow convolutions that users of JAX, Flax, Keras and Equinox posted: the thread, and the sizes.

`size` says what is not as posted: what would take more than 20 s a call here, or much memory, is smaller, and where
the text of a thread does not tell, the size is ours. In the names of threads jax is jax-ml/jax, flax is google/flax,
keras is keras-team/keras, equinox is patrick-kidger/equinox.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import reported_programs as programs


@dataclass(frozen=True)
class Report:
    """One posted program: `build(**posted)` gives it as it is timed, `build(**tiny)` for a quick test."""

    thread: str
    name: str
    what: str
    directions: str
    size: str
    build: Callable[..., programs.Program]
    posted: dict[str, Any]
    tiny: dict[str, Any]
    x64: bool = False


REPORTS = (
    Report(
        "jax#5227", "scipy-300", "jax.scipy.signal.convolve, 300x300 by 300x300", "forward",
        "as posted, in JAX's default type",
        programs.scipy_convolve, {"side": 300, "dtype": "float32"}, {"side": 12, "dtype": "float32"},
    ),
    Report(
        "jax#5227", "scipy-300-x64", "the same in float64", "forward", "as posted",
        programs.scipy_convolve, {"side": 300, "dtype": "float64"}, {"side": 12, "dtype": "float64"}, x64=True,
    ),
    Report(
        "jax#25461", "frames", "jax.scipy.signal.convolve, 30x30, vmapped over frames", "forward",
        "window as posted; 4 frames of 256x256",
        programs.filter_frames, {"frames": 4, "side": 256, "window": 30}, {"frames": 2, "side": 8, "window": 4},
    ),
    Report(
        "jax#12868", "loop", "1x1 in 1-D, channels first, in a fori_loop of 2", "forward, in a loop", "as posted",
        programs.conv_in_loop, {"channels": 1000, "length": 1024}, {"channels": 3, "length": 5},
    ),
    Report(
        "flax#4207", "nnx-depthwise", "nnx.Conv, depthwise, 256 channels, window 3", "forward", "as posted",
        programs.flax_depthwise, {"channels": 256, "side": 124, "rank": 1}, {"channels": 4, "side": 5, "rank": 1},
    ),
    Report(
        "flax#4207", "nnx-depthwise-2d", "nnx.Conv, depthwise, 256 channels, window 3x3", "forward",
        "as posted for the other libraries",
        programs.flax_depthwise, {"channels": 256, "side": 124, "rank": 2}, {"channels": 4, "side": 5, "rank": 2},
    ),
    Report(
        "equinox#970", "equinox-depthwise", "eqx.nn.Conv2d, depthwise, 512 channels, vmapped", "forward", "as posted",
        programs.equinox_depthwise, {"channels": 512, "side": 124}, {"channels": 4, "side": 5},
    ),
    Report(
        "jax#31662", "equinox-transposed", "eqx.nn.ConvTranspose in 3-D, 64 to 1 channels, bfloat16, vmapped",
        "kernel gradient", "as posted",
        programs.equinox_transposed, {"channels": 64, "depth": 32}, {"channels": 2, "depth": 2},
    ),
    Report(
        "jax#13800", "depthwise-stack", "12 depthwise layers in 1-D, 512 channels, channels first",
        "gradients", "batch 1 for 32, length 512 for 1024",
        programs.depthwise_stack, {"layers": 12, "batch": 1, "channels": 512, "length": 512},
        {"layers": 2, "batch": 1, "channels": 3, "length": 8},
    ),
    Report(
        "jax#17464", "transposed-32", "lax.conv_transpose, 32x32 of stride 16, 128 to 32 channels", "forward",
        "as posted",
        programs.transposed, {"batch": 1, "spatial": (8, 8), "c_in": 128, "c_out": 32, "window": 32, "stride": 16},
        {"batch": 1, "spatial": (2, 2), "c_in": 2, "c_out": 2, "window": 4, "stride": 2},
    ),
    Report(
        "jax#23783", "transposed-1d", "lax.conv_transpose in 1-D, 1024 of stride 512, 513 channels to 1", "forward",
        "ours: the thread's are in a notebook",
        programs.transposed, {"batch": 1, "spatial": (60,), "c_in": 513, "c_out": 1, "window": 1024, "stride": 512},
        {"batch": 1, "spatial": (3,), "c_in": 2, "c_out": 1, "window": 4, "stride": 2},
    ),
    Report(
        "jax#26266", "dilated-depthwise", "depthwise in 1-D, dilated, 1024 steps", "forward",
        "batch 8 for 32; 128 channels, window 8, dilation 8",
        programs.dilated_depthwise, {"batch": 8, "length": 1024, "channels": 128, "window": 8, "dilation": 8},
        {"batch": 1, "length": 9, "channels": 3, "window": 2, "dilation": 2},
    ),
    Report(
        "jax#26568", "seeds", "linen.Conv(64, 3) and Dense, vmapped over 10 seeds", "forward, vmapped", "as posted",
        programs.seeds_at_once, {"seeds": 10, "batch": 256, "side": 32}, {"seeds": 2, "batch": 2, "side": 4},
    ),
    Report(
        "keras#20471", "keras-grouped", "the lax call of keras Conv2D, 1x1, 2 groups, 512 to 128 channels", "forward",
        "as posted",
        programs.keras_grouped, {"batch": 32, "side": 64, "channels": 512, "filters": 128},
        {"batch": 1, "side": 3, "channels": 4, "filters": 2},
    ),
    Report(
        "jax#30548", "float16", "dense 3x3, 64 channels, 256x256, float16", "forward", "batch 2 for 32",
        programs.half_image, {"batch": 2, "side": 256, "channels": 64}, {"batch": 1, "side": 5, "channels": 3},
    ),
    Report(
        "jax#11143", "bias-chain", "10 dense layers in 1-D, window 3, bfloat16", "forward", "256 channels for 2048",
        programs.bias_chain, {"layers": 10, "batch": 16, "length": 512, "channels": 256},
        {"layers": 2, "batch": 1, "length": 6, "channels": 4},
    ),
    Report(
        "jax#23085", "patches", "linen.Conv, 16x16 of stride 16, 3 to 768 channels, 224x224", "gradients",
        "the patch embedding alone, batch 8",
        programs.patch_embedding, {"batch": 8, "side": 224, "patch": 16, "features": 768},
        {"batch": 1, "side": 4, "patch": 2, "features": 2},
    ),
    Report(
        "flax#4188", "causal-depthwise", "linen.Conv in 1-D, depthwise, causal", "gradients",
        "512 channels for 5120; batch 1, length 512",
        programs.causal_depthwise, {"batch": 1, "length": 512, "channels": 512},
        {"batch": 1, "length": 6, "channels": 3},
    ),
    Report(
        "jax#32157", "per-sample", "kernel gradients of 1024 samples of 4x4, 3x3", "kernel gradient, vmapped",
        "as posted",
        programs.per_sample, {"samples": 1024, "side": 4}, {"samples": 3, "side": 4},
    ),
)  # fmt: skip
