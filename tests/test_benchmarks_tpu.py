"""The estimate for TPU: cycles are counted as often as they pass, and what `auto` takes is not dear."""

import pytest
from scheduled import estimate

PROGRAM = """HloModule kept, is_scheduled=true

%fused (p: f32[8]) -> f32[8] {
  %p = f32[8]{0:T(8)} parameter(0)
  ROOT %n = f32[8]{0} negate(%p), backend_config={"window_config":{"estimated_cycles":"999"}}
}

%inner_condition (t: (s32[], f32[8])) -> pred[] {
  %t = (s32[]{:T(128)}, /*index=1*/f32[8]{0:T(8,128)}) parameter(0)
  %limit = s32[] constant(7)
  %at = s32[] get-tuple-element(%t), index=0
  ROOT %less = pred[] compare(%at, %limit), direction=LT
}

%inner_body (u: (s32[], f32[8])) -> (s32[], f32[8]) {
  %u = (s32[], f32[8]{0}) parameter(0)
  %i = s32[] get-tuple-element(%u), index=0
  %v = f32[8]{0} get-tuple-element(%u), index=1
  %two = s32[] constant(2)
  %next = s32[] add(%i, %two), metadata={op_name="jit(f)/add"}
  %f = f32[8]{0} fusion(%v), kind=kLoop, calls=%fused, backend_config={"window_config":{"estimated_cycles":"10"}}
  ROOT %w = (s32[], f32[8]{0}) tuple(%next, %f)
}

%outer_condition (c: (s32[], f32[8], s32[])) -> pred[] {
  %c = (s32[], f32[8]{0}, s32[]) parameter(0)
  %j = s32[] get-tuple-element(%c), index=0
  %bound = s32[] get-tuple-element(%c), index=2
  ROOT %below = pred[] compare(%j, %bound), direction=LT
}

%outer_body (b: (s32[], f32[8], s32[])) -> (s32[], f32[8], s32[]) {
  %b = (s32[], f32[8]{0}, s32[]) parameter(0)
  %k = s32[] get-tuple-element(%b), index=0
  %one = s32[] constant(1)
  %after = s32[] add(%k, %one)
  %bound.1 = s32[] get-tuple-element(%b), index=2
  %value = f32[8]{0} get-tuple-element(%b), index=1
  %zero.1 = s32[] constant(1)
  %start.1 = (s32[], f32[8]{0}) tuple(%zero.1, %value)
  %loop.1 = (s32[], f32[8]{0}) while(%start.1), condition=%inner_condition, body=%inner_body
  %new = f32[8]{0} get-tuple-element(%loop.1), index=1
  ROOT %all = (s32[], f32[8]{0}, s32[]) tuple(%after, %new, %bound.1)
}

ENTRY %main (x: f32[8]) -> f32[8] {
  %x = f32[8]{0} parameter(0)
  %zero = s32[] constant(0)
  %from = s32[] copy(%zero)
  %five = s32[] constant(5)
  %mapped = f32[8]{0} bitcast(%x)
  %start = (s32[], f32[8]{0}, s32[]) tuple(%from, %mapped, %five)
  %loop = (s32[], f32[8]{0}, s32[]) while(%start), condition=%outer_condition, body=%outer_body
  %y = f32[8]{0} get-tuple-element(%loop), index=1
  %unknown = f32[8]{0} reverse(%y), dimensions={0}
  ROOT %z = f32[8]{0} copy(%unknown), backend_config={"window_config":{"estimated_cycles":"4"}}
}
"""


def test_bodies_of_loops_count_as_often_as_they_run_also_within_others():
    """5 times the outer body, whose bound comes from without, times 3 the inner, from 1 below 7 by twos."""
    assert estimate(PROGRAM).cycles == 5 * 3 * 10 + 4
    assert estimate(PROGRAM).unknown_loops == 0


def test_what_has_no_estimate_is_named():
    assert estimate(PROGRAM).without == {"reverse": 1}


def test_what_the_compiler_notes_of_a_loop_goes_first():
    noted = PROGRAM.replace(
        "body=%inner_body", 'body=%inner_body, backend_config={"known_trip_count":{"n":"6"},"known_init_step":{}}'
    )
    assert estimate(noted).cycles == 5 * 6 * 10 + 4


def test_a_loop_of_unknown_length_counts_once_and_is_told():
    unknown = PROGRAM.replace("%five = s32[] constant(5)", "%five = s32[] custom-call()")
    assert (estimate(unknown).cycles, estimate(unknown).unknown_loops) == (3 * 10 + 4, 1)


def test_of_a_conditional_the_dearer_branch_counts():
    program = """
%cheap (p: f32[8]) -> f32[8] {
  %p = f32[8]{0} parameter(0)
  ROOT %a = f32[8]{0} copy(%p), backend_config={"window_config":{"estimated_cycles":"3"}}
}

%dear (q: f32[8]) -> f32[8] {
  %q = f32[8]{0} parameter(0)
  ROOT %b = f32[8]{0} copy(%q), backend_config={"window_config":{"estimated_cycles":"8"}}
}

ENTRY %main (which: s32[], x: f32[8]) -> f32[8] {
  %which = s32[] parameter(0)
  %x = f32[8]{0} parameter(1)
  ROOT %y = f32[8]{0} conditional(%which, %x, %x), branch_computations={%cheap, %dear}
}
"""
    assert estimate(program).cycles == 8


# ---- the compiler itself, where it is installed


@pytest.fixture
def compiled_for(monkeypatch):
    """A function that compiles an entry of the benchmark, for layers small enough to be quick."""
    pytest.importorskip("libtpu", reason="the extra `tpu-compile` is not installed")
    import tpu
    from workloads import WORKLOADS, Workload

    small = (
        Workload("small depthwise", 2, (16, 16), 128, 128, (3, 3), groups=128),
        Workload("small causal", 2, (256,), 128, 128, (4,), groups=128, padding=((3, 0),)),
        Workload("small groups", 2, (16, 16), 128, 128, (3, 3), groups=32),
        Workload("small filter", 1, (128, 128), 1, 1, (3, 3)),
        Workload("small pairs", 4, (16, 16), 16, 16, (3, 3), per_sample=True),
    )
    monkeypatch.setattr(tpu, "WORKLOADS", (*small, *WORKLOADS))
    return tpu


@pytest.mark.slow
@pytest.mark.parametrize("generation", ["v5e", "v5p", "v6e"])
@pytest.mark.parametrize("name", ["small depthwise", "small causal", "small groups", "small filter", "small pairs"])
def test_what_auto_takes_is_not_dearer_than_jaxs_own(compiled_for, name, generation):
    """But for the copy by which jconv flips the kernel in an input gradient: some 2 thousand cycles."""
    for direction, flip in (("kernel gradient", 0), ("forward", 0), ("input gradient", 2500)):
        for dtype in ("float32", "bfloat16"):
            entry = (generation, name, direction, dtype)
            chosen = compiled_for.chosen((*entry, "auto"))
            ours, stock = (compiled_for.compiled((*entry, one)) for one in (chosen, compiled_for.STOCK))
            assert ours["cycles"] <= stock["cycles"] + flip
