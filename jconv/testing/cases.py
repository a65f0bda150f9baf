"""The named small convolutions on which implementations go wrong, with their arrays and their truth."""

import math
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import jax.numpy as jnp
import numpy as np

import jconv.testing.oracle as oracle

ArrayKind = Literal["normal", "integers"]

_CHANNELS_LAST = {
    1: ("NWC", "WIO", "NWC"),
    2: ("NHWC", "HWIO", "NHWC"),
    3: ("NDHWC", "DHWIO", "NDHWC"),
    4: ("NTDHWC", "TDHWIO", "NTDHWC"),
}
_NCHW = ("NCHW", "OIHW", "NCHW")
_SHUFFLED = ("CHNW", "IWOH", "WNHC")  # spatial axes in another order in each array


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
        return "".join(letter for letter in self.dimension_numbers[1] if letter not in "IO")

    @property
    def _input_size(self) -> tuple[int, ...]:
        return _sizes(self.x_shape, self.dimension_numbers[0], self._spatial)

    @property
    def _window(self) -> tuple[int, ...]:
        return _sizes(self.kernel_shape, self.dimension_numbers[1], self._spatial)

    @property
    def _output_size(self) -> tuple[int, ...]:
        sizes = []
        for a, (size, window) in enumerate(zip(self._input_size, self._window, strict=True)):
            stretched = max(self.lhs_dilation[a] * (size - 1) + 1, 0) + sum(self.padding[a])
            reach = self.rhs_dilation[a] * (window - 1) + 1
            sizes.append(max((stretched - reach) // self.window_strides[a] + 1, 0))
        return tuple(sizes)

    @property
    def _walk(self) -> dict[str, tuple[int, ...]]:
        steps = dict(stride=self.window_strides, input_dilation=self.lhs_dilation, dilation=self.rhs_dilation)
        return {**steps, "low": tuple(low for low, _ in self.padding)}

    # The next three bring an array of the case's own layout into the oracle's canonical one.

    def _canonical_x(self, x) -> np.ndarray:
        x = _transpose(x, self.dimension_numbers[0], f"N{self._spatial}C")
        if self.batch_group_count > 1:  # then feature_group_count is 1: lax's rule
            return np.moveaxis(_split(x, 0, self.batch_group_count), 0, -2)  # [G, N, *I, C] -> [N, *I, G, C]
        return _split(x, -1, self.feature_group_count)

    def _canonical_kernel(self, kernel) -> np.ndarray:
        w = _transpose(kernel, self.dimension_numbers[1], f"{self._spatial}IO")
        w = _split(w, -1, self.feature_group_count * self.batch_group_count)
        return np.moveaxis(w, -2, -3)  # [*K, C, G, M] -> [*K, G, C, M]

    def _canonical_y(self, y) -> np.ndarray:
        y = _transpose(y, self.dimension_numbers[2], f"N{self._spatial}C")
        return _split(y, -1, self.feature_group_count * self.batch_group_count)  # [N, *O, G, M]


def _sizes(shape: tuple[int, ...], letters: str, asked: str) -> tuple[int, ...]:
    return tuple(shape[letters.index(letter)] for letter in asked)


def _transpose(a, letters: str, asked: str) -> np.ndarray:
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


def _case(
    name: str,
    x: tuple[int, ...],
    kernel: tuple[int, ...],
    *,
    s: tuple[int, ...] = (),
    e: tuple[int, ...] = (),
    d: tuple[int, ...] = (),
    pad: tuple[tuple[int, int], ...] = (),
    groups: int = 1,
    batch_groups: int = 1,
    layout: tuple[str, str, str] | None = None,
) -> Case:
    """Write a case briefly: s, e, d are stride, input and kernel dilation; what is left out does nothing."""
    rank = len(x) - 2
    return Case(
        name=name,
        x_shape=x,
        kernel_shape=kernel,
        window_strides=s or (1,) * rank,
        padding=pad or ((0, 0),) * rank,
        lhs_dilation=e or (1,) * rank,
        rhs_dilation=d or (1,) * rank,
        feature_group_count=groups,
        batch_group_count=batch_groups,
        dimension_numbers=layout or _CHANNELS_LAST[rank],
    )


# One of each kind, for a quick run.
QUICK = (
    _case("1d even window on primes", (3, 13, 2), (4, 2, 7), pad=((1, 2),)),
    _case("1d batch groups", (6, 9, 2), (3, 2, 6), pad=((1, 1),), batch_groups=3),
    _case("2d plain", (2, 7, 11, 3), (3, 3, 3, 4), pad=((1, 1), (1, 1))),
    _case("2d empty output", (2, 2, 9, 3), (3, 3, 3, 4), pad=((0, 0), (1, 1))),
    _case("2d depthwise multiplier 2", (3, 7, 8, 3), (4, 3, 1, 6), s=(2, 2), pad=((1, 2), (1, 1)), groups=3),
    _case("2d all", (2, 4, 5, 4), (3, 2, 2, 6), s=(2, 1), pad=((3, 1),) * 2, e=(3, 2), d=(2, 3), groups=2),
    _case("2d shuffled, cropped", (3, 7, 2, 9), (3, 3, 4, 2), s=(1, 2), pad=((-1, 1), (2, -1)), layout=_SHUFFLED),
    _case("3d 1x2x3, strided", (2, 3, 5, 7, 2), (1, 2, 3, 2, 3), s=(2, 1, 3)),
)

CASES = (
    *QUICK,
    # rank 1: windows and sizes
    _case("1d plain", (2, 11, 3), (3, 3, 5), pad=((1, 1),)),
    _case("1d one tap", (2, 7, 3), (1, 3, 4)),
    _case("1d window as long as x", (2, 7, 3), (7, 3, 4)),
    _case("1d window longer than x", (2, 3, 2), (7, 2, 3), pad=((4, 4),)),
    _case("1d no channels", (2, 5, 0), (3, 0, 4)),
    _case("1d no features", (2, 5, 3), (3, 3, 0)),
    # rank 1: strides, dilations, padding
    _case("1d stride over window", (2, 13, 3), (2, 3, 4), s=(3,)),
    _case("1d causal dilated", (3, 13, 2), (3, 2, 5), pad=((4, 0),), d=(2,)),
    _case("1d dilation = stride", (2, 13, 2), (3, 2, 3), pad=((2, 2),), s=(2,), d=(2,)),
    _case("1d windows within padding", (2, 3, 2), (2, 2, 3), pad=((5, 4),)),
    _case("1d negative padding", (2, 11, 3), (3, 3, 4), pad=((-2, -1),)),
    _case("1d negative low, strided", (2, 12, 2), (3, 2, 3), pad=((-3, 2),), s=(2,)),
    _case("1d cropped to nothing", (2, 4, 2), (3, 2, 3), pad=((-2, -2),)),
    _case("1d empty output", (3, 3, 2), (5, 2, 3)),
    _case("1d empty input, padded", (2, 0, 2), (3, 2, 3), pad=((2, 2),)),
    _case("1d batch 0", (0, 7, 3), (3, 3, 4), pad=((1, 1),)),
    # rank 1: groups
    _case("1d depthwise causal", (3, 13, 6), (4, 1, 6), pad=((3, 0),), groups=6),
    _case("1d depthwise multiplier 3", (2, 11, 4), (3, 1, 12), pad=((1, 1),), groups=4),
    # rank 1: transposed
    _case("1d transposed", (2, 6, 3), (4, 3, 2), pad=((2, 2),), e=(2,)),
    _case("1d transposed, all three steps", (2, 7, 2), (3, 2, 3), s=(2,), pad=((3, 2),), e=(3,), d=(2,)),
    _case("1d transposed, common factors", (2, 8, 2), (3, 2, 3), s=(2,), pad=((1, 4),), e=(4,), d=(6,)),
    _case("1d transposed, negative padding", (2, 7, 2), (3, 2, 3), pad=((-2, -3),), e=(2,)),
    _case("1d transposed depthwise", (2, 6, 4), (5, 1, 4), pad=((3, 3),), e=(2,), groups=4),
    # rank 2: windows and sizes
    _case("2d 1x1", (3, 5, 7, 4), (1, 1, 4, 3)),
    _case("2d window 5x2", (2, 7, 5, 3), (5, 2, 3, 4), pad=((2, 2), (0, 1))),
    _case("2d one channel", (3, 9, 10, 1), (5, 4, 1, 1), pad=((2, 2), (1, 2))),
    _case("2d like a kernel gradient", (4, 11, 9, 3), (9, 8, 3, 2), pad=((0, 0), (1, 0))),
    _case("2d batch 0", (0, 5, 5, 2), (3, 3, 2, 3)),
    # rank 2: strides, dilations, padding
    _case("2d patches", (2, 8, 12, 3), (4, 4, 3, 5), s=(4, 4)),
    _case("2d stride 2, SAME", (2, 8, 7, 3), (3, 3, 3, 4), s=(2, 2), pad=((0, 1), (1, 1))),
    _case("2d stride over window", (3, 11, 13, 2), (2, 3, 2, 3), s=(3, 5)),
    _case("2d dilated", (2, 9, 11, 2), (3, 2, 2, 3), pad=((1, 3), (2, 1)), d=(2, 3)),
    _case("2d dilated, strided", (2, 11, 9, 2), (2, 3, 2, 3), s=(3, 2), d=(3, 2)),
    _case("2d negative padding", (2, 9, 8, 3), (3, 2, 3, 4), pad=((-1, 2), (1, -2))),
    # rank 2: groups
    _case("2d groups, strided", (2, 7, 9, 6), (3, 2, 2, 3), s=(2, 3), pad=((1, 1), (0, 0)), groups=3),
    _case("2d groups", (3, 7, 6, 4), (3, 3, 2, 6), pad=((1, 1), (1, 1)), groups=2),
    _case("2d depthwise", (2, 7, 9, 5), (3, 3, 1, 5), pad=((1, 1), (1, 1)), groups=5),
    _case("2d depthwise dilated", (2, 9, 7, 4), (3, 3, 1, 4), pad=((2, 2), (2, 2)), d=(2, 2), groups=4),
    _case("2d batch groups", (4, 7, 6, 3), (3, 3, 3, 4), pad=((1, 1), (1, 0)), batch_groups=2),
    _case("2d batch groups, strided", (6, 7, 6, 2), (2, 3, 2, 3), s=(2, 2), batch_groups=3),
    # rank 2: transposed
    _case("2d transposed", (2, 5, 4, 3), (4, 4, 3, 2), pad=((2, 2), (2, 2)), e=(2, 2)),
    _case("2d transposed, uneven", (2, 4, 3, 2), (3, 2, 2, 3), pad=((2, 1), (1, 1)), e=(2, 3)),
    _case("2d transposed, strided", (2, 5, 4, 2), (3, 3, 2, 3), s=(3, 2), pad=((2, 2), (2, 3)), e=(2, 3)),
    # rank 2: layouts
    _case("2d channels first", (2, 3, 7, 8), (4, 3, 3, 2), pad=((1, 1), (1, 0)), layout=_NCHW),
    _case("2d channels first, groups", (2, 4, 7, 9), (6, 2, 3, 3), s=(2, 2), groups=2, layout=_NCHW),
    # ranks 3 and 4
    _case("3d plain", (2, 4, 5, 6, 2), (3, 3, 3, 2, 3), pad=((1, 1), (1, 1), (1, 1))),
    _case("3d dilated", (2, 3, 5, 7, 2), (2, 2, 3, 2, 2), d=(1, 2, 3)),
    _case("3d depthwise", (2, 4, 5, 3, 3), (3, 2, 3, 1, 3), pad=((1, 1), (0, 1), (1, 1)), groups=3),
    _case("3d transposed", (2, 3, 2, 4, 2), (2, 3, 2, 2, 3), pad=((1, 1),) * 3, e=(2, 2, 2)),
    _case("4d plain", (2, 3, 4, 3, 5, 2), (2, 1, 2, 3, 2, 2), pad=((1, 0), (0, 0), (0, 1), (1, 1))),
)
