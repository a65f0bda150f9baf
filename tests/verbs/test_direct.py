"""The choice `direct`: every output is a sum over its own window; counts are exact, nothing from outside is felt."""

import os
import pathlib
import subprocess
import sys
from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax
from problems import problem_of

import jconv
from jconv._algorithms import ALGORITHMS
from jconv._choice.choose import choose_algorithm
from jconv._choice.limits import admits
from jconv._choice.tuned import tuned_table
from jconv._choice.tuned_file import Tuned, save_tuned
from jconv._programs.trace import traced_problems

LOCAL = {name for name, algorithm in ALGORITHMS.items() if algorithm.local}
# A 31x31 box over 0/1 masks: what is counted are full windows.
MASKS = np.ones((1, 256, 256, 1), np.float32)
MASKS[:, ::97, ::89] = 0
BOX = np.ones((31, 31, 1, 1), np.float32)


def full_windows(counts):
    return int((np.asarray(counts) == BOX.size).sum())


def true_count():
    sums = np.pad(MASKS[0, :, :, 0].astype(int).cumsum(0).cumsum(1), ((1, 0), (1, 0)))
    return full_windows(sums[31:, 31:] - sums[:-31, 31:] - sums[31:, :-31] + sums[:-31, :-31])


def lax_conv(x, kernel):
    return lax.conv_general_dilated(x, kernel, (1, 1), "VALID", dimension_numbers=("NHWC", "HWIO", "NHWC"))


def test_auto_takes_fft_for_large_windows_and_miscounts():
    """The reason for "direct": else this file would test nothing."""
    (problem,) = traced_problems(jconv.conv, MASKS, BOX)
    assert choose_algorithm(problem, "cpu").name == "fft"
    assert true_count() == 47_107  # the figure that the docstrings name, and about how many are counted
    assert full_windows(jconv.conv(MASKS, BOX)) == pytest.approx(29_283, rel=0.1)
    for verb in (jconv.conv, jconv.install):
        assert "29,283 windows" in verb.__doc__ and "47,107" in verb.__doc__


def test_direct_counts_exactly_wherever_it_is_asked_for():
    assert full_windows(jconv.conv(MASKS, BOX, algorithm="direct")) == true_count()
    with jconv.use_algorithm("direct"):
        assert full_windows(jconv.conv(MASKS, BOX)) == true_count()
    with jconv.installed(numerics="direct"):
        assert full_windows(jax.jit(lax_conv)(MASKS, BOX)) == true_count()
    jconv.install(numerics="direct")
    try:
        assert full_windows(jax.jit(lax_conv)(MASKS, BOX)) == true_count()
    finally:
        jconv.uninstall()


@pytest.mark.parametrize("platform", ["cpu", "cuda", "tpu"])
def test_direct_chooses_among_local_algorithms_in_every_direction(platform):
    for axes, groups in (([(64, 3, 62)] * 2, 1), ([(64, 31, 34)] * 2, 16), ([(4096, 1023, 3074)], 16)):
        problem = replace(problem_of(axes, groups=groups, c_in=16, c_out=16), algorithm="direct")
        for one in (problem, problem.gradient_x(), problem.gradient_w()):
            assert choose_algorithm(one, platform).name in LOCAL
            assert choose_algorithm(one, platform, tuned={replace(one, algorithm="auto"): "fft"}).name in LOCAL


@pytest.mark.parametrize("platform", ["cpu", "gpu", "cuda", "rocm", "tpu"])
@pytest.mark.parametrize("precision", [(lax.Precision.HIGHEST,) * 2, lax.DotAlgorithmPreset.F32_F32_F32])
def test_the_highest_precision_means_it_too(platform, precision):
    for axes in ([(64, 3, 62)] * 2, [(64, 31, 34)] * 2):
        problem = replace(problem_of(axes, c_in=16, c_out=16), precision=precision)
        for one in (problem, problem.gradient_x(), problem.gradient_w()):
            assert choose_algorithm(one, platform).name in LOCAL
            assert choose_algorithm(one, platform, tuned={one: "fft"}).name in LOCAL
    admitted = {name for name, algorithm in ALGORITHMS.items() if admits(problem, algorithm)}
    assert admitted == LOCAL


