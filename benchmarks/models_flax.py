"""Four small networks of stock Flax nnx layers, and a training step of each as a pure function of its state.

The same networks in PyTorch are in models_torch.py: attribute names agree, so a parameter's path is the same
in both.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import numpy as np
import optax
from flax import nnx

BATCH, CLASSES = 8, 10
LEARNING_RATE, MOMENTUM = 0.02, 0.9


def conv_norm(c_in: int, c_out: int, window: int, rngs: nnx.Rngs, stride: int = 1, groups: int = 1) -> list[Any]:
    """A convolution without bias, and batch normalization."""
    half = (window - 1) // 2
    conv = nnx.Conv(
        c_in,
        c_out,
        (window, window),
        stride,
        padding=half,
        feature_group_count=groups,
        use_bias=False,
        rngs=rngs,
    )
    return [conv, nnx.BatchNorm(c_out, rngs=rngs)]


class InvertedResidual(nnx.Module):
    """MobileNetV2's block: widen, filter each channel, narrow."""

    def __init__(self, c_in: int, c_out: int, expand: int, stride: int, rngs: nnx.Rngs):
        hidden = c_in * expand
        widen = [*conv_norm(c_in, hidden, 1, rngs), nnx.relu6] if expand > 1 else []
        depthwise = [*conv_norm(hidden, hidden, 3, rngs, stride, groups=hidden), nnx.relu6]
        self.body = nnx.Sequential(*widen, *depthwise, *conv_norm(hidden, c_out, 1, rngs))
        self.residual = stride == 1 and c_in == c_out

    def __call__(self, x: jax.Array) -> jax.Array:
        """[N, H, W, C] -> [N, H / stride, W / stride, C']."""
        return x + self.body(x) if self.residual else self.body(x)


class MobileNet(nnx.Module):
    """Like MobileNetV2: a strided stem, inverted residuals, a wide 1x1 convolution."""

    def __init__(self, rngs: nnx.Rngs):
        self.stem = nnx.Sequential(*conv_norm(3, 32, 3, rngs, stride=2), nnx.relu6)
        plan = (
            (32, 16, 1, 1),
            (16, 24, 6, 2),
            (24, 24, 6, 1),
            (24, 32, 6, 1),
            (32, 64, 6, 2),
            (64, 64, 6, 1),
        )
        self.blocks = nnx.Sequential(*(InvertedResidual(*block, rngs=rngs) for block in plan))
        self.top = nnx.Sequential(*conv_norm(64, 256, 1, rngs), nnx.relu6)
        self.head = nnx.Linear(256, CLASSES, rngs=rngs)

    def __call__(self, x: jax.Array) -> jax.Array:
        """Images -> logits [N, classes]."""
        return self.head(self.top(self.blocks(self.stem(x))).mean((1, 2)))


class ConvNeXtBlock(nnx.Module):
    """A 7x7 convolution of each channel, then an MLP of each position."""

    def __init__(self, width: int, rngs: nnx.Rngs):
        self.depthwise = nnx.Conv(width, width, (7, 7), feature_group_count=width, rngs=rngs)
        self.norm = nnx.LayerNorm(width, rngs=rngs)
        self.widen = nnx.Linear(width, 4 * width, rngs=rngs)
        self.narrow = nnx.Linear(4 * width, width, rngs=rngs)

    def __call__(self, x: jax.Array) -> jax.Array:
        """[N, H, W, C] -> the same shape."""
        return x + self.narrow(nnx.gelu(self.widen(self.norm(self.depthwise(x)))))


class ConvNeXt(nnx.Module):
    """Like ConvNeXt: 4x4 patches, two stages of blocks, a 2x2 strided convolution between them."""

    def __init__(self, rngs: nnx.Rngs, widths: tuple[int, int] = (64, 128), depth: int = 2):
        first, second = widths
        self.stem = nnx.Conv(3, first, (4, 4), 4, padding="VALID", rngs=rngs)
        self.stem_norm = nnx.LayerNorm(first, rngs=rngs)
        self.stage1 = nnx.Sequential(*(ConvNeXtBlock(first, rngs) for _ in range(depth)))
        self.between_norm = nnx.LayerNorm(first, rngs=rngs)
        self.between = nnx.Conv(first, second, (2, 2), 2, padding="VALID", rngs=rngs)
        self.stage2 = nnx.Sequential(*(ConvNeXtBlock(second, rngs) for _ in range(depth)))
        self.head_norm = nnx.LayerNorm(second, rngs=rngs)
        self.head = nnx.Linear(second, CLASSES, rngs=rngs)

    def __call__(self, x: jax.Array) -> jax.Array:
        """Images -> logits [N, classes]."""
        x = self.stage1(self.stem_norm(self.stem(x)))
        x = self.stage2(self.between(self.between_norm(x)))
        return self.head(self.head_norm(x.mean((1, 2))))


