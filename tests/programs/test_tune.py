"""tune: the convolutions that a function traces are measured, and the choice follows what was measured."""

import gc
import json
import weakref
from dataclasses import replace
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from agreement import normal, whole
from jax import lax
from paths import convolutions

import jconv
from jconv import ConvProblem, choose_algorithm
from jconv._algorithms import ALGORITHMS
from jconv._choice.tuned import tuned_table
from jconv._programs import measure as measuring
from jconv._programs.trace import traced_problems

FLOAT32 = np.dtype("float32")
PROBLEM = ConvProblem(
    batch=1, groups=1, c_in=8, c_out=8, input_size=(6, 6), window=(2, 2), output_size=(5, 5),
    stride=(1, 1), input_dilation=(1, 1), dilation=(1, 1), low=(0, 0),
    x_dtype=FLOAT32, w_dtype=FLOAT32, dtype=FLOAT32,
)  # fmt: skip
ALL = (PROBLEM, PROBLEM.gradient_x(), PROBLEM.gradient_w())
X, KERNEL = whole((1, 6, 6, 8)), whole((2, 2, 8, 8), 1)


@pytest.fixture(autouse=True)
def table(tmp_path, monkeypatch):
    """A table of the test's own, and none afterwards."""
    path = tmp_path / "folder" / "tuned.json"
    monkeypatch.setenv("JCONV_TUNED", str(path))
    jconv.load_tuned()
    yield path
    monkeypatch.setenv("JCONV_TUNED", "")
    jconv.load_tuned()


@pytest.fixture
def clock(monkeypatch):
    """Let each algorithm take the time that the test says, in seconds; what is called is recorded."""
    takes, calls = {"lax": 3.0, "taps": 1.0}, []

    def compiled(algorithm, x, w, problem, most_bytes):
        assert x.ndim == w.ndim == problem.rank + 2
        assert w.dtype == problem.w_dtype
        return algorithm.name

    def timed(name):
        calls.append(name)
        if isinstance(takes.get(name), Exception):
            raise takes[name]
        return takes.get(name, 100.0)

    monkeypatch.setattr(measuring, "_compiled", compiled)
    monkeypatch.setattr(measuring, "_time", timed)
    return takes, calls


def another_than_chosen():
    """Out of `lax` and `taps`, the one that differs from the choice without a table in being XLA's."""
    return "taps" if choose_algorithm(PROBLEM, "cpu").name in ("lax", "planar") else "lax"


# ---- which convolutions


def test_the_problems_are_those_a_function_traces_with_their_gradients():
    found = jconv.tune(jconv.conv, X, KERNEL, dry_run=True)
    assert tuple(one.problem for one in found) == ALL


def test_shapes_without_arrays_will_do():
    shapes = [jax.ShapeDtypeStruct(a.shape, a.dtype) for a in (X, KERNEL)]
    assert traced_problems(jconv.conv, *shapes) == (PROBLEM,)


def test_jaxs_own_convolutions_pose_the_same_problems_in_all_directions():
    def f(x, kernel):
        x, kernel = jnp.moveaxis(x, -1, 1), kernel.transpose(3, 2, 0, 1)
        return lax.conv_general_dilated(x, kernel, (1, 1), "VALID")

    assert traced_problems(f, X, KERNEL) == (PROBLEM,)
    step = jax.grad(lambda x, kernel: f(x, kernel).sum(), (0, 1))
    assert set(traced_problems(step, X, KERNEL)) == set(ALL)


def test_strided_grouped_dilated_ones_too():
    options = dict(stride=(2, 3), padding=((2, 1), (-1, 2)), dilation=(2, 1), groups=2)
    x, kernel = normal((2, 9, 8, 4)), normal((3, 2, 2, 6))

    def ours(x, kernel):
        return jnp.sin(jconv.conv(x, kernel, **options)).sum()

    def jaxs(x, kernel):
        y = lax.conv_general_dilated(
            x, kernel, options["stride"], options["padding"], rhs_dilation=options["dilation"],
            dimension_numbers=("NHWC", "HWIO", "NHWC"), feature_group_count=2,
        )  # fmt: skip
        return jnp.sin(y).sum()

    one, other = (set(traced_problems(jax.grad(f, (0, 1)), x, kernel)) for f in (ours, jaxs))
    assert one == other
    assert len(one) == 3


def test_problems_are_found_in_loops_branches_and_jitted_functions_once():
    def f(x, kernel):
        for _ in range(2):
            x = lax.cond(x.sum() > 0, lambda x: jax.jit(jconv.conv)(x, kernel), lambda x: x[:, 1:, 1:], x)
            x = lax.scan(lambda x, _: (jconv.conv(x, kernel, padding="SAME"), None), x, length=2)[0]
        return jax.checkpoint(jax.vmap(lambda x: jconv.conv(x, kernel)))(x[None])

    assert [p.input_size for p in traced_problems(f, X, KERNEL)] == [(6, 6), (5, 5), (5, 5), (4, 4), (4, 4)]


