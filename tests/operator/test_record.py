"""ConvOperator as a record: transformations, dtypes, and errors in the user's words."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from agreement import normal, whole

from jconv.operator import ConvOperator

KERNEL = normal((3, 2, 4))


def test_it_passes_through_jit_grad_and_vmap():
    operator = ConvOperator(KERNEL, (6, 2), 2, "SAME")
    (leaf,) = jax.tree.leaves(operator)
    assert leaf.shape == KERNEL.shape
    x = normal(operator.input_shape)
    gradient = jax.jit(jax.grad(lambda operator: operator.mv(x).sum()))(operator)
    assert isinstance(gradient, ConvOperator) and gradient.form == operator.form
    stack = jax.tree.map(lambda k: jnp.stack([k, 2 * k]), operator)
    both = jax.vmap(lambda operator: operator.mv(x))(stack)
    np.testing.assert_allclose(both[1], 2 * operator.mv(x), rtol=1e-6)


def test_norms_of_a_stack_of_operators():
    operator = ConvOperator(KERNEL, (6, 2))
    stack = jax.tree.map(lambda k: jnp.stack([k, 3 * k]), operator)
    norms, bounds = jax.jit(jax.vmap(lambda operator: (operator.norm(), operator.norm_bound())))(stack)
    np.testing.assert_allclose(norms[1], 3 * norms[0], rtol=1e-5)
    np.testing.assert_allclose(bounds[1], 3 * bounds[0], rtol=1e-5)


@pytest.mark.parametrize("dtype", ("int32", "bfloat16", "float16"))
def test_spectra_of_narrow_kernels_are_taken_in_float32(dtype):
    kernel = whole(KERNEL.shape, dtype=dtype)
    operator = ConvOperator(kernel, (6, 2))
    assert operator.mv(np.ones((6, 2), dtype)).dtype == dtype
    truth = np.linalg.norm(np.asarray(operator.matrix(), float), 2)
    for measure in (operator.singular_values()[0], operator.norm_bound(iterations=12)):
        assert measure.dtype == np.float32
        np.testing.assert_allclose(measure, truth, rtol=2e-3)


ERRORS = {
    "has 3 values; it must be": lambda: ConvOperator(KERNEL, (5, 5, 2)),
    "must divide c_in=2": lambda: ConvOperator(KERNEL, (5, 2), groups=3),
    "does not fit": lambda: ConvOperator(KERNEL, (2, 2)),
    "kernel must be": lambda: ConvOperator(np.ones(3), (5, 1)),
    r"mv: x must be \(\*batch, 6, 2\)": lambda: ConvOperator(KERNEL, (6, 2)).mv(np.ones((5, 2))),
    r"rmv: y must be \(\*batch, 4, 4\)": lambda: ConvOperator(KERNEL, (6, 2)).rmv(np.ones((4, 3))),
    r"solve: y must be \(\*batch, 4, 4\)": lambda: ConvOperator(KERNEL, (6, 2)).solve(np.ones(4)),
    r"k=13 must lie in \[1, 12\]": lambda: ConvOperator(KERNEL, (6, 2)).singular_values(13),
    "too large to be decomposed": lambda: ConvOperator(KERNEL, (9000, 2)).singular_values(),
}


@pytest.mark.parametrize("message", ERRORS)
def test_errors_say_what_is_wrong(message):
    with pytest.raises(ValueError, match=message):
        ERRORS[message]()


def test_an_inverse_that_is_no_convolution_is_refused():
    with pytest.raises(NotImplementedError, match="Use solve"):
        ConvOperator(normal((3, 2, 2)), (6, 2), padding="SAME").inverse()
