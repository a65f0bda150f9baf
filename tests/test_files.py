"""Files are written whole, all or none, and never through a link that somebody planted."""

import os
import threading

import pytest

from jconv import _files
from jconv._files import write_files


def contents(folder):
    """Everything in a folder that is a file, by name."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def test_files_are_written_whole_and_over_old_ones(tmp_path):
    folder = tmp_path / "deep" / "er"
    for content in (b"old", b"new"):
        write_files(folder, {"a": content, "b": content})
        assert contents(folder) == {"a": content, "b": content}


def test_a_planted_link_is_not_followed(tmp_path):
    """The name of the temporary file cannot be guessed; a link in its place would not be written through."""
    other, folder = tmp_path / "other", tmp_path / "folder"
    other.write_bytes(b"mine")
    folder.mkdir()
    (folder / f".a.{os.getpid()}.part").symlink_to(other)
    (folder / "a").symlink_to(other)
    write_files(folder, {"a": b"new"})
    assert other.read_bytes() == b"mine"
    assert (folder / "a").read_bytes() == b"new" and not (folder / "a").is_symlink()


def test_a_temporary_name_that_is_taken_is_refused(tmp_path, monkeypatch):
    other = tmp_path / "other"
    other.write_bytes(b"mine")
    monkeypatch.setattr(_files.secrets, "token_hex", lambda count: "guessed")
    (tmp_path / ".guessed.part").symlink_to(other)
    with pytest.raises(FileExistsError):
        write_files(tmp_path, {"a": b"new"})
    assert other.read_bytes() == b"mine"


def test_every_file_is_on_the_disk_before_it_gets_its_name(tmp_path, monkeypatch):
    steps = []
    monkeypatch.setattr(_files.os, "fsync", lambda number, honest=os.fsync: steps.append("sync") or honest(number))
    monkeypatch.setattr(_files.os, "replace", lambda *paths, honest=os.replace: steps.append("name") or honest(*paths))
    write_files(tmp_path, {"a": b"1", "b": b"2"})
    assert steps == ["sync", "sync", "name", "name"]


def test_a_disk_that_is_full_leaves_what_was_there(tmp_path, monkeypatch):
    write_files(tmp_path, {"a": b"old"})
    synced = []

    def full(number):
        synced.append(number)
        if len(synced) == 2:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(_files.os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_files(tmp_path, {"a": b"new", "b": b"new"})
    assert contents(tmp_path) == {"a": b"old"}


def test_a_folder_in_the_place_of_a_later_file_leaves_the_earlier_ones(tmp_path):
    write_files(tmp_path, {"a": b"old"})
    (tmp_path / "c").mkdir()
    with pytest.raises(OSError, match="directory"):
        write_files(tmp_path, {"a": b"new", "b": b"new", "c": b"new"})
    assert contents(tmp_path) == {"a": b"old"}


@pytest.mark.parametrize("failure", [OSError(1, "no"), KeyboardInterrupt()])
@pytest.mark.parametrize("links", [True, False])
def test_what_fails_at_the_last_moment_is_undone(tmp_path, monkeypatch, failure, links):
    write_files(tmp_path, {"a": b"old"})
    honest, named = os.replace, []

    def replace(source, target):
        if target.name == "c":
            raise failure
        named.append(target.name)
        honest(source, target)

    def no_links(*args, **keywords):
        raise OSError(1, "this file system has no links")

    monkeypatch.setattr(_files.os, "replace", replace)
    if not links:
        monkeypatch.setattr(_files.os, "link", no_links)
    with pytest.raises(type(failure)):
        write_files(tmp_path, {"a": b"new", "b": b"new", "c": b"new"})
    assert named[:2] == ["a", "b"]
    assert contents(tmp_path) == {"a": b"old"}


def test_threads_that_write_the_same_file_leave_a_whole_one(tmp_path):
    texts = [bytes([letter]) * 200_000 for letter in b"abcdefgh"]

    def write(text):
        for _ in range(25):
            write_files(tmp_path, {"a": text})

    threads = [threading.Thread(target=write, args=(text,)) for text in texts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [*contents(tmp_path)] == ["a"]
    assert contents(tmp_path)["a"] in texts


def test_a_new_file_may_be_read_by_those_the_umask_admits(tmp_path):
    before = os.umask(0o022)
    try:
        write_files(tmp_path, {"a": b""})
    finally:
        os.umask(before)
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o644
