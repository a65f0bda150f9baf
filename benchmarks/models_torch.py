"""The networks of models_flax.py in PyTorch on CPU, channels first, and one training step of each."""

import os
from collections.abc import Callable, Mapping

os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # before torch: its threads would spoil JAX's figures

import numpy as np
import torch
from torch import nn
from torch.nn import functional


def conv_norm(c_in: int, c_out: int, window: int, stride: int = 1, groups: int = 1) -> list[nn.Module]:
    """A convolution without bias, and batch normalization (with the momentum of Flax's)."""
    half = (window - 1) // 2
    conv = nn.Conv2d(c_in, c_out, window, stride, half, groups=groups, bias=False)
    return [conv, nn.BatchNorm2d(c_out, momentum=0.01)]


class InvertedResidual(nn.Module):
    """MobileNetV2's block: widen, filter each channel, narrow."""

    def __init__(self, c_in: int, c_out: int, expand: int, stride: int):
        super().__init__()
        hidden = c_in * expand
        widen = [*conv_norm(c_in, hidden, 1), nn.ReLU6(inplace=True)] if expand > 1 else []
        depthwise = [*conv_norm(hidden, hidden, 3, stride, groups=hidden), nn.ReLU6(inplace=True)]
        self.body = nn.Sequential(*widen, *depthwise, *conv_norm(hidden, c_out, 1))
        self.residual = stride == 1 and c_in == c_out

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """[N, C, H, W] -> [N, C', H / stride, W / stride]."""
        return x + self.body(x) if self.residual else self.body(x)


