"""The networks of `jconv train` with Flax's own convolutions and with jconv's: equal losses, and times of a step.

    python benchmarks/tasks.py --json tasks.json

Both start from the same parameters and see the same batches. Their first 20 losses are compared before a step is
timed, in a loop of 10. Layers that Flax has not (long convolutions, pools, the spectrogram) are jconv's in both.
"""

import argparse
import json
import math
import statistics
import time
from importlib import import_module
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx
from run import commit
from timing import machine

from jconv._files import write_files
from jconv.cli.train.task import kind_of
from jconv.fit._step import Recipe, State, run_chunk
from jconv.nn import Conv, ConvTranspose

TASKS = ("classify", "segment", "detect", "video", "audio", "sequence")
FLAXS = {Conv: nnx.Conv, ConvTranspose: nnx.ConvTranspose}
COMPARED, LOOP = 20, 10  # steps
TOLERANCE = 2e-3  # of the losses: 20 steps of Adam enlarge rounding errors


def with_flaxs_convolutions(model: nnx.Module) -> nnx.Module:
    """Let Flax compute the convolutions of a model, by the same parameters."""
    for _, module in nnx.iter_modules(model):
        if type(module) in FLAXS:
            object.__setattr__(module, "__class__", FLAXS[type(module)])
    return model


class Training:
    """A network at its first step, with one chunk of batches, compiled."""

    def __init__(self, task, kind, batches, *, stock: bool):
        model = task.models[next(iter(task.models))](kind, nnx.Rngs(0))
        if stock:
            model = with_flaxs_convolutions(model)
        graphdef, params, rest = nnx.split(model, nnx.Param, ...)
        optimizer = optax.with_extra_args_support(optax.adam(1e-3))
        self.recipe = Recipe(graphdef, optimizer, task.loss, None, None, None)
        self.first = State(params, rest, optimizer.init(params), {}, jnp.zeros((), jnp.int32))
        self.key, self.batches = jax.random.key(0), batches
        before = time.perf_counter()
        lowered = run_chunk.lower(self.state(), self.part(0), self.key, recipe=self.recipe)
        self.program = lowered.compile()
        self.compile = time.perf_counter() - before

    def state(self) -> State:
        """The state at the start, as a copy: a chunk uses its memory up."""
        return jax.tree.map(jnp.copy, self.first)

    def part(self, start: int) -> tuple:
        """The batches of a chunk."""
        return tuple(jnp.asarray(a[start : start + LOOP]) for a in self.batches)

    def losses(self) -> np.ndarray:
        """The first 20 losses."""
        state, found = self.state(), []
        for start in range(0, COMPARED, LOOP):
            state, losses = self.program(state, self.part(start), self.key)
            found.append(np.asarray(losses))
        return np.concatenate(found)

    def step_ms(self) -> float:
        """Milliseconds of a step of one chunk."""
        state, part = jax.block_until_ready((self.state(), self.part(0)))
        before = time.perf_counter()
        jax.block_until_ready(self.program(state, part, self.key))
        return 1e3 * (time.perf_counter() - before) / LOOP


def measured(name: str, rounds: int) -> dict[str, float]:
    """Compare the losses of a task's network, then time both in turn."""
    task = import_module(f"jconv.cli.train.{name}").TASK
    data, rng = task.read(None, 0), np.random.default_rng(0)
    places = rng.integers(len(data.train[0]), size=(COMPARED, task.batch_size))
    batches = [a[places] for a in data.train]
    stock, ours = (Training(task, kind_of(data), batches, stock=flag) for flag in (True, False))
    theirs, found = stock.losses(), ours.losses()
    np.testing.assert_allclose(found, theirs, rtol=TOLERANCE, err_msg=name)
    times = [(stock.step_ms(), ours.step_ms()) for _ in range(rounds)]
    slow, fast = (statistics.median(column) for column in zip(*times, strict=True))
    return {
        "stock_ms": slow,
        "jconv_ms": fast,
        "times": slow / fast,
        "stock_compile_s": stock.compile,
        "jconv_compile_s": ours.compile,
        "loss_difference": float(np.abs(found / theirs - 1).max()),
    }


def main() -> None:
    """Measure, print, keep."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--tasks", default=",".join(TASKS))
    options = parser.parse_args()
    rows = {}
    for name in options.tasks.split(","):
        rows[name] = measured(name, options.rounds)
        print(name, json.dumps({key: float(f"{value:.4g}") for key, value in rows[name].items()}), flush=True)
    mean = math.exp(statistics.fmean(math.log(row["times"]) for row in rows.values()))
    least = min(rows, key=lambda name: rows[name]["times"])
    print(f"geometric mean {mean:.2f}, least {rows[least]['times']:.2f} ({least})")
    if options.json:
        record = {"machine": machine(), "commit": commit(), "tasks": rows}
        write_files(options.json.absolute().parent, {options.json.name: (json.dumps(record, indent=2) + "\n").encode()})


if __name__ == "__main__":
    main()
