"""explain says what runs: every convolution once, in three directions, named, pinned or chosen."""

from dataclasses import FrozenInstanceError, replace

import jax
import jax.numpy as jnp
import pytest
from jax import lax

import jconv
from jconv import choose_algorithm, explain
from jconv._algorithms import ALGORITHMS
from jconv._choice.seconds import predicted_times
from jconv._programs.explanation import in_thousands

X, KERNEL = jnp.ones((2, 9, 9, 4)), jnp.ones((3, 3, 4, 6))
NAMES = ["forward", "input gradient", "kernel gradient"]


def directions(explanation):
    """Every direction of every convolution."""
    return [direction for convolution in explanation.convolutions for direction in convolution]


def stock(x, kernel):
    return lax.conv_general_dilated(x, kernel, (1, 1), "VALID", dimension_numbers=("NHWC", "HWIO", "NHWC"))


# ---- what it says


def test_a_convolution_and_its_two_gradients():
    found = explain(X, KERNEL, platform="cpu")
    assert [direction.name for direction in directions(found)] == NAMES
    assert directions(found) == [found.forward, found.input_gradient, found.kernel_gradient]
    problem = found.forward.problem
    assert problem.input_size == (9, 9)
    assert found.input_gradient.problem == problem.gradient_x()
    assert found.kernel_gradient.problem == problem.gradient_w()


def test_it_says_what_the_choice_says_of_every_algorithm():
    for direction in directions(explain(X, KERNEL, platform="cpu")):
        problem, times = direction.problem, predicted_times(direction.problem, "cpu")
        assert direction.chosen == choose_algorithm(problem, "cpu").name
        assert direction.why == "least predicted time"
        assert direction.seconds == times[direction.chosen]
        assert [one.name for one in direction.candidates] == list(ALGORITHMS)
        for one in direction.candidates:
            assert one.cannot == ALGORITHMS[one.name].unsupported(problem, "cpu")
            assert one.seconds == times.get(one.name)
            assert one.local == ALGORITHMS[one.name].local


def test_what_auto_leaves_aside_is_told_with_the_reason():
    found = explain(X, KERNEL, precision="highest", platform="cpu").forward
    aside = {one.name: one.why_not_auto for one in found.candidates}
    assert "too loose for the precision" in aside["fft"]
    assert aside["taps"] == ""


def test_a_convolution_that_names_its_algorithm():
    for direction in directions(explain(X, KERNEL, algorithm="taps", platform="cpu")):
        assert (direction.chosen, direction.why) == ("taps", "asked for")


def test_an_algorithm_that_cannot():
    forward = explain(X, KERNEL, algorithm="winograd", stride=2, platform="cpu").forward
    assert (forward.chosen, forward.why) == ("winograd", "asked for, which cannot")


def test_an_algorithm_of_the_users_own_is_among_the_candidates():
    mine = replace(ALGORITHMS["taps"], name="mine", cost=None)
    forward = explain(X, KERNEL, algorithm=mine, platform="cpu").forward
    assert forward.chosen == "mine"
    assert forward.candidates[-1].name == "mine"
    assert forward.seconds is None
    assert "does not say what it takes" in str(forward)


@pytest.mark.parametrize("function", [jconv.conv, stock])
def test_inside_a_block_that_pins_an_algorithm(function):
    with jconv.use_algorithm("fft"), jconv.installed():
        found = directions(explain(function, X, KERNEL, platform="cpu"))
    assert len(found) == 3
    assert all((direction.chosen, direction.why) == ("fft", "asked for") for direction in found)


def test_a_gradient_in_the_program_is_told_as_one_and_has_no_further_gradients():
    found = explain(jax.grad(lambda kernel: (jconv.conv(X, kernel) ** 2).sum()), KERNEL, platform="cpu")
    assert [direction.name for direction in directions(found)] == NAMES


def test_a_function_with_several_convolutions_has_a_record_for_each():
    found = explain(lambda x, kernel: jconv.conv(jconv.conv(x, kernel[:, :, :, :4]), kernel), X, KERNEL)
    assert [one.forward.problem.input_size for one in found.convolutions] == [(9, 9), (7, 7)]
    with pytest.raises(AttributeError, match=r"there are 2 convolutions here: take one of \.convolutions"):
        _ = found.forward


def test_convolutions_of_jax_itself_are_served_only_once_installed():
    note = "JAX's own convolutions, served by jconv only under jconv.install()"
    assert note in explain(stock, X, KERNEL).note
    assert explain(jconv.conv, X, KERNEL).note == ""
    with jconv.installed():
        assert explain(stock, X, KERNEL).note == ""


def test_a_function_without_convolutions():
    assert str(explain(jnp.sin, X)) == "no convolutions"
    assert str(explain(X[:0], KERNEL)) == "nothing to compute"


def test_what_compilation_weighs_is_told_apart():
    found = explain(X, KERNEL, platform="cpu").forward
    (winograd,) = (one for one in found.candidates if one.name == "winograd")
    assert winograd.compile_seconds == pytest.approx(0.00032)  # 16 products of 0.02 ms each
    assert "+ 0.320 ms for compilation" in str(found)


def test_a_platform_without_rates_is_told_as_one():
    forward = explain(X, KERNEL, platform="tpu").forward
    assert (forward.chosen, forward.seconds) == ("lax", None)
    assert "nothing is known of times on tpu" in forward.why


# ---- how it looks


@pytest.mark.parametrize("options", [{}, {"precision": "highest"}, {"algorithm": "winograd", "stride": 2}])
def test_it_fits_80_columns_and_shows_every_algorithm(options):
    found = explain(X, KERNEL, platform="cpu", **options)
    text = str(found)
    assert repr(found) == text
    assert max(map(len, text.splitlines())) <= 80
    for word in (*ALGORITHMS, "time", "multiply-adds", "memory moved", "temporaries", "local"):
        assert word in text
    (chosen,) = (line for line in str(found.forward).splitlines() if line.startswith(">"))
    assert chosen.split()[1] == found.forward.chosen


def test_a_notebook_gets_a_table_for_each_direction():
    html = explain(X, KERNEL, platform="cpu")._repr_html_()
    assert html.count("<table>") == html.count("</table>") == 3
    assert html.count("<tr") == 3 * (1 + len(ALGORITHMS))
    for word in (*ALGORITHMS, "memory moved", "-&gt;", "least predicted time"):
        assert word in html


def test_a_record_cannot_be_changed():
    with pytest.raises(FrozenInstanceError):
        explain(X, KERNEL).forward.chosen = "lax"


@pytest.mark.parametrize(
    "number, text", [(0, "0 B"), (999, "999 B"), (1234567, "1.23 MB"), (999_900, "1 MB"), (5e16, "5e+04 TB")]
)
def test_counts_are_written_in_three_figures(number, text):
    assert in_thousands(number, "B") == text


# ---- what it refuses


def test_options_belong_to_an_array():
    with pytest.raises(TypeError, match="explain: options"):
        explain(jconv.conv, X, KERNEL, stride=2)


@pytest.mark.parametrize("kernels", [(), (KERNEL, KERNEL)])
def test_an_array_goes_with_one_kernel(kernels):
    with pytest.raises(TypeError, match=f"after x comes one kernel, and the options by name; got {len(kernels)}"):
        explain(X, *kernels)
