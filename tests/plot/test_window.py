"""The sliding window: its numbers are jconv's, for every geometry; and what is drawn of it."""

import io

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from looks import check_looks
from PIL import Image

import jconv
from jconv import kernels, plot
from jconv.plot._animate_filter import _Scan
from jconv.plot._slide import _check, slide
from jconv.plot._slide_frame import blank, draw_step, layout, number

RNG = np.random.default_rng(0)
PLAIN = dict(stride=1, padding=0, dilation=1, groups=1, transposed=False)
X, KERNEL = RNG.integers(0, 10, (4, 4)), np.array([[1, 2], [0, -1]])
CASES = {
    "plain": ((4, 4, 1), (2, 2, 1, 1), {}),
    "stride and padding": ((5, 4, 1), (3, 2, 1, 1), {"stride": 2, "padding": ((1, 2), (0, 1))}),
    "dilation": ((6, 5, 1), (2, 2, 1, 1), {"dilation": (3, 2)}),
    "channels": ((3, 4, 2), (2, 2, 2, 3), {"padding": "SAME"}),
    "groups": ((3, 3, 4), (2, 2, 2, 4), {"groups": 2}),
    "one axis": ((7, 2), (3, 1, 2), {"stride": 2, "padding": 1, "groups": 2}),
}


def taken(name, transposed):
    """The steps of a case, its arguments, and the result of jconv itself."""
    sizes, window, options = CASES[name]
    kernel = RNG.integers(-3, 4, window).astype(np.float32)
    x = RNG.integers(0, 10, (*sizes[:-1], window[-1] if transposed else sizes[-1])).astype(np.float32)
    if transposed and options.get("padding") == "SAME":
        options = options | {"padding": 1}
    function = jconv.conv_transpose if transposed else jconv.conv
    result = function(x, kernel, **options)
    return slide("slide", x, kernel, **PLAIN | options | {"transposed": transposed}), x, kernel, result, options


@pytest.mark.parametrize("name", CASES)
def test_each_step_of_a_convolution_sums_its_own_window(name):
    found, x, kernel, result, options = taken(name, False)
    result = np.moveaxis(np.asarray(result), -1, 0)
    last = found.steps[-1].so_far
    np.testing.assert_array_equal(last if x.ndim == 3 else last[:, 0], result)
    assert len(found.steps) == result.size
    # The numbers under the taps are the kernel's gradient of this one output.
    gradient = jax.jacobian(lambda k: jnp.moveaxis(jconv.conv(x, k, **options), -1, 0))(kernel)
    for step, one in zip(found.steps, np.asarray(gradient).reshape(-1, *kernel.shape), strict=True):
        ((m, row, column),) = step.target
        values = np.moveaxis(one[..., m], -1, 0)
        np.testing.assert_array_equal(step.values if x.ndim == 3 else step.values[:, 0], values)
        assert step.so_far[m, row, column] == step.products.sum()
        read = np.array([found.source[cell] for cell in step.source])
        np.testing.assert_array_equal(read, step.values.ravel())


@pytest.mark.parametrize("name", CASES)
def test_the_stamps_of_a_transposed_convolution_add_up(name):
    found, x, _, result, _ = taken(name, True)
    cropped = np.nan_to_num(found.steps[-1].so_far)[:, found.result_inside]
    np.testing.assert_array_equal(cropped.ravel(), np.moveaxis(np.asarray(result), -1, 0).ravel())
    assert len(found.steps) == x.size
    step = found.steps[1]
    (cell,) = step.source
    np.testing.assert_array_equal(step.products, found.source[cell] * step.taps)
    before, after = (np.nan_to_num(s.so_far) for s in found.steps[:2])
    np.testing.assert_array_equal([(after - before)[cell] for cell in step.target], step.products.ravel())


def test_the_output_fills_step_by_step():
    found = slide("slide", X, KERNEL, **PLAIN)
    assert [int(np.isfinite(step.so_far).sum()) for step in found.steps] == list(range(1, 10))
    assert found.source_inside.all() and found.result_inside.all()
    padded = slide("slide", X, KERNEL, **PLAIN | {"padding": 1})
    assert padded.source_inside.sum() == 16 and padded.source.shape == (1, 6, 6)


def test_a_sum_that_is_not_jconvs_is_noticed():
    with pytest.raises(ArithmeticError, match="is not what jconv computes"):
        _check(3.0, 4.0, 5.0)
    with pytest.raises(ArithmeticError):
        _check(float("nan"), 4.0, 5.0)


def drawn_step(*arguments, index, **options):
    """A step, drawn alone."""
    found = slide("slide", *arguments, **PLAIN | options)
    plan = layout("slide", found)
    figure, axes = blank(plan.width, plan.height)
    draw_step(axes, found, plan, index, 0.0)
    return figure


DRAWN = {
    "default": lambda: drawn_step(X, KERNEL, index=4),
    "one axis, padded": lambda: drawn_step(X[0], np.array([-1, 0, 1]), padding=1, index=2),
    "transposed, cropped": lambda: drawn_step(
        X[:3, :3], np.array([[21, -9, 3], [-4, 0, 8], [1, 1, 1]]), stride=2, padding=1, transposed=True, index=4
    ),
    "groups": lambda: drawn_step(RNG.integers(0, 9, (4, 4, 2)), np.ones((2, 2, 1, 2)), groups=2, index=12),
    "fractions": lambda: drawn_step(RNG.normal(size=(5, 5)), RNG.normal(size=(3, 3)), padding=1, index=0),
    "strip": lambda: plot.strip(X, KERNEL),
    "large": lambda: plot.strip(RNG.integers(0, 10, (8, 8)), RNG.integers(-2, 3, (3, 3)), padding=1, steps=[7]),
    "receptive field": lambda: plot.receptive_field(lambda x: jconv.conv(x, KERNEL[..., None, None] * 1.0), np.eye(16)),
    "saliency": lambda: plot.saliency(lambda x: jnp.stack([x.sum(), -x[0, 0, 0]]), np.eye(8), names=("up", "down")),
    "filter": lambda: plot.filter_strip(np.eye(24), kernels.gaussian(1.0, size=7), name="gaussian"),
}


