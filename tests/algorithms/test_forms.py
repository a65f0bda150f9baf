"""The forms that XLA computes fast: which operand of a product goes first, and what is padded beforehand."""

import jax
import pytest
from problems import count_primitives, operands, problem_of

from jconv._algorithms.patches import PATCHES
from jconv._algorithms.planar import PLANAR
from jconv._algorithms.taps import TAPS
from jconv._algorithms.winograd import WINOGRAD


def equations_of(algorithm, problem, name):
    jaxpr = jax.make_jaxpr(lambda x, w: algorithm.compute(x, w, problem))(*operands(problem)).jaxpr
    return count_primitives(jaxpr, name)


@pytest.mark.parametrize("channels", [(2, 24), (24, 2)])
@pytest.mark.parametrize("algorithm", [TAPS, PATCHES, WINOGRAD], ids=lambda a: a.name)
def test_of_a_sum_over_all_positions_the_narrower_operand_goes_first(algorithm, channels):
    """XLA transposes the first one: 3 to 5 times the time where that is the wider."""
    axis = (12, 1, 12) if algorithm is not WINOGRAD else (12, 3, 12, 1, 1, 1, 1)
    problem = problem_of([axis, axis], c_in=channels[0], c_out=channels[1]).gradient_w()
    dots = equations_of(algorithm, problem, "dot_general")
    assert dots
    for dot in dots:
        first, second = (operand.aval.shape[-1] for operand in dot.invars)
        assert (first, second) == (2, 24)


@pytest.mark.parametrize(("features", "padded"), [(16, True), (17, False)])
def test_planar_pads_beforehand_where_channels_are_few(features, padded):
    """Off XLA's fast path padding that is fused with the convolution makes it up to 8 times as slow."""
    problem = problem_of([(9, 3, 9, 1, 1, 1, 1)] * 2, c_in=2, c_out=features)
    (conv,) = equations_of(PLANAR, problem, "conv_general_dilated")
    assert (conv.params["padding"] == ((0, 0), (0, 0))) is padded
