"""Both modes of differentiation to order 2, against finite differences and against each other, in one program."""

import jax
import jax.numpy as jnp
import numpy as np
from agreement import QUICK_COMPILE


def check_derivatives(function, *args, linear=False, step=1e-5, tolerance=1e-6):
    """Hold jvp, vjp and the four compositions of order 2 of a function of float64 arrays to central differences.

    A linear function has no second derivative: its compositions must be zero, and its jvp the function itself.
    """
    rng = np.random.default_rng(0)
    args = tuple(jnp.asarray(a) for a in args)
    shape = jax.eval_shape(function, *args)

    def like(a):
        parts = rng.normal(size=a.shape) + (1j * rng.normal(size=a.shape) if jnp.iscomplexobj(a) else 0)
        return jnp.asarray(parts, a.dtype)

    one, two, bar = tuple(map(like, args)), tuple(map(like, args)), like(shape)

    def moved(by, along):
        return tuple(a + by * b for a, b in zip(args, along, strict=True))

    def pair(a, b):
        """The real bilinear pairing that vjp transposes by; complex cotangents are not conjugated in JAX."""
        return sum(jnp.sum(x * y) for x, y in zip(jax.tree.leaves(a), jax.tree.leaves(b), strict=True))

    def forward(*args):
        return jax.jvp(function, args, one)[1]

    def reverse(*args):
        return jax.vjp(function, *args)[1](bar)

    def everything():
        found = {}
        for name, f in {"f": function, "jvp": forward, "vjp": reverse}.items():
            ahead, behind = f(*moved(step, two)), f(*moved(-step, two))
            difference = jax.tree.map(lambda a, b: (a - b) / (2 * step), ahead, behind)
            found[f"forward over {name}"] = jax.jvp(f, args, two)[1], difference
        found["vjp is the transpose of jvp"] = pair(forward(*args), bar), pair(reverse(*args), one)
        for name, f, y_bar in (("jvp", forward, bar), ("vjp", reverse, one)):
            back = jax.vjp(f, *args)[1](y_bar)
            found[f"reverse over {name}"] = pair(back, two), pair(jax.jvp(f, args, two)[1], y_bar)
        found["value"] = forward(*args), function(*one) if linear else forward(*args)
        return found

    compiled = jax.jit(everything).lower().compile(compiler_options=QUICK_COMPILE)
    for name, (got, want) in compiled().items():
        for a, b in zip(jax.tree.leaves(got), jax.tree.leaves(want), strict=True):
            scale = 1 + np.abs(np.asarray(b)).max(initial=0)
            np.testing.assert_allclose(np.asarray(a), np.asarray(b), rtol=0, atol=tolerance * scale, err_msg=name)


def distinct(shape, seed=0):
    """Float64 numbers no two of which are nearer than 0.01: no step of a finite difference changes their order."""
    size = int(np.prod(shape))
    return (np.random.default_rng(seed).permutation(size).reshape(shape) - size / 2) * 0.01
