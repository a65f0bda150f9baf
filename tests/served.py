"""Ways of telling whether jconv computes JAX's own convolutions, and that they give the same as without."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from agreement import normal
from jax import lax

import jconv
from jconv._choice.choose import choose_algorithm
from jconv._programs.trace import traced_problems

NHWC = ("NHWC", "HWIO", "NHWC")


def is_served(function, *args) -> bool:
    """Whether jconv's algorithms are in the program."""
    return "jconv." in jax.jit(function).lower(*args).as_text(debug_info=True)


def value_and_gradients(f, cotangent, *args):
    """The value of f, and its gradients for a cotangent, as one list of arrays."""
    y, pull = jax.vjp(f, *args)
    return jax.tree.leaves((y, pull(cotangent)))


def assert_same(f, *args, layers=1, served=True):
    """The value and gradients of f are the same with and without jconv, within the bounds of both.

    f is to be a sum of products of its arguments: then it is, of their absolute values, its own scale.
    """
    both = jax.jit(partial(value_and_gradients, f))
    y = jax.eval_shape(f, *args)
    cotangent = np.cos(np.arange(y.size)).reshape(y.shape).astype(y.dtype)
    without = both(cotangent, *args)
    scales = both(np.abs(cotangent), *jax.tree.map(abs, args))
    with jconv.installed():
        lowered = both.lower(cotangent, *args)
        got = both(cotangent, *args)
    assert not served or "jconv." in lowered.as_text(debug_info=True)
    problems = traced_problems(both, cotangent, *args)
    bound = layers * (4 + max(choose_algorithm(problem, "cpu").error_bound for problem in problems))
    for one, other, scale in zip(without, got, scales, strict=True):
        assert one.shape == other.shape
        assert one.dtype == other.dtype
        if one.size:
            unit = float(jnp.finfo(one.dtype).eps) * float(np.abs(scale).max())
            assert float(np.abs(one - other).max()) <= bound * unit


def depthwise(x, w):  # in a layout that is not XLA:CPU's own: served, whatever algorithm is chosen
    return lax.conv_general_dilated(x, w, (2, 1), "SAME", feature_group_count=x.shape[1])


DEPTHWISE = normal((2, 5, 6, 7)), normal((10, 1, 3, 3), 1)


def dense(x, w):  # with channels enough for XLA's convolution to be jconv's choice
    return lax.conv_general_dilated(x, w, (1, 1), ((0, 0), (0, 0)), dimension_numbers=NHWC)


def dense_nchw(x, w):
    return lax.conv_general_dilated(x, w, (1, 1), "SAME")


DENSE = normal((1, 6, 6, 20)), normal((3, 3, 20, 24), 1)
DENSE_NCHW = normal((1, 20, 6, 6)), normal((24, 20, 3, 3), 1)
