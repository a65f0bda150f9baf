"""install and uninstall: what they change is JAX's table of rules, and all of it comes back."""

import os
import subprocess
import sys
import threading
from functools import partial

import jax
import pytest
from agreement import normal
from jax import lax
from jax.interpreters import mlir
from served import DEPTHWISE, depthwise, is_served

import jconv
from jconv._primitive import jax_internals, lowering
from jconv._programs import install as installation

PLATFORMS = ("cpu", "cuda", "rocm", "tpu")


def registered():
    """What JAX has registered for convolutions, by platform."""
    for_all, by_platform = mlir._lowerings, mlir._platform_specific_lowerings
    primitive = lax.conv_general_dilated_p
    return {"all": for_all[primitive]} | {p: by_platform[p].get(primitive) for p in PLATFORMS}


# ---- where JAX keeps its rules


def test_rules_of_jax_are_where_install_reads_them():
    for_all, by_platform = jax_internals.lowering_rules()
    primitive = lax.conv_general_dilated_p
    assert callable(for_all[primitive].rule)
    assert callable(by_platform["cpu"][primitive].rule)
    assert isinstance(by_platform["cpu"][primitive].inline, bool)


def test_a_jax_that_keeps_them_elsewhere_is_told_of(monkeypatch):
    monkeypatch.delattr(mlir, "_lowerings")
    with pytest.raises(RuntimeError, match=r"keeps its lowering rules where jconv does not find them.*nnx\.Conv"):
        jconv.install()
    monkeypatch.undo()
    assert not is_served(depthwise, *DEPTHWISE)


# ---- doing and undoing


def test_uninstall_leaves_jaxs_tables_as_they_were():
    before = registered()
    jconv.install()
    jconv.install()
    assert registered() != before
    jconv.uninstall()
    assert registered() == before
    jconv.uninstall()
    assert registered() == before


def test_functions_compiled_before_are_compiled_anew_and_found_again():
    traces = []

    @jax.jit
    def f(x, w):
        traces.append(None)
        return depthwise(x, w)

    f(*DEPTHWISE)
    compiled = f.lower(*DEPTHWISE).compile()
    seen = len(traces)
    jconv.install()
    try:
        f(*DEPTHWISE)
        f(*DEPTHWISE)
        assert len(traces) == seen + 1
        assert is_served(f, *DEPTHWISE)
        compiled(*DEPTHWISE)  # an executable stays what it is
    finally:
        jconv.uninstall()
    seen = len(traces)
    f(*DEPTHWISE)
    assert len(traces) == seen
    assert not is_served(f, *DEPTHWISE)


def test_calls_outside_jit_are_served(monkeypatch):
    computed, seen = lowering._solved, []
    monkeypatch.setattr(lowering, "_solved", lambda *args, **kw: seen.append(1) or computed(*args, **kw))
    x, w = normal((1, 3, 5, 4)), normal((3, 1, 3, 2))  # of no other test: JAX caches these calls too
    depthwise(x, w)
    assert not seen
    with jconv.installed():
        depthwise(x, w)
    assert seen


def test_installed_ends_with_its_block_also_by_an_exception():
    before = registered()
    with pytest.raises(KeyError), jconv.installed():
        with jconv.installed():
            assert is_served(depthwise, *DEPTHWISE)
        assert is_served(depthwise, *DEPTHWISE)
        raise KeyError
    assert not is_served(depthwise, *DEPTHWISE)
    assert registered() == before


def test_installed_respects_install_before_and_inside():
    jconv.install()
    with jconv.installed():
        pass
    assert is_served(depthwise, *DEPTHWISE)
    with jconv.installed():
        jconv.uninstall()
        assert is_served(depthwise, *DEPTHWISE)
    assert not is_served(depthwise, *DEPTHWISE)
    with jconv.installed():
        jconv.install()
    assert is_served(depthwise, *DEPTHWISE)
    jconv.uninstall()


def in_threads(*functions):
    """Run functions at the same time; their results, in order."""
    results = [None] * len(functions)
    barrier = threading.Barrier(len(functions))

    def run(i):
        barrier.wait()
        results[i] = functions[i]()

    threads = [threading.Thread(target=run, args=(i,)) for i in range(len(functions))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_install_reaches_other_threads_and_installed_does_not():
    served = partial(is_served, depthwise, *DEPTHWISE)
    with jconv.installed():
        assert in_threads(served) == [False]
    jconv.install()
    try:
        assert in_threads(served) == [True]
    finally:
        jconv.uninstall()


def test_threads_that_come_and_go_do_not_disturb_each_other():
    before = registered()

    def come_and_go():
        seen = set()
        for _ in range(10):
            with jconv.installed():
                seen.add(is_served(depthwise, *DEPTHWISE))
        return seen

    def stay_away():
        return {is_served(depthwise, *DEPTHWISE) for _ in range(10)}

    assert in_threads(come_and_go, stay_away, come_and_go) == [{True}, {False}, {True}]
    assert registered() == before


def test_a_rule_that_someone_else_has_put_on_top_stays():
    before = registered()
    jconv.install()
    ours = registered()["cpu"].rule

    def theirs(*args, **params):
        return ours(*args, **params)

    mlir.register_lowering(lax.conv_general_dilated_p, theirs, platform="cpu")
    jconv.uninstall()
    try:
        assert registered()["cpu"].rule is theirs
        assert not is_served(depthwise, *DEPTHWISE)
    finally:
        mlir.register_lowering(lax.conv_general_dilated_p, before["cpu"].rule, platform="cpu")
    assert registered() == before


YES = ("1", "true", "YES", " on ")
NO = ("0", "false", "No", "off", "", "  ", None)


@pytest.mark.parametrize(("value", "wanted"), [*((v, True) for v in YES), *((v, False) for v in NO)])
def test_the_environment_asks_for_it(value, wanted, monkeypatch):
    if value is None:
        monkeypatch.delenv("JCONV_INSTALL", raising=False)
    else:
        monkeypatch.setenv("JCONV_INSTALL", value)
    installation.install_if_asked()
    try:
        assert is_served(depthwise, *DEPTHWISE) == wanted
    finally:
        jconv.uninstall()


def test_what_is_neither_yes_nor_no_is_warned_of_once_and_does_nothing(monkeypatch):
    monkeypatch.setenv("JCONV_INSTALL", "maybe")
    with pytest.warns(UserWarning, match="JCONV_INSTALL='maybe' is ignored: it is none of '1', 'true'") as warned:
        installation.install_if_asked()
    assert len(warned) == 1
    assert not is_served(depthwise, *DEPTHWISE)


def test_the_environment_asks_at_import():
    code = "import jconv; from jconv._primitive.lowering import serving; print(serving.value)"
    environment = os.environ | {"JCONV_INSTALL": "1"}
    ran = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert ran.stdout.split() == ["auto"]
