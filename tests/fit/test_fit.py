"""Training: what `fit` promises, the coordinates of `decorrelate`, and the three filter models."""

import ast

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from flax import nnx
from skimage import data

import jconv
from jconv import kernels
from jconv.fit._train import DivergedError, decorrelate, fit, fit_chunks, squared_error
from jconv.models import FILTER_MODELS, ConvFilter, DeepFilter, SeparableFilter

NOISE = np.asarray(jax.random.normal(jax.random.key(1), (4, 24, 24, 1)))
PHOTOGRAPH = data.camera()[100:228, 150:278].astype(np.float32)
PHOTOGRAPH = ((PHOTOGRAPH - PHOTOGRAPH.mean()) / PHOTOGRAPH.std())[None, :, :, None]
TRUTH = np.pad(np.asarray(kernels.emboss()), 1)  # 5 x 5


def filtered(pictures, kernel):
    return np.asarray(jconv.conv(pictures, np.asarray(kernel)[:, :, None, None]))


def error(model, truth, patches=None):
    learned = model.filter_kernel(patches)
    return np.linalg.norm(learned - truth) / np.linalg.norm(truth)


def conv_filter(kernel_size=5):
    return ConvFilter(kernel_size, rngs=nnx.Rngs(0))


# ---- fit


def test_fit_finds_a_kernel_and_an_offset_from_their_result():
    model = conv_filter()
    done = fit(model, NOISE, filtered(NOISE, TRUTH) + 0.5, optimizer=optax.sgd(0.2), steps=200)
    assert error(model, TRUTH) < 1e-5
    assert float(model.conv.bias[0]) == pytest.approx(0.5, abs=1e-5)
    assert done.step == 200 and done.losses.shape == (200,) and done.loss == done.losses[-1] < 1e-10
    assert 0 < done.compile_seconds < done.seconds


@pytest.mark.parametrize("steps, chunk, reports", [(10, 4, [4, 8, 10]), (6, 6, [6]), (3, 20, [3])])
def test_progress_comes_after_every_chunk_and_at_the_end(steps, chunk, reports):
    model, seen = conv_filter(3), []
    fit(
        model, NOISE, NOISE[:, 1:-1, 1:-1], optimizer=optax.sgd(0.1), steps=steps, chunk=chunk,
        on_progress=lambda progress: seen.append(progress.step),
    )  # fmt: skip
    assert seen == reports


def test_the_chunk_does_not_change_what_is_learned():
    results = []
    for chunk in (1, 7, 30):
        model = conv_filter(3)
        done = fit(
            model,
            NOISE,
            NOISE[:, 1:-1, 1:-1],
            optimizer=optax.adam(0.05),
            steps=30,
            chunk=chunk,
            batch_size=2,
        )
        results.append((done.losses, model.filter_kernel(None)))
    for losses, kernel in results[1:]:
        np.testing.assert_allclose(losses, results[0][0], rtol=1e-4)
        np.testing.assert_allclose(kernel, results[0][1], rtol=1e-3, atol=1e-6)


def test_the_model_is_up_to_date_at_every_report():
    model, inputs, targets = conv_filter(3), NOISE, NOISE[:, 1:-1, 1:-1]
    after, losses = [], []
    for progress in fit_chunks(model, inputs, targets, optimizer=optax.sgd(0.1), steps=9, chunk=3):
        after.append(float(squared_error(model, inputs, targets)))
        losses = progress.losses
    # The losses are those before each step, so that the next chunk's first is the model's now.
    np.testing.assert_allclose(losses[3::3], after[:-1], rtol=1e-4)


def test_a_true_answer_ends_the_training():
    done = fit(
        conv_filter(3), NOISE, NOISE[:, 1:-1, 1:-1], optimizer=optax.sgd(0.1), steps=1000, chunk=5,
        on_progress=lambda progress: progress.step >= 15,
    )  # fmt: skip
    assert done.step == 15


def test_a_weight_of_zero_leaves_a_target_out():
    targets, weights = filtered(NOISE, TRUTH).copy(), np.ones((4, 20, 20, 1), np.float32)
    targets[:, :7], weights[:, :7] = 1e3, 0
    model = conv_filter()
    fit(model, NOISE, targets, weights, optimizer=optax.sgd(0.2), steps=200)
    assert error(model, TRUTH) < 1e-5


def test_divergence_is_an_error_with_its_step_and_keeps_the_last_good_parameters():
    model = conv_filter(3)
    with pytest.raises(DivergedError, match=r"the loss became (inf|nan) at step \d+. Lower") as caught:
        fit(model, NOISE, NOISE[:, 1:-1, 1:-1], optimizer=optax.sgd(1e3), steps=400, chunk=2)
    assert 2 < caught.value.step < 100 and not np.isfinite(caught.value.loss)
    assert np.all(np.isfinite(model.filter_kernel(None)))


def test_state_that_is_no_parameter_is_carried_along():
    class Counting(nnx.Module):
        def __init__(self):
            self.scale, self.calls = nnx.Param(jnp.zeros(())), nnx.Variable(jnp.zeros((), jnp.int32))

        def __call__(self, x):
            self.calls[...] = self.calls[...] + 1
            return self.scale[...] * x

    model = Counting()
    fit(model, NOISE, 3 * NOISE, optimizer=optax.sgd(0.3), steps=25, chunk=10)
    assert int(model.calls[...]) == 25
    assert float(model.scale[...]) == pytest.approx(3.0, abs=1e-5)


