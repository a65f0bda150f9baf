"""The chooser: each rung of its ladder, and its refusals."""

from dataclasses import replace

import jax
import numpy as np
import pytest

import jconv
from jconv import ConvProblem, choose_algorithm
from jconv._algorithms import ALGORITHMS, Algorithm
from jconv._choice.seconds import RATES, Rates

FLOAT32 = np.dtype("float32")
DENSE = ConvProblem(
    batch=8,
    groups=1,
    c_in=32,
    c_out=32,
    input_size=(16, 16),
    window=(3, 3),
    output_size=(14, 14),
    stride=(1, 1),
    input_dilation=(1, 1),
    dilation=(1, 1),
    low=(0, 0),
    x_dtype=FLOAT32,
    w_dtype=FLOAT32,
    dtype=FLOAT32,
)
DEPTHWISE = replace(DENSE, groups=32, c_in=1, c_out=1)
STRIDED = replace(DENSE, input_size=(15, 15), output_size=(7, 7), stride=(2, 2))
DOUBLE = replace(DENSE, **dict.fromkeys(("x_dtype", "w_dtype", "dtype"), np.dtype("float64")))
PROBLEMS = {
    "dense": DENSE,
    "its kernel gradient": DENSE.gradient_w(),
    "depthwise": DEPTHWISE,
    "its kernel gradient, depthwise": DEPTHWISE.gradient_w(),
    "strided": STRIDED,
    "transposed": STRIDED.gradient_x(),
    "float64": DOUBLE,
    "no spatial axes": DENSE.with_axes([]),
    "no spatial axes, groups": replace(DENSE.with_axes([]), groups=2),
    "no examples": replace(DENSE, batch=0),
    "no channels": replace(DENSE, c_in=0),
    "no features, groups": replace(DENSE, groups=2, c_out=0),
    "no outputs": replace(DENSE, output_size=(0, 14)),
    "no inputs": replace(DENSE, input_size=(0, 0), low=(16, 16)),
}


@pytest.mark.parametrize("platform", ["gpu", "cuda", "rocm", "tpu", "other"])
def test_where_nothing_was_measured_the_compilers_own_convolution_is_chosen(platform):
    for problem in PROBLEMS.values():
        assert choose_algorithm(problem, platform) is ALGORITHMS["lax"]


def test_a_plain_product_of_matrices_is_not_transformed():
    """As Keras asks for 1x1 in two groups: `fft` took twice the time of `lax`, where it has nothing to save."""
    image = dict(input_size=(112, 112), output_size=(112, 112), window=(1, 1))
    pointwise = replace(DENSE, batch=32, groups=2, c_in=256, c_out=64, **image)
    for problem in (pointwise, pointwise.gradient_x(), pointwise.gradient_w()):
        assert choose_algorithm(problem, "cpu").local


@pytest.mark.parametrize("name", PROBLEMS)
def test_on_cpu_the_choice_can_compute_the_problem_and_is_the_same_each_time(name):
    problem = PROBLEMS[name]
    chosen = choose_algorithm(problem, "cpu")
    assert ALGORITHMS[chosen.name] is chosen
    assert chosen.unsupported(problem, "cpu") == ()
    assert choose_algorithm(replace(problem), "cpu") is chosen


NEVER_LAX = ("depthwise", "its kernel gradient, depthwise", "transposed", "float64")


@pytest.mark.parametrize("name", NEVER_LAX)
def test_what_xla_does_badly_on_cpu_is_not_left_to_it(name):
    """It multiplies with zeros between, runs scalar code, or gathers a sharded batch."""
    assert choose_algorithm(PROBLEMS[name], "cpu").name != "lax"


@pytest.mark.parametrize("platform", ["cpu", "cuda", "tpu"])
@pytest.mark.parametrize("name", PROBLEMS)
def test_a_partitioned_program_gets_what_gathers_no_batch(name, platform):
    problem = PROBLEMS[name]
    chosen = choose_algorithm(problem, platform, partitioned=True)
    assert chosen.name in ("lax", "planar", "taps")
    if problem.groups > 1 and not problem.empty:
        assert chosen.name == ("lax" if platform == "tpu" else "taps")
    assert choose_algorithm(replace(problem, algorithm="lax"), platform, partitioned=True).name == "lax"


def able(problem, platform="cpu"):
    return [algorithm for algorithm in ALGORITHMS.values() if not algorithm.unsupported(problem, platform)]


@pytest.mark.parametrize("platform", ["cpu", "cuda", "tpu"])
def test_a_named_algorithm_is_the_one_chosen(platform):
    for problem in PROBLEMS.values():
        assert len(able(problem, platform)) >= 2
        for algorithm in able(problem, platform):
            assert choose_algorithm(replace(problem, algorithm=algorithm.name), platform) is algorithm


def test_choosing_computes_nothing_and_a_problem_is_all_it_needs():
    with jax.checking_leaks(), jax.transfer_guard("disallow"):
        assert choose_algorithm(DENSE, "cpu").name in ALGORITHMS


# ---- a table of this test's own: what the rungs do with it

