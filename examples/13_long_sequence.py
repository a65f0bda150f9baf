"""A digit read pixel by pixel is a sequence of 784 numbers: kernels as long as it see it whole, short ones do not."""

import optax
from flax import nnx

from jconv.data import batches, pixel_rows
from jconv.fit import evaluate, train
from jconv.models import Hyena

BATCH = 50


def loss(model, sequences, digits):
    """How surprised the model is by the true digits."""
    return optax.softmax_cross_entropy_with_integer_labels(model(sequences), digits).mean()


def right(model, sequences, digits):
    """Whether the likeliest digit is the true one."""
    return model(sequences).argmax(-1) == digits


def learned(data, steps: int, **options) -> float:
    """Train a model, and give the share of held-out digits that it has right."""
    model = Hyena(classes=10, width=16, depth=2, rngs=nnx.Rngs(0), **options)
    schedule = optax.cosine_onecycle_schedule(steps, 1e-2)
    row = batches(*data.train, batch_size=BATCH)
    train(model, row, optax.adam(schedule), loss=loss, steps=steps, clip=1.0)
    model.eval()
    return evaluate(model, *(a[::5] for a in data.test), metrics={"accuracy": right})["accuracy"]


def main(quick: bool = False) -> None:
    """Compare long and short kernels."""
    data, steps = pixel_rows(), 20 if quick else 600
    long, short = learned(data, steps), learned(data, steps, kernel="explicit", taps=5)
    print(f"right with long kernels: {long:.1%}; with kernels of five taps: {short:.1%}")
    assert 0 <= short <= 1 if quick else long > short + 0.2


if __name__ == "__main__":
    main()
