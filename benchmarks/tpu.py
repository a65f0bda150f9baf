"""Compile every workload for TPUs that are not there, and keep what the compiler estimates of each algorithm.

    python benchmarks/tpu.py --json benchmarks/results/tpu.json

It needs the extra `tpu-compile` (libtpu, the compiler) and no TPU. The figures are the compiler's estimate, not a
measurement: cycles summed over the scheduled program, bodies of loops as often as they run; bytes of temporaries; and
the seconds that compilation took. What an estimate leaves out is in scheduled.py. Entries that the file has already
are kept if jconv computes the same, so that a sweep can be stopped and taken up again; the most telling come first.
"""

import argparse
import json
import multiprocessing
import time
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from importlib.metadata import version
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
from run import code, commit, write_json
from timing import machine
from workloads import DIRECTIONS, WORKLOADS, Workload, directed

from jconv._algorithms import ALGORITHMS

TOPOLOGIES = {"v5e": "v5e:2x2", "v5p": "v5p:2x2x1", "v6e": "v6e:2x2"}
DTYPES = ("bfloat16", "float32")
# By the name in the file: `jax.lax` is JAX's own function, `as on CPU` the algorithm `lax` in the form that CPUs get.
STOCK, ON_CPU = "jax.lax", "as on CPU"
CANDIDATES = (STOCK, *ALGORITHMS, ON_CPU)
# Else the compiler loads the first operands before the program begins, and no estimate counts that.
OPTIONS = {"xla_max_cross_program_prefetches": "0"}
# A program that takes longer to compile is given up.
TIMEOUT_S = 120
Entry = tuple[str, str, str, str, str]  # generation, workload, direction, dtype, candidate


def compiled(entry: Entry) -> dict:
    """What the compiler says of one entry: a record for the file."""
    import jax
    from scheduled import estimate

    import jconv
    from jconv.testing.topology import tpu_topology

    generation, name, direction, dtype, candidate = entry
    sharding = tpu_topology(TOPOLOGIES[generation])
    workload = workload_of(name, dtype)
    convolve, stock = jax.lax.conv_general_dilated, jax.lax.conv_general_dilated
    if candidate != STOCK:
        algorithm = replace(ALGORITHMS["lax"], compute_on_tpu=None) if candidate == ON_CPU else candidate
        convolve = partial(jconv.conv_general_dilated, algorithm=algorithm)
    x, kernel = jax.eval_shape(workload.operands)
    operands = (x, kernel, jax.eval_shape(workload.convolve(stock), x, kernel))
    operands = [jax.ShapeDtypeStruct(a.shape, a.dtype, sharding=sharding) for a in operands]
    started = time.perf_counter()
    try:
        lowered = jax.jit(directed(workload.convolve(convolve), direction)).lower(*operands)
        program = lowered.compile(compiler_options=OPTIONS)
    except NotImplementedError as reason:
        return {"unsupported": str(reason)}
    except jax.errors.JaxRuntimeError as reason:
        return {"failed": str(reason).splitlines()[0]}
    record = {"compile_s": round(time.perf_counter() - started, 2)}
    found = estimate(program.as_text())
    record |= {"cycles": found.cycles, "temporary_bytes": program.memory_analysis().temp_size_in_bytes}
    notes = {"unknown_loops": found.unknown_loops, "without_estimate": dict(found.without)}
    return record | {note: value for note, value in notes.items() if value}


def workload_of(name: str, dtype: str) -> Workload:
    """A workload by name, in a dtype."""
    return replace(next(workload for workload in WORKLOADS if workload.name == name), dtype=dtype)


def chosen(entry: Entry) -> str:
    """The algorithm that `auto` takes on TPU."""
    from run import problem_of

    from jconv._choice.choose import choose_algorithm

    _, name, direction, dtype, _ = entry
    return choose_algorithm(problem_of(workload_of(name, dtype), direction), "tpu").name


