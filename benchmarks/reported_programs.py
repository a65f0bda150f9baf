"""What users posted, as programs: each function gives one, and the shapes of what it takes.

Where a thread has constant arrays, these get normal numbers, so that values can be compared.
"""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from flax import linen, nnx
from jax import ShapeDtypeStruct as Shape
from jax import lax

Program = tuple[Callable[..., Any], tuple[Any, ...]]


def scipy_convolve(side: int, dtype: str) -> Program:
    """An image with itself, by SciPy's name in JAX."""
    return lambda x: jax.scipy.signal.convolve(x, x, mode="same"), (Shape((side, side), dtype),)


def filter_frames(frames: int, side: int, window: int) -> Program:
    """Frames, reflected at their edges, each with the same window."""

    def filtered(image, kernel):
        padded = jnp.pad(image, window // 2, mode="reflect")
        return jax.scipy.signal.convolve(padded, kernel, mode="valid")

    shapes = Shape((frames, side, side), jnp.float32), Shape((window, window), jnp.float32)
    return jax.vmap(filtered, (0, None)), shapes


def conv_in_loop(channels: int, length: int) -> Program:
    """Two steps of a loop, one convolution each, channels first."""

    def body(step, carry):
        x, kernel = carry
        return lax.conv(x, kernel, (1,), "VALID"), kernel

    shapes = Shape((1, channels, length), jnp.float32), Shape((channels, channels, 1), jnp.float32)
    return lambda x, kernel: lax.fori_loop(0, 2, body, (x, kernel))[0], shapes


def flax_depthwise(channels: int, side: int, rank: int) -> Program:
    """A depthwise layer of Flax's nnx; a window given as a number is one axis long."""
    window = 3 if rank == 1 else (3,) * rank

    def layer():
        return nnx.Conv(channels, channels, window, padding=1, feature_group_count=channels, rngs=nnx.Rngs(0))

    graph, state = nnx.split(nnx.eval_shape(layer))
    x = Shape((1, side, side, channels), jnp.float32)
    return lambda state, x: nnx.merge(graph, state)(x), (state, x)


def of_equinox(layer: type[eqx.Module], *args: Any, **options: Any) -> tuple[Any, Callable[..., Any]]:
    """The shapes of a layer's arrays, and how it is put together from arrays."""
    model = eqx.filter_eval_shape(layer, *args, **options, key=jax.random.key(0))
    arrays, rest = eqx.partition(model, lambda leaf: isinstance(leaf, Shape))
    return arrays, lambda arrays: eqx.combine(arrays, rest)


def equinox_depthwise(channels: int, side: int) -> Program:
    """A depthwise layer of Equinox, channels first, mapped over the batch."""
    arrays, whole = of_equinox(eqx.nn.Conv2d, channels, channels, 3, padding=1, groups=channels)
    x = Shape((1, channels, side, side), jnp.float32)
    return lambda arrays, x: jax.vmap(whole(arrays))(x), (arrays, x)


def equinox_transposed(channels: int, depth: int) -> Program:
    """The gradient of a transposed layer of Equinox in 3-D, mapped over the batch."""
    arrays, whole = of_equinox(
        eqx.nn.ConvTranspose, 3, channels, 1, 3, stride=2, padding=1, output_padding=1, dtype=jnp.bfloat16
    )
    gradient = jax.grad(lambda arrays, x: whole(arrays)(x).mean())
    x = Shape((1, channels, 2 * depth, 2 * depth, depth), jnp.bfloat16)
    return jax.vmap(gradient, (None, 0)), (arrays, x)


def depthwise_stack(layers: int, batch: int, channels: int, length: int) -> Program:
    """The gradient of a stack of depthwise layers, channels first."""

    def model(kernels, x):
        for kernel in kernels:
            x = lax.conv_general_dilated(
                x, kernel, (1,), "SAME", dimension_numbers=("NCW", "IOW", "NCW"), feature_group_count=channels
            )
        return x

    kernels = [Shape((1, channels, 5), jnp.float32)] * layers
    x = Shape((batch, channels, length), jnp.float32)
    return jax.grad(lambda kernels, x, y: jnp.abs(model(kernels, x) - y).mean()), (kernels, x, x)


def transposed(batch: int, spatial: tuple[int, ...], c_in: int, c_out: int, window: int, stride: int) -> Program:
    """`lax.conv_transpose`, channels last."""
    rank = len(spatial)
    axes = "DHW"[-rank:]
    numbers = (f"N{axes}C", f"{axes}IO", f"N{axes}C")

    def convolve(x, kernel):
        return lax.conv_transpose(x, kernel, (stride,) * rank, "SAME", dimension_numbers=numbers)

    shapes = (batch, *spatial, c_in), (*(window,) * rank, c_in, c_out)
    return convolve, tuple(Shape(shape, jnp.float32) for shape in shapes)


def dilated_depthwise(batch: int, length: int, channels: int, window: int, dilation: int) -> Program:
    """One depthwise, dilated convolution along time."""

    def convolve(x, kernel):
        return lax.conv_general_dilated(
            x, kernel, (1,), "SAME", rhs_dilation=(dilation,), feature_group_count=channels,
            dimension_numbers=("NWC", "WIO", "NWC"),
        )  # fmt: skip

    return convolve, (Shape((batch, length, channels), jnp.float32), Shape((window, 1, channels), jnp.float32))


def seeds_at_once(seeds: int, batch: int, side: int) -> Program:
    """A network of Flax's linen, mapped over its parameters and its data."""
    model = linen.Sequential([linen.Conv(64, 3), linen.relu, linen.Dense(10)])
    x = Shape((seeds, batch, side, side, 3), jnp.float32)
    keys = jax.random.split(jax.random.key(0), seeds)
    variables = jax.eval_shape(jax.vmap(lambda key: model.init(key, jnp.zeros(x.shape[2:])[None])), keys)
    return jax.vmap(model.apply), (variables, x)


def keras_grouped(batch: int, side: int, channels: int, filters: int) -> Program:
    """What Keras' `Conv2D(filters, kernel_size=1, groups=2)` asks JAX for."""

    def layer(x, kernel, bias):
        y = lax.conv_general_dilated(
            x, kernel, (1, 1), "VALID", dimension_numbers=("NHWC", "HWIO", "NHWC"), feature_group_count=2
        )
        return y + bias

    x, kernel = (batch, side, side, channels), (1, 1, channels // 2, filters)
    return layer, tuple(Shape(shape, jnp.float32) for shape in (x, kernel, (1, 1, 1, filters)))


def half_image(batch: int, side: int, channels: int) -> Program:
    """A dense 3x3 convolution in float16."""

    def convolve(x, kernel):
        return lax.conv_general_dilated(x, kernel, (1, 1), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC"))

    shapes = (batch, side, side, channels), (3, 3, channels, channels)
    return convolve, tuple(Shape(shape, jnp.float16) for shape in shapes)


def bias_chain(layers: int, batch: int, length: int, channels: int) -> Program:
    """Convolutions along time with a bias after each, in bfloat16."""

    def chain(x, kernel, biases):
        for bias in biases:
            x = lax.conv_general_dilated(x, kernel, (1,), [(1, 1)], dimension_numbers=("NHC", "HIO", "NHC")) + bias
        return x

    shapes = (batch, length, channels), (3, channels, channels), (layers, 1, 1, channels)
    return chain, tuple(Shape(shape, jnp.bfloat16) for shape in shapes)


def gradients_of(layer: linen.Module, x: Shape, keep: int | None = None) -> Program:
    """Both gradients of a mean square of a layer of Flax's linen, of the first `keep` positions."""
    variables = jax.eval_shape(layer.init, jax.random.key(0), x)
    return jax.grad(lambda v, x: jnp.mean(layer.apply(v, x)[:, :keep] ** 2), (0, 1)), (variables, x)


def patch_embedding(batch: int, side: int, patch: int, features: int) -> Program:
    """The gradients of a vision transformer's first layer, by its parameters and by the image."""
    layer = linen.Conv(features, (patch, patch), strides=patch, padding="VALID")
    return gradients_of(layer, Shape((batch, side, side, 3), jnp.float32))


def causal_depthwise(batch: int, length: int, channels: int) -> Program:
    """The gradients of a causal depthwise layer: padded on both sides, the end cut off."""
    layer = linen.Conv(channels, (4,), feature_group_count=channels, padding=3)
    return gradients_of(layer, Shape((batch, length, channels), jnp.float32), keep=length)


def per_sample(samples: int, side: int) -> Program:
    """The kernel gradient of each sample."""

    def forward(kernel, x):
        return jnp.sum(lax.conv_general_dilated(x[None], kernel, (1, 1), "VALID"))

    shapes = Shape((1, 1, 3, 3), jnp.float32), Shape((samples, 1, side, side), jnp.float32)
    return jax.vmap(jax.grad(forward), (None, 0)), shapes
