"""Counts against hand-made ones, published ones and NumPy loops; the table."""

import html.parser

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx
from jax import lax
from networks import resnet50, vgg16

from jconv import conv
from jconv.arithmetic import CostTable, cost

X, KERNEL = jax.ShapeDtypeStruct((2, 8, 8, 4), jnp.float32), jax.ShapeDtypeStruct((3, 3, 4, 6), jnp.float32)
MACS = 2 * 8 * 8 * 9 * 4 * 6


def convolve(x, kernel):
    return conv(x, kernel, padding="SAME")


def rows(function, *args, **options):
    return {row.operation: row for row in cost(function, *args, **options).rows}


@pytest.mark.parametrize("network, macs, parameters", ((vgg16, 15.47, 138.358), (resnet50, 4.089, 25.557)))
def test_published_counts(network, macs, parameters):
    """Of torchvision's model cards: 1e9 multiply-adds at 224 x 224, 1e6 parameters."""
    function, shapes = network()
    table = cost(function, shapes, jax.ShapeDtypeStruct((1, 224, 224, 3), jnp.float32), parameters=0)
    assert abs(table.total.multiply_adds / 1e9 - macs) < 0.005
    assert abs(table.parameters / 1e6 - parameters) < 0.0005
    assert sum(row.parameters for row in table.rows if row.operation.startswith(("conv", "dot"))) < table.parameters
    assert max(map(len, str(table).splitlines())) == 80


def test_convolutions_of_jconv_and_of_lax_cost_the_same():
    def lax_conv(x, kernel):
        return lax.conv_general_dilated(x, kernel, (1, 1), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC"))

    ours, theirs = (cost(f, X, KERNEL, parameters=1) for f in (convolve, lax_conv))
    assert ours.total == theirs.total
    (row,) = ours.rows
    assert row.operation == "conv 3x3, 2x 8x8x4 -> 8x8x6"
    assert (row.multiply_adds, row.parameters) == (MACS, 216)
    assert row.bytes == 4 * (2 * 64 * 4 + 216 + 2 * 64 * 6)
    assert row.intensity == 2 * MACS / row.bytes


def test_groups_strides_and_transposed_convolutions():
    grouped = jax.ShapeDtypeStruct((3, 3, 1, 8), jnp.float32)
    table = cost(lambda x, k: conv(x, k, stride=2, padding=1, groups=4), X, grouped)
    assert table.rows[0].operation == "conv 3x3/2 g4, 2x 8x8x4 -> 4x4x8"
    assert table.total.multiply_adds == 2 * 4 * 4 * 9 * 8


def test_gradients_are_counted():
    table = cost(jax.grad(lambda x, k: jnp.sum(convolve(x, k) ** 2), (0, 1)), X, KERNEL)
    assert table.total.multiply_adds == 3 * MACS


def test_loops_count_by_their_length_and_branches_by_the_dearest():
    square = jax.ShapeDtypeStruct((3, 3, 4, 4), jnp.float32)
    per_step = 2 * 64 * 9 * 16

    def loop(x, stack):
        return lax.scan(lambda x, k: (convolve(x, k), None), x, stack)[0]

    table = cost(loop, X, jax.ShapeDtypeStruct((5, 3, 3, 4, 4), jnp.float32), parameters=1)
    assert table.rows[0].times == 5 and table.total.multiply_adds == 5 * per_step
    assert table.rows[0].parameters == table.parameters == 5 * 144

    def branch(x, k):
        return lax.cond(x[0, 0, 0, 0] > 0, lambda: convolve(convolve(x, k), k), lambda: convolve(x, k))

    table = cost(branch, X, square)
    assert table.total.multiply_adds == 2 * per_step
    assert table.notes == ("Of branches, the dearest is counted.",)

    def unknown(x, k):
        return lax.while_loop(lambda x: x.sum() < 9, lambda x: convolve(x, k), x)

    table = cost(unknown, X, square, parameters=1)
    assert table.total.multiply_adds == per_step and table.rows[0].parameters == 144
    assert "known only by running" in table.notes[0]


def test_functions_inside_are_counted_once():
    inside = jax.jit(jax.checkpoint(lambda x, k: jax.nn.relu(convolve(x, k))))
    found = rows(inside, X, KERNEL)
    assert {name: row.times for name, row in found.items()} == {"conv 3x3, 2x 8x8x4 -> 8x8x6": 1, "elementwise": 1}
    assert found["elementwise"].operations == 2 * 64 * 6


def test_dots_and_other_work():
    a, b = (jax.ShapeDtypeStruct(shape, jnp.float32) for shape in ((7, 5, 3), (7, 3, 2)))
    (row,) = cost(jnp.matmul, a, b).rows
    assert (row.operation, row.multiply_adds) == ("dot 7x 5x3 @ 3x2", 7 * 5 * 3 * 2)
    found = rows(lambda a: jnp.fft.fft(jnp.cumsum(a.sum(1), 0), axis=0), jax.ShapeDtypeStruct((8, 5, 3), jnp.complex64))
    assert found["reductions"].operations == 8 * 5 * 3 + 8 * 3
    assert found["fft 8"].operations == 5 * 3 * 8 * 3
    table = cost(lambda a: lax.linalg.cholesky(a), jax.ShapeDtypeStruct((3, 3), jnp.float32))
    assert any("cholesky" in note and "not counted" in note for note in table.notes)


def test_a_flax_model_counts_its_params_and_stays_as_it_is():
    model = nnx.Sequential(
        nnx.Conv(4, 6, (3, 3), rngs=nnx.Rngs(0)),
        nnx.BatchNorm(6, rngs=nnx.Rngs(0)),
        nnx.relu,
        nnx.Dropout(0.5, rngs=nnx.Rngs(0)),
    )
    before = jax.tree.map(np.array, nnx.state(model, nnx.BatchStat))
    table = cost(model, X)
    assert table.parameters == 216 + 6 + 2 * 6
    assert table.rows[0].parameters == 216 and table.total.multiply_adds == MACS
    after = nnx.state(model, nnx.BatchStat)
    jax.tree.map(np.testing.assert_array_equal, before, jax.tree.map(np.array, after))


def test_arrays_that_a_function_holds_are_parameters():
    kernel = jnp.ones(KERNEL.shape)
    table = cost(lambda x: convolve(x, kernel), X)
    assert table.parameters == table.rows[0].parameters == 216


def test_the_table_in_a_notebook():
    table = cost(lambda x, k: jax.nn.relu(convolve(x, k)), X, KERNEL)
    assert isinstance(table, CostTable) and repr(table) == str(table)
    cells = []

    class Reader(html.parser.HTMLParser):
        def handle_data(self, data):
            cells.append(data)

    Reader().feed(table._repr_html_())
    assert cells[:3] == ["operation", "times", "params"] and "conv 3x3, 2x 8x8x4 -> 8x8x6" in cells


def test_parameters_must_be_indices():
    with pytest.raises(ValueError, match="indices of the 2 arguments"):
        cost(convolve, X, KERNEL, parameters=2)
