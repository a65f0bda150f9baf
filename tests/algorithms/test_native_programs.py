"""`native` in programs: the matrix, threads, transformations, install, and the programs that it must keep out of."""

import re
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from agreement import normal, whole
from jax.sharding import AxisType, NamedSharding, PartitionSpec
from problems import problem_of

import jconv
from jconv._algorithms.native import NATIVE, planning, record
from jconv.testing import CASES, QUICK, check_conv

NATIVELY = partial(jconv.conv_general_dilated, algorithm="native")
X, KERNEL = whole((2, 9, 8, 6)), whole((3, 3, 6, 5), 1)


def loss(conv, x, kernel):
    return (conv(x, kernel, padding="SAME") ** 2).sum()


GRADIENTS = jax.grad(partial(loss, partial(jconv.conv, algorithm="native")), argnums=(0, 1))
WANTED = jax.grad(partial(loss, partial(jconv.conv, algorithm="lax")), argnums=(0, 1))


def calls(text: str) -> int:
    """How many calls of machine code a program has."""
    return len(re.findall(r"jconv_native_\w+", text))


def test_quick_cases_in_every_quantity():
    check_conv(NATIVELY, cases=QUICK, dtypes=["float32"], local=True)


@pytest.mark.slow
def test_all_cases_in_every_quantity():
    check_conv(NATIVELY, cases=CASES, dtypes=["float32", "float64"], local=True)


def test_gradients_are_machine_code_too():
    for got, want in zip(jax.jit(GRADIENTS)(X, KERNEL), WANTED(X, KERNEL), strict=True):
        np.testing.assert_array_equal(got, want)
    assert calls(jax.jit(GRADIENTS).lower(X, KERNEL).as_text()) == 3


def test_kernel_gradients_copy_neither_operand():
    x, kernel = normal((4, 30, 30, 32)), normal((3, 3, 32, 32), 1)
    gradient = jax.jit(jax.grad(partial(loss, partial(jconv.conv, algorithm="native")), argnums=1))
    text = gradient.lower(x, kernel).compile().as_text()
    copied = re.findall(r"^\s*(?:ROOT )?%(?:copy|transpose)[\w.]* = f32\[([\d,]*)\]", text, re.MULTILINE)
    assert all(np.prod([int(n) for n in shape.split(",")]) < x.size for shape in copied), copied


def test_in_a_loop_under_vmap_and_eagerly():
    want = np.stack([WANTED(X + n, KERNEL)[1] for n in range(3)])
    xs = np.stack([X + n for n in range(3)])
    np.testing.assert_array_equal(jax.vmap(lambda x: GRADIENTS(x, KERNEL)[1])(xs), want)
    np.testing.assert_array_equal(jax.lax.map(lambda x: GRADIENTS(x, KERNEL)[1], xs), want)
    np.testing.assert_array_equal(GRADIENTS(xs[1], KERNEL)[1], want[1])


def test_many_threads_at_once(monkeypatch):
    monkeypatch.setattr(planning, "TASK_WORK", 500)
    x, kernel = normal((4, 23, 21, 19)), normal((3, 3, 19, 21), 1)  # in many tasks
    function = jax.jit(GRADIENTS)
    want = function(x, kernel)
    with ThreadPoolExecutor(8) as pool:
        for got in pool.map(lambda _: function(x, kernel), range(64)):
            for one, other in zip(got, want, strict=True):
                np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("layout", [("NHWC", "HWIO", "NHWC"), ("NCHW", "OIHW", "NCHW"), ("CHNW", "IWOH", "WNHC")])
