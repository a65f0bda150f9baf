"""Networks that papers describe, as functions of shapes: nothing is allocated."""

import jax
import jax.numpy as jnp
from jax import lax

from jconv import conv


def _shape(*shape):
    return jax.ShapeDtypeStruct(shape, jnp.float32)


def _pool(x, window, stride, padding):
    pairs = ((0, 0), (padding, padding), (padding, padding), (0, 0))
    return lax.reduce_window(x, -jnp.inf, lax.max, (1, window, window, 1), (1, stride, stride, 1), pairs)


def vgg16():
    """Simonyan and Zisserman, arXiv:1409.1556: the function of parameters and pictures, and the parameters."""
    plan = (64, 64, "pool", 128, 128, "pool", 256, 256, 256, "pool", 512, 512, 512, "pool", 512, 512, 512, "pool")
    shapes, c = [], 3
    for width in plan:
        if width != "pool":
            shapes.append((_shape(3, 3, c, width), _shape(width)))
            c = width
    for inputs, outputs in ((7 * 7 * 512, 4096), (4096, 4096), (4096, 1000)):
        shapes.append((_shape(inputs, outputs), _shape(outputs)))

    def function(parameters, x, features=False):
        left = iter(parameters)
        for width in plan:
            if width == "pool":
                x = _pool(x, 2, 2, 0)
            else:
                kernel, bias = next(left)
                x = jax.nn.relu(conv(x, kernel, padding=1) + bias)
        if features:
            return x
        x = x.reshape(x.shape[0], -1)
        for kernel, bias in left:
            x = x @ kernel + bias
        return x

    return function, shapes


def resnet50(*, strided="first"):
    """He, Zhang, Ren and Sun, arXiv:1512.03385, with strides in the 3x3.

    In the first block of a stage, as torchvision has it; or in the last one, as TF-Slim: there a stage halves for the
    next one.
    """
    places = [(width, count, number, s) for width, count, s in STAGES for number in range(count)]
    if strided == "first":
        blocks = [(width, stride if number == 0 else 1) for width, _, number, stride in places]
    else:
        blocks = [(w, 2 if number == count - 1 and w != 512 else 1) for w, count, number, _ in places]
    shapes, c = [(_shape(7, 7, 3, 64), _shape(2, 64))], 64
    for width, _ in blocks:
        wide = 4 * width
        layers = [(1, 1, c, width), (3, 3, width, width), (1, 1, width, wide)] + [(1, 1, c, wide)] * (c != wide)
        shapes += [(_shape(*layer), _shape(2, layer[-1])) for layer in layers]
        c = wide
    shapes.append((_shape(2048, 1000), _shape(1000)))

    def function(parameters, x, features=False):
        left = iter(parameters)

        def layer(x, stride=1):
            kernel, (scale, shift) = next(left)
            return conv(x, kernel, stride=stride, padding=kernel.shape[0] // 2) * scale + shift

        x = _pool(jax.nn.relu(layer(x, 2)), 3, 2, 1)
        for width, stride in blocks:
            y = jax.nn.relu(layer(x))
            y = layer(jax.nn.relu(layer(y, stride)))
            x = jax.nn.relu(y + (layer(x, stride) if x.shape[-1] != 4 * width else x[:, ::stride, ::stride]))
        if features:
            return x
        kernel, bias = next(left)
        return x.mean((1, 2)) @ kernel + bias

    return function, shapes


STAGES = ((64, 3, 1), (128, 4, 2), (256, 6, 2), (512, 3, 2))
