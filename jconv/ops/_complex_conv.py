"""Complex convolution by real ones: four, or three."""

import jax.numpy as jnp
import numpy as np
from jax import lax

from jconv._algorithms import Algorithm
from jconv._typing import Array, ArrayLike, IntOrInts, Padding, PaddingMode, PrecisionLike
from jconv._verbs.arguments import as_array, check_dtype, one_int
from jconv._verbs.conv import conv


def complex_conv(
    x: ArrayLike,
    kernel: ArrayLike,
    *,
    products: int = 4,
    stride: IntOrInts = 1,
    padding: Padding = "VALID",
    dilation: IntOrInts = 1,
    groups: int = 1,
    padding_mode: PaddingMode | tuple[PaddingMode, ...] = "zeros",
    precision: PrecisionLike = None,
    algorithm: str | Algorithm = "auto",
) -> Array:
    """Convolve complex numbers by real convolutions, which have more algorithms than complex ones.

    With a, b the real and imaginary parts of x, and c, d those of the kernel, y is, by 4 products,
    (a*c - b*d) + i (a*d + b*c), and by 3, (p - r) + i (p + q) with p = (a + b)*c, q = a*(d - c), r = b*(c + d).

    `jconv.conv` takes complex arrays too. Three products save a quarter of the work, and their error is relative to the
    larger of the two parts: a small imaginary part beside a large real one loses digits.

    Args:
        x: (*batch, *spatial, c_in), complex or real.
        kernel: (*window, c_in // groups, c_out), complex or real.
        products: 4 or 3.
        stride: as in `jconv.conv`.
        padding: as in `jconv.conv`.
        dilation: as in `jconv.conv`.
        groups: as in `jconv.conv`.
        padding_mode: as in `jconv.conv`.
        precision: as in `jconv.conv`.
        algorithm: as in `jconv.conv`.

    Returns:
        (*batch, *outputs, c_out), complex.

    Raises:
        ValueError: shapes, sizes or words that do not fit together.
        TypeError: an argument of the wrong kind, or dtypes that may not be mixed.
        NotImplementedError: the named algorithm cannot compute this convolution.

    Examples:
        >>> import jax.numpy as jnp
        >>> x, kernel = jnp.array([[1 + 2j], [1j]]), jnp.array([[[2 - 1j]]])
        >>> complex_conv(x, kernel, products=3).ravel()
        Array([4.+3.j, 1.+2.j], dtype=complex64)

    References:
        Trabelsi et al., "Deep complex networks", arXiv:1705.09792; Knuth, "The art of computer programming", volume 2,
        4.6.4, for three products, which are Gauss's.
    """
    verb = "complex_conv"
    x, kernel = as_array(verb, "x", x), as_array(verb, "kernel", kernel)
    for name, a in (("x", x), ("kernel", kernel)):
        check_dtype(verb, name, a.dtype)
    if one_int(verb, "products", products) not in (3, 4):
        raise ValueError(f"{verb}: products={products!r} must be 3 or 4.")

    def product(a: Array, b: Array) -> Array:
        return conv(
            a,
            b,
            stride=stride,
            padding=padding,
            dilation=dilation,
            groups=groups,
            padding_mode=padding_mode,
            precision=precision,
            algorithm=algorithm,
        )

    a, b, c, d = jnp.real(x), jnp.imag(x), jnp.real(kernel), jnp.imag(kernel)
    if products == 4:
        real, imaginary = product(a, c) - product(b, d), product(a, d) + product(b, c)
    else:
        p, q, r = product(a + b, c), product(a, d - c), product(b, c + d)
        real, imaginary = p - r, p + q
    wide = np.float64 if real.dtype.itemsize == 8 and jnp.issubdtype(real.dtype, jnp.floating) else np.float32
    return lax.complex(real.astype(wide), imaginary.astype(wide))
