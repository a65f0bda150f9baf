"""Rules of the public face: nouns first, all else by name, every docstring complete."""

import inspect
import re
import typing

import jax
import pytest

import jconv
from jconv import _typing
from jconv._algorithms import ALGORITHMS

PUBLIC = {name: value for name, value in vars(jconv).items() if not name.startswith("_")}
FUNCTIONS = {name: value for name, value in PUBLIC.items() if inspect.isfunction(value)}
MOST_NOUNS = 2


def faults(function):
    """How a signature departs from the rule: at most two nouns by position, all options by name."""
    found = []
    parameters = inspect.signature(function).parameters.values()
    nouns = [p for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD]
    if len(nouns) > MOST_NOUNS:
        found.append(f"{len(nouns)} positional arguments")
    found += [f"{p.name} has a default, but may be given by position" for p in nouns if p.default is not p.empty]
    found += [f"{p.name} is variadic" for p in parameters if p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
    found += [f"{p.name} has no annotation" for p in parameters if p.annotation is p.empty]
    return found


def test_the_functions_are_found():
    assert {"conv", "conv_transpose", "conv_general_dilated", "choose_algorithm"} <= set(FUNCTIONS)


@pytest.mark.parametrize("name", sorted(set(FUNCTIONS) - {"conv_general_dilated"}))
def test_options_are_keyword_only(name):
    assert faults(FUNCTIONS[name]) == []


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
def test_docstrings_have_all_sections_and_name_every_argument(name):
    text = inspect.getdoc(FUNCTIONS[name])
    parameters = list(inspect.signature(FUNCTIONS[name]).parameters)
    sections = (["Args"] if parameters else []) + ["Returns", "Raises", "Examples"]
    if inspect.signature(FUNCTIONS[name]).return_annotation is None:
        sections.remove("Returns")
    places = [text.find(f"\n{section}:\n") for section in sections]
    assert min(places) > 0
    assert places == sorted(places)
    assert ">>>" in text
    described = re.findall(r"^    (\w+): ", text.split("Args:\n")[-1].split("\nReturns:")[0], re.MULTILINE)
    assert [n for n in described if n in parameters] == parameters


def test_the_list_of_names_is_the_table_of_algorithms():
    assert typing.get_args(_typing.AlgorithmName) == ("auto", *ALGORITHMS)


@pytest.mark.parametrize("name", ["conv", "conv_general_dilated"])
def test_docstrings_that_list_algorithms_list_them_all(name):
    (line,) = re.findall(r"    algorithm: (.*?)(?=\n    \w+:|\n\n)", inspect.getdoc(FUNCTIONS[name]), re.DOTALL)
    auto, *listed = re.findall(r'"(\w+)"', line)
    assert auto == "auto"
    assert listed in ([], list(ALGORITHMS))


def test_public_names_are_defined_in_jconv_and_say_what_they_are():
    for name, value in PUBLIC.items():
        if not inspect.ismodule(value):
            assert value.__module__.startswith("jconv."), name
            assert inspect.getdoc(value), name
