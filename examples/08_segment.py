"""A U-Net says of every pixel whether it belongs to a digit or to the photograph behind it."""

import numpy as np
import optax
from flax import nnx

from jconv.data import batches, digit_masks
from jconv.fit import mean_iou, train
from jconv.models import UNet

BATCH = 16


def loss(model, pictures, masks):
    """How surprised the model is by the true class of each pixel."""
    return optax.softmax_cross_entropy_with_integer_labels(model(pictures), masks).mean()


def main(quick: bool = False) -> None:
    """Train, and judge on other digits over other photographs."""
    data = digit_masks(train=64 if quick else 1000, test=16 if quick else 200)
    model = UNet(classes=2, channels=3, width=4 if quick else 8, levels=2, rngs=nnx.Rngs(0))
    steps = 40 if quick else 400
    report = train(
        model,
        batches(*data.train, batch_size=BATCH),
        optax.adam(optax.cosine_decay_schedule(1e-2, steps)),
        loss=loss,
        steps=steps,
        on_report=lambda report: print(f"step {report.step:4d}   loss {report.loss:.3f}"),
    )
    model.eval()
    found = np.asarray(model(data.test[0])).argmax(-1)
    score = mean_iou(found, data.test[1], classes=2)
    print(f"mean intersection over union on held-out pictures: {score:.3f}")
    assert report.loss < 0.4 if quick else score > 0.55


if __name__ == "__main__":
    main()
