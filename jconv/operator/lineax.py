"""ConvOperator as lineax sees it, for lineax's and optimistix's solvers. Needs the extra `jconv[solvers]`."""

import jax
import lineax

from jconv.operator._conv_operator import ConvOperator


def as_lineax(operator: ConvOperator, tags: object | frozenset[object] = ()) -> lineax.AbstractLinearOperator:
    """View a ConvOperator as a `lineax.AbstractLinearOperator`: y = A x, with its transpose.

    Args:
        operator: of any stride, padding and groups.
        tags: what is known of it, e.g. `lineax.positive_semidefinite_tag`.

    Returns:
        A `lineax.FunctionLinearOperator` from (*spatial, c_in) to (*outputs, c_out).

    Examples:
        >>> import jax.numpy as jnp
        >>> operator = ConvOperator(jnp.array([1.0, 3.0, 1.0])[:, None, None], (5, 1), padding="SAME")
        >>> view = as_lineax(operator, tags=lineax.positive_semidefinite_tag)
        >>> y = operator.mv(jnp.ones((5, 1)))
        >>> lineax.linear_solve(view, y, lineax.CG(1e-6, 1e-6)).value.ravel().round(4)
        Array([1., 1., 1., 1., 1.], dtype=float32)

    References:
        Rader, Lyons and Kidger, "Lineax: unified linear solves and linear least-squares in JAX and
        Equinox", arXiv:2311.17283.
    """
    dtype = operator.kernel.dtype
    return lineax.FunctionLinearOperator(operator.mv, jax.ShapeDtypeStruct(operator.input_shape, dtype), tags)
