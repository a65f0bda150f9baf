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
# From the ground up; chapters on one floor do not import one another. A folder is one entry, and inside it the arrows
# make no circle.
FLOORS = (
    ("_typing",),
    ("_equation", "_files", "_device"),
    ("_rewrites",),
    ("_algorithms",),
    ("_choice",),
    ("_primitive",),
    ("_verbs",),
    ("_programs",),
    ("kernels",),
    ("ops",),
    ("signal", "ndimage"),
    ("operator", "arithmetic", "sharded"),
    ("testing",),
    ("nn", "data", "fit", "plot", "interop"),
    ("models",),
    ("cli",),
    ("__main__",),
)
FLOOR = {name: number for number, names in enumerate(FLOORS) for name in names}
LATE_IMPORTS = {
    "cli/__init__.py",
    "cli/app.py",
    "cli/app_show.py",
    "cli/app_train.py",
}  # so that `--help` is quick, and a missing extra is told in words


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
        assert set(own_imports(ast.parse((PACKAGE / file).read_text()))) >= {"_verbs.conv", "_verbs.general"}
    else:
        source = (PACKAGE / file).read_text()
        assert violations(home(PACKAGE / file), source, late=file in LATE_IMPORTS) == []


VIOLATIONS = {
    "from above": ("_equation", "from jconv._rewrites.axes import lift_rank"),
    "from the same floor": ("signal", "import jconv.ndimage"),
    "a module by name": ("_rewrites", "from jconv import _verbs"),
    "a public name": ("_verbs", "from jconv import conv"),
    "relatively": ("_verbs", "from . import general"),
    "a file without a floor": ("_verbs", "from jconv.helpers import anything"),
    "in a function": ("_verbs", "def f():\n    import math"),
    "in a method": ("_verbs", "class A:\n    def f(self):\n        from os import path"),
}


@pytest.mark.parametrize("name", VIOLATIONS)
def test_each_violation_is_noticed(name):
    assert len(violations(*VIOLATIONS[name])) == 1


def test_imports_from_below_are_no_violation():
    assert (
        violations("_verbs", "import math\nfrom jconv._equation.problem import ConvProblem\nfrom jconv import _choice")
        == []
    )
    assert violations("cli", "def main():\n    import rich", late=True) == []


def test_algorithms_do_not_import_one_another():
    folder = PACKAGE / "_algorithms"
    files = sorted(set(folder.rglob("*.py")) - {folder / "__init__.py"})
    assert len(files) > 3
    for path in files:
        own = f"_algorithms.{path.relative_to(folder).parts[0].removesuffix('.py')}."
        inside = [name for name in own_imports(ast.parse(path.read_text())) if name.startswith("_algorithms")]
        assert all(name.startswith(("_algorithms._", own)) for name in inside), path.name  # what they share


def module_of(path):
    """The module of a file, without `jconv.`."""
    return ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix(".__init__")


def circles(arrows):
    """The modules that stay when those that import none of the others are taken away, again and again."""
    left = dict(arrows)
    while free := [module for module, targets in left.items() if not set(targets) & (left.keys() - {module})]:
        for module in free:
            del left[module]
    return sorted(left)


def test_the_drawing_of_imports_has_no_circle():
    modules = {module_of(path): path for path in FILES if path != PACKAGE / "__init__.py"}
    arrows = {}
    for module, path in modules.items():
        arrows[module] = set(own_imports(ast.parse(path.read_text()))) & set(modules)
    assert sum(map(len, arrows.values())) > 100
    assert circles(arrows) == []
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"b"}}) == ["a", "b", "c"]


# ---- sizes


def test_the_folder_list_is_a_table_of_contents():
    assert len([path for path in PACKAGE.iterdir() if path.is_file()]) <= 8
    lengths = sorted(len(path.read_text().splitlines()) for path in FILES)
    assert lengths[-1] <= 300
    assert lengths[len(lengths) // 2] <= 120


def long_functions(tree):
    """The functions of a syntax tree whose bodies, without their docstrings, have over 50 lines."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = node.body[1:] if ast.get_docstring(node) else node.body
            if body and node.end_lineno - body[0].lineno + 1 > 50:
                yield node.name


@pytest.mark.parametrize("file", sorted(str(path.relative_to(PACKAGE)) for path in FILES))
def test_no_function_is_long(file):
    assert list(long_functions(ast.parse((PACKAGE / file).read_text()))) == []


def imported(path):
    """The top-level names of all modules that a file imports."""
    for node in ast.walk(ast.parse(path.read_text())):
        match node:
            case ast.Import():
                yield from (alias.name.split(".")[0] for alias in node.names)
            case ast.ImportFrom():
                yield (node.module or "").split(".")[0]


def test_geometry_knows_no_jax_and_the_oracle_nothing_but_numpy():
    assert set(imported(PACKAGE / "_equation" / "geometry.py")) & {"jax", "jaxlib", "numpy"} == set()
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
