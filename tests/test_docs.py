"""The API reference: every public name has a page with its docstring, and what docstrings name exists."""

import importlib
import inspect
import re
import subprocess
import sys
import types

import pytest

import jconv

pytest.importorskip("pdoc", reason="the extra `docs` is not installed")

CHAPTERS = {name: getattr(jconv, name) for name in jconv.__all__ if isinstance(getattr(jconv, name), types.ModuleType)}
MODULES = {"jconv": jconv} | {f"jconv.{name}": module for name, module in CHAPTERS.items()}
NAMES = [f"{module}.{name}" for module, value in MODULES.items() for name in value.__all__]


def resolve(path):
    """The object that a dotted path names; AttributeError or ImportError if there is none."""
    parts = path.split(".")
    value = importlib.import_module(parts[0])
    for i, part in enumerate(parts[1:], start=2):
        value = getattr(value, part, None) or importlib.import_module(".".join(parts[:i]))
    return value


def references(text):
    """The names of jconv that a docstring mentions."""
    return re.findall(r"\b(jconv(?:\.[A-Za-z]\w*)+)\b(?!\.py|\.json|/)", text)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The reference, built in a process of its own, since pdoc changes signatures; a warning is an error."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-W", "error", "-m", "pdoc", "jconv", "-o", str(folder)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr[-2000:]
    return folder


def test_every_public_name_has_its_place_in_the_reference(site):
    missing = []
    for module, value in MODULES.items():
        page = (site / f"{module.replace('.', '/')}.html").read_text()
        for name in value.__all__:
            own_page = (site / f"{module.replace('.', '/')}/{name}.html").exists()
            if f'id="{name}"' not in page and not own_page:
                missing.append(f"{module}.{name}")
    assert len(NAMES) > 50
    assert missing == []


@pytest.mark.parametrize("module", MODULES)
def test_every_public_name_has_a_docstring_whose_references_exist(module):
    bare, broken = [], []
    for name in MODULES[module].__all__:
        value = getattr(MODULES[module], name)
        speaks = inspect.isfunction(value) or inspect.isclass(value) or inspect.ismodule(value)  # data says nothing
        text = (inspect.getdoc(value) or "") if speaks else ""
        bare += [name] if speaks and not text else []
        for path in references(text):
            try:
                resolve(path)
            except (AttributeError, ImportError):
                broken.append(f"{name}: {path}")
    assert (bare, broken) == ([], [])


def test_a_broken_reference_is_noticed():
    assert references("as `jconv.conv` does, not `jconv.fold(x)`; see jconv/conv.py") == ["jconv.conv", "jconv.fold"]
    with pytest.raises((AttributeError, ImportError)):
        resolve("jconv.fold")
