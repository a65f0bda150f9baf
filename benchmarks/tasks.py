"""The networks of `jconv train` with Flax's own convolutions and with jconv's: equal losses, and times of a step.

    python benchmarks/tasks.py --json tasks.json

Both start from the same parameters and see the same batches. Their first 20 losses are compared, in float64 on few
examples: in float32 training makes rounding errors grow manifold from one step to the next. Then a step is timed, in
float32: alone, and in a loop of 5, as `jconv.fit.train` makes them. XLA on CPU computes Flax's convolutions slowly in
loops, so the better of both counts on each side. Layers that Flax has not (long convolutions, pools, the spectrogram)
are jconv's in both.
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
from jconv.fit._step import Recipe, State, cast, run_chunk, step
from jconv.nn import CausalConv, Conv, ConvTranspose, DepthwiseConv

TASKS = ("classify", "segment", "detect", "video", "audio", "sequence")
FLAXS = {Conv: nnx.Conv, DepthwiseConv: nnx.Conv, CausalConv: nnx.Conv, ConvTranspose: nnx.ConvTranspose}
COMPARED, FEW = 20, 4  # steps whose losses are compared, and their examples
TOLERANCE = 1e-6  # of these losses, which are given in float32
LOOP = 5  # steps


def with_flaxs_convolutions(model: nnx.Module) -> nnx.Module:
    """Let Flax compute the convolutions of a model, by the same parameters."""
    for _, module in nnx.iter_modules(model):
        if type(module) in FLAXS:
            if type(module) is CausalConv:
                module.padding = "CAUSAL"
            object.__setattr__(module, "__class__", FLAXS[type(module)])
            module.conv_general_dilated = jax.lax.conv_general_dilated
    return model


class Training:
    """A network at its first step, with its batches, and the programs of a step alone and of a chunk."""

    def __init__(self, task, kind, batches, *, stock: bool, dtype=None, chunks: tuple[int, ...] = (1, LOOP)):
        model = task.models[next(iter(task.models))](kind, nnx.Rngs(0))
        if stock:
            model = with_flaxs_convolutions(model)
        graphdef, params, rest = nnx.split(model, nnx.Param, ...)
        params, rest = cast(params, dtype), cast(rest, dtype)
        optimizer = optax.with_extra_args_support(optax.adam(1e-3))
        self.recipe = Recipe(graphdef, optimizer, task.loss, None, None, None)
        self.first = State(params, rest, optimizer.init(params), {}, jnp.zeros((), jnp.int32))
        self.key, self.batches = jax.random.key(0), cast(tuple(batches), dtype)
        alone = jax.jit(step, static_argnames="recipe", donate_argnames="state")
        self.programs, self.compile = {}, {}
        for steps in chunks:
            function = alone if steps == 1 else run_chunk
            before = time.perf_counter()
            traced = function.trace(self.state(), self.part(0, steps), self.key, recipe=self.recipe)
            self.programs[steps] = traced.lower().compile()
            self.compile[steps] = time.perf_counter() - before
        self.by_jconv = str(traced.jaxpr).count(" jconv[")

    def state(self) -> State:
        """The state at the start, as a copy: a chunk uses its memory up."""
        return jax.tree.map(jnp.copy, self.first)

    def part(self, start: int, steps: int) -> tuple:
        """The batches of a chunk, or one batch."""
        return tuple(jnp.asarray(a[start : start + steps] if steps > 1 else a[start]) for a in self.batches)

    def losses(self) -> np.ndarray:
        """The first 20 losses."""
        state, found = self.state(), []
        for start in range(COMPARED):
            state, loss = self.programs[1](state, self.part(start, 1), self.key)
            found.append(float(loss))
        return np.array(found)

    def step_ms(self, steps: int) -> float:
        """Milliseconds of a step, alone or in a chunk of so many."""
        state, part = jax.block_until_ready((self.state(), self.part(0, steps)))
        before = time.perf_counter()
        jax.block_until_ready(self.programs[steps](state, part, self.key))
        return 1e3 * (time.perf_counter() - before) / steps


def measured(name: str, rounds: int) -> dict[str, float]:
    """Compare the losses of a task's network, then time both in turn."""
    task = import_module(f"jconv.cli.train.{name}").TASK
    data, rng = task.read(None, 0), np.random.default_rng(0)
    places = rng.integers(len(data.train[0]), size=(COMPARED, task.batch_size))
    batches = [a[places] for a in data.train]
    stock, kind = {"flax": True, "jconv": False}, kind_of(data)
    with jax.enable_x64(True):
        few, wide = [a[:, :FEW] for a in batches], dict(dtype=np.float64, chunks=(1,))
        theirs, found = (Training(task, kind, few, stock=flag, **wide).losses() for flag in stock.values())
    np.testing.assert_allclose(found, theirs, rtol=TOLERANCE, err_msg=name)
    sides = {side: Training(task, kind, batches, stock=flag) for side, flag in stock.items()}
    if not sides["flax"].by_jconv < sides["jconv"].by_jconv:
        raise AssertionError(f"{name}: Flax's side is computed by jconv")
    times: dict[tuple[str, int], list[float]] = {(side, steps): [] for side in sides for steps in (1, LOOP)}
    for _ in range(rounds):
        for (side, steps), taken in times.items():
            taken.append(sides[side].step_ms(steps))
    ms = {key: statistics.median(taken) for key, taken in times.items()}
    row = {f"{side}_{'loop' if steps > 1 else 'alone'}_ms": taken for (side, steps), taken in ms.items()}
    row |= {f"{side}_compile_s": training.compile[LOOP] for side, training in sides.items()}
    row |= {f"{side}_convolutions_by_jconv": training.by_jconv for side, training in sides.items()}
    return row | {
        "times": min(ms["flax", 1], ms["flax", LOOP]) / min(ms["jconv", 1], ms["jconv", LOOP]),
        "times_in_loop": ms["flax", LOOP] / ms["jconv", LOOP],
        "loss_difference": float(np.abs(found / theirs - 1).max()),
    }


def main() -> None:
    """Measure, print, keep."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--rounds", type=int, default=5, help="of each figure (default: 5)")
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