def test_a_function_with_its_gradients_brings_none_of_second_order():
    step = jax.grad(lambda x, kernel: (jconv.conv(x, kernel) ** 2).sum(), (0, 1))
    found = jconv.tune(step, X, KERNEL, dry_run=True)
    assert {one.problem for one in found} == set(ALL)


def test_a_convolution_that_names_its_algorithm_is_left_alone():
    assert traced_problems(lambda x, k: jconv.conv(x, k, algorithm="taps"), X, KERNEL) == ()


@pytest.mark.parametrize("target", [3, [3], "conv"])
def test_what_is_neither_function_nor_problems_is_refused(target):
    with pytest.raises(TypeError, match=r"must be a function.*or an iterable of ConvProblem"):
        jconv.tune(target, dry_run=True)


# ---- which algorithms


def test_a_dry_run_measures_and_writes_nothing(table, clock):
    (one, *_) = jconv.tune([PROBLEM], dry_run=True)
    assert set(one.candidates) | set(one.left_out) == set(ALGORITHMS)
    assert one.candidates[0] == choose_algorithm(PROBLEM, "cpu").name
    assert (one.seconds, one.algorithm) == ({}, None)
    assert not clock[1]
    assert not table.exists()


def loose(monkeypatch, **changes):
    """Add an algorithm to the table, fastest of all and with a loose bound."""
    algorithm = replace(ALGORITHMS["taps"], name="loose", error_bound=60.0, **changes)
    monkeypatch.setitem(ALGORITHMS, "loose", algorithm)
    return algorithm


def test_the_highest_precision_admits_no_loose_algorithm(monkeypatch, clock, table):
    loose(monkeypatch)
    clock[0]["loose"] = 0.1
    highest = replace(PROBLEM, precision=(lax.Precision.HIGHEST,) * 2)
    preset = replace(PROBLEM, precision=lax.DotAlgorithmPreset.F32_F32_F32)
    found = {one.problem: one for one in jconv.tune([PROBLEM, highest, preset])}
    assert found[PROBLEM].algorithm == "loose"
    for strict in (highest, preset):
        assert found[strict].algorithm == "taps"
        assert "too loose" in found[strict].left_out["loose"]
    # Nor does a file that names one for it.
    text = table.read_text()
    table.write_text(text.replace('"algorithm": "taps"', '"algorithm": "loose"'))
    jconv.load_tuned()
    tuned = tuned_table("cpu")
    assert choose_algorithm(PROBLEM, "cpu", tuned=tuned).name == tuned[highest] == tuned[preset] == "loose"
    assert choose_algorithm(highest, "cpu", tuned=tuned).name != "loose"
    assert choose_algorithm(preset, "cpu", tuned=tuned).name != "loose"


def test_one_that_cannot_or_that_needs_absurd_memory_is_left_out_with_the_reason(monkeypatch):
    loose(monkeypatch, unsupported=lambda problem, platform: ("it is", "too new"))
    (one, *_) = jconv.tune([PROBLEM], dry_run=True, most_bytes=100)
    assert one.left_out["loose"] == "it is; too new"
    assert "bytes of temporary memory" in one.left_out["taps"]


def test_one_that_fails_is_left_out_and_the_others_are_measured(clock):
    clock[0]["lax"] = jax.errors.JaxRuntimeError("RESOURCE_EXHAUSTED")
    (one, *_) = jconv.tune([PROBLEM])
    assert one.algorithm == "taps"
    assert one.left_out["lax"] == "it failed: RESOURCE_EXHAUSTED"


def test_a_program_that_turns_out_to_need_too_much_memory_is_not_run():
    x, w = map(jnp.zeros, measuring._shapes(PROBLEM))
    with pytest.raises(MemoryError, match="bytes of temporary memory"):
        measuring._compiled(ALGORITHMS["taps"], x, w, PROBLEM, -1)


# ---- measuring


def test_the_fastest_is_chosen_and_the_hopeless_not_called_again(clock):
    takes, calls = clock
    before, winner = choose_algorithm(PROBLEM, "cpu").name, another_than_chosen()
    takes |= {before: 30.0, winner: 0.5}
    (one, *_) = jconv.tune([PROBLEM], seconds=0)
    assert calls[:2] == [before] * 2  # the choice so far comes first; once to warm up
    assert one.algorithm == winner
    assert one.seconds[winner] == 0.5
    assert one.seconds[before] == 30.0
    assert choose_algorithm(PROBLEM, "cpu", tuned=tuned_table("cpu")).name == winner
    calls.clear()
    jconv.tune([PROBLEM], seconds=0)
    assert calls.count(before) == 2 * len(ALL)
    assert calls.count(winner) == (2 + 4) * len(ALL)


def test_real_measurements_are_positive_times_of_right_programs():
    found = jconv.tune([PROBLEM], seconds=0.001)
    assert [one.problem for one in found] == list(ALL)
    for one in found:
        assert one.algorithm == min(one.seconds, key=one.seconds.get)
        assert set(one.seconds) == set(one.candidates)
        assert all(0 < t < 60 for t in one.seconds.values())


