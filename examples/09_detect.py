"""CenterNet finds digits on photographs: where each is, how large, and which."""

import optax
from flax import nnx

from jconv.data import batches, digit_boxes
from jconv.fit import mean_average_precision, train
from jconv.models import CenterNet, centernet_decode, centernet_loss, centernet_targets

BATCH = 16


def loss(model, pictures, boxes, digits):
    """How far the heatmaps, sizes and offsets are from what the true boxes ask for."""
    targets = centernet_targets(boxes, digits, size=pictures.shape[1:3], classes=10)
    return centernet_loss(model(pictures), targets)


def main(quick: bool = False) -> None:
    """Train, and judge on other digits over other photographs."""
    data = digit_boxes(train=64 if quick else 2000, test=16 if quick else 200)
    model = CenterNet(classes=10, channels=3, width=8 if quick else 16, rngs=nnx.Rngs(0))
    steps, losses = 40 if quick else 1200, []
    train(
        model,
        batches(*data.train, batch_size=BATCH),
        optax.adam(optax.cosine_onecycle_schedule(steps, 3e-3)),
        loss=loss,
        steps=steps,
        clip=1.0,
        on_report=lambda report: losses.append(report.loss),
    )
    model.eval()
    found = centernet_decode(model(data.test[0]), most=20)
    score = mean_average_precision(found, *data.test[1:], classes=10)
    print(f"loss {losses[0]:.2f} at first, {losses[-1]:.2f} at last")
    print(f"mean average precision at IoU 0.5 on held-out pictures: {score:.3f}")
    assert losses[-1] < losses[0] if quick else score > 0.6


if __name__ == "__main__":
    main()
