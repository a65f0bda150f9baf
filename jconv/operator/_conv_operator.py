"""ConvOperator: a convolution with all its arguments but x fixed, as a linear map."""

from collections.abc import Sequence
from math import prod
from typing import Any

import jax
import jax.numpy as jnp
from jax.experimental.sparse import BCOO

from jconv._typing import Array, ArrayLike, IntOrInts, Ints, Padding, PaddingMode
from jconv._verbs.arguments import axis_ints, one_int
from jconv.operator import _bound, _extremes, _fourier, _matrix, _solve
from jconv.operator._apply import apply, apply_adjoint, in_full
from jconv.operator._form import Form, form_of

# Up to so many entries the dense matrix is decomposed; beyond, vectors are iterated upon.
DENSE_ENTRIES = 2**20
MOST_ENTRIES = 2**26


@jax.tree_util.register_pytree_with_keys_class
class ConvOperator:
    """A convolution as a linear operator: y = A x = conv(x, kernel, ...), for x of one shape.

    A record whose only leaf is the kernel: it passes through jit, vmap and grad, and gradients of what
    its methods give come back as a ConvOperator whose kernel is the gradient. x and y are arrays, as in
    `conv`; where a matrix is spoken of, it maps x.ravel() to y.ravel(). Spectra are taken in float32 or
    wider.

    Args:
        kernel: (*window, c_in // groups, c_out).
        input_shape: (*spatial, c_in), without batch axes.
        stride: as in `conv`, and so are the others.
        padding: "VALID", "SAME", ints, pairs ...
        padding_mode: what stands beyond the border.
        dilation: distance between neighbouring taps.
        groups: independent convolutions side by side.

    Raises:
        ValueError: as `conv` does for an x of this shape.
        TypeError: as `conv` does.

    Examples:
        >>> difference = jnp.array([-1.0, 1.0])[:, None, None]
        >>> operator = ConvOperator(difference, (3, 1))
        >>> operator.matrix()
        Array([[-1.,  1.,  0.],
               [ 0., -1.,  1.]], dtype=float32)
        >>> operator.rmv(jnp.array([[1.0], [2.0]])).ravel()
        Array([-1., -1.,  2.], dtype=float32)
    """

    kernel: Any
    form: Form

    def __init__(
        self,
        kernel: ArrayLike,
        input_shape: Sequence[int],
        stride: IntOrInts = 1,
        padding: Padding = "VALID",
        padding_mode: PaddingMode | str | tuple[str, ...] = "zeros",
        dilation: IntOrInts = 1,
        groups: int = 1,
    ):
        self.kernel = jnp.asarray(kernel)
        self.form = form_of(
            self.kernel.shape,
            input_shape,
            stride=stride,
            padding=padding,
            padding_mode=padding_mode,
            dilation=dilation,
            groups=groups,
        )

    @classmethod
    def _of(cls, kernel: Any, form: Form) -> "ConvOperator":
        operator = object.__new__(cls)
        operator.kernel, operator.form = kernel, form
        return operator

    def tree_flatten_with_keys(self):
        """For JAX: the kernel is the leaf, the form is static."""
        return ((jax.tree_util.GetAttrKey("kernel"), self.kernel),), self.form

    @classmethod
    def tree_unflatten(cls, form: Form, leaves):
        """For JAX."""
        (kernel,) = leaves
        return cls._of(kernel, form)

    def __repr__(self) -> str:
        form = self.form
        return (
            f"ConvOperator({form.input_shape} -> {form.output_shape}, window={form.window}, stride={form.stride}, "
            f"padding={form.pairs}, padding_mode={form.modes}, dilation={form.dilation}, groups={form.groups})"
        )

    @property
    def input_shape(self) -> Ints:
        """(*spatial, c_in)."""
        return self.form.input_shape

    @property
    def output_shape(self) -> Ints:
        """(*outputs, c_out)."""
        return self.form.output_shape

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of the matrix."""
        return self.form.matrix_shape

    def mv(self, x: ArrayLike) -> Array:
        """A x: the convolution of x (*batch, *spatial, c_in)."""
        x = jnp.asarray(x)
        _check_shape("mv", "x", x.shape, self.input_shape)
        return apply(x, self.kernel, self.form)

    def rmv(self, y: ArrayLike) -> Array:
        """A^H y, the exact adjoint: <A x, y> = <x, A^H y>, for y (*batch, *outputs, c_out)."""
        y = jnp.asarray(y)
        _check_shape("rmv", "y", y.shape, self.output_shape)
        return apply_adjoint(y, self.kernel, self.form)

    def matrix(self, *, sparse: bool = False) -> Array | BCOO:
        """The matrix (rows, columns), dense or as a `jax.experimental.sparse.BCOO`.

        In the sparse one, entries of one place are apart where a padding mode lets an output read an
        input through several taps; products and `todense` add them up.
        """
        return (_matrix.sparse_matrix if sparse else _matrix.dense_matrix)(self.kernel, self.form)

    def singular_values(self, k: int | None = None) -> Array:
        """The singular values, largest first: all min(rows, columns), or the k largest.

        Exact for circular operators (padding that wraps, and outputs * stride = inputs on every axis) by
        a decomposition per frequency, and for small ones by that of the matrix. Else the k largest come
        from a block iteration (Knyazev's), a lower bound each that is accurate to float precision.

        Raises:
            ValueError: k is out of range; or it is None and the matrix too large to be made.

        References:
            Sedghi, Gupta and Long, "The singular values of convolutional layers", arXiv:1805.10408.
            Knyazev, "Toward the optimal preconditioned eigensolver", SIAM J. Sci. Comput. 23 (2001).
        """
        least = min(self.shape)
        if k is not None and not 1 <= one_int("singular_values", "k", k) <= least:
            raise ValueError(f"singular_values: k={k} must lie in [1, {least}] for a matrix of shape {self.shape}.")
        if not self.form.circular and prod(self.shape) > DENSE_ENTRIES and k is not None:
            return self._extreme(k, True, None, 500)
        return self._all_singular_values()[:k]

    def _all_singular_values(self) -> Array:
        kernel, entries = in_full(self.kernel), prod(self.shape)
        if self.form.circular:
            values = jnp.linalg.svd(_fourier.blocks(kernel, self.form), compute_uv=False)
            return jnp.sort(values.ravel(), descending=True)
        if entries > MOST_ENTRIES:
            raise ValueError(
                f"singular_values: the matrix of shape {self.shape} is too large to be decomposed. Ask for the k "
                f"largest, or for padding that wraps."
            )
        return jnp.linalg.svd(_matrix.dense_matrix(kernel, self.form), compute_uv=False)

    def norm(self, *, tolerance: float | None = None, max_iterations: int = 500) -> Array:
        """The largest singular value, with this stride and padding, by iteration with A and A^H.

        Power iteration with a memory (a block of three, and conjugate directions), from a fixed random
        start. Each iterate is a lower bound. Differentiable in the kernel in both modes, also twice.

        Args:
            tolerance: residual |A^H A v - s^2 v| / s^2 at which it stops; the error of s is of the order of
                its square. By default float precision to the power 0.7.
            max_iterations: steps after which it stops in any case.

        References:
            Farnia, Zhang and Tse, "Generalizable adversarial training via spectral normalization",
            arXiv:1811.07457, for the norm of the operator in place of the reshaped kernel's.
        """
        if 0 in self.shape:
            return jnp.zeros((), in_full(self.kernel).real.dtype)
        return self._extreme(1, True, tolerance, max_iterations)[0]

    def _extreme(self, count: int, largest: bool, tolerance: float | None, max_iterations: int) -> Array:
        kernel = in_full(self.kernel)
        if tolerance is None:
            tolerance = float(jnp.finfo(kernel.dtype).eps) ** 0.7
        search = _extremes.Search(count, largest, tolerance, max_iterations)
        return _extremes.extreme_values(kernel, self.form, search)

    def norm_bound(self, *, iterations: int = 7) -> Array:
        """A certified upper bound of `norm`, by Gram iteration; differentiable, and of fixed cost.

        Of circular operators, frequency by frequency; of small ones (a million entries), of the matrix:
        within rank ** (1 / 2 ** (iterations + 1)) of the norm, in every padding mode. Of larger ones, the
        lesser of two: that of the taps on a torus that holds the padded input (tight where the input is
        wide against the window; in other modes than zeros, times the root of how often padding reads one
        input), and that of the absolute values (tight where the taps are of one sign).

        References:
            Delattre, Barthélemy, Araujo and Allauzen, "Efficient bound of Lipschitz constant for
            convolutional layers by Gram iteration", arXiv:2305.16173.
        """
        return _bound.norm_bound(in_full(self.kernel), self.form, one_int("norm_bound", "iterations", iterations))

    def condition_number(self, *, max_iterations: int = 1000) -> Array:
        """The largest singular value over the smallest of min(rows, columns); infinite if that is 0.

        Exact where `singular_values()` is. Else by iteration at both ends, which takes about as many steps
        as the number is large: NaN where `max_iterations` did not do.
        """
        if self.form.circular or prod(self.shape) <= DENSE_ENTRIES:
            values = self._all_singular_values()
            return values[0] / values[-1]
        kernel = in_full(self.kernel)
        search = _extremes.Search(1, False, 4 * float(jnp.finfo(kernel.dtype).eps), max_iterations)
        return self.norm() / _extremes.settled_value(kernel, self.form, search)

    def frequency_response(self, sizes: IntOrInts | None = None) -> Array:
        """H[f] = sum over taps of kernel[k] exp(2 pi i f (d k - lo) / n), complex (*sizes, c_in // groups, c_out).

        What the convolution, before it strides, makes of waves: of an input of `sizes` positions that
        wraps, fft(y)[f] = fft(x)[f] @ H[f] (within a group).

        Args:
            sizes: n, frequencies per axis; by default the input's positions.
        """
        around = self.form.sizes if sizes is None else sizes
        around = axis_ints("frequency_response", "sizes", around, self.form.rank, least=1)
        return _fourier.frequency_response(in_full(self.kernel), self.form, around)

    def solve(
        self, y: ArrayLike, *, damping: ArrayLike | None = None, tolerance: float = 1e-6, max_iterations: int = 1000
    ) -> Array:
        """The x of least |A x - y|^2 + damping |x|^2 (and of least |x| among equals), for y (*batch, *outputs, c_out).

        Of circular operators exactly, frequency by frequency. Else by conjugate gradients on the normal
        equations, whose pace the condition number's square sets. Differentiable in y and the kernel.

        Args:
            y: what A x is to be.
            damping: the weight of |x|^2, positive; None for none.
            tolerance: of conjugate gradients, relative to |A^H y|.
            max_iterations: of conjugate gradients.
        """
        y = jnp.asarray(y)
        _check_shape("solve", "y", y.shape, self.output_shape)
        dtype = jnp.promote_types(jnp.promote_types(y.dtype, self.kernel.dtype), jnp.float32)
        y, kernel = y.astype(dtype), in_full(self.kernel)
        weight = None if damping is None else jnp.asarray(damping, kernel.real.dtype)

        def one(y: Array) -> Array:
            if self.form.circular:
                return _solve.solve_circular(y, kernel, self.form, weight)
            return _solve.solve_by_cg(y, kernel.astype(dtype), self.form, weight, tolerance, max_iterations)

        batch = y.shape[: y.ndim - len(self.output_shape)]
        x = jax.vmap(one)(y.reshape(-1, *self.output_shape))
        return x.reshape(*batch, *self.input_shape)

    def inverse(self) -> "ConvOperator":
        """The inverse of a circular operator of stride 1, a ConvOperator whose window is as wide as the input.

        Raises:
            NotImplementedError: the operator is not circular, not square, or strides: `solve` is for these.
        """
        form = self.form
        if not form.circular or set(form.stride) != {1} or form.c_in != form.c_out:
            raise NotImplementedError(
                f"inverse: {self!r} has no inverse that is a convolution: that needs stride 1, as many channels out "
                f"as in, and padding that wraps and keeps the size. Use solve."
            )
        return self._of(_solve.inverse_kernel(in_full(self.kernel), form), _solve.inverse_form(form))


def _check_shape(name: str, noun: str, shape: Ints, wanted: Ints) -> None:
    if shape[max(len(shape) - len(wanted), 0) :] != wanted:
        raise ValueError(f"{name}: {noun} must be (*batch, {', '.join(map(str, wanted))}); it has shape {shape}.")
