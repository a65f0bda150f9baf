"""A network hears spoken digits through a spectrogram that jconv makes; the voices it is judged by are new to it.

The speech is synthetic: eSpeak NG makes it (extra `speech`).
"""

import optax
from flax import nnx

from jconv.data import batches, spoken_digits
from jconv.fit import evaluate, train
from jconv.models import AudioNet

BATCH = 30


def loss(model, sounds, digits):
    """How surprised the model is by the true digits."""
    return optax.softmax_cross_entropy_with_integer_labels(model(sounds), digits).mean()


def right(model, sounds, digits):
    """Whether the likeliest digit is the true one."""
    return model(sounds).argmax(-1) == digits


def main(quick: bool = False) -> None:
    """Train, and judge by the voices that were held out."""
    data = spoken_digits(takes=1 if quick else 2)
    test = tuple(a[::4] for a in data.test) if quick else data.test
    model = AudioNet(rate=data.facts["rate"], width=4 if quick else 16, rngs=nnx.Rngs(0))
    steps, losses = 40 if quick else 600, []
    train(
        model,
        batches(*data.train, batch_size=BATCH),
        optax.adam(optax.cosine_onecycle_schedule(steps, 5e-3)),
        loss=loss,
        steps=steps,
        on_report=lambda report: losses.append(report.loss),
    )
    model.eval()
    accuracy = evaluate(model, *test, metrics={"accuracy": right})["accuracy"]
    print(f"loss {losses[0]:.2f} at first, {losses[-1]:.2f} at last; right on unseen voices: {accuracy:.1%}")
    assert losses[-1] < losses[0] if quick else accuracy > 0.9


if __name__ == "__main__":
    main()
