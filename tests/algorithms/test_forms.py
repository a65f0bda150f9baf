"""The forms that XLA computes fast: which operand of a product goes first, and what is padded beforehand."""

import jax
import pytest
from paths import equations_of
from problems import directions, operands, problem_of

from jconv._algorithms import lax, planar
from jconv._algorithms.lax import LAX
from jconv._algorithms.patches import PATCHES
from jconv._algorithms.planar import PLANAR
from jconv._algorithms.taps import TAPS
from jconv._algorithms.winograd import WINOGRAD
from jconv._choice.seconds import slowdown


def found_in(algorithm, problem, name):
    """The equations of one primitive that the algorithm writes for the problem."""
    return equations_of(jax.make_jaxpr(lambda x, w: algorithm.compute(x, w, problem))(*operands(problem)), name)


@pytest.mark.parametrize("channels", [(2, 24), (24, 2)])
@pytest.mark.parametrize("algorithm", [TAPS, PATCHES, WINOGRAD], ids=lambda a: a.name)
def test_of_a_sum_over_all_positions_the_narrower_operand_goes_first(algorithm, channels):
    """XLA transposes the first one: 3 to 5 times the time where that is the wider."""
    axis = (12, 1, 12) if algorithm is not WINOGRAD else (12, 3, 12, 1, 1, 1, 1)
    problem = problem_of([axis, axis], c_in=channels[0], c_out=channels[1]).gradient_w()
    dots = found_in(algorithm, problem, "dot_general")
    assert dots
    for dot in dots:
        first, second = (operand.aval.shape[-1] for operand in dot.invars)
        assert (first, second) == (2, 24)


@pytest.mark.parametrize(("features", "padded"), [(16, True), (17, False)])
def test_planar_pads_beforehand_where_channels_are_few(features, padded):
    """Off XLA's fast path padding that is fused with the convolution makes it up to 8 times as slow."""
    problem = problem_of([(9, 3, 9, 1, 1, 1, 1)] * 2, c_in=2, c_out=features)
    (conv,) = found_in(PLANAR, problem, "conv_general_dilated")
    assert (conv.params["padding"] == ((0, 0), (0, 0))) is padded


PLAIN, STRIDED = (9, 3, 9, 1, 1, 1, 1), (9, 3, 5, 2, 1, 1, 1)
EVEN, ODD = (9, 4, 18, 1, 2, 1, 2), (9, 3, 18, 1, 2, 1, 1)  # whose phases have as many taps, or not
LAYERS = {
    "image": problem_of([PLAIN] * 2, c_out=20),
    "line": problem_of([STRIDED]),
    "volume": problem_of([PLAIN] * 3),
    "transposed": problem_of([EVEN] * 2, c_in=5),
    "transposed, phases apart": problem_of([ODD] * 2, c_in=5, c_out=20),
    "groups": problem_of([PLAIN] * 2, groups=2, c_in=4),
}


@pytest.mark.parametrize("direction", ["value", "x", "w"])
@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize(("algorithm", "form"), [(LAX, lax.xla_conv), (PLANAR, planar.xla_conv)], ids=["lax", "planar"])
def test_the_cost_model_knows_what_xla_gets(algorithm, form, layer, direction):
    """Channels, features, axes and groups of the convolution that is written, on which XLA's code path depends."""
    problem = directions(LAYERS[layer])[direction]
    convs = found_in(algorithm, problem, "conv_general_dilated")
    assert convs
    for conv in convs:
        *window, c, m = conv.invars[1].aval.shape
        groups = conv.params["feature_group_count"]
        assert form(problem)[1:5] == (c, m // groups, len(window), groups)


def test_a_slowdown_is_by_code_path_and_at_least_1():
    few, many, most = (slowdown(lax.xla_conv(problem_of([PLAIN] * 2, c_in=c, c_out=c))) for c in (2, 256, 2**16))
    assert few > 10 * many
    assert 1 <= many < 2
    assert most == 1


@pytest.mark.parametrize(
    ("layer", "direction", "path"),
    [
        ("image", "value", "fast"),
        ("image", "w", "fast, sum"),
        ("line", "value", "few channels"),
        ("volume", "value", "volume"),
        ("groups", "w", "groups, sum"),
    ],
)
def test_code_paths(layer, direction, path):
    assert lax.xla_conv(directions(LAYERS[layer])[direction]).path == path
