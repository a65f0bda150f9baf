"""The tuned table as a file: found, merged, never half written, and never believed when broken or foreign."""

import json
import os
import subprocess
import sys
import timeit
from dataclasses import replace
from pathlib import Path

import jax
import numpy as np
import platformdirs
import pytest
from jax import lax

import jconv
from jconv import ConvProblem, choose_algorithm
from jconv._choice import tuned as tables
from jconv._choice.tuned import load_tuned, tuned_path, tuned_table
from jconv._choice.tuned_file import LARGEST_FILE, Tuned, lock_of, save_tuned
from jconv._equation.as_json import problem_from_json, problem_to_json

FLOAT32 = np.dtype("float32")
PROBLEM = ConvProblem(
    batch=1, groups=1, c_in=8, c_out=8, input_size=(6, 6), window=(2, 2), output_size=(5, 5),
    stride=(1, 1), input_dilation=(1, 1), dilation=(1, 1), low=(-1, 2),
    x_dtype=FLOAT32, w_dtype=FLOAT32, dtype=FLOAT32,
)  # fmt: skip
OTHER = replace(PROBLEM, batch=2, x_dtype=np.dtype("bfloat16"))


def found(problem, algorithm="taps"):
    return Tuned(problem, ("lax", "taps"), {}, {"lax": 2.0, "taps": 1.0}, algorithm)


@pytest.fixture(autouse=True)
def table(tmp_path, monkeypatch):
    """A table of the test's own, and none afterwards."""
    path = tmp_path / "tuned.json"
    monkeypatch.setenv("JCONV_TUNED", str(path))
    load_tuned()
    yield path
    monkeypatch.setenv("JCONV_TUNED", "")
    load_tuned()


# ---- where


def test_the_argument_then_the_environment_then_the_cache_directory_say_where(monkeypatch, tmp_path):
    assert tuned_path(tmp_path / "a") == tmp_path / "a"
    monkeypatch.setenv("JCONV_TUNED", "b.json")
    assert tuned_path() == Path("b.json")
    monkeypatch.setenv("JCONV_TUNED", "")
    assert tuned_path() is None
    load_tuned(tmp_path / "c")
    assert tuned_path() == tmp_path / "c"
    load_tuned()
    monkeypatch.delenv("JCONV_TUNED")
    assert tuned_path() == platformdirs.user_cache_path("jconv", appauthor=False) / "tuned-1.json"


def test_with_no_table_wanted_nothing_is_read_and_tuning_says_so(monkeypatch):
    monkeypatch.setenv("JCONV_TUNED", "")
    load_tuned()
    assert tuned_table("cpu").get(PROBLEM) is None
    with pytest.raises(ValueError, match="JCONV_TUNED is set and empty"):
        jconv.tune([PROBLEM])


def test_a_later_process_finds_the_table_by_the_environment(table):
    save_tuned([found(PROBLEM)], "cpu", table)
    code = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from test_tuned import PROBLEM, choose_algorithm, tuned_table\n"
        "print(choose_algorithm(PROBLEM, 'cpu', tuned=tuned_table('cpu')).name)"
    )
    arguments = [sys.executable, "-c", code, str(Path(__file__).parent)]
    assert choose_algorithm(PROBLEM, "cpu", tuned=tuned_table("cpu")).name == "taps"
    assert subprocess.run(arguments, capture_output=True, text=True, check=True).stdout.split() == ["taps"]


# ---- what is written is what is read


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"precision": (lax.Precision.HIGHEST, lax.Precision.DEFAULT)},
        {"precision": lax.DotAlgorithmPreset.BF16_BF16_F32},
        {"precision": (lax.Precision.HIGH,)},
        {"x_dtype": np.dtype("bfloat16")},
        {
            "input_size": (),
            "window": (),
            "output_size": (),
            "stride": (),
            "input_dilation": (),
            "dilation": (),
            "low": (),
        },
    ],
)
def test_a_problem_goes_to_json_and_back(changes):
    problem = replace(PROBLEM, **changes)
    record = json.loads(json.dumps(problem_to_json(problem)))
    assert problem_from_json(record) == problem
    assert problem_from_json(dict(reversed(record.items()))) == problem