def test_what_was_compiled_is_freed_once_it_is_measured(monkeypatch):
    """A process may not have more than some ten thousand pieces of code: after 200 problems it would crash."""

    def compute(x, w, problem):
        return ALGORITHMS["taps"].compute(x, w, problem)

    monkeypatch.setitem(ALGORITHMS, "passing", replace(ALGORITHMS["taps"], name="passing", compute=compute))
    measuring.measure(PROBLEM, ["passing"], seconds=0, most_bytes=2**30)
    monkeypatch.undo()
    alive = weakref.ref(compute)
    del compute
    gc.collect()
    assert alive() is None


def test_what_is_near_the_best_is_measured_again_and_its_least_median_counts(clock):
    takes, calls = clock
    takes |= {"lax": 1.0, "taps": 1.5, "patches": 3.0}
    names, options = ["lax", "taps", "patches"], dict(seconds=0, most_bytes=2**30)
    once = measuring.measure(PROBLEM, names, **options).seconds
    calls.clear()
    assert measuring.measure(PROBLEM, names, **options, again=2).seconds == once
    counts = {name: calls.count(name) for name in names}
    assert counts["lax"] == counts["taps"] > counts["patches"]


@pytest.mark.parametrize("groups", [1, 3])
def test_what_is_measured_is_what_a_program_has(groups):
    """As arrays of (*batch, *spatial, channels) and (*window, c_in, c_out): axes of length 1 would cost copies."""
    x, kernel = whole((2, 7, 6, 2 * groups)), whole((3, 2, 2, 4 * groups), 1)
    y, transpose = jax.vjp(partial(jconv.conv, groups=groups), x, kernel)
    cotangent = whole(y.shape, 2)
    value = traced_problems(partial(jconv.conv, groups=groups), x, kernel)[0]
    for problem, operands, result in (
        (value, (x, kernel), y),
        (value.gradient_w(), (x, cotangent), transpose(cotangent)[1]),
    ):
        assert problem.more_taps_than_outputs == (result is not y)
        assert measuring._shapes(problem) == tuple(a.shape for a in operands)
        np.testing.assert_array_equal(measuring._compute(*operands, problem, ALGORITHMS["taps"]), result)


@pytest.mark.parametrize("dtype", ["bfloat16", "float64", "complex64", "int32", "int8"])
def test_every_kind_of_number_can_be_measured(dtype):
    dtype = np.dtype(dtype)
    problem = replace(PROBLEM, x_dtype=dtype, w_dtype=dtype, dtype=dtype)
    times = measuring.measure(problem, ["taps"], seconds=0, most_bytes=2**30)
    assert times.seconds["taps"] > 0


def test_progress_sees_every_problem_and_a_budget_ends_the_measuring(clock):
    seen = []

    def progress(problems):
        for problem in problems:
            seen.append(problem)
            yield problem

    assert len(jconv.tune([PROBLEM], progress=progress)) == 3
    assert tuple(seen) == ALL
    assert jconv.tune([PROBLEM], budget=0) == ()


def test_an_interruption_keeps_what_was_measured(clock, table):
    def interrupted(problems):
        yield problems[0]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        jconv.tune([PROBLEM], progress=interrupted)
    assert tuned_table("cpu")[PROBLEM] == "taps"
    assert len(json.loads(table.read_text())["tables"][0]["entries"]) == 1


# ---- the choice


def test_functions_compiled_before_are_compiled_anew_with_the_tuned_choice(clock):
    f, winner = jax.jit(jconv.conv), another_than_chosen()
    want, before = f(X, KERNEL), bool(convolutions(f.lower(X, KERNEL)))
    clock[0][winner] = 0.1
    jconv.tune(jconv.conv, X, KERNEL)
    np.testing.assert_allclose(f(X, KERNEL), want, atol=1e-4)
    assert bool(convolutions(f.lower(X, KERNEL))) == (winner == "lax") != before


def test_the_choice_is_of_this_problem_only(clock):
    jconv.tune([PROBLEM])
    for changes in ({"batch": 2}, {"precision": (lax.Precision.HIGH,) * 2}, {"low": (1, 0)}):
        assert replace(PROBLEM, **changes) not in tuned_table("cpu")
    assert PROBLEM not in tuned_table("tpu")
    assert PROBLEM not in tuned_table("other")
    assert choose_algorithm(replace(PROBLEM, algorithm="lax"), "cpu").name == "lax"


def test_a_named_algorithm_of_a_problem_is_set_aside_when_it_is_tuned(clock):
    jconv.tune([replace(PROBLEM, algorithm="lax")])
    assert tuned_table("cpu")[PROBLEM] == "taps"


def test_convolutions_that_pose_no_problem_are_passed_over():
    def f(x, kernel):
        return lax.conv_general_dilated(x, kernel, (1, 1), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC"))

    assert traced_problems(f, X.astype(bool), KERNEL.astype(bool)) == ()


@pytest.mark.parametrize("name", ["seconds", "budget"])
def test_a_negative_time_is_refused(name, table):
    with pytest.raises(ValueError, match=f"{name}=-1 must be 0 or more"):
        jconv.tune([PROBLEM], **{name: -1})
