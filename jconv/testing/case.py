"""Case: one convolution in lax's words, with its arrays and its truth."""

import math
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import jax.numpy as jnp
import numpy as np

import jconv.testing.oracle as oracle

ArrayKind = Literal["normal", "integers"]

CHANNELS_LAST = {
    1: ("NWC", "WIO", "NWC"),
    2: ("NHWC", "HWIO", "NHWC"),
    3: ("NDHWC", "DHWIO", "NDHWC"),
    4: ("NTDHWC", "TDHWIO", "NTDHWC"),
}
NCHW = ("NCHW", "OIHW", "NCHW")
SHUFFLED = ("CHNW", "IWOH", "WNHC")  # spatial axes in another order in each array


@dataclass(frozen=True, kw_only=True)
class Case:
    """One convolution, in the words of `jax.lax.conv_general_dilated`.

    Args:
      name: what is hard about it.
      x_shape: shape of the input, laid out as `dimension_numbers[0]` says.
      kernel_shape: shape of the kernel, laid out as `dimension_numbers[1]` says.
      window_strides: one integer per spatial axis, in the kernel's order; so are the next three.
      padding: (low, high) per spatial axis, of either sign.
      lhs_dilation: the input's dilation, one integer per spatial axis.
      rhs_dilation: the kernel's dilation, one integer per spatial axis.
      feature_group_count: number of groups into which channels and features are split.
      batch_group_count: number of groups into which the batch and the features are split.
      dimension_numbers: layouts of input, kernel and output, as lax spells them.

    Example:
      >>> from jconv.testing.cases import QUICK
      >>> case = QUICK[0]
      >>> case.name, case.x_shape, case.kernel_shape, case.output_shape
      ('1d even window on primes', (3, 13, 2), (4, 2, 7), (3, 13, 7))
    """

    name: str
    x_shape: tuple[int, ...]
    kernel_shape: tuple[int, ...]
    window_strides: tuple[int, ...]
    padding: tuple[tuple[int, int], ...]
    lhs_dilation: tuple[int, ...]
    rhs_dilation: tuple[int, ...]
    feature_group_count: int
    batch_group_count: int
    dimension_numbers: tuple[str, str, str]

    def __str__(self) -> str:
        """Return the name."""
        return self.name

    @property
    def keywords(self) -> dict[str, Any]:
        """What `jax.lax.conv_general_dilated` takes beside the two arrays."""
        return {key: v for key, v in vars(self).items() if key not in ("name", "x_shape", "kernel_shape")}

    @property
    def output_shape(self) -> tuple[int, ...]:
        """Shape of the output, laid out as `dimension_numbers[2]` says."""
        (batch,) = _sizes(self.x_shape, self.dimension_numbers[0], "N")
        (features,) = _sizes(self.kernel_shape, self.dimension_numbers[1], "O")
        lengths = (batch // self.batch_group_count, features, *self._output_size)
        sizes = dict(zip("NC" + self._spatial, lengths, strict=True))
        return tuple(sizes[letter] for letter in self.dimension_numbers[2])

    def value(self, x, kernel) -> np.ndarray:
        """Return the oracle's output for x and kernel, all three in the case's own layout."""
        y = oracle.value_by_patterns(
            self._canonical_x(x), self._canonical_kernel(kernel), **self._walk, output_size=self._output_size
        )
        return _undo(self._canonical_y, self.output_shape, y)

    def x_cotangent(self, y, kernel) -> np.ndarray:
        """Return the oracle's gradient of x, for a cotangent y, in the case's own layout."""
        x = oracle.x_cotangent_by_patterns(
            self._canonical_y(y), self._canonical_kernel(kernel), **self._walk, input_size=self._input_size
        )
        return _undo(self._canonical_x, self.x_shape, x)

    def kernel_cotangent(self, x, y) -> np.ndarray:
        """Return the oracle's gradient of the kernel, for a cotangent y, in the case's own layout."""
        w = oracle.w_cotangent_by_patterns(
            self._canonical_x(x), self._canonical_y(y), **self._walk, window=self._window
        )
        return _undo(self._canonical_kernel, self.kernel_shape, w)

    def arrays(self, dtype, *, seed: int = 0, kind: ArrayKind = "normal") -> dict[str, np.ndarray]:
        """Draw the case's arrays: the same ones for the same case, dtype, seed and kind.

        Args:
          dtype: any of JAX's real or complex floating dtypes, or a signed integer one.
          seed: which draw.
          kind: "normal" for standard normal floats (integer dtypes get integers all the same), "integers"
            for whole numbers from -3 to 3, whose products and sums all wide enough dtypes hold exactly.

        Returns:
          x and dx of the input's shape, kernel and dkernel of the kernel's, y and dy of the output's; each
          rounded to dtype.

        Example:
          >>> from jconv.testing.cases import QUICK
          >>> arrays = QUICK[0].arrays("bfloat16")
          >>> {name: a.shape for name, a in arrays.items() if name[0] != "d"}
          {'x': (3, 13, 2), 'kernel': (4, 2, 7), 'y': (3, 13, 7)}
        """
        dtype = jnp.dtype(dtype)
        rng = np.random.default_rng([seed, zlib.crc32(self.name.encode())])
        is_complex = jnp.issubdtype(dtype, jnp.complexfloating)
        whole = kind == "integers" or jnp.issubdtype(dtype, jnp.integer)

        def draw(shape: tuple[int, ...]) -> np.ndarray:
            both = (2, *shape)  # real and imaginary part, always drawn: every dtype sees the same reals
            parts = rng.integers(-3, 4, both) if whole else rng.standard_normal(both)
            return (parts[0] + 1j * parts[1] if is_complex else parts[0]).astype(dtype)

        shapes = {"x": self.x_shape, "kernel": self.kernel_shape, "y": self.output_shape}
        primals = {name: draw(shape) for name, shape in shapes.items()}
        tangents = {f"d{name}": draw(shape) for name, shape in shapes.items()}
        return primals | tangents

    @property
    def _spatial(self) -> str:
        """The letters of the spatial axes, in the kernel's order."""
        return "".join(letter for letter in self.dimension_numbers[1] if letter not in "IO")

    @property
    def _input_size(self) -> tuple[int, ...]:
        """Positions of the input per spatial axis."""
        return _sizes(self.x_shape, self.dimension_numbers[0], self._spatial)

    @property
    def _window(self) -> tuple[int, ...]:
        """Taps of the kernel per spatial axis."""
        return _sizes(self.kernel_shape, self.dimension_numbers[1], self._spatial)

    @property
    def _output_size(self) -> tuple[int, ...]:
        """Positions of the output per spatial axis."""
        sizes = []
        for a, (size, window) in enumerate(zip(self._input_size, self._window, strict=True)):
            stretched = max(self.lhs_dilation[a] * (size - 1) + 1, 0) + sum(self.padding[a])
            reach = self.rhs_dilation[a] * (window - 1) + 1
            sizes.append(max((stretched - reach) // self.window_strides[a] + 1, 0))
        return tuple(sizes)

    @property
    def _walk(self) -> dict[str, tuple[int, ...]]:
        """The steps and the low padding, by the oracle's names."""
        steps = dict(stride=self.window_strides, input_dilation=self.lhs_dilation, dilation=self.rhs_dilation)
        return {**steps, "low": tuple(low for low, _ in self.padding)}

    # The next three bring an array of the case's own layout into the oracle's canonical one.

    def _canonical_x(self, x) -> np.ndarray:
        """Return the input as [N, *I, G, C]."""
        x = _transpose(x, self.dimension_numbers[0], f"N{self._spatial}C")
        if self.batch_group_count > 1:  # then feature_group_count is 1: lax's rule
            return np.moveaxis(_split(x, 0, self.batch_group_count), 0, -2)  # [G, N, *I, C] -> [N, *I, G, C]
        return _split(x, -1, self.feature_group_count)

    def _canonical_kernel(self, kernel) -> np.ndarray:
        """Return the kernel as [*K, G, C, M]."""
        w = _transpose(kernel, self.dimension_numbers[1], f"{self._spatial}IO")
        w = _split(w, -1, self.feature_group_count * self.batch_group_count)
        return np.moveaxis(w, -2, -3)  # [*K, C, G, M] -> [*K, G, C, M]

    def _canonical_y(self, y) -> np.ndarray:
        """Return the output as [N, *O, G, M]."""
        y = _transpose(y, self.dimension_numbers[2], f"N{self._spatial}C")
        return _split(y, -1, self.feature_group_count * self.batch_group_count)  # [N, *O, G, M]


def _sizes(shape: tuple[int, ...], letters: str, asked: str) -> tuple[int, ...]:
    """Return the sizes of the axes with the letters asked for."""
    return tuple(shape[letters.index(letter)] for letter in asked)


def _transpose(a, letters: str, asked: str) -> np.ndarray:
    """Return the array with its axes, named by `letters`, in the order asked for."""
    return np.asarray(a).transpose([letters.index(letter) for letter in asked])


def _split(a: np.ndarray, axis: int, groups: int) -> np.ndarray:
    """Split an axis into (groups, rest)."""
    axis %= a.ndim
    return a.reshape(*a.shape[:axis], groups, a.shape[axis] // groups, *a.shape[axis + 1 :])


def _undo(canonical: Callable[..., np.ndarray], shape: tuple[int, ...], a: np.ndarray) -> np.ndarray:
    """Bring a canonical array back to its layout: see where `canonical` takes each index."""
    came_from = canonical(np.arange(math.prod(shape)).reshape(shape))
    original = np.empty(shape, a.dtype)
    original.flat[came_from.ravel()] = a.ravel()
    return original