WRONG = {
    "steps=0": ValueError,
    "steps=2.5": TypeError,
    "chunk=0": ValueError,
    "batch_size=0": ValueError,
    "optimizer='adam'": TypeError,
    "model=None": TypeError,
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_wrong_argument_is_named(wrong):
    name, value = wrong.split("=")
    arguments = {"model": conv_filter(3), "steps": 1, "optimizer": optax.sgd(0.1)} | {name: ast.literal_eval(value)}
    with pytest.raises(WRONG[wrong], match=f"fit: .*{name}"):
        fit(arguments.pop("model"), NOISE, NOISE, **arguments)


def test_targets_are_not_spread_over_what_the_model_gives():
    with pytest.raises(ValueError, match=r"gives shape \(4, 22, 22, 1\) where the targets have \(4, 22, 22, 2\)"):
        fit(conv_filter(3), NOISE, np.zeros((4, 22, 22, 2)), optimizer=optax.sgd(0.1), steps=1)


def test_data_of_different_lengths_are_refused():
    with pytest.raises(ValueError, match="common leading axis"):
        fit(conv_filter(3), NOISE, NOISE[:2], optimizer=optax.sgd(0.1), steps=1)


# ---- decorrelate

OPTIMIZERS = {
    "adam": (lambda: optax.adam(optax.cosine_decay_schedule(0.2, 240)), 240),
    "adamw": (lambda: optax.adamw(optax.cosine_decay_schedule(0.2, 240)), 240),
    "sgd": (lambda: optax.sgd(0.1, momentum=0.9, nesterov=True), 150),
    "lbfgs": (lambda: optax.lbfgs(1.0), 12),
}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_decorrelated_every_optimiser_finds_a_kernel_from_a_photograph(name):
    build, steps = OPTIMIZERS[name]
    targets = filtered(PHOTOGRAPH, TRUTH)
    model = conv_filter()
    fit(model, PHOTOGRAPH, targets, optimizer=decorrelate(build(), PHOTOGRAPH), steps=steps, chunk=steps)
    assert error(model, TRUTH) < 1e-3


def test_without_decorrelate_adam_is_far_from_it():
    build, steps = OPTIMIZERS["adam"]
    model = conv_filter()
    fit(model, PHOTOGRAPH, filtered(PHOTOGRAPH, TRUTH), optimizer=build(), steps=steps, chunk=steps)
    assert error(model, TRUTH) > 0.1


def test_decorrelate_is_a_change_of_coordinates_for_kernels_and_nothing_for_the_rest():
    params = {
        "kernel": jnp.asarray(TRUTH)[:, :, None, None],
        "bias": jnp.ones(1),
        "deep": {"kernel": jnp.ones((3, 3, 8, 2))},
    }
    gradient = jax.tree.map(lambda leaf: jnp.linspace(-1, 1, leaf.size).reshape(leaf.shape), params)
    optimizer = decorrelate(optax.sgd(1.0), PHOTOGRAPH, patches=200_000, damping=0.0)
    updates, _ = optimizer.update(gradient, optimizer.init(params), params)
    np.testing.assert_array_equal(updates["bias"], -gradient["bias"])
    np.testing.assert_array_equal(updates["deep"]["kernel"], -gradient["deep"]["kernel"])
    # One step of descent in the new coordinates is one of Newton's: the covariance undoes it.
    windows = np.lib.stride_tricks.sliding_window_view(PHOTOGRAPH[0, :, :, 0], (5, 5)).reshape(-1, 25)
    covariance = windows.T.astype(np.float64) @ windows / len(windows)
    undone = covariance @ np.asarray(updates["kernel"], np.float64).ravel()
    np.testing.assert_allclose(undone, -gradient["kernel"].ravel(), atol=0.05)


# ---- models


@pytest.mark.parametrize("name", FILTER_MODELS)
@pytest.mark.parametrize("kernel_size", [1, 4, 5])
def test_a_model_maps_pictures_to_where_its_whole_window_lies_inside(name, kernel_size):
    model = FILTER_MODELS[name](kernel_size, rngs=nnx.Rngs(0))
    assert model(NOISE).shape == (4, 25 - kernel_size, 25 - kernel_size, 1)


def test_a_separable_model_finds_a_separable_filter():
    model, truth = SeparableFilter(3, rngs=nnx.Rngs(0)), np.asarray(kernels.sobel())
    fit(model, NOISE, filtered(NOISE, truth), optimizer=optax.adam(0.05), steps=300, chunk=100)
    assert error(model, truth) < 1e-3


def test_the_mean_local_kernel_of_a_deep_model_is_the_kernel_of_what_it_learned():
    model, truth = DeepFilter(3, rngs=nnx.Rngs(0)), np.asarray(kernels.laplacian())
    fit(model, NOISE, filtered(NOISE, truth), optimizer=optax.adam(0.01), steps=400, chunk=100)
    patches = np.lib.stride_tricks.sliding_window_view(NOISE[..., 0], (3, 3), axis=(1, 2)).reshape(-1, 3, 3, 1)
    assert error(model, truth, patches[:256]) < 0.02


def test_a_deep_model_learns_what_no_kernel_can():
    targets = np.abs(filtered(NOISE, kernels.sobel()))
    left = {}
    for model in (ConvFilter(3, rngs=nnx.Rngs(0)), DeepFilter(3, rngs=nnx.Rngs(0))):
        fit(model, NOISE, targets, optimizer=optax.adam(0.01), steps=400, chunk=100)
        left[type(model)] = float(squared_error(model, NOISE, targets))
    assert left[DeepFilter] < 0.3 * left[ConvFilter]