class UNet(nnx.Module):
    """A U-Net of three levels: pairs of 3x3 convolutions, maxima down, 4x4 transposed convolutions up."""

    def __init__(self, rngs: nnx.Rngs):
        def pair(c_in: int, c_out: int) -> nnx.Sequential:
            return nnx.Sequential(
                *conv_norm(c_in, c_out, 3, rngs), nnx.relu, *conv_norm(c_out, c_out, 3, rngs), nnx.relu
            )

        self.down1, self.down2, self.bottom = pair(3, 16), pair(16, 32), pair(32, 64)
        self.up2 = nnx.ConvTranspose(64, 32, (4, 4), (2, 2), padding="SAME", rngs=rngs)
        self.side2 = pair(64, 32)
        self.up1 = nnx.ConvTranspose(32, 16, (4, 4), (2, 2), padding="SAME", rngs=rngs)
        self.side1 = pair(32, 16)
        self.head = nnx.Conv(16, CLASSES, (1, 1), rngs=rngs)

    def __call__(self, x: jax.Array) -> jax.Array:
        """Images -> logits [N, H, W, classes]."""
        fine = self.down1(x)
        middle = self.down2(nnx.max_pool(fine, (2, 2), (2, 2)))
        x = self.up2(self.bottom(nnx.max_pool(middle, (2, 2), (2, 2))))
        x = self.up1(self.side2(jax.numpy.concatenate([x, middle], -1)))
        return self.head(self.side1(jax.numpy.concatenate([x, fine], -1)))


class BasicBlock(nnx.Module):
    """Two 3x3 convolutions, and a shortcut."""

    def __init__(self, c_in: int, c_out: int, stride: int, rngs: nnx.Rngs):
        first = [*conv_norm(c_in, c_out, 3, rngs, stride), nnx.relu]
        self.body = nnx.Sequential(*first, *conv_norm(c_out, c_out, 3, rngs))
        project = stride > 1 or c_in != c_out
        self.shortcut = nnx.Sequential(*(conv_norm(c_in, c_out, 1, rngs, stride) if project else [nnx.identity]))

    def __call__(self, x: jax.Array) -> jax.Array:
        """[N, H, W, C] -> [N, H / stride, W / stride, C']."""
        return nnx.relu(self.body(x) + self.shortcut(x))


class ResNet(nnx.Module):
    """ResNet-20 for CIFAR: three stages of three blocks, strided 1x1 convolutions in the shortcuts."""

    def __init__(self, rngs: nnx.Rngs):
        self.stem = nnx.Sequential(*conv_norm(3, 16, 3, rngs), nnx.relu)
        plan = [(16, 16, 1)] * 3 + [(16, 32, 2)] + [(32, 32, 1)] * 2 + [(32, 64, 2)] + [(64, 64, 1)] * 2
        self.blocks = nnx.Sequential(*(BasicBlock(*block, rngs=rngs) for block in plan))
        self.head = nnx.Linear(64, CLASSES, rngs=rngs)

    def __call__(self, x: jax.Array) -> jax.Array:
        """Images -> logits [N, classes]."""
        return self.head(self.blocks(self.stem(x)).mean((1, 2)))


# Name to network and size of the square input.
MODELS: dict[str, tuple[Callable[[nnx.Rngs], nnx.Module], int]] = {
    "mobilenet": (MobileNet, 56),
    "convnext": (ConvNeXt, 64),
    "unet": (UNet, 64),
    "resnet": (ResNet, 32),
}


def batch(name: str) -> tuple[np.ndarray, np.ndarray]:
    """Images [N, H, W, 3] and labels, one an image or (U-Net) one a pixel."""
    generator, size = np.random.default_rng(0), MODELS[name][1]
    images = generator.normal(size=(BATCH, size, size, 3)).astype(np.float32)
    labels_shape = (BATCH, size, size) if name == "unet" else (BATCH,)
    return images, generator.integers(0, CLASSES, labels_shape).astype(np.int32)


def parameters(model: nnx.Module) -> dict[str, np.ndarray]:
    """Dotted path to parameter; the paths leave out what PyTorch's nn.Sequential does not name."""
    flat = nnx.to_flat_state(nnx.state(model, nnx.Param))
    return {".".join(str(p) for p in path if p != "layers"): np.asarray(value.get_value()) for path, value in flat}


class Training(NamedTuple):
    """A network to be trained: its first state and parameters, one step, several steps in `lax.scan`."""

    state: Any
    step: Callable[..., Any]  # state, images, labels -> state, loss
    steps: Callable[..., Any]  # the same -> state, losses
    parameters: dict[str, np.ndarray]
    changes: Callable[[Any], list[float]]  # state -> how far each parameter is from its first value


def training(name: str, length: int) -> Training:
    """The named network, stochastic gradient descent with momentum, and `length` steps in the loop."""
    model = MODELS[name][0](nnx.Rngs(0))
    optimizer = nnx.Optimizer(model, optax.sgd(LEARNING_RATE, MOMENTUM), wrt=nnx.Param)
    graph, state = nnx.split((model, optimizer))
    first = parameters(model)

    def changes(state: Any) -> list[float]:
        now = parameters(nnx.merge(graph, state)[0])
        return [float(np.linalg.norm(now[path] - value)) for path, value in first.items()]

    def step(state: Any, images: jax.Array, labels: jax.Array) -> tuple[Any, jax.Array]:
        model, optimizer = nnx.merge(graph, state)

        def loss_of(model: nnx.Module) -> jax.Array:
            return optax.softmax_cross_entropy_with_integer_labels(model(images), labels).mean()

        loss, gradient = nnx.value_and_grad(loss_of)(model)
        optimizer.update(model, gradient)
        return nnx.state((model, optimizer)), loss

    def steps(state: Any, images: jax.Array, labels: jax.Array) -> tuple[Any, jax.Array]:
        return jax.lax.scan(lambda state, _: step(state, images, labels), state, length=length)

    return Training(state, step, steps, first, changes)
