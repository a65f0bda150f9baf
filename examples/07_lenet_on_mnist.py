"""LeNet learns handwritten digits: four thousand to learn from, a thousand that it never saw to be judged by."""

import optax
from flax import nnx

from jconv.data import batches, mnist
from jconv.fit import evaluate, train
from jconv.models import LeNet

BATCH = 50


def loss(model, pictures, digits):
    """How surprised the model is by the true digits."""
    return optax.softmax_cross_entropy_with_integer_labels(model(pictures), digits).mean()


def right(model, pictures, digits):
    """Whether the likeliest digit is the true one."""
    return model(pictures).argmax(-1) == digits


def main(quick: bool = False) -> None:
    """Train, and judge; the quick form sees a fraction of the data once."""
    data, epochs = mnist(), 1 if quick else 10
    pictures, digits = (a[::4] for a in data.train) if quick else data.train
    steps = epochs * len(digits) // BATCH
    model = LeNet(width=2, rngs=nnx.Rngs(0))
    optimizer = optax.adam(optax.cosine_decay_schedule(3e-3, steps))
    train(
        model,
        batches(pictures, digits, batch_size=BATCH),
        optimizer,
        loss=loss,
        steps=steps,
        on_report=lambda report: print(f"step {report.step:4d}   loss {report.loss:.3f}"),
    )
    accuracy = evaluate(model, *data.test, metrics={"accuracy": right})["accuracy"]
    print(f"right on held-out digits: {accuracy:.1%}")
    assert accuracy > (0.6 if quick else 0.975)


if __name__ == "__main__":
    main()