@pytest.mark.parametrize("groups", [1, 3])
def test_installed_in_every_layout(layout, groups):
    shapes = {"N": 2, "H": 9, "W": 8, "C": 6, "I": 6 // groups, "O": 12}
    x = whole([shapes[letter] for letter in layout[0]])
    shapes |= {"H": 3, "W": 3}
    kernel = whole([shapes[letter] for letter in layout[1]], 1)

    def f(x, kernel):
        y = jax.lax.conv_general_dilated(
            x, kernel, (2, 1), ((1, 1), (0, 2)), dimension_numbers=layout, feature_group_count=groups
        )
        return (y**2).sum()

    gradients = jax.jit(jax.value_and_grad(f, argnums=(0, 1)))
    want = gradients(x, kernel)
    with jconv.installed(), jconv.use_algorithm("native"):
        assert calls(gradients.lower(x, kernel).as_text()) == 3
        for got, one in zip(jax.tree.leaves(gradients(x, kernel)), jax.tree.leaves(want), strict=True):
            np.testing.assert_array_equal(got, one)


# ---- where it must not be


def test_exported_programs_hold_no_machine_code():
    def conv(x, kernel):
        return jax.lax.conv_general_dilated(x, kernel, (1, 1), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC"))

    with jconv.installed():
        text = str(jax.export.export(jax.jit(conv))(X, KERNEL).mlir_module())
    assert calls(text) == 0
    assert "custom_call" not in text
    with pytest.raises(NotImplementedError, match="exported"):
        jax.export.export(jax.jit(partial(jconv.conv, algorithm="native")))(X, KERNEL)


def test_auto_keeps_it_out_of_programs_that_are_exported_or_partitioned():
    problem = problem_of([(56, 7, 56, 1, 1, 1, 3)] * 2, batch=8, groups=64, c_in=1, c_out=1)
    assert jconv.choose_algorithm(problem, "cpu") is NATIVE
    assert jconv.choose_algorithm(problem, "cpu", exported=True) is not NATIVE
    assert jconv.choose_algorithm(problem, "cpu", partitioned=True) is not NATIVE
    assert jconv.choose_algorithm(problem, "tpu") is not NATIVE


def test_without_machine_code_auto_takes_another(monkeypatch):
    problem = problem_of([(56, 7, 56, 1, 1, 1, 3)] * 2, batch=8, groups=64, c_in=1, c_out=1)
    monkeypatch.setattr(record, "why_not_here", lambda: ("it needs llvmlite",))
    assert jconv.choose_algorithm(problem, "cpu").name == "taps"


def test_a_measured_table_does_not_bring_it_into_exported_programs():
    problem = problem_of([(9, 3, 7)], c_in=16, c_out=16)
    from_table = {problem: "native"}
    assert jconv.choose_algorithm(problem, "cpu", tuned=from_table) is NATIVE
    assert jconv.choose_algorithm(problem, "cpu", tuned=from_table, exported=True) is not NATIVE


def test_inside_shard_map_it_works():
    mesh = jax.make_mesh((2,), ("batch",), axis_types=(AxisType.Auto,), devices=jax.devices()[:2])
    spec = PartitionSpec("batch")

    def local(x, kernel):
        return jconv.conv(x, kernel, padding="SAME", algorithm="native")

    sharded = jax.jit(jax.shard_map(local, mesh=mesh, in_specs=(spec, PartitionSpec()), out_specs=spec))
    np.testing.assert_array_equal(sharded(X, KERNEL), jconv.conv(X, KERNEL, padding="SAME", algorithm="lax"))
    assert calls(sharded.lower(X, KERNEL).as_text()) == 1


@pytest.mark.parametrize("axis_type", [AxisType.Auto, AxisType.Explicit])
def test_over_a_sharded_batch_it_is_right(axis_type):
    mesh = jax.make_mesh((2,), ("batch",), axis_types=(axis_type,), devices=jax.devices()[:2])
    x = jax.device_put(X, NamedSharding(mesh, PartitionSpec("batch")))
    y = jax.jit(partial(jconv.conv, padding="SAME", algorithm="native"))(x, KERNEL)
    np.testing.assert_array_equal(y, jconv.conv(X, KERNEL, padding="SAME", algorithm="lax"))


def test_it_is_explained():
    assert "native" in str(jconv.explain(jnp.ones((1, 9, 4)), jnp.ones((3, 4, 5))))
