"""The house has floors: a file imports only from below; and `import jconv` is light."""

import ast
import pathlib
import subprocess
import sys

import pytest

import jconv

PACKAGE = pathlib.Path(jconv.__file__).parent
REPOSITORY = PACKAGE.parent
FILES = sorted(PACKAGE.rglob("*.py"))
# From the ground up; files on one floor do not import one another. A folder is one entry.
FLOORS = (
    ("_typing",),
    ("_geometry",),
    ("_problem",),
    ("_rewrites", "_layout", "_files", "_decorrelate"),
    ("_products", "_rates"),
    ("_algorithms",),
    ("_measure", "_problem_json"),
    ("_tuned",),
    ("_choose",),
    ("_arguments", "_primitive", "_boundary"),
    ("_pin",),
    ("_conv", "_general", "_install", "_tune"),
    ("_explain",),
    ("ops",),
    ("signal", "ndimage", "kernels", "operator"),
    ("sharded",),
    ("testing",),
    ("nn",),
    ("models",),
    ("fit", "plot"),
    ("_cli",),
    ("cli",),
    ("__main__",),
)
FLOOR = {name: number for number, names in enumerate(FLOORS) for name in names}
LATE_IMPORTS = {"cli.py", "_cli/app.py"}  # so that `--help` is quick, and a missing extra is told in words


def home(path):
    """The entry of the table that a file belongs to."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def own_imports(tree):
    """Yield the jconv modules that a syntax tree imports, without `jconv.`; "" is jconv itself."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level:
            names = ["jconv"]  # a relative import hides where it leads
        elif isinstance(node, ast.ImportFrom):
            inside = node.module == "jconv"
            names = [f"jconv.{alias.name}" if inside else node.module for alias in node.names]
        else:
            continue
        for name in names:
            if name.split(".")[0] == "jconv":
                yield name.removeprefix("jconv").removeprefix(".")


def violations(entry, source, *, late=False):
    """What is wrong with the imports of a file of `entry`; if `late`, they may be inside functions."""
    tree, found = ast.parse(source), []
    for name in own_imports(tree):
        target = name.split(".")[0]
        if target not in FLOOR:
            found.append(f"{entry} imports jconv.{target}, which has no floor")
        elif target != entry and FLOOR[target] >= FLOOR[entry]:
            found.append(f"{entry} imports {target}, which is not below it")
    if not late:
        for function in ast.walk(tree):
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
                inside = [n for n in ast.walk(function) if isinstance(n, ast.Import | ast.ImportFrom)]
                found += [f"{entry} imports inside a function, line {node.lineno}" for node in inside]
    return found


def test_every_file_has_a_floor():
    assert len(FILES) > 20
    assert {home(path) for path in FILES} - {"__init__"} <= set(FLOOR)


@pytest.mark.parametrize("file", sorted(str(path.relative_to(PACKAGE)) for path in FILES))
def test_a_file_imports_only_from_floors_below_and_only_at_its_top(file):
    if file == "__init__.py":  # the roof: it imports everything, and below it says what it must not
        assert set(own_imports(ast.parse((PACKAGE / file).read_text()))) >= {"_conv", "_general"}
    else:
        source = (PACKAGE / file).read_text()
        assert violations(home(PACKAGE / file), source, late=file in LATE_IMPORTS) == []


VIOLATIONS = {
    "from above": ("_geometry", "from jconv._problem import ConvProblem"),
    "from the same floor": ("_conv", "import jconv._general"),
    "a module by name": ("_boundary", "from jconv import _arguments"),
    "a public name": ("_conv", "from jconv import conv"),
    "relatively": ("_conv", "from . import _general"),
    "a file without a floor": ("_conv", "from jconv.helpers import anything"),
    "in a function": ("_conv", "def f():\n    import math"),
    "in a method": ("_conv", "class A:\n    def f(self):\n        from os import path"),
}


@pytest.mark.parametrize("name", VIOLATIONS)
def test_each_violation_is_noticed(name):
    assert len(violations(*VIOLATIONS[name])) == 1


def test_imports_from_below_are_no_violation():
    assert (
        violations("_conv", "import math\nfrom jconv._problem import ConvProblem\nfrom jconv import _arguments") == []
    )
    assert violations("cli", "def main():\n    import rich", late=True) == []


def test_algorithms_do_not_import_one_another():
    files = sorted((PACKAGE / "_algorithms").glob("*.py"))
    assert len(files) > 3
    for path in files:
        if path.stem != "__init__":
            inside = [name for name in own_imports(ast.parse(path.read_text())) if name.startswith("_algorithms")]
            assert all(name.startswith("_algorithms._") for name in inside), path.name  # what they share


def imported(path):
    """The top-level names of all modules that a file imports."""
    for node in ast.walk(ast.parse(path.read_text())):
        match node:
            case ast.Import():
                yield from (alias.name.split(".")[0] for alias in node.names)
            case ast.ImportFrom():
                yield (node.module or "").split(".")[0]


def test_geometry_knows_no_jax_and_the_oracle_nothing_but_numpy():
    assert set(imported(PACKAGE / "_geometry.py")) & {"jax", "jaxlib", "numpy"} == set()
    oracle = set(imported(PACKAGE / "testing" / "oracle.py")) - set(sys.stdlib_module_names)
    assert oracle == {"numpy"}


def test_nothing_reaches_into_jaxs_private_modules():
    private = "jax." + "_src"
    folders = [PACKAGE, *(REPOSITORY / name for name in ("tests", "examples", "benchmarks"))]
    files = [path for folder in folders for path in folder.rglob("*.py")]
    assert len(files) > len(FILES)
    assert [str(path) for path in files if private in path.read_text()] == []


# ---- lightness


def in_new_process(code):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()


HEAVY = (
    "flax",
    "optax",
    "chex",
    "matplotlib",
    "torch",
    "scipy",
    "typer",
    "rich",
    "PIL",
    "skimage",
    "hypothesis",
)
PRINT_HEAVY = f"import sys; print(*[name for name in {HEAVY} if name in sys.modules])"


def heavy_after(statement):
    """The heavy modules that a statement imports, beside those that `import jax` brings along."""
    return set(in_new_process(f"{statement}; {PRINT_HEAVY}")) - set(in_new_process(f"import jax; {PRINT_HEAVY}"))


def test_import_jconv_imports_nothing_heavy():
    assert heavy_after("import jconv") == set()


def test_the_search_for_heavy_modules_finds_them():
    assert {"flax", "optax"} <= heavy_after("import jconv, optax, flax")


def test_import_jconv_adds_less_than_300_ms_to_import_jax():
    """Processor time, which other programs on the machine do not lengthen; the best of three."""
    measure = "import time, jax, jax.numpy; t = time.process_time(); import jconv; print(time.process_time() - t)"
    assert min(float(*in_new_process(measure)) for _ in range(3)) < 0.3


def test_importing_computes_nothing():
    """No array is made, so no device is claimed, before the user's first call."""
    code = "import jconv, jax; jax.config.update('jax_num_cpu_devices', 3); print(jax.device_count('cpu'))"
    assert in_new_process(code) == ["3"]  # JAX refuses the update once a device was used