def test_a_named_algorithm_wins_over_direct():
    with jconv.use_algorithm("direct"):
        (problem,) = traced_problems(jconv.conv, MASKS, BOX)
        assert problem.algorithm == "direct"
        fft = jconv.conv(MASKS, BOX, algorithm="fft")
    assert full_windows(fft) < true_count()


def test_numerics_are_taken_in_any_case():
    with jconv.installed(numerics="Direct"):
        assert full_windows(jax.jit(lax_conv)(MASKS, BOX)) == true_count()


def test_a_pin_of_auto_leaves_the_numerics_as_they_were_installed():
    with jconv.installed(numerics="direct"), jconv.use_algorithm("auto"):
        assert full_windows(jax.jit(lax_conv)(MASKS, BOX)) == true_count()
    with jconv.installed(numerics="direct"), jconv.use_algorithm("fft"):
        assert full_windows(jax.jit(lax_conv)(MASKS, BOX)) < true_count()


def test_words_that_are_no_numerics_are_refused():
    with pytest.raises(TypeError, match=r"install: numerics=True must be one of 'auto', 'direct', not bool"):
        jconv.install(numerics=True)
    with pytest.raises(ValueError, match=r"install: numerics='exact' is not one of 'auto', 'direct'"):
        jconv.install(numerics="exact")
    with pytest.raises(ValueError, match="installed: numerics="), jconv.installed(numerics="dirct"):
        pass


