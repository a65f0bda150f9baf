"""spoken_digits: the words zero to nine, spoken by eSpeak NG's voices; some voices are held out."""

import io
import json
import subprocess
import sys

import numpy as np

from jconv.data._dataset import Dataset
from jconv.signal import resample_poly

WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
RATE = 8000  # hertz
SAMPLES = 8000  # one second
LANGUAGES = ("en", "en-us")
TRAIN = (
    "m1", "m2", "m3", "m4", "m6", "m7", "f1", "f2", "f4", "f5", "Alex", "Andrea", "Denis", "Gene", "Jacky", "Lee",
    "Mario", "Michael", "adam", "anika", "antonio", "belinda", "benjamin", "boris", "david", "ed", "grandma", "iven",
    "john", "linda", "marcelo", "max", "pablo", "quincy", "rob", "steph", "Alicia", "AnxiousAndy", "Diogo", "Gene2",
    "Henrique", "Mike", "Nguyen", "Reed", "Storm", "aunty", "caleb", "edward2", "fast", "grandpa", "gustave", "ian",
    "iven2", "iven4", "kaukovalta", "klatt", "klatt2", "klatt4", "michel", "miguel", "mike2", "norbert", "pedro",
    "shelby", "steph2", "steph3",
)  # fmt: skip
HELD_OUT = ("m5", "m8", "f3", "Annie", "Andy", "Hugo", "edward", "paul", "robert", "sandro", "travis", "zac")


def spoken_digits(*, takes: int = 2, seed: int = 0) -> Dataset:
    """Let many synthetic voices say the words zero to nine; other voices are held out.

    The speech is synthetic: eSpeak NG makes it by rules. A model that knows these voices need not know people's.

    Args:
        takes: of each word by each voice in each of two accents, at random speeds and pitches.
        seed: of speeds and pitches.

    Returns:
        A `Dataset` of sounds `(8000,)`, one second at 8,000 hertz in [-1, 1], float32, and digits, int32.
        `facts["rate"]` is 8000.

    Raises:
        RuntimeError: eSpeak NG is not installed (extra `speech`), or does not start.

    References:
        eSpeak NG, https://github.com/espeak-ng/espeak-ng (GPL-3.0; it runs in a process of its own).
    """
    parts = [_spoken(voices, takes, seed + i) for i, voices in enumerate((TRAIN, HELD_OUT))]
    about = (
        f"Synthetic speech of eSpeak NG: ten words by {len(TRAIN)} voices to train on and {len(HELD_OUT)} other voices "
        "held out, in two accents, at many speeds and pitches."
    )
    return Dataset("spoken_digits", parts[0], parts[1], WORDS, about, {"rate": RATE})


def _spoken(voices: tuple[str, ...], takes: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Give sounds [n, 8000] and digits [n]."""
    rng = np.random.default_rng(seed)
    wanted = [
        (digit, [word, f"{language}+{voice}", int(rng.integers(120, 230)), int(rng.integers(20, 80))])
        for voice in voices
        for language in LANGUAGES
        for digit, word in enumerate(WORDS)
        for _ in range(takes)
    ]
    rate, sounds = _ask([request for _, request in wanted])
    longest = SAMPLES * rate // RATE + 1
    padded = np.zeros((len(sounds), longest), np.float32)
    for row, sound in zip(padded, sounds, strict=True):
        row[: sound.size] = sound[:longest] / 32768
    divisor = np.gcd(RATE, rate)
    slow = np.asarray(resample_poly(padded, RATE // divisor, rate // divisor, axis=1))[:, :SAMPLES]
    return slow / np.maximum(np.abs(slow).max(1, keepdims=True), 1e-3), np.array([d for d, _ in wanted], np.int32)


def _ask(requests: list[list]) -> tuple[int, list[np.ndarray]]:
    """Have words spoken in a process of its own; gives the rate in hertz and the sounds."""
    command = [sys.executable, "-m", "jconv.data._speech"]
    done = subprocess.run(command, input=json.dumps(requests).encode(), capture_output=True)
    if done.returncode:
        reason = done.stderr.decode(errors="replace").strip().splitlines()[-1:]
        raise RuntimeError(
            f'spoken_digits: eSpeak NG cannot speak ({"".join(reason)}). Install it with: pip install "jconv[speech]"'
        )
    with np.load(io.BytesIO(done.stdout)) as answer:
        ends = np.cumsum(answer["lengths"])
        return int(answer["rate"]), np.split(answer["samples"], ends[:-1])
