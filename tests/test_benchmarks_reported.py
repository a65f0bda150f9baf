"""What users posted is built, computed and drawn up as a table: the rows cannot rot unseen."""

import jax
import jax.numpy as jnp
import pytest
from reported import SIDES, difference, draw, record
from reported_cases import REPORTS
from reported_table import SHORT, reported, reported_in_short


@pytest.mark.parametrize("report", REPORTS, ids=lambda report: report.name)
def test_stock_and_installed_values_agree_at_a_small_size(report):
    with jax.enable_x64(report.x64):
        function, shapes = report.build(**report.tiny)
        args, values = draw(shapes), {}
        for side, switched in SIDES.items():
            with switched():
                values[side] = jax.jit(function)(*args)
        off, allowed = difference(values["install"], values["stock"])
    assert off <= allowed


@pytest.mark.parametrize("report", REPORTS, ids=lambda report: report.name)
def test_the_posted_size_can_be_traced(report):
    with jax.enable_x64(report.x64):
        function, shapes = report.build(**report.posted)
        assert jax.tree.leaves(jax.eval_shape(function, *shapes))


def test_there_are_enough_threads_and_each_row_has_its_name():
    names = [report.name for report in REPORTS]
    assert len({report.thread for report in REPORTS}) >= 12
    assert len(set(names)) == len(names)
    assert set(SHORT) < set(names) and len(SHORT) == 5


@pytest.mark.parametrize("wrong", [1.0001, jnp.nan])
def test_another_value_stops_the_run(wrong):
    with pytest.raises(AssertionError, match="off by"):
        difference(jnp.ones(3).at[1].set(wrong), jnp.ones(3))


def test_a_row_becomes_a_line_of_both_tables():
    report = next(report for report in REPORTS if report.name == "loop")
    row = record(report, report.tiny, seconds=0.0, limit=4.0)
    results = {"rows": [row], "machine": "m", "versions": {"flax": "1"}, "commit": "c", "date": "d"}
    assert row["stock"]["calls"] == 3 and row["algorithms"]
    row["stock"]["quartiles_s"], row["install"]["quartiles_s"] = [1e-3, 2e-3, 4e-3], [1e-3, 4e-3, 5e-3]
    for table in (reported, reported_in_short):
        text = table(results)
        assert f"| {report.thread} |" in text and "| 2 | 4 |" in text
        assert "1 row: 0.50 times as fast; least: 0.50 (loop); below 1: 1. " in text


def test_a_call_over_the_limit_is_made_once():
    report = next(report for report in REPORTS if report.name == "loop")
    assert record(report, report.tiny, seconds=0.0, limit=0.0)["stock"]["calls"] == 1