LAX, NEW = ALGORITHMS["lax"], "new"


@pytest.fixture
def offer(monkeypatch):
    """Put a new algorithm beside `lax`, that is predicted to take so many times its time."""
    monkeypatch.setitem(RATES, "cpu", {"lax": Rates(1e-9, 0.0, 0.0, 0.0)})

    def add(*, time, error=LAX.error_bound, extra_bytes=0, reasons=()):
        def compute(x, w, problem):
            raise AssertionError("must not run")

        def cost(problem, platform):
            return LAX.cost(problem, platform)._replace(bytes_moved=0, extra_bytes=extra_bytes, calls=1)

        algorithm = Algorithm(NEW, compute, lambda problem, platform: reasons, error, "this test", cost)
        monkeypatch.setitem(ALGORITHMS, NEW, algorithm)
        monkeypatch.setitem(RATES["cpu"], NEW, Rates(time * 1e-9, 0.0, 0.0, 0.0))

    return add


def test_the_quickest_is_chosen(offer):
    offer(time=0.5)
    assert choose_algorithm(DENSE, "cpu").name == NEW
    assert choose_algorithm(DENSE, "cuda").name == "lax"


def test_a_slower_one_is_not_chosen(offer):
    offer(time=1.5)
    assert choose_algorithm(DENSE, "cpu").name == "lax"


def test_one_that_cannot_is_not_chosen(offer):
    offer(time=0.1, reasons=("it cannot",))
    assert choose_algorithm(DENSE, "cpu").name == "lax"


def test_a_loose_one_is_not_chosen_where_precision_is_asked_for(offer):
    offer(time=0.1, error=60.0)
    assert choose_algorithm(DENSE, "cpu").name == NEW
    highest = (jax.lax.Precision.HIGHEST, jax.lax.Precision.HIGHEST)
    assert choose_algorithm(replace(DENSE, precision=highest), "cpu").name == "lax"


def test_one_that_needs_much_memory_is_not_chosen(offer):
    allowed = 2 * DENSE.operand_bytes + 64 * 2**20
    offer(time=0.1, extra_bytes=allowed)
    assert choose_algorithm(DENSE, "cpu").name == NEW
    offer(time=0.1, extra_bytes=max(allowed, LAX.cost(DENSE, "cpu").extra_bytes) + 1)
    assert choose_algorithm(DENSE, "cpu").name == "lax"


def test_what_was_measured_goes_before_what_is_predicted_and_behind_a_name(offer):
    offer(time=1.5)
    tuned = {DENSE: NEW}
    assert choose_algorithm(DENSE, "cuda", tuned=tuned).name == NEW
    assert choose_algorithm(DENSE, "cpu", tuned=tuned).name == NEW
    assert choose_algorithm(DENSE, "cpu").name == "lax"
    assert choose_algorithm(replace(DENSE, algorithm="taps"), "cuda", tuned=tuned).name == "taps"


def test_what_was_measured_is_held_to_the_same_memory(offer):
    offer(time=0.1, extra_bytes=2 * DENSE.operand_bytes + LAX.cost(DENSE, "cuda").extra_bytes + 2**30)
    assert choose_algorithm(DENSE, "cuda", tuned={DENSE: NEW}).name == "lax"


# ---- refusals


def test_a_named_algorithm_that_cannot_says_why_and_which_can(offer):
    offer(time=0.1, reasons=("the stride is 1", "and so it is"))
    with pytest.raises(NotImplementedError) as raised:
        choose_algorithm(replace(DENSE, algorithm=NEW), "cpu")
    can = ", ".join(algorithm.name for algorithm in able(DENSE))
    assert str(raised.value) == (
        f"algorithm='new' cannot compute this convolution: the stride is 1; and so it is. These can: {can}, or 'auto'."
    )


def test_a_refusal_reaches_the_user_and_nothing_else_runs_instead(offer):
    offer(time=0.1, reasons=("it cannot",))
    x, kernel = np.ones((9, 2), np.float32), np.ones((3, 2, 2), np.float32)
    with pytest.raises(NotImplementedError, match="algorithm='new' cannot compute this convolution: it cannot"):
        jconv.conv(x, kernel, algorithm=NEW)


@pytest.mark.parametrize("name", ALGORITHMS)
def test_every_algorithm_states_what_it_promises(name):
    algorithm = ALGORITHMS[name]
    assert algorithm.name == name
    assert algorithm.error_bound > 0
    assert algorithm.reference
    for problem in PROBLEMS.values():
        reasons = algorithm.unsupported(problem, "cpu")
        assert isinstance(reasons, tuple)
        assert all(isinstance(reason, str) and reason for reason in reasons)
        if not reasons:
            *counts, _ = algorithm.cost(problem, "cpu")
            assert all(isinstance(value, int) and value >= 0 for value in counts), counts


def test_arrays_are_no_problem():
    with pytest.raises(TypeError, match=r"must be a ConvProblem, not ndarray. For arrays there is jconv.explain"):
        choose_algorithm(np.ones((2, 9, 4)), "cpu")
