"""`rows` in every quantity: it is for kernel gradients alone, so what it cannot do beside them is done by `lax`."""

from dataclasses import replace
from functools import partial

import jax
import pytest

import jconv
from jconv._algorithms.lax import LAX
from jconv._algorithms.rows import ROWS
from jconv.testing import CASES, QUANTITIES, check_conv
from jconv.testing.quantities import computed_parts

DEPTHWISE = [case for case in CASES if case.feature_group_count > 1]


def rows_where_it_can(served):
    """`rows`, or `lax` where it cannot; what it was given is recorded."""

    def compute(x, w, problem):
        if ROWS.unsupported(problem, "cpu"):
            return LAX.compute(x, w, problem)
        served.append(problem)
        return ROWS.compute(x, w, problem)

    algorithm = replace(ROWS, name="rows or lax", compute=compute, unsupported=lambda problem, platform: ())
    return partial(jconv.conv_general_dilated, algorithm=algorithm)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "complex64"])
def test_rows_keeps_its_bound_in_every_quantity(dtype):
    served = []
    check_conv(rows_where_it_can(served), cases=DEPTHWISE, dtypes=[dtype], bound=ROWS.error_bound)
    assert served


@pytest.mark.parametrize("quantity", sorted(set(QUANTITIES) - {"value", "jvp", "gradient of x"}))
def test_it_takes_part_in_what_holds_a_kernel_gradient(quantity):
    served, case = [], DEPTHWISE[0]
    conv = partial(rows_where_it_can(served), **case.keywords)
    jax.jit(partial(computed_parts, quantity, conv)).lower(case.arrays("float32"))
    assert served
