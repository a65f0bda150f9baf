"""richardson_lucy and blind_richardson_lucy: a blur undone step by step, its kernel known or found along the way."""

from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from jconv._typing import Array, ArrayLike
from jconv._verbs.arguments import one_int
from jconv.signal._convolve import convolve
from jconv.signal._dtypes import as_fraction, common, is_complex
from jconv.signal._transfer import clipped

# Added to what is divided by.
TINY = 1e-12


def richardson_lucy(
    image: ArrayLike,
    psf: ArrayLike,
    num_iter: int = 50,
    clip: bool = True,
    filter_epsilon: float | None = None,
) -> Array:
    """Undo a blur by Richardson-Lucy iteration, as `skimage.restoration.richardson_lucy`.

    x <- x * ((image / (x * psf)) * flipped psf),  with convolutions in mode "same", from x = 1/2 everywhere:

    the way up in likelihood where counts are Poisson's. Differentiable through all steps, in picture and kernel.

    Args:
        image: the blurred picture, not negative, of any number of axes.
        psf: the blur's kernel, not negative, of sum 1.
        num_iter: how many steps; fewer leave more blur and less noise.
        clip: bring the result into [-1, 1].
        filter_epsilon: where the blurred estimate is less, its quotient counts as 0.

    Returns:
        Array of the picture's shape.

    Raises:
        ValueError: other numbers of axes, or fewer steps than 0.
        TypeError: complex arrays, or a number of steps that is no integer.

    Examples:
        >>> import jax.numpy as jnp
        >>> psf = jnp.array([0.25, 0.5, 0.25])
        >>> richardson_lucy(jnp.array([0.0, 0.25, 0.5, 0.25, 0.0]), psf, num_iter=100).round(1)
        Array([0., 0., 1., 0., 0.], dtype=float32)

    References:
        Richardson, "Bayesian-based iterative method of image restoration", 1972; Lucy, "An iterative technique for the
        rectification of observed distributions", 1974.
    """
    x, h = _operands("richardson_lucy", image, psf)
    steps = one_int("richardson_lucy", "num_iter", num_iter, least=0)
    estimate, _ = lax.scan(
        lambda estimate, _: (_sharper(estimate, h, x, filter_epsilon), None), jnp.full_like(x, 0.5), length=steps
    )
    return clipped(estimate) if clip else estimate


def blind_richardson_lucy(
    image: ArrayLike,
    psf: ArrayLike,
    num_iter: int = 10,
    num_inner: int = 5,
    clip: bool = True,
    filter_epsilon: float | None = None,
) -> tuple[Array, Array]:
    """Undo an unknown blur: Richardson-Lucy steps for the kernel and for the picture in turn, as Fish et al. do.

    psf <- psf * C'(image / (x * psf)) / C'(1),  C' the adjoint of  psf -> x * psf  in mode "same",
    then scaled to sum 1; and x as in `richardson_lucy`.

    No library defines it: the equations are those of the paper. The picture and the kernel can trade a shift, so that
    what is found depends on the first `psf`.

    Nothing keeps it from the answer that explains every picture, no blur at all: start near the kernel, and stop early.

    Args:
        image: as in `richardson_lucy`.
        psf: the first guess: positive numbers in the kernel's shape; where it is 0 it stays 0.
        num_iter: how many times both are improved.
        num_inner: steps for each of them, every time.
        clip: as in `richardson_lucy`, for the picture.
        filter_epsilon: as in `richardson_lucy`.

    Returns:
        The picture, of its shape, and the kernel, of its shape and sum 1.

    Raises:
        ValueError: as in `richardson_lucy`.
        TypeError: as in `richardson_lucy`.

    Examples:
        >>> import jax.numpy as jnp
        >>> blurred = jnp.array([0.0, 0.25, 0.5, 0.25, 0.0, 0.0, 0.25, 0.5, 0.25, 0.0])
        >>> restored, psf = blind_richardson_lucy(blurred, jnp.ones(3) / 3)
        >>> psf.round(2)
        Array([0.25, 0.5 , 0.25], dtype=float32)

    References:
        Fish, Brinicombe, Pike and Walker, "Blind deconvolution by means of the Richardson-Lucy algorithm", 1995.
    """
    x, h = _operands("blind_richardson_lucy", image, psf)
    rounds = one_int("blind_richardson_lucy", "num_iter", num_iter, least=0)
    inner = one_int("blind_richardson_lucy", "num_inner", num_inner, least=1)

    def improve(pair: tuple[Array, Array], _) -> tuple[tuple[Array, Array], None]:
        estimate, h = pair
        h, _ = lax.scan(lambda h, _: (_better_kernel(h, estimate, x, filter_epsilon), None), h, length=inner)
        estimate, _ = lax.scan(lambda e, _: (_sharper(e, h, x, filter_epsilon), None), estimate, length=inner)
        return (estimate, h), None

    (estimate, h), _ = lax.scan(improve, (jnp.full_like(x, 0.5), h / h.sum()), length=rounds)
    return clipped(estimate) if clip else estimate, h


def _sharper(estimate: Array, psf: Array, image: Array, filter_epsilon: float | None) -> Array:
    """The picture after one step with a known kernel."""
    quotient = _quotient(image, convolve(estimate, psf, mode="same"), filter_epsilon)
    return estimate * convolve(quotient, jnp.flip(psf), mode="same")


def _better_kernel(psf: Array, estimate: Array, image: Array, filter_epsilon: float | None) -> Array:
    """The kernel after one step with a known picture."""
    blurred, adjoint = jax.vjp(lambda psf: convolve(estimate, psf, mode="same"), psf)
    (correction,) = adjoint(_quotient(image, blurred, filter_epsilon))
    (reach,) = adjoint(jnp.ones_like(image))
    psf = psf * correction / (reach + TINY)
    return psf / (psf.sum() + TINY)


def _quotient(image: Array, blurred: Array, filter_epsilon: float | None) -> Array:
    """The picture over its estimate, blurred."""
    blurred = blurred + TINY
    if not filter_epsilon:
        return image / blurred
    small = blurred < filter_epsilon
    return jnp.where(small, jnp.zeros_like(image), image / jnp.where(small, jnp.ones_like(blurred), blurred))


def _operands(verb: str, image: Any, psf: Any) -> list[Array]:
    """Both as floats of one dtype."""
    operands = [as_fraction(array) for array in common(verb, image=image, psf=psf)]
    if is_complex(operands[0]):
        raise TypeError(f"{verb}: image and psf must be real; their common dtype is {operands[0].dtype}.")
    if operands[0].ndim != operands[1].ndim:
        raise ValueError(
            f"{verb}: image and psf must have as many axes; they have shapes {operands[0].shape} and "
            f"{operands[1].shape}."
        )
    return operands
