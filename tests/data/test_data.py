"""Data are the same whenever they are made, and nothing of what is held out is trained on."""

import numpy as np
import pytest

from jconv import data


def test_batches_go_through_all_examples_anew_each_epoch_and_can_be_asked_for_in_any_order():
    x = np.arange(10)
    row = data.batches(x, x**2, batch_size=5, seed=1)
    epochs = [np.concatenate([row[2 * e][0], row[2 * e + 1][0]]) for e in range(3)]
    assert all(sorted(epoch) == list(range(10)) for epoch in epochs)
    assert len({tuple(epoch) for epoch in epochs}) == 3
    again = data.batches(x, x**2, batch_size=5, seed=1)
    np.testing.assert_array_equal(again[5][0], row[5][0])
    np.testing.assert_array_equal(row[3][1], row[3][0] ** 2)


def test_batches_refuse_what_does_not_fit():
    with pytest.raises(ValueError, match="batches: the arrays need a common leading axis"):
        data.batches(np.zeros(3), np.zeros(4), batch_size=1)
    with pytest.raises(ValueError, match="batches: batch_size=4 is more than the 3 entries"):
        data.batches(np.zeros(3), batch_size=4)


def test_split_holds_a_share_of_every_class_out():
    labels = np.repeat([0, 1, 2], [10, 20, 5])
    train, test = data.split(np.arange(35), labels)
    assert np.bincount(test[1]).tolist() == [2, 4, 1]
    assert sorted(np.concatenate([train[0], test[0]])) == list(range(35))


def test_mnist_is_4000_and_1000_digits_of_every_class():
    found = data.mnist()
    assert np.bincount(found.train[1]).tolist() == [400] * 10
    assert np.bincount(found.test[1]).tolist() == [100] * 10
    assert found.train[0].min() == 0 and found.train[0].max() == 1
    trained = {picture.tobytes() for picture in found.train[0]}
    assert not any(picture.tobytes() in trained for picture in found.test[0])


def test_digits_on_photographs_have_masks_and_boxes_that_agree():
    masks, boxes = data.digit_masks(train=6, test=3, each=True), data.digit_boxes(train=6, test=3)
    np.testing.assert_array_equal(masks.train[0], boxes.train[0])
    for mask, corners, digits in zip(masks.train[1], *boxes.train[1:], strict=True):
        for (top, left, bottom, right), digit in zip(corners.astype(int), digits, strict=True):
            if digit >= 0:
                inside = mask[top:bottom, left:right] == digit + 1
                assert inside.any(0)[[0, -1]].all() and inside.any(1)[[0, -1]].all()  # it reaches all four sides
        assert (mask > 0).any() == (digits >= 0).any()
    again = data.digit_masks(train=6, test=3, each=True)
    np.testing.assert_array_equal(again.test[0], masks.test[0])
    np.testing.assert_array_equal(data.digit_masks(train=6, test=3).train[1], masks.train[1] > 0)
    assert not np.array_equal(data.digit_masks(train=6, test=3, seed=1).test[0], masks.test[0])


def test_moving_digits_move_by_a_pixel_a_frame():
    found = data.moving_digits(train=40, test=2)
    steps = np.array([(-1, 0), (1, 0), (0, -1), (0, 1)])
    for video, label in zip(found.train[0][:8], found.train[1][:8], strict=True):
        ink = video[..., 0] > 0.5
        first, last = (np.argwhere(ink[t]).mean(0) for t in (0, -1))
        np.testing.assert_allclose((last - first) / 7, steps[label % 4], atol=0.2)


def test_sequences_are_the_pictures_row_by_row():
    rows, pictures = data.pixel_rows(), data.mnist()
    np.testing.assert_array_equal(rows.test[0][7, :, 0], pictures.test[0][7].ravel())


def test_spoken_digits_are_a_second_of_speech_and_held_out_voices_differ():
    pytest.importorskip("espeakng_loader")
    from jconv.data import _spoken_digits as speech

    assert not set(speech.TRAIN) & set(speech.HELD_OUT)
    sounds, digits = speech._spoken(("m1",), 1, 0)
    assert sounds.shape == (20, 8000) and digits.tolist() == 2 * list(range(10))
    np.testing.assert_allclose(np.abs(sounds).max(1), 1, atol=1e-6)
    assert (np.abs(sounds[:, -400:]).max(1) < 0.2).all()  # words end before the second does
    again, _ = speech._spoken(("m1",), 1, 0)
    np.testing.assert_array_equal(again, sounds)
