"""A network over time and space tells a moving digit and where it goes; no single frame says where."""

import optax
from flax import nnx

from jconv.data import batches, moving_digits
from jconv.fit import evaluate, train
from jconv.models import VideoNet

BATCH = 32


def loss(model, videos, classes):
    """How surprised the model is by the true digit and direction."""
    return optax.softmax_cross_entropy_with_integer_labels(model(videos), classes).mean()


def direction_right(model, videos, classes):
    """Whether the direction is the true one: a class is 4 times the digit plus the direction."""
    return model(videos).argmax(-1) % 4 == classes % 4


def main(quick: bool = False) -> None:
    """Train, and judge on digits that were held out."""
    data = moving_digits(train=64 if quick else 1600, test=32 if quick else 400)
    model = VideoNet(classes=len(data.classes), width=4 if quick else 8, stages=2, rngs=nnx.Rngs(0))
    steps, losses = 20 if quick else 250, []
    train(
        model,
        batches(*data.train, batch_size=BATCH),
        optax.adam(optax.cosine_onecycle_schedule(steps, 1e-2)),
        loss=loss,
        steps=steps,
        chunk=10,
        on_report=lambda report: losses.append(report.loss),
    )
    model.eval()
    score = evaluate(model, *data.test, metrics={"direction": direction_right})["direction"]
    print(f"loss {losses[0]:.2f} at first, {losses[-1]:.2f} at last; direction right: {score:.1%}")
    assert losses[-1] < losses[0] if quick else score > 0.9


if __name__ == "__main__":
    main()