@pytest.mark.parametrize(
    "changes",
    [
        {"batch": 1.0}, {"batch": True}, {"batch": -1}, {"batch": None}, {"window": [2]},
        {"window": [2, "2"]}, {"window": 4}, {"x_dtype": "object"}, {"x_dtype": ["float32"]},
        {"x_dtype": None}, {"dilation": [0, 0]}, {"stride": [0, 1]}, {"input_dilation": [0, 0]},
        {"precision": "FAST"}, {"precision": ["HIGHEST", "FAST"]}, {"precision": 3},
        {"unheard_of": 1},
    ],
)  # fmt: skip
def test_what_is_no_problem_is_refused(changes):
    with pytest.raises((ValueError, TypeError)):
        problem_from_json(problem_to_json(PROBLEM) | changes)
    with pytest.raises(TypeError):
        problem_from_json({})


def test_saving_adds_to_what_is_there_and_replaces_what_is_measured_again(table):
    save_tuned([found(PROBLEM), found(OTHER)], "cpu", table)
    save_tuned([found(PROBLEM, "lax"), Tuned(replace(PROBLEM, batch=3), (), {}, {}, None)], "cpu", table)
    load_tuned()
    assert tuned_table("cpu").get(PROBLEM) == "lax"
    assert tuned_table("cpu").get(OTHER) == "taps"
    assert replace(PROBLEM, batch=3) not in tuned_table("cpu")
    (mine,) = json.loads(table.read_text())["tables"]
    assert mine["machine"]["jax"] == jax.__version__
    assert mine["entries"][0]["seconds"] == {"lax": 2.0, "taps": 1.0}


def test_the_same_measurements_make_the_same_file_in_any_order(table, tmp_path):
    save_tuned([found(PROBLEM), found(OTHER)], "cpu", table)
    save_tuned([found(OTHER), found(PROBLEM)], "cpu", tmp_path / "again.json")
    assert table.read_bytes() == (tmp_path / "again.json").read_bytes()


def test_a_failed_write_leaves_the_file_as_it_was(table, monkeypatch):
    save_tuned([found(PROBLEM)], "cpu", table)
    before = table.read_bytes()

    def full(*args):
        raise OSError("no space left")

    monkeypatch.setattr("jconv._files.os.replace", full)
    with pytest.raises(OSError, match="no space left"):
        save_tuned([found(OTHER)], "cpu", table)
    assert table.read_bytes() == before
    assert set(table.parent.iterdir()) == {table, lock_of(table)}


SAVE_25 = """
import sys, threading
from dataclasses import replace
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from test_tuned import PROBLEM, found, save_tuned

def save(first, last):
    for batch in range(first, last):
        save_tuned([found(replace(PROBLEM, batch=batch))], "cpu", Path(sys.argv[2]))

first = 1 + 25 * int(sys.argv[3])
threads = [threading.Thread(target=save, args=span) for span in ((first, first + 12), (first + 12, first + 25))]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
"""


def test_processes_and_threads_that_save_at_once_lose_nothing(table):
    """Four processes of two threads each, 25 entries a process."""
    here = str(Path(__file__).parent)
    processes = [subprocess.Popen([sys.executable, "-c", SAVE_25, here, str(table), str(n)]) for n in range(4)]
    assert [process.wait(timeout=300) for process in processes] == [0] * 4
    (mine,) = json.loads(table.read_text())["tables"]
    assert sorted(entry["problem"]["batch"] for entry in mine["entries"]) == list(range(1, 101))
    assert set(table.parent.iterdir()) == {table, lock_of(table)}


# ---- what counts


@pytest.mark.parametrize("what", ["platform", "device", "jax", "jconv"])
def test_what_another_machine_or_version_measured_does_not_count_and_is_kept(what, table):
    save_tuned([found(PROBLEM)], "cpu", table)
    document = json.loads(table.read_text())
    document["tables"][0]["machine"][what] = "another"
    table.write_text(json.dumps(document))
    load_tuned()
    assert tuned_table("cpu").get(PROBLEM) is None  # and no warning: they are errors here
    save_tuned([found(PROBLEM, "lax")], "cpu", table)
    load_tuned()
    assert tuned_table("cpu").get(PROBLEM) == "lax"
    assert len(json.loads(table.read_text())["tables"]) == 2


def test_algorithms_that_are_no_more_or_that_cannot_do_not_count(table, monkeypatch):
    save_tuned([found(PROBLEM, "gone"), found(OTHER)], "cpu", table)
    unable = replace(jconv._algorithms.ALGORITHMS["taps"], unsupported=lambda problem, platform: ("not today",))
    monkeypatch.setitem(jconv._algorithms.ALGORITHMS, "taps", unable)
    load_tuned()
    assert tuned_table("cpu").get(PROBLEM) is None
    assert tuned_table("cpu").get(OTHER) is None