@pytest.mark.parametrize("name", ALGORITHMS)
@pytest.mark.parametrize("axis", [(12, 3, 12, 1, 1, 1, 1), (12, 3, 10), (13, 3, 6, 2), (12, 3, 8, 1, 1, 2)])
def test_a_local_algorithm_feels_nothing_outside_the_window(name, axis):
    """One value of 1e30 and one NaN: outputs whose window holds neither are bit for bit as without."""
    algorithm = ALGORITHMS[name]
    problem = problem_of([axis, axis], batch=1, groups=1, c_in=2, c_out=3)
    if algorithm.unsupported(problem, "cpu"):
        assert name in ("rows", "winograd", "winograd4")  # each made for some problems only
        problem = problem_of([axis, axis], batch=2, groups=4, c_in=1, c_out=1).gradient_w()
        if algorithm.unsupported(problem, "cpu"):
            return
    rng = np.random.default_rng(0)
    x = rng.standard_normal(problem.x_shape).astype(np.float32)
    w = rng.standard_normal(problem.w_shape).astype(np.float32)
    compute = jax.jit(lambda x: algorithm.compute(x, jnp.asarray(w), problem))
    plain, at = np.asarray(compute(x)), (0, *(n // 2 for n in problem.input_size), 0, 0)
    moved = x.copy()
    moved[at] += 1
    touched = np.asarray(compute(moved)) != plain
    # What a window holds is told by the equation: an oracle of ones.
    reach = jax.jit(lambda x: ALGORITHMS["lax"].compute(x, jnp.ones_like(w), problem))
    spike = np.zeros_like(x)
    spike[at] = 1
    inside = np.asarray(reach(spike)) != 0
    unharmed = True
    for value in (1e30, np.nan):
        planted = x.copy()
        planted[at] = value
        got = np.asarray(compute(planted))
        unharmed &= bool((got[~inside] == plain[~inside]).all())
    assert inside.any() and not inside.all()
    if algorithm.local:
        assert unharmed
        assert not touched[~inside].any()
    elif name in ("fft", "winograd4"):
        assert not unharmed


@pytest.mark.parametrize("precision", ["highest", None])
def test_a_nan_reaches_its_own_windows_alone_in_transposed_convolutions_too(precision):
    """Their phases have windows of several sizes: joined by zeros, each would feel the others' NaN."""
    kernel, x = jnp.ones((4, 4, 2, 3)), jnp.zeros((1, 5, 5, 3)).at[0, 2, 2, 0].set(jnp.nan)
    with jconv.use_algorithm("auto" if precision else "direct"):
        y = jconv.conv_transpose(x, kernel, stride=2, padding=1, precision=precision)
    np.testing.assert_array_equal(np.isnan(y).any((0, -1)).nonzero()[0].reshape(4, 4)[:, 0], range(3, 7))


CODE = "import jconv; from jconv._verbs.use_algorithm import pinned_algorithm; print(pinned_algorithm())"


@pytest.mark.parametrize(
    ("word", "pinned", "warned"),
    [("direct", "direct", False), (" Direct ", "direct", False), ("auto", "auto", False), ("", "auto", False),
     ("exact", "auto", True)],
)  # fmt: skip
def test_the_environment_asks_for_it(word, pinned, warned):
    environment = os.environ | {"JCONV_NUMERICS": word}
    ran = subprocess.run([sys.executable, "-c", CODE], env=environment, capture_output=True, text=True, check=True)
    assert ran.stdout.split() == [pinned]
    assert ran.stderr.count("JCONV_NUMERICS=") == warned


COUNTS = """
import jax, jconv, test_direct as t
counts = [jconv.conv(t.MASKS, t.BOX), jconv.conv(t.MASKS, t.BOX, algorithm="auto"), jax.jit(t.lax_conv)(t.MASKS, t.BOX)]
with jconv.use_algorithm("auto"):
    counts += [jconv.conv(t.MASKS, t.BOX), jax.jit(t.lax_conv)(t.MASKS, t.BOX)]
with jconv.installed(numerics="auto"):
    counts.append(jax.jit(t.lax_conv)(t.MASKS, t.BOX))
print(*map(t.full_windows, counts))
"""


def test_the_environment_makes_auto_mean_direct_for_the_whole_process():
    here = pathlib.Path(__file__).parent
    paths = os.pathsep.join(map(str, (pathlib.Path(jconv.__file__).parents[1], here, here.parent)))
    environment = os.environ | {"JCONV_NUMERICS": "direct", "JCONV_INSTALL": "yes", "PYTHONPATH": paths}
    ran = subprocess.run([sys.executable, "-c", COUNTS], env=environment, capture_output=True, text=True, check=True)
    assert ran.stdout.split() == [str(true_count())] * 6


# ---- what looks at a program: trace, tune, explain


def test_a_gradient_inherits_it():
    with jconv.use_algorithm("direct"):
        found = traced_problems(jax.grad(lambda x, k: jconv.conv(x, k).sum(), (0, 1)), MASKS, BOX)
    assert [problem.algorithm for problem in found] == ["direct"] * 3


def test_tune_takes_what_leaves_the_choice_to_jconv_and_measures_all_algorithms():
    with jconv.use_algorithm("direct"):
        plans = jconv.tune(jconv.conv, MASKS, BOX, dry_run=True)
    assert plans == jconv.tune(jconv.conv, MASKS, BOX, dry_run=True)
    assert "fft" in plans[0].candidates


def test_a_tuned_table_serves_direct_by_the_fastest_of_the_local_algorithms(tmp_path):
    (problem,) = traced_problems(jconv.conv, MASKS, BOX)
    times = {"fft": 1e-3, "planar": 2e-3, "taps": 3e-3}
    save_tuned([Tuned(problem, tuple(times), {}, times, "fft")], jax.default_backend(), tmp_path / "tuned.json")
    jconv.load_tuned(tmp_path / "tuned.json")
    try:
        table = tuned_table(jax.default_backend())
        for word, name in (("auto", "fft"), ("direct", "planar")):
            assert choose_algorithm(replace(problem, algorithm=word), jax.default_backend(), tuned=table).name == name
    finally:
        jconv.load_tuned()


def test_explain_says_what_direct_chooses():
    with jconv.use_algorithm("direct"):
        assert jconv.explain(MASKS, BOX, platform="cpu").forward.chosen in LOCAL
    with jconv.installed(numerics="direct"):
        assert jconv.explain(lax_conv, MASKS, BOX, platform="cpu").forward.chosen in LOCAL
    assert jconv.explain(MASKS, BOX, platform="cpu").forward.chosen == "fft"
