"""use_algorithm: what is traced in its block is pinned, compiled for its own, and nothing else is touched."""

import threading
from dataclasses import replace
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from agreement import whole
from jax import lax
from paths import convolutions

import jconv
from jconv._algorithms import ALGORITHMS
from jconv._primitive.conv_p import conv_p
from jconv._programs.trace import equations

X, KERNEL = whole((1, 9, 8, 5)), whole((3, 3, 5, 6), 1)
WANT = jconv.conv(X, KERNEL, algorithm="taps")

close = partial(np.testing.assert_allclose, atol=1e-4)


def pins(function, *args):
    """The algorithms that a function's convolutions ask for."""
    found = equations(jax.make_jaxpr(function)(*args))
    return [e.params["problem"].algorithm for e in found if e.primitive is conv_p]


def by_xla(function, *args) -> bool:
    return bool(convolutions(jax.jit(function).lower(*args)))


def test_a_jitted_function_is_compiled_once_for_each_pin_and_uses_it():
    traces = []

    @jax.jit
    def f(x, kernel):
        traces.append(None)
        return jconv.conv(x, kernel)

    programs = {}
    for _ in range(2):
        for name in ("auto", "lax", "taps"):
            with jconv.use_algorithm(name):
                close(f(X, KERNEL), WANT)
                programs[name] = f.lower(X, KERNEL)
    close(f(X, KERNEL), WANT)
    assert len(traces) == 3
    assert convolutions(programs["lax"])
    assert not convolutions(programs["taps"])


def test_calls_outside_jit_are_pinned():
    with jconv.use_algorithm("taps"):
        assert pins(jconv.conv, X, KERNEL) == ["taps"]
        close(jconv.conv(X, KERNEL), WANT)
    assert pins(jconv.conv, X, KERNEL) == ["auto"]


def test_every_verb_and_both_gradients_are_pinned():
    def step(x, kernel):
        y = jconv.conv_general_dilated(x, kernel, (1, 1), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC"))
        return jnp.sum(jconv.conv_transpose(y, kernel) ** 2)

    with jconv.use_algorithm("taps"):
        assert pins(jax.grad(step, (0, 1)), X, KERNEL) == ["taps"] * 6


def test_inside_loops_and_maps():
    def loop(x, kernels):
        return lax.scan(lambda x, k: (jconv.conv(x, k, padding="SAME"), None), x, kernels)[0]

    mapped = jax.vmap(loop, (0, None))
    x, kernels = whole((2, 1, 5, 5, 3)), whole((2, 3, 3, 3, 3), 1)
    with jconv.use_algorithm("taps"):
        assert pins(mapped, x, kernels) == ["taps"]
        assert not by_xla(mapped, x, kernels)
    with jconv.use_algorithm("lax"):
        assert by_xla(mapped, x, kernels)


def test_blocks_nest_and_the_inner_one_wins():
    with jconv.use_algorithm("taps"):
        with jconv.use_algorithm("lax"):
            assert pins(jconv.conv, X, KERNEL) == ["lax"]
            with jconv.use_algorithm("auto"):
                assert pins(jconv.conv, X, KERNEL) == ["auto"]
        assert pins(jconv.conv, X, KERNEL) == ["taps"]


def test_an_exception_ends_the_block():
    with pytest.raises(KeyError), jconv.use_algorithm("taps"):
        raise KeyError
    assert pins(jconv.conv, X, KERNEL) == ["auto"]


def test_a_convolution_that_names_its_algorithm_keeps_it():
    with jconv.use_algorithm("taps"):
        assert pins(lambda x, k: jconv.conv(x, k, algorithm="lax"), X, KERNEL) == ["lax"]


def test_each_thread_has_its_own():
    inside, release, seen = threading.Barrier(3), threading.Barrier(3), {}

    def work(name):
        with jconv.use_algorithm(name):
            inside.wait()
            seen[name] = pins(jconv.conv, X, KERNEL)
            release.wait()

    threads = [threading.Thread(target=work, args=(name,)) for name in ("lax", "taps")]
    for thread in threads:
        thread.start()
    inside.wait()
    assert pins(jconv.conv, X, KERNEL) == ["auto"]
    release.wait()
    for thread in threads:
        thread.join()
    assert seen == {"lax": ["lax"], "taps": ["taps"]}


def test_the_functions_of_one_jit_differ_between_threads():
    f = jax.jit(jconv.conv)
    seen = {}

    def work(name):
        with jconv.use_algorithm(name):
            for _ in range(5):
                close(f(X, KERNEL), WANT)
            seen[name] = bool(convolutions(f.lower(X, KERNEL)))

    threads = [threading.Thread(target=work, args=(name,)) for name in ("lax", "taps")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == {"lax": True, "taps": False}


def test_jaxs_own_convolutions_are_pinned_while_jconv_is_installed():
    def f(x, kernel):
        return lax.conv_general_dilated(x, kernel, (1, 1), "VALID", dimension_numbers=("NHWC", "HWIO", "NHWC"))

    with jconv.use_algorithm("taps"):
        assert by_xla(f, X, KERNEL)
        with jconv.installed():
            assert not by_xla(f, X, KERNEL)
            close(f(X, KERNEL), WANT)
            with jconv.use_algorithm("lax"):
                assert by_xla(f, X, KERNEL)


# ---- algorithms as values


def doubled(x, w, problem):
    return 2 * ALGORITHMS["taps"].compute(x, w, problem)


DOUBLED = replace(ALGORITHMS["taps"], name="doubled", compute=doubled)
UNABLE = replace(DOUBLED, name="unable", unsupported=lambda problem, platform: ("it never can",))


def test_an_algorithm_of_ones_own_is_used_as_argument_and_as_pin():
    with jconv.use_algorithm(DOUBLED):
        close(jax.jit(jconv.conv)(X, KERNEL), 2 * WANT)
    close(jax.jit(jconv.conv)(X, KERNEL), WANT)
    close(jconv.conv(X, KERNEL, algorithm=DOUBLED), 2 * WANT)
    gradient = jax.grad(lambda x: jconv.conv(x, KERNEL, algorithm=DOUBLED).sum())(X)
    close(gradient, 2 * jax.grad(lambda x: jconv.conv(x, KERNEL).sum())(X))


def test_one_that_cannot_says_why_and_there_is_no_fallback():
    with pytest.raises(NotImplementedError, match="'unable' cannot compute this convolution: it never can"):
        jconv.conv(X, KERNEL, algorithm=UNABLE)
    with jconv.use_algorithm(UNABLE), pytest.raises(NotImplementedError, match="it never can"):
        jconv.conv(X, KERNEL)


@pytest.mark.parametrize(
    ("algorithm", "error", "words"),
    [
        ("tap", ValueError, "algorithm='tap' is not one of 'auto', 'direct', 'lax', "),
        (3, TypeError, "algorithm=3 must be a name or a jconv.Algorithm, not int"),
    ],
)
def test_what_is_no_algorithm_is_refused_at_once(algorithm, error, words):
    with pytest.raises(error, match=words), jconv.use_algorithm(algorithm):
        pass


def test_names_are_taken_in_any_case():
    with jconv.use_algorithm("Taps"):
        assert pins(jconv.conv, X, KERNEL) == ["taps"]
    with jconv.use_algorithm("taps"), jconv.use_algorithm("AUTO"):
        assert pins(jconv.conv, X, KERNEL) == ["auto"]