@pytest.mark.parametrize("name", DRAWN)
def test_nothing_is_cut_off_and_all_is_legible(name):
    check_looks(DRAWN[name]())


def test_the_numbers_that_are_drawn_are_those_of_the_step():
    texts = [text.get_text() for text in drawn_step(X, KERNEL, index=4).axes[0].texts]
    window = X[1:3, 1:3]
    total = int((window * KERNEL).sum())
    assert f"step 5 of 9:  the sum of the 4 products is {number(total)}" in texts
    for product in (window * KERNEL).ravel():
        assert number(product) in texts
    assert f"{window[1, 1]}×−1" in texts  # noqa: RUF001
    assert [number(v) for v in (2.0, -0.0, 0.125, -3.0)] == ["2", "0", "0.12", "−3"]  # noqa: RUF001


def frames_of(gif):
    with Image.open(io.BytesIO(gif)) as animation:
        return animation.n_frames, animation.size, animation.info["loop"]


def test_animations_have_a_frame_for_each_step():
    assert frames_of(plot.animate_conv(X, KERNEL))[0] == 9
    count, size, loop = frames_of(plot.animate_filter(np.eye(16), kernels.sobel(axis=-1), frames=3))
    assert (count, loop) == (3, 0) and min(size) > 400


def test_a_filter_stops_at_the_last_place_and_its_map_is_the_convolution():
    picture = RNG.random((12, 15))
    scan = _Scan("scan", picture, kernels.sobel(axis=-1), 5)
    assert scan.stop(4) == (9, 12) and np.isfinite(scan.so_far(scan.stop(4))).all()
    stops = [scan.stop(frame) for frame in range(5)]
    done = [int(np.isfinite(scan.so_far(stop)).sum()) for stop in stops]
    assert done == sorted(done)
    for stop in stops:
        np.testing.assert_allclose((scan.window(stop) * scan.kernel).sum(), scan.map[stop], atol=1e-5)
    scan.map = scan.map + 1
    with pytest.raises(ArithmeticError):
        scan.window((0, 0))


def test_the_receptive_field_is_the_window():
    figure = plot.receptive_field(
        lambda x: jconv.conv(x, jnp.ones((3, 2, 1, 4)), stride=2, padding=1), np.eye(11), at=(2, 3)
    )
    assert "2 x 3 pixels" in figure.texts[0].get_text()
    frame = figure.axes[1].patches[0]
    assert (*frame.get_xy(), frame.get_width(), frame.get_height()) == (4.5, 2.5, 2, 3)


def test_saliency_is_the_largest_gradient_of_the_class():
    slopes = jnp.asarray(RNG.normal(size=(6, 5, 3)), jnp.float32)
    figure = plot.saliency(lambda x: jnp.stack([(x * slopes).sum(), 0 * x.sum()]), np.zeros((6, 5, 3)), label=0)
    np.testing.assert_allclose(figure.axes[1].images[0].get_array(), np.abs(slopes).max(-1), rtol=1e-6)


ERRORS = [
    (lambda: plot.animate_conv(X, np.ones(2)), ValueError, "of rank 1 or 2"),
    (lambda: plot.animate_conv(X * 1j, KERNEL), TypeError, "must be real numbers"),
    (lambda: plot.animate_conv(X, KERNEL, padding=-1), ValueError, "must add zeros, none or more"),
    (lambda: plot.animate_conv(np.ones((9, 30)), KERNEL), ValueError, "232 steps are too many to watch"),
    (lambda: plot.animate_conv(np.ones((3, 40)), KERNEL), ValueError, "too many numbers to be read"),
    (lambda: plot.strip(X, KERNEL, steps=[9]), ValueError, "must be among the 9 steps, 0 to 8"),
    (lambda: plot.animate_filter(np.ones((9, 9, 3)), np.eye(3)), ValueError, "Give the grey of a picture"),
    (lambda: plot.animate_filter(np.ones((2, 2)), np.eye(3)), ValueError, "smaller than the kernel"),
    (lambda: plot.animate_filter(np.eye(9), np.eye(3), frames=0), ValueError, "frames=0 must be at least 1"),
    (lambda: plot.receptive_field(lambda x: x.sum(), np.eye(3)), ValueError, "Leave out the batch"),
    (lambda: plot.receptive_field(lambda x: x, np.eye(3), at=(3, 0)), ValueError, "is no position"),
    (lambda: plot.saliency(lambda x: x, np.eye(3)), ValueError, r"must be \(classes,\)"),
    (lambda: plot.saliency(lambda x: x[0, :, 0], np.eye(3), label=3), ValueError, "label=3 must be one of 3"),
]


@pytest.mark.parametrize(("call", "kind", "message"), ERRORS)
def test_what_cannot_be_drawn_is_told(call, kind, message):
    with pytest.raises(kind, match=message):
        call()
