"""Read WAV files: one channel, one rate."""

import struct
import warnings
from pathlib import Path

import numpy as np
import scipy.io.wavfile

from jconv.cli.errors import InputError


def read_sound(path: Path, rate: int | None = None) -> tuple[int, np.ndarray]:
    """Read a sound.

    Args:
        path: of a WAV file.
        rate: that it must have, in hertz; None: any.

    Returns:
        Its rate, and samples in [-1, 1], float32.

    Raises:
        InputError: no WAV file, stereo, empty, or another rate.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", scipy.io.wavfile.WavFileWarning)
            found, samples = scipy.io.wavfile.read(path)
    except FileNotFoundError:
        raise InputError(f"{path}: there is no such file.") from None
    except (OSError, ValueError, EOFError, struct.error):
        raise InputError(f"{path}: cannot be read as a WAV file. Mend it, or take it away.") from None
    if samples.ndim != 1:
        raise InputError(f"{path}: has {samples.shape[1]} channels. Give mono sounds.")
    if not samples.size:
        raise InputError(f"{path}: has no samples. Take it away.")
    if rate is not None and found != rate:
        raise InputError(f"{path}: has {found} samples a second, and {rate} are needed. Bring all sounds to one rate.")
    if samples.dtype.kind == "f":
        return found, samples.astype(np.float32)
    if samples.dtype == np.uint8:
        return found, (samples.astype(np.float32) - 128) / 128
    return found, samples.astype(np.float32) / -float(np.iinfo(samples.dtype).min)