class MobileNet(nn.Module):
    """Like MobileNetV2: a strided stem, inverted residuals, a wide 1x1 convolution."""

    def __init__(self, classes: int):
        super().__init__()
        self.stem = nn.Sequential(*conv_norm(3, 32, 3, stride=2), nn.ReLU6(inplace=True))
        plan = (
            (32, 16, 1, 1),
            (16, 24, 6, 2),
            (24, 24, 6, 1),
            (24, 32, 6, 1),
            (32, 64, 6, 2),
            (64, 64, 6, 1),
        )
        self.blocks = nn.Sequential(*(InvertedResidual(*block) for block in plan))
        self.top = nn.Sequential(*conv_norm(64, 256, 1), nn.ReLU6(inplace=True))
        self.head = nn.Linear(256, classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Images -> logits [N, classes]."""
        return self.head(self.top(self.blocks(self.stem(x))).mean((2, 3)))


class ChannelNorm(nn.LayerNorm):
    """Layer normalization over the channels of [N, C, H, W]."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Normalize with the channels moved last and back, as ConvNeXt's own code does."""
        return super().forward(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class ConvNeXtBlock(nn.Module):
    """A 7x7 convolution of each channel, then an MLP of each position, channels last as in its own code."""

    def __init__(self, width: int):
        super().__init__()
        self.depthwise = nn.Conv2d(width, width, 7, padding=3, groups=width)
        self.norm = nn.LayerNorm(width, eps=1e-6)
        self.widen = nn.Linear(width, 4 * width)
        self.narrow = nn.Linear(4 * width, width)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """[N, C, H, W] -> the same shape."""
        y = self.widen(self.norm(self.depthwise(x).permute(0, 2, 3, 1)))
        return x + self.narrow(functional.gelu(y, approximate="tanh")).permute(0, 3, 1, 2)


class ConvNeXt(nn.Module):
    """Like ConvNeXt: 4x4 patches, two stages of blocks, a 2x2 strided convolution between them."""

    def __init__(self, classes: int, widths: tuple[int, int] = (64, 128), depth: int = 2):
        super().__init__()
        first, second = widths
        self.stem = nn.Conv2d(3, first, 4, 4)
        self.stem_norm = ChannelNorm(first, eps=1e-6)
        self.stage1 = nn.Sequential(*(ConvNeXtBlock(first) for _ in range(depth)))
        self.between_norm = ChannelNorm(first, eps=1e-6)
        self.between = nn.Conv2d(first, second, 2, 2)
        self.stage2 = nn.Sequential(*(ConvNeXtBlock(second) for _ in range(depth)))
        self.head_norm = nn.LayerNorm(second, eps=1e-6)
        self.head = nn.Linear(second, classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Images -> logits [N, classes]."""
        x = self.stage1(self.stem_norm(self.stem(x)))
        x = self.stage2(self.between(self.between_norm(x)))
        return self.head(self.head_norm(x.mean((2, 3))))


class UNet(nn.Module):
    """A U-Net of three levels: pairs of 3x3 convolutions, maxima down, 4x4 transposed convolutions up."""

    def __init__(self, classes: int):
        super().__init__()

        def pair(c_in: int, c_out: int) -> nn.Sequential:
            first = [*conv_norm(c_in, c_out, 3), nn.ReLU(inplace=True)]
            return nn.Sequential(*first, *conv_norm(c_out, c_out, 3), nn.ReLU(inplace=True))

        self.down1, self.down2, self.bottom = pair(3, 16), pair(16, 32), pair(32, 64)
        self.up2 = nn.ConvTranspose2d(64, 32, 4, 2, padding=1)
        self.side2 = pair(64, 32)
        self.up1 = nn.ConvTranspose2d(32, 16, 4, 2, padding=1)
        self.side1 = pair(32, 16)
        self.head = nn.Conv2d(16, classes, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Images -> logits [N, classes, H, W]."""
        fine = self.down1(x)
        middle = self.down2(functional.max_pool2d(fine, 2))
        x = self.up2(self.bottom(functional.max_pool2d(middle, 2)))
        x = self.up1(self.side2(torch.cat([x, middle], 1)))
        return self.head(self.side1(torch.cat([x, fine], 1)))


class BasicBlock(nn.Module):
    """Two 3x3 convolutions, and a shortcut."""

    def __init__(self, c_in: int, c_out: int, stride: int):
        super().__init__()
        first = [*conv_norm(c_in, c_out, 3, stride), nn.ReLU(inplace=True)]
        self.body = nn.Sequential(*first, *conv_norm(c_out, c_out, 3))
        project = stride > 1 or c_in != c_out
        self.shortcut = nn.Sequential(*(conv_norm(c_in, c_out, 1, stride) if project else []))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """[N, C, H, W] -> [N, C', H / stride, W / stride]."""
        return functional.relu(self.body(x) + self.shortcut(x))


class ResNet(nn.Module):
    """ResNet-20 for CIFAR: three stages of three blocks, strided 1x1 convolutions in the shortcuts."""

    def __init__(self, classes: int):
        super().__init__()
        self.stem = nn.Sequential(*conv_norm(3, 16, 3), nn.ReLU(inplace=True))
        plan = [(16, 16, 1)] * 3 + [(16, 32, 2)] + [(32, 32, 1)] * 2 + [(32, 64, 2)] + [(64, 64, 1)] * 2
        self.blocks = nn.Sequential(*(BasicBlock(*block) for block in plan))
        self.head = nn.Linear(64, classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Images -> logits [N, classes]."""
        return self.head(self.blocks(self.stem(x)).mean((2, 3)))


MODELS = {"mobilenet": MobileNet, "convnext": ConvNeXt, "unet": UNet, "resnet": ResNet}


def load(model: nn.Module, parameters: Mapping[str, np.ndarray]) -> list[nn.Parameter]:
    """Copy Flax's parameters, by dotted path, into the model's, which are returned in the same order."""
    own = dict(model.named_parameters())
    names = [path.replace(".kernel", ".weight").replace(".scale", ".weight") for path in parameters]
    if set(names) != set(own):
        raise ValueError(f"parameters differ: {sorted(set(names) ^ set(own))}")
    for name, value in zip(names, parameters.values(), strict=True):
        tensor = torch.from_numpy(np.array(value))
        if isinstance(model.get_submodule(name.rpartition(".")[0]), nn.ConvTranspose2d) and tensor.ndim == 4:
            tensor = tensor.flip((0, 1)).permute(2, 3, 0, 1)  # PyTorch's flips the kernel
        elif tensor.ndim == 4:
            tensor = tensor.permute(3, 2, 0, 1)
        elif tensor.ndim == 2:
            tensor = tensor.T
        if own[name].shape != tensor.shape:
            raise ValueError(f"{name}: {tuple(tensor.shape)} in Flax, {tuple(own[name].shape)} in PyTorch")
        own[name].data.copy_(tensor)
    return [own[name] for name in names]


def training(
    name: str,
    parameters: Mapping[str, np.ndarray],
    images: np.ndarray,
    labels: np.ndarray,
    *,
    learning_rate: float,
    momentum: float,
    classes: int,
) -> tuple[Callable[[], torch.Tensor], Callable[[], list[float]], int]:
    """One step, which returns the loss before it; how far each parameter has moved; the number of parameters.

    Args:
        name: of the network.
        parameters: Flax's, to start from.
        images: [N, H, W, 3]; copied into PyTorch's layout.
        labels: one an image, or one a pixel.
        learning_rate: of stochastic gradient descent.
        momentum: of the same.
        classes: number of them.
    """
    model = MODELS[name](classes).train()
    own = load(model, parameters)
    first = [parameter.detach().clone() for parameter in own]
    x = torch.from_numpy(images).permute(0, 3, 1, 2).contiguous()
    target = torch.from_numpy(labels).long()
    optimizer = torch.optim.SGD(model.parameters(), learning_rate, momentum)

    def step() -> torch.Tensor:
        optimizer.zero_grad()
        loss = functional.cross_entropy(model(x), target)
        loss.backward()
        optimizer.step()
        return loss.detach()

    def changes() -> list[float]:
        return [float((now.detach() - value).norm()) for now, value in zip(own, first, strict=True)]

    return step, changes, sum(p.numel() for p in model.parameters())


def version() -> str:
    """PyTorch's version and threads."""
    return f"torch {torch.__version__}, {torch.get_num_threads()} threads"