def good(table):
    save_tuned([found(PROBLEM)], "cpu", table)
    return json.loads(table.read_text())


def spoiled(document, **entry):
    document["tables"][0]["entries"][0] |= entry
    return json.dumps(document)


BROKEN = {
    "empty": lambda document: "",
    "cut short": lambda document: json.dumps(document)[:-20],
    "no text": lambda document: b"\xff\xfe\x00",
    "another format": lambda document: json.dumps({"format": "something else", "schema": 1, "tables": []}),
    "another schema": lambda document: json.dumps(document | {"schema": 2}),
    "no record": lambda document: "[]",
    "a number": lambda document: "3",
    "deep": lambda document: "[" * 200_000,
    "tables of another kind": lambda document: json.dumps(document | {"tables": [3]}),
    "entries of another kind": lambda document: json.dumps(
        document | {"tables": [document["tables"][0] | {"entries": ["x"]}]}
    ),
    "an entry without a problem": lambda document: spoiled(document, problem=None),
    "a problem that is none": lambda document: spoiled(document, problem={"batch": "__import__('os')"}),
    "an algorithm of another kind": lambda document: spoiled(document, algorithm=["taps"]),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_or_foreign_file_is_ignored_with_one_warning(name, table):
    content = BROKEN[name](good(table))
    table.write_bytes(content if isinstance(content, bytes) else content.encode())
    load_tuned()
    with pytest.warns(UserWarning, match="is ignored") as warned:
        assert tuned_table("cpu").get(PROBLEM) is None
        assert tuned_table("cpu").get(PROBLEM) is None
        assert PROBLEM not in tuned_table("gpu")
    assert len(warned) == 1
    assert str(table) in str(warned[0].message)


def test_a_file_that_cannot_be_read_is_ignored_with_a_warning(table):
    table.mkdir()
    load_tuned()
    with pytest.warns(UserWarning, match="is ignored"):
        assert tuned_table("cpu").get(PROBLEM) is None


def test_a_pipe_that_nobody_writes_to_is_ignored_with_a_warning(table):
    os.mkfifo(table)
    load_tuned()
    with pytest.warns(UserWarning, match="is ignored: .*not a regular file"):
        assert tuned_table("cpu").get(PROBLEM) is None
        assert tuned_table("cpu").get(PROBLEM) is None


def test_a_device_without_end_is_ignored_with_a_warning(monkeypatch):
    monkeypatch.setenv("JCONV_TUNED", "/dev/zero")
    load_tuned()
    with pytest.warns(UserWarning, match="is ignored: .*not a regular file"):
        assert tuned_table("cpu").get(PROBLEM) is None


def test_a_huge_file_is_ignored_with_a_warning(table):
    with table.open("wb") as file:
        file.truncate(LARGEST_FILE + 1)  # a hole: it takes no room
    load_tuned()
    with pytest.warns(UserWarning, match="is ignored: .*over 64 MB"):
        assert tuned_table("cpu").get(PROBLEM) is None


@pytest.mark.parametrize("name", ["cut short", "another format", "another schema"])
def test_a_file_that_is_something_else_is_never_overwritten(name, table):
    content = BROKEN[name](good(table))
    table.write_text(content)
    with pytest.raises(ValueError, match="is not a tuned table of this jconv"):
        jconv.tune([PROBLEM], path=table)
    assert table.read_text() == content


# ---- looking


def test_the_file_is_read_once(table, monkeypatch):
    save_tuned([found(PROBLEM)], "cpu", table)
    load_tuned()
    reads = []
    monkeypatch.setattr(tables, "read_tables", lambda path, read=tables.read_tables: reads.append(path) or read(path))
    for platform in ("cpu", "cpu", "tpu", "cpu"):
        tuned_table(platform).get(PROBLEM)
    assert reads == [table]


def test_without_a_table_no_device_is_looked_for(monkeypatch):
    monkeypatch.setattr(jax, "devices", lambda *args: pytest.fail("a backend would be started"))
    assert tuned_table("cpu").get(PROBLEM) is None


def test_a_choice_is_found_in_microseconds(table):
    save_tuned([found(PROBLEM)], "cpu", table)
    load_tuned()
    tuned_table("cpu").get(PROBLEM)
    seconds = min(timeit.repeat(lambda: tuned_table("cpu").get(PROBLEM), number=1000, repeat=5)) / 1000
    assert seconds < 1e-4  # some 3e-6; generous, for busy machines


def test_what_is_no_path_is_refused_at_once():
    with pytest.raises(TypeError, match="PathLike"):
        load_tuned(3)
