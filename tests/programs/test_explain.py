"""explain says what runs: every convolution once, in the directions that the program has, named, pinned or chosen."""

import jax
import jax.numpy as jnp
import pytest
from jax import lax

import jconv
from jconv import explain

X, KERNEL = jnp.ones((2, 9, 9, 4)), jnp.ones((3, 3, 4, 6))


def titles(text):
    return [line for line in text.splitlines() if line and not line.startswith(" ")]


def stock(x, kernel):
    return lax.conv_general_dilated(x, kernel, (1, 1), "VALID", dimension_numbers=("NHWC", "HWIO", "NHWC"))


def test_a_convolution_and_its_two_gradients():
    value, of_x, of_kernel = titles(explain(X, KERNEL, platform="cpu"))
    assert value.startswith("value: [2, 9, 9]")
    assert of_x.startswith("gradient of x")
    assert of_kernel.startswith("gradient of kernel")


def test_a_convolution_that_names_its_algorithm():
    for title in titles(explain(X, KERNEL, algorithm="taps", platform="cpu")):
        assert title.endswith(": taps (asked for)")


def test_an_algorithm_that_cannot():
    value, *_ = titles(explain(X, KERNEL, algorithm="winograd", stride=2, platform="cpu"))
    assert value.endswith(": winograd (asked for), which cannot")


@pytest.mark.parametrize("function", [jconv.conv, stock])
def test_inside_a_block_that_pins_an_algorithm(function):
    with jconv.use_algorithm("fft"), jconv.installed():
        text = explain(function, X, KERNEL, platform="cpu")
    assert len(titles(text)) == 3
    assert all(title.endswith(": fft (asked for)") for title in titles(text))


def test_a_gradient_in_the_program_is_told_as_one_and_has_no_further_gradients():
    text = explain(jax.grad(lambda kernel: (jconv.conv(X, kernel) ** 2).sum()), KERNEL, platform="cpu")
    assert [title.split(":")[0] for title in titles(text)] == ["value", "gradient of x", "gradient of kernel"]


def test_convolutions_of_jax_itself_are_served_only_once_installed():
    note = "JAX's own convolutions, served by jconv only under jconv.install()"
    assert note in explain(stock, X, KERNEL)
    assert note not in explain(jconv.conv, X, KERNEL)
    with jconv.installed():
        assert note not in explain(stock, X, KERNEL)


def test_a_function_without_convolutions():
    assert explain(jnp.sin, X) == "no convolutions"
    assert explain(X[:0], KERNEL) == "nothing to compute"


def test_what_compilation_weighs_is_told_apart():
    line = next(line for line in explain(X, KERNEL, platform="cpu").splitlines() if line.startswith("  winograd "))
    assert "+ 0.320 for compilation" in line  # 16 products of 0.02 ms each


def test_options_belong_to_an_array():
    with pytest.raises(TypeError, match="explain: options"):
        explain(jconv.conv, X, KERNEL, stride=2)


@pytest.mark.parametrize("kernels", [(), (KERNEL, KERNEL)])
def test_an_array_goes_with_one_kernel(kernels):
    with pytest.raises(TypeError, match=f"after x comes one kernel, and the options by name; got {len(kernels)}"):
        explain(X, *kernels)
