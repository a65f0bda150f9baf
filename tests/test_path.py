"""The algorithm asked for is the one that ran: read from the programs, not from the results."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import pytest
from jax import lax
from paths import convolutions, departures, equations_of, primitives

import jconv
from jconv import choose_algorithm
from jconv._algorithms import ALGORITHMS
from jconv._primitive.forms import solved_problem

KINDS = {  # x, kernel, options of conv: each takes another way through the algorithms
    "dense": ((2, 9, 9, 8), (3, 3, 8, 6), dict(padding="SAME")),
    "few channels": ((2, 9, 9, 2), (3, 3, 2, 3), {}),
    "strided, dilated, uneven": ((2, 13, 8), (4, 8, 6), dict(stride=2, dilation=3, padding=((4, 1),))),
    "groups": ((2, 9, 4), (3, 2, 6), dict(groups=2, padding=1)),
    "depthwise": ((2, 9, 4), (3, 1, 4), dict(groups=4, padding="CAUSAL")),
    "many taps": ((1, 90, 1), (70, 1, 8), {}),
    "three axes": ((1, 5, 5, 5, 2), (3, 3, 3, 2, 2), dict(padding="SAME", padding_mode="reflect")),
}


def everything(name, algorithm):
    """A program with the value, both gradients, the second order and three vmaps of one convolution."""
    x_shape, kernel_shape, options = KINDS[name]
    x, kernel = jnp.ones(x_shape), jnp.ones(kernel_shape)

    def f(x, kernel):
        return jconv.conv(x, kernel, **options, algorithm=algorithm)

    def program(x, kernel):
        gradients = jax.grad(lambda x, kernel: jnp.sum(f(x, kernel) ** 2), (0, 1))
        xs, kernels = jnp.stack([x, x]), jnp.stack([kernel, kernel])
        return (
            f(x, kernel),
            jax.jvp(gradients, (x, kernel), (x, kernel)),
            jax.vmap(f, (0, None))(xs, kernel),
            jax.vmap(f, (None, 0))(x, kernels),
            jax.vmap(f)(xs, kernels),
        )

    return program, x, kernel


@pytest.mark.parametrize("name", KINDS)
def test_taps_never_reaches_a_convolution(name):
    program, *operands = everything(name, "taps")
    assert convolutions(jax.jit(program).lower(*operands)) == []
    named = primitives(jax.make_jaxpr(program)(*operands).jaxpr)
    assert "jconv" in named
    assert "conv_general_dilated" not in named


@pytest.mark.parametrize("name", KINDS)
def test_lax_reaches_only_canonical_convolutions(name):
    """XLA brings other forms into this one only outside loops; on CPU the rest runs as scalar code."""
    program, *operands = everything(name, "lax")
    found = convolutions(jax.jit(program).lower(*operands))
    assert len(found) >= 6
    assert {departure for convolution in found for departure in departures(convolution)} == set()


def test_lax_stays_canonical_inside_scan():
    kernel = jnp.ones((3, 3, 8, 8))

    def loss(kernel, x):
        def step(x, _):
            return jconv.conv(x, kernel, padding="SAME", algorithm="lax"), None

        return jnp.sum(jax.lax.scan(step, x, length=4)[0] ** 2)

    found = convolutions(jax.jit(jax.grad(loss, (0, 1))).lower(kernel, jnp.ones((2, 9, 9, 8))))
    assert len(found) >= 2  # the value and the gradient of x pose equal problems, lowered once
    assert {departure for convolution in found for departure in departures(convolution)} == set()


@pytest.mark.parametrize("name", KINDS)
def test_auto_runs_what_the_chooser_names_for_value_and_each_gradient(name, monkeypatch):
    ran = {}
    for algorithm in ALGORITHMS.values():

        def compute(x, w, problem, algorithm=algorithm):
            ran.setdefault(problem, algorithm.name)  # the first call: a rewrite may call again, with parts
            return algorithm.compute(x, w, problem)

        monkeypatch.setitem(ALGORITHMS, algorithm.name, replace(algorithm, compute=compute, compute_lying=None))

    program, *operands = everything(name, "auto")
    jaxpr = jax.make_jaxpr(program)(*operands)
    jax.clear_caches()  # so that each problem is traced under our eyes, whatever ran before
    jax.jit(program).lower(*operands)
    asked = {solved_problem(e.params["problem"], e.params["result"]) for e in equations_of(jaxpr.jaxpr, "jconv")}
    assert len(asked) >= 6
    for problem in asked:
        assert ran[problem] == choose_algorithm(problem, "cpu").name


def test_the_searches_find_what_they_look_for():
    """Else the tests above could not fail."""
    x, kernel = jnp.ones((1, 5, 5, 2)), jnp.ones((3, 3, 2, 2))

    def inside_scan(x):
        def step(x, _):
            numbers = ("NHWC", "HWIO", "NHWC")
            return lax.conv_general_dilated(x, kernel, (1, 1), "SAME", dimension_numbers=numbers), None

        return lax.scan(step, x, length=2)[0]

    assert "conv_general_dilated" in primitives(jax.make_jaxpr(inside_scan)(x).jaxpr)
    assert "conv_general_dilated" in primitives(jax.make_jaxpr(jax.jit(inside_scan))(x).jaxpr)
    (found,) = convolutions(jax.jit(inside_scan).lower(x))
    assert departures(found) == ["padding"]


LAST, FIRST = ("NHWC", "HWIO", "NHWC"), ("NCHW", "HWIO", "NCHW")
DEPARTURES = {
    "layout is not channels-last": dict(dimension_numbers=FIRST),
    "padding": dict(padding=((1, 0), (0, 0))),
    "input dilation": dict(lhs_dilation=(1, 2)),
    "batch groups": dict(batch_group_count=2),
}


@pytest.mark.parametrize("what", DEPARTURES)
def test_each_departure_from_the_canonical_form_is_seen(what):
    options = dict(padding=((0, 0), (0, 0)), dimension_numbers=LAST) | DEPARTURES[what]
    x, kernel = jnp.ones((4, 4, 4, 4)), jnp.ones((2, 2, 4, 4))
    f = jax.jit(lambda x, kernel: lax.conv_general_dilated(x, kernel, (1, 1), **options))
    (found,) = convolutions(f.lower(x, kernel))
    assert departures(found) == [what]
