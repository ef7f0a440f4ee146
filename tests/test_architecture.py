"""The house stands as DESIGN section 4 says: who imports whom, how errors are raised, how files look."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from importlinter.cli import lint_imports

ROOT = Path(__file__).parents[1]
PACKAGES = ("gateway", "registry_virtual", "adapters", "policies", "audit", "schemas")
MODULES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
EXAMPLES = sorted((ROOT / "examples").rglob("*.py"))
LUMERIA = sorted((ROOT / "examples" / "lumeria").rglob("*.py"))
MAX_LINES = 400
VANILLA = frozenset({"Exception", "BaseException", "RuntimeError", "AssertionError", "SystemError"})
DUNDER_ONLY = frozenset({"migrations"})
"""Folders whose files a tool runs: their names are its, not ours."""


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def imported(tree: ast.Module) -> set[str]:
    """The top-level packages that a module imports, wherever it does."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found.update(alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module is not None and node.level == 0:
            found.add(node.module.split(".")[0])
    return found


def raised(tree: ast.Module) -> set[str]:
    """The names of what a module raises by name, called or not."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Raise) and node.exc is not None:
            error = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
            if isinstance(error, ast.Name):
                names.add(error.id)
    return names


def test_imports__contracts_of_pyproject__all_kept(monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    """Imports point downward, and only the gateway speaks to the world."""
    monkeypatch.chdir(ROOT)
    # It would silence every logger that is there already, for all tests after this one.
    monkeypatch.setattr("importlinter.cli.logging_config.dictConfig", lambda _settings: None)
    broken = lint_imports(config_filename="pyproject.toml", no_cache=True, no_logo=True)
    assert broken == 0, capsys.readouterr().out


def test_imports__lumeria__nothing_of_the_product_and_never_imported_by_it() -> None:
    """The example country is a separate world: it shares no line with what connects it."""
    of_lumeria = {named(path) for path in LUMERIA if imported(tree_of(path)) & set(PACKAGES)}
    of_product = {named(path) for path in MODULES if imported(tree_of(path)) & {"examples", "tests"}}
    assert not of_lumeria
    assert not of_product


@pytest.mark.parametrize("path", MODULES, ids=named)
def test_raise__any_module__errors_have_a_name(path: Path) -> None:
    """Nobody raises a vanilla exception: an error says whose side failed."""
    assert not raised(tree_of(path)) & VANILLA


@pytest.mark.parametrize("path", [*MODULES, *EXAMPLES], ids=named)
def test_module__any__begins_with_a_docstring_and_stays_small(path: Path) -> None:
    """Every module says what it is, and can be read in one sitting."""
    text = path.read_text("utf-8")
    assert text.strip(), "an empty file"
    assert ast.get_docstring(ast.parse(text)), "no docstring"
    assert text.count("\n") <= MAX_LINES, f"more than {MAX_LINES} lines: divide it"


@pytest.mark.parametrize("path", MODULES, ids=named)
def test_module__any__public_names_have_docstrings(path: Path) -> None:
    """Every public class, function and method explains itself; private and dunder ones may."""
    if DUNDER_ONLY & set(path.parts):
        return
    assert not list(undocumented(tree_of(path).body))


def undocumented(body: list[ast.stmt], prefix: str = "") -> list[str]:
    found = []
    for node in body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            public = not node.name.startswith("_")
            overloaded = isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and bool(prefix)
            if public and ast.get_docstring(node) is None and not (overloaded and is_callback(node)):
                found.append(prefix + node.name)
            if isinstance(node, ast.ClassDef) and public:
                found += undocumented(node.body, f"{node.name}.")
    return found


def is_callback(node: ast.AST) -> bool:
    """Whether a framework names this method (`on_header`, `data_received`): its manual explains it."""
    name = getattr(node, "name", "")
    return name.startswith("on_") or name.endswith(("_made", "_lost", "_received"))


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def test_raised__vanilla_in_a_module__is_seen() -> None:
    """The check above sees both ways of writing it."""
    assert raised(ast.parse("def f():\n    raise Exception('x')")) & VANILLA
    assert raised(ast.parse("def f():\n    raise RuntimeError")) & VANILLA
