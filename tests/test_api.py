"""Rules of the public face: nouns first, all else by name, every docstring complete."""

import inspect
import pydoc
import re
import typing
from collections.abc import Iterator

import jax
import pytest

import jconv

PUBLIC = {name: value for name, value in vars(jconv).items() if not name.startswith("_")}
FUNCTIONS = {name: value for name, value in PUBLIC.items() if inspect.isfunction(value)}
MOST_NOUNS = 2


# Functions that take, behind their first noun, what another function is called with.
PASSING_ON = {"explain", "tune"}


def faults(function, *, passes_on=False):
    """How a signature departs from the rule: at most two nouns by position, all options by name."""
    found = []
    parameters = list(inspect.signature(function).parameters.values())
    nouns = [p for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD]
    if len(nouns) > MOST_NOUNS:
        found.append(f"{len(nouns)} positional arguments")
    if len(parameters) > 1:  # the only argument of a function is a noun, also where it may be left out
        found += [f"{p.name} has a default, but may be given by position" for p in nouns if p.default is not p.empty]
    if not passes_on:
        found += [f"{p.name} is variadic" for p in parameters if p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
    return found + [f"{p.name} has no annotation" for p in parameters if p.annotation is p.empty]


def test_the_functions_are_found():
    assert {"conv", "conv_transpose", "conv_general_dilated", "choose_algorithm", *PASSING_ON} <= set(FUNCTIONS)


@pytest.mark.parametrize("name", sorted(set(FUNCTIONS) - {"conv_general_dilated"}))
def test_options_are_keyword_only(name):
    assert faults(FUNCTIONS[name], passes_on=name in PASSING_ON) == []


def test_departures_from_the_rule_are_noticed():
    def three(x: int, y: int, z: int) -> int: ...
    def default(x: int, scale: int = 1) -> int: ...
    def variadic(x: int, **options: int) -> int: ...
    def bare(x) -> int: ...
    def good(x: int, *, scale: int = 1) -> int: ...

    assert [len(faults(f)) for f in (three, default, variadic, bare, good)] == [1, 1, 1, 1, 0]


def test_conv_general_dilated_has_laxs_parameters_and_algorithm_by_name():
    ours = list(inspect.signature(jconv.conv_general_dilated).parameters.values())
    theirs = list(inspect.signature(jax.lax.conv_general_dilated).parameters.values())
    assert [(p.name, p.kind, p.default) for p in ours[:-1]] == [(p.name, p.kind, p.default) for p in theirs]
    assert (ours[-1].name, ours[-1].kind, ours[-1].default) == ("algorithm", ours[-1].KEYWORD_ONLY, "auto")


def test_conv_and_conv_transpose_have_the_same_options_in_the_same_order():
    forward, back = (list(inspect.signature(f).parameters)[2:] for f in (jconv.conv, jconv.conv_transpose))
    assert [name for name in back if name != "output_padding"] == forward
    defaults = [
        {p.name: p.default for p in inspect.signature(f).parameters.values()}
        for f in (jconv.conv, jconv.conv_transpose)
    ]
    assert all(defaults[1][name] == defaults[0][name] for name in forward)


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_docstrings_have_their_sections_in_order_and_name_every_argument(name):
    function, text = FUNCTIONS[name], inspect.getdoc(FUNCTIONS[name])
    signature = inspect.signature(function)
    sections = ["Args"] if signature.parameters else []
    returned = typing.get_type_hints(function)["return"]
    gives = returned is not type(None) and typing.get_origin(returned) is not Iterator
    if gives:  # and not only does something, or makes a block
        sections += ["Returns", "Raises", "Examples"]
        assert ">>>" in text
    places = [text.find(f"\n{section}:\n") for section in sections]
    assert -1 not in places
    assert places == sorted(places)
    described = re.findall(r"^    \*{0,2}(\w+): ", text.partition("Args:\n")[2].partition("\n\n")[0], re.MULTILINE)
    assert [n for n in described if n in signature.parameters] == list(signature.parameters)


def shown_signature(name):
    """The signature as `help` shows it; from Python 3.13 on, long ones have a line for each argument."""
    lines = pydoc.render_doc(getattr(jconv, name), renderer=pydoc.plaintext).splitlines()[2:]
    last = next(i for i, line in enumerate(lines) if ") -> " in line)
    return " ".join(line.strip() for line in lines[: last + 1])


@pytest.mark.parametrize("name", ["conv", "conv_transpose"])
def test_help_shows_aliases_by_name(name):
    text = shown_signature(name)
    assert text.startswith(f"{name}(")
    assert "padding: Padding = 'VALID'" in text
    assert "stride: IntOrInts = 1" in text
    assert text.endswith("-> Array")
    assert "Union" not in text and "collections" not in text and "jax" not in text


@pytest.mark.parametrize("name", ["conv_general_dilated", "use_algorithm", "install", "installed"])
def test_help_shows_no_internals(name):
    text = shown_signature(name)
    assert text.startswith(f"{name}(")
    for internal in ("Union", "collections", "jax", "jconv._", "Literal", "typing", "ForwardRef", ": '"):
        assert internal not in text


@pytest.mark.parametrize("name", ["conv", "conv_transpose", "conv_general_dilated", "use_algorithm", "install"])
def test_annotations_can_be_resolved(name):
    function = getattr(jconv, name)
    assert set(typing.get_type_hints(function)) == {*inspect.signature(function).parameters, "return"}


def test_public_names_are_defined_in_jconv_and_say_what_they_are():
    for name, value in PUBLIC.items():
        if not inspect.ismodule(value):
            assert value.__module__.startswith("jconv."), name
            assert inspect.getdoc(value), name
