"""Speak words by eSpeak NG, in a process of its own: `python -m jconv.data._speech` reads a request and writes sounds.

eSpeak NG is licensed under GPL-3.0 and comes by the extra `speech`. No other file of jconv loads it.

Request (standard input): JSON list of `[word, voice, words a minute, pitch 0 to 100]`. Answer (standard output): an
`.npz` of `rate` in hertz, `lengths`, and `samples` as 16-bit integers, one sound after the other.
"""

import ctypes
import io
import json
import sys

import espeakng_loader
import numpy as np

RETRIEVAL, RATE, PITCH, CHARACTER, UTF8 = 1, 1, 3, 1, 1  # numbers of speak_lib.h: its synchronous output is 2
SYNCHRONOUS = 2
Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)


def speak(requests: list[list]) -> tuple[int, list[bytes]]:
    """Give the rate in hertz and each request's samples."""
    library = ctypes.cdll.LoadLibrary(str(espeakng_loader.get_library_path()))
    rate = library.espeak_Initialize(SYNCHRONOUS, 0, str(espeakng_loader.get_data_path()).encode(), 0)
    if rate <= 0:
        raise SystemExit(f"eSpeak NG does not start (code {rate}).")
    parts: list[bytes] = []

    def take(samples, count, events):
        if samples and count > 0:
            parts.append(ctypes.string_at(samples, 2 * count))
        return 0

    callback = Callback(take)
    library.espeak_SetSynthCallback(callback)
    sounds = []
    for word, voice, speed, pitch in requests:
        if library.espeak_SetVoiceByName(voice.encode()):
            raise SystemExit(f"eSpeak NG has no voice {voice!r}.")
        library.espeak_SetParameter(RATE, int(speed), 0)
        library.espeak_SetParameter(PITCH, int(pitch), 0)
        parts.clear()
        text = word.encode()
        library.espeak_Synth(text, len(text) + 1, 0, CHARACTER, 0, UTF8, None, None)
        library.espeak_Synchronize()
        sounds.append(b"".join(parts))
    return rate, sounds


def main() -> None:
    """Read a request, speak, write."""
    rate, sounds = speak(json.load(sys.stdin))
    answer = io.BytesIO()
    samples = np.frombuffer(b"".join(sounds), np.int16)
    np.savez(answer, rate=rate, lengths=[len(sound) // 2 for sound in sounds], samples=samples)
    sys.stdout.buffer.write(answer.getvalue())


if __name__ == "__main__":
    main()
