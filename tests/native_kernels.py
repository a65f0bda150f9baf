"""The kernels of `native` without XLA: random problems for any processor that this one can play, on guarded memory.

`python tests/native_kernels.py FIRST COUNT` holds COUNT random problems, in three directions each, to the oracle.
"""

import ctypes
import mmap
import random
import sys
from contextlib import contextmanager
from itertools import product
from math import prod

import numpy as np
from agreement import error_in_eps
from problems import directions, operands, problem_of

from jconv._algorithms.native import planning, toolchain
from jconv._algorithms.native.plan import Machine

# 512-bit and 256-bit registers of x86, and what Arm's look like.
MACHINES = tuple(Machine(*numbers) for numbers in ((64, 32, 2), (64, 32, 5), (32, 16, 3), (16, 32, 3)))
_PROTECT_ALL, _PRIVATE_ANONYMOUS = 0, 0x22
_LIBC = ctypes.CDLL(None, use_errno=True)
_LIBC.mmap.restype = ctypes.c_void_p
_LIBC.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, *[ctypes.c_int] * 3, ctypes.c_long]
_LIBC.mprotect.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
_LIBC.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]


def random_problem(seed: int):
    """A problem of small sizes, in which anything may be odd."""
    draw = random.Random(seed)
    rank = draw.choice([0, 1, 1, 2, 2, 2, 3])
    longest = 40 if rank == 1 else 9
    axes = [
        (
            draw.randint(1, longest), draw.randint(1, 5), draw.randint(1, longest), draw.randint(1, 3),
            draw.choice([1, 1, 1, 2, 3]), draw.choice([1, 1, 2, 3]), draw.randint(-4, 6),
        )
        for _ in range(rank)
    ]  # fmt: skip
    groups = draw.choice([1, 1, 1, 2, 3, 5, 16, 19, 33])
    most = 4 if groups > 5 else 70
    return problem_of(
        axes,
        batch=draw.choice([1, 1, 2, 3, 5]),
        groups=groups,
        c_in=min(most, draw.choice([1, 1, 2, 3, 4, 7, 17])),
        c_out=min(most, draw.choice([1, 1, 2, 3, 4, 8, 15, 16, 17, 33, 70])),
        dtype=draw.choice(["float32", "float32", "float64"]),
    )


@contextmanager
def guarded(shape, dtype, *, at_end: bool):
    """An array that begins where a page begins, or ends where one ends, between pages that may not be touched."""
    size, page = prod(shape) * np.dtype(dtype).itemsize, mmap.PAGESIZE
    pages = -(-size // page)
    start = _LIBC.mmap(None, (pages + 2) * page, mmap.PROT_READ | mmap.PROT_WRITE, _PRIVATE_ANONYMOUS, -1, 0)
    for outside in (start, start + (pages + 1) * page):
        assert _LIBC.mprotect(outside, page, _PROTECT_ALL) == 0
    where = start + page + (pages * page - size if at_end else 0)
    try:
        yield np.frombuffer((ctypes.c_char * size).from_address(where), dtype).reshape(shape)
    finally:
        _LIBC.munmap(start, (pages + 2) * page)


def summed(problem, x, w) -> np.ndarray:
    """The equation in float64: for each position of the smaller of window and output, a product of matrices."""
    x, w, y = x.astype(float), w.astype(float), np.zeros(problem.y_shape)
    by_tap, examples = prod(problem.window) <= prod(problem.output_size), range(problem.batch)
    for fixed in product(*map(range, problem.window if by_tap else problem.output_size)):
        met = [pairs(axis, at, by_tap) for axis, at in zip(problem.axes, fixed, strict=True)]
        if not all(len(inputs) for inputs, _ in met):
            continue
        some = np.moveaxis(x[np.ix_(examples, *(inputs for inputs, _ in met))], -2, 0)  # [G, N, *places, C]
        if by_tap:
            there = np.ix_(examples, *(others for _, others in met))
            y[there] += np.moveaxis(some @ w[fixed].reshape(-1, *[1] * (some.ndim - 3), *w.shape[-2:]), 0, -2)
        else:
            taps = np.moveaxis(w[np.ix_(*(others for _, others in met))], -3, 0)  # [G, *places, C, M]
            flat = (len(taps), -1, problem.c_out)
            y[:, *fixed] = np.moveaxis(some.reshape(*some.shape[:2], -1) @ taps.reshape(flat), 0, 1)
    return y


def pairs(axis, at, by_tap):
    """The inputs that one tap, or one output, meets along an axis, and the outputs, or taps, it meets them with."""
    others = np.arange(axis.output if by_tap else axis.window)
    own, step = (axis.dilation, axis.stride) if by_tap else (axis.stride, axis.dilation)
    inputs, between = np.divmod(own * at + step * others - axis.low, axis.input_dilation)
    there = (between == 0) & (inputs >= 0) & (inputs < axis.input)
    return inputs[there], others[there]


def kernel_of(plan):
    """The task of a plan as a Python function, and the library that must outlive it."""
    task, library = toolchain.compile_task(plan)
    return ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * 3, ctypes.c_int64)(task), library


def computed(plan, x, w, order=None) -> np.ndarray:
    """What a plan's tasks give for canonical x and w, in their order or another."""
    return computed_by(kernel_of(plan), plan, x, w, at_end=True, order=order)


def computed_by(kernel, plan, x, w, *, at_end: bool, order=None) -> np.ndarray:
    """What compiled tasks give, from guarded memory."""
    (task, _library), problem = kernel, plan.problem
    shapes = [
        [shape[a] for a in axes]
        for shape, axes in zip((problem.x_shape, problem.w_shape, problem.y_shape), plan.orders, strict=True)
    ]
    with (
        guarded(shapes[0], problem.dtype, at_end=at_end) as x_there,
        guarded(shapes[1], problem.dtype, at_end=at_end) as w_there,
        guarded(shapes[2], problem.dtype, at_end=at_end) as y_there,
    ):
        x_order, w_order, y_order = plan.orders
        x_there[...], w_there[...], y_there[...] = x.transpose(x_order), w.transpose(w_order), np.nan
        pointers = [array.ctypes.data for array in (x_there, w_there, y_there)]
        for number in range(plan.tasks) if order is None else order(plan.tasks):
            task(*pointers, number)
        return y_there.transpose([y_order.index(a) for a in range(y_there.ndim)]).copy()


def check_kernels(problem, machine: Machine, seed: int = 0) -> None:
    """Hold a problem and its gradients to sums in float64, at both ends of guarded memory."""
    for direction, one in directions(problem).items():
        if one.empty:
            continue
        x, w = operands(one, seed)
        want, scale = summed(one, x, w), summed(one, abs(x), abs(w))
        plan = planning.plan_of(one, machine)
        kernel = kernel_of(plan)
        for at_end in (False, True):
            got = computed_by(kernel, plan, x, w, at_end=at_end)
            assert error_in_eps(got, want, scale) <= 4, (direction, one, machine)


if __name__ == "__main__":
    planning.TASK_WORK = 500  # many tasks, although the problems are small
    first, count = map(int, sys.argv[1:])
    for number in range(first, first + count):
        print(number, end="\r", flush=True)
        check_kernels(random_problem(number), MACHINES[number % len(MACHINES)], number)
    print(f"{count} problems, in three directions each: no error")
