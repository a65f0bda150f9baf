"""Recover a blur: find its kernel from a pair of photographs, undo it, and undo it without knowing it.

A telescope shook while its shutter was open. `solve_kernel` finds the kernel from a sharp and a blurred photograph, in
closed form, and `richardson_lucy` sharpens with it. `blind_richardson_lucy` has the blurred photograph alone: it starts
from a wide round guess, and finds picture and kernel together, as far as the stars tell: some of the way.
"""

import sys
from math import pi
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
from skimage import data

import jconv
from jconv import kernels, plot
from jconv.fit import solve_kernel
from jconv.signal import blind_richardson_lucy, richardson_lucy

TAPS = 9


def sky(size: int = 256) -> jnp.ndarray:
    """Give galaxies in the round field of a telescope, dark around it, `(height, width)` in [0, 1]."""
    picture = jnp.asarray(data.hubble_deep_field()[100 : 100 + size, 100 : 100 + size].mean(-1), jnp.float32) / 255
    places = jnp.linspace(-1, 1, size)
    return picture * jnp.clip((0.95 - jnp.hypot(places[:, None], places[None, :])) / 0.15, 0, 1)


def shaken(picture: jnp.ndarray, kernel: jnp.ndarray) -> jnp.ndarray:
    """Blur, and add a little noise."""
    blurred = jconv.conv(picture[..., None], kernel[..., None, None], padding="SAME")[..., 0]
    return jnp.clip(blurred + 1e-3 * jax.random.normal(jax.random.key(0), picture.shape), 1e-6, 1)


def off(found: jnp.ndarray, truth: jnp.ndarray) -> float:
    """Give |found - truth| / |truth|."""
    return float(jnp.linalg.norm(found - truth) / jnp.linalg.norm(truth))


def psnr(found: jnp.ndarray, truth: jnp.ndarray) -> float:
    """Give how near a picture is to the truth, in decibel."""
    return float(-10 * jnp.log10(jnp.mean((found - truth) ** 2)))


def main(quick: bool = False, out: Path | None = None) -> float:
    """Blur, find the kernel, undo the blur; print and give the kernel's relative error."""
    sharp, motion = sky(), kernels.motion(TAPS, angle=pi / 6)
    blurred, rim = shaken(sharp, motion), TAPS // 2
    solved = solve_kernel(sharp[..., None], blurred[rim:-rim, rim:-rim, None], window=(TAPS, TAPS), ridge=1e-4)
    solved = jnp.maximum(solved[..., 0, 0], 0)
    solved, error = solved / solved.sum(), off(solved, motion)
    print(f"from the pair of photographs, the kernel is off by {error:.1e}")

    def flip(kernel):  # `conv` slides a kernel as it is; a psf is flipped, as convolution is in mathematics
        return kernel[::-1, ::-1]

    restored = richardson_lucy(blurred, flip(solved), num_iter=20 if quick else 100)
    print(f"with it, {psnr(blurred, sharp):.1f} dB become {psnr(restored, sharp):.1f} dB")
    guess = kernels.gaussian(3.0, size=TAPS)
    blind, found = blind_richardson_lucy(blurred, flip(guess), num_iter=15 if quick else 40)
    found = flip(found)
    print(
        f"blind, {psnr(blurred, sharp):.1f} dB become {psnr(blind, sharp):.1f} dB, and a kernel that is off by ", end=""
    )
    print(f"{off(guess, motion):.2f} becomes one that is off by {off(found, motion):.2f}")

    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        shown = {"blurred": blurred, "undone, kernel solved": restored, "undone blind": blind, "the truth": sharp}
        bright = {words: jnp.clip(picture * 1.5, 0, 1) for words, picture in shown.items()}
        (out / "05_sky.png").write_bytes(plot.as_png(plot.pictures(bright, title="a blur, undone")))
        taps = np.stack([motion, solved, guess, found], axis=-1)[:, :, None]
        names = ("the truth", "solved", "blind: the guess", "blind: found")
        (out / "05_kernels.png").write_bytes(plot.as_png(plot.kernels(taps, title="the blur's kernel", names=names)))
    assert error < 0.02, f"the kernel was not found: it is off by {error:.1e}"
    assert psnr(restored, sharp) > psnr(blurred, sharp) + (4 if quick else 8)
    assert off(found, motion) < 0.8 * off(guess, motion)
    return error


if __name__ == "__main__":
    main(out=Path(*sys.argv[1:2] or ["runs/examples"]))
