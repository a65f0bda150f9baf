"""Small random turns, sizes and shifts of pictures, for training."""

import jax
import jax.numpy as jnp

from jconv._typing import Array

TURN, GROWTH, SHIFT = 0.25, 0.12, 0.08  # radians; of the size; of the side


def moved(key: Array, pictures: Array) -> Array:
    """Turn, scale and shift each picture [n, height, width, c] by random amounts; black comes in from outside."""
    n, height, width, _ = pictures.shape
    keys = jax.random.split(key, 3)
    angle = TURN * jax.random.uniform(keys[0], (n,), minval=-1)
    scale = 1 + GROWTH * jax.random.uniform(keys[1], (n, 2), minval=-1)
    shift = SHIFT * jax.random.uniform(keys[2], (n, 2), minval=-1) * jnp.array([height, width])
    middle = jnp.array([height - 1, width - 1]) / 2
    grid = jnp.stack(jnp.meshgrid(jnp.arange(height), jnp.arange(width), indexing="ij"), -1) - middle
    cosine, sine = jnp.cos(angle)[:, None, None], jnp.sin(angle)[:, None, None]
    y = (cosine * grid[..., 0] - sine * grid[..., 1]) * scale[:, None, None, 0]
    x = (sine * grid[..., 0] + cosine * grid[..., 1]) * scale[:, None, None, 1]
    places = jnp.stack([y, x], -1) + middle + shift[:, None, None]
    return jax.vmap(_sampled)(pictures, places)


def _sampled(picture: Array, places: Array) -> Array:
    """Read a picture [height, width, c] at places [height, width, 2] between its pixels."""
    low = jnp.floor(places)
    part = (places - low)[..., None]
    y, x = low[..., 0].astype(jnp.int32), low[..., 1].astype(jnp.int32)

    def at(dy: int, dx: int) -> Array:
        """The pixels a step further; black outside."""
        return picture.at[y + dy, x + dx].get(mode="fill", fill_value=0, wrap_negative_indices=False)

    top = at(0, 0) * (1 - part[..., 1, :]) + at(0, 1) * part[..., 1, :]
    bottom = at(1, 0) * (1 - part[..., 1, :]) + at(1, 1) * part[..., 1, :]
    return top * (1 - part[..., 0, :]) + bottom * part[..., 0, :]