def serve(asked: Connection) -> None:
    """Answer what is asked, in a process that can be ended: the choice once, then each entry."""
    while True:
        entry = asked.recv()
        asked.send(chosen(entry) if entry[-1] == "auto" else compiled(entry))


class Compiler:
    """A process that compiles; ended, and begun anew, where one entry takes too long or brings it down."""

    def __init__(self, timeout_s: float):
        self.timeout_s = timeout_s
        self.process: multiprocessing.process.BaseProcess | None = None

    def ask(self, entry: Entry) -> dict | str:
        """The answer to one entry, or why there is none."""
        if self.process is None:
            context = multiprocessing.get_context("spawn")
            self.asked, theirs = context.Pipe()
            self.process = context.Process(target=serve, args=(theirs,), daemon=True)
            self.process.start()
            theirs.close()
        self.asked.send(entry)
        try:
            if self.asked.poll(self.timeout_s):
                return self.asked.recv()
            answer = {"timeout_s": self.timeout_s}
        except EOFError:
            answer = {"failed": "the compiler ended the process"}
        self.process.kill()
        self.process.join()
        self.process = None
        return answer


def entries(arguments: argparse.Namespace) -> Iterator[Entry]:
    """What is to be compiled, the most telling first: kernel gradients of groups, then what else has groups."""
    names = [workload for workload in WORKLOADS if workload.name in arguments.only]
    names.sort(key=lambda workload: not (workload.groups > 1 or workload.per_sample))
    cheap = [name for name in arguments.candidates if name in (STOCK, "lax", "taps")]
    for candidates in (cheap, [name for name in arguments.candidates if name not in cheap]):
        for generation in arguments.generations:
            for direction in reversed(DIRECTIONS):
                if direction in arguments.directions:
                    for workload in names:
                        for dtype in arguments.dtypes:
                            for candidate in candidates:
                                yield generation, workload.name, direction, dtype, candidate


def arguments_given() -> argparse.Namespace:
    """What the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, required=True, help="where the results go, and are kept")
    parser.add_argument("--only", nargs="*", default=[w.name for w in WORKLOADS], help="names of workloads")
    parser.add_argument("--candidates", nargs="*", default=list(CANDIDATES), choices=CANDIDATES)
    parser.add_argument("--directions", nargs="*", default=list(DIRECTIONS), choices=DIRECTIONS)
    parser.add_argument("--generations", nargs="*", default=list(TOPOLOGIES), choices=TOPOLOGIES)
    parser.add_argument("--dtypes", nargs="*", default=list(DTYPES), choices=DTYPES)
    parser.add_argument("--timeout", type=float, default=TIMEOUT_S, help="seconds for one program (default: 120)")
    return parser.parse_args()


def main() -> None:
    """Compile and write, after each row."""
    arguments = arguments_given()
    compiler = Compiler(arguments.timeout)
    content = {"libtpu": version("libtpu"), "jax": version("jax"), "code": code(), "rows": []}
    if arguments.json.exists():
        before = json.loads(arguments.json.read_text())
        same = all(before[key] == content[key] for key in ("libtpu", "jax", "code"))
        content["rows"] = before["rows"] if same else []
    rows = {tuple(row[key] for key in ("generation", "workload", "direction", "dtype")): row for row in content["rows"]}
    for key, row in rows.items():
        row["auto"] = chosen((*key, "auto"))
    content |= {"compiled_on": machine(), "commit": commit(), "date": str(np.datetime64("today"))}
    for entry in entries(arguments):
        key, candidate = entry[:4], entry[4]
        row = rows.setdefault(key, dict(zip(("generation", "workload", "direction", "dtype"), key, strict=True)))
        if "auto" not in row:
            row["auto"] = compiler.ask((*key, "auto"))
        if candidate in row:
            continue
        row[candidate] = compiler.ask(entry)
        print(*entry, row[candidate], sep=", ", flush=True)
        write_json(arguments.json, content | {"rows": list(rows.values())})


if __name__ == "__main__":
    main()
