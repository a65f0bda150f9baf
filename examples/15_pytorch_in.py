"""A PyTorch network's parameters in a Flax model on jconv: the same outputs.

The state here is one that PyTorch's `model.state_dict()` would give for
`Sequential(Conv2d(3, 8, 3, padding=1), BatchNorm2d(8), ReLU(), Conv2d(8, 4, 3, groups=2))`, as NumPy arrays.
"""

import jax.numpy as jnp
import numpy as np
from flax import nnx

from jconv.interop import load_torch
from jconv.nn import Conv


class Net(nnx.Module):
    """The same layers in Flax."""

    def __init__(self):
        rngs = nnx.Rngs(0)
        self.first = Conv(3, 8, (3, 3), rngs=rngs)
        self.norm = nnx.BatchNorm(8, epsilon=1e-5, rngs=rngs)
        self.second = Conv(8, 4, (3, 3), padding="VALID", feature_group_count=2, rngs=rngs)

    def __call__(self, x):
        """Pictures (n, height, width, 3) to (n, height - 2, width - 2, 4)."""
        return self.second(nnx.relu(self.norm(self.first(x))))


def state(rng: np.random.Generator) -> dict[str, np.ndarray]:
    """What PyTorch's state_dict would hold: kernels are (c_out, c_in / groups, height, width)."""
    shapes = {"0.weight": (8, 3, 3, 3), "0.bias": (8,), "1.weight": (8,), "1.bias": (8,), "1.running_mean": (8,)}
    shapes |= {"3.weight": (4, 4, 3, 3), "3.bias": (4,)}
    arrays = {name: rng.standard_normal(shape).astype(np.float32) for name, shape in shapes.items()}
    arrays["1.running_var"] = rng.uniform(0.5, 2, 8).astype(np.float32)
    return {name: arrays[name] for name in sorted(arrays, key=lambda name: (name[0], list(arrays).index(name)))}


def by_loops(x: np.ndarray, s: dict[str, np.ndarray]) -> np.ndarray:
    """The network in NumPy, on PyTorch's arrays."""

    def conv(x, kernel, bias, groups):
        c_out, width, high, wide = kernel.shape
        out = np.zeros((c_out, x.shape[1] - high + 1, x.shape[2] - wide + 1))
        for m in range(c_out):
            low = m * groups // c_out * width
            for i, j in np.ndindex(out.shape[1:]):
                out[m, i, j] = (x[low : low + width, i : i + high, j : j + wide] * kernel[m]).sum() + bias[m]
        return out

    y = conv(np.pad(x, ((0, 0), (1, 1), (1, 1))), s["0.weight"], s["0.bias"], 1)
    column = lambda a: a[:, None, None]  # noqa: E731
    y = (y - column(s["1.running_mean"])) / np.sqrt(column(s["1.running_var"]) + 1e-5)
    y = np.maximum(y * column(s["1.weight"]) + column(s["1.bias"]), 0)
    return conv(y, s["3.weight"], s["3.bias"], 2)


def main(quick: bool = False) -> None:
    """Load the state, and compare outputs."""
    rng = np.random.default_rng(0)
    arrays, model = state(rng), Net()
    load_torch(arrays, model)
    model.eval()
    x = rng.standard_normal((3, 6, 6) if quick else (3, 12, 12)).astype(np.float32)
    found = np.asarray(model(jnp.asarray(x.transpose(1, 2, 0)[None])))[0].transpose(2, 0, 1)
    error = np.abs(found - by_loops(x, arrays)).max()
    print(f"largest difference of outputs: {error:.1e}")
    assert error < 1e-4


if __name__ == "__main__":
    main()
