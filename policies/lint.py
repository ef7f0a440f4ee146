"""Load-time lint: what a policy file must not contain, and what it must.

The embedded engine can neither be interrupted nor fenced in, so a file is refused before it is
loaded unless it is small and flat, calls only built-ins of the allow-list (pure, deterministic,
present in both engines), and reads nothing that would make two exchanges differ only by their ids
(decisions are cached). Each file says what it is for in a METADATA block. Tests are not linted.

The AST is regorus's own; a form that this walk does not know cannot hide a call or a reference,
since it visits every node.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import yaml

from policies.builtins import ALLOWED_BUILTINS
from policies.embedded import new_engine
from policies.sources import PolicyFile
from schemas.errors import ConfigurationError

MAX_NESTING: Final = 8
"""Open brackets at one place: the parser's time is exponential in them."""

_TEXT_OR_BRACKET = re.compile(r'"(?:[^"\\\n]|\\.)*"|`[^`]*`|#[^\n]*|[\[\](){}\n]')
_METADATA = re.compile(r"(?:(?:#[^\n]*|[ \t]*)\n)*?# METADATA\n((?:#[^\n]*\n)+)package ")
_DESCRIBING: Final = ("title", "description")
_REFERENCES: Final = frozenset({"RefDot", "RefBrack"})
_EXCHANGE_MEMBERS: Final = frozenset({"unsafe", "retry"})


def check_sources(files: Iterable[PolicyFile]) -> None:
    """Refuse policy files that must not be loaded.

    Raises:
        ConfigurationError: names file, line and cure.
    """
    files = tuple(files)
    trees = [(file, parse(file)) for file in files]
    functions: dict[str, set[str]] = {}
    for _, tree in trees:
        functions.setdefault(package_of(tree), set()).update(rule_names(tree))
    for file, tree in trees:
        _check_metadata(file)
        _check_imports(file, tree)
        _check_rules(file, tree, functions[package_of(tree)])


def parse(file: PolicyFile) -> dict[str, Any]:
    """The file's syntax tree, after its nesting was found harmless.

    Raises:
        ConfigurationError: nested too deeply, or not Rego.
    """
    _check_nesting(file)
    engine = new_engine()
    try:
        engine.add_policy(file.name, file.text)
    except (RuntimeError, ValueError) as error:
        complaint = str(error).partition("Stack backtrace")[0].strip()
        raise ConfigurationError(f"{file.name}: not Rego v1; correct it: {complaint}") from None
    (parsed,) = json.loads(engine.get_ast_as_json())
    tree: dict[str, Any] = parsed["ast"]
    return tree


def package_of(tree: dict[str, Any]) -> str:
    """The package, such as `isthmus.exchange`."""
    return ".".join(str(part) for part in reference_of(tree["package"]["refr"]))


def rule_names(tree: dict[str, Any]) -> list[str]:
    """The names of the file's rules and functions, in order of appearance, each once."""
    names = (_first_variable(rule) for rule in tree["rules"])
    return list(dict.fromkeys(name for name in names if name))


def _check_nesting(file: PolicyFile) -> None:
    depth, line = 0, 1
    for match in _TEXT_OR_BRACKET.finditer(file.text):
        mark = match.group()
        if mark in "[({":
            depth += 1
        elif mark in "])}":
            depth -= 1
        line += mark.count("\n")
        if depth > MAX_NESTING:
            raise _error(file, line, f"nested deeper than {MAX_NESTING} brackets; name an inner part")


def metadata_of(file: PolicyFile) -> dict[str, Any]:
    """The METADATA block above the package; empty where there is none that is YAML."""
    found = _METADATA.match(file.text)
    comment = found[1].splitlines() if found else []
    try:
        block = yaml.safe_load("\n".join(line.removeprefix("#").removeprefix(" ") for line in comment))
    except yaml.YAMLError:
        return {}
    return block if isinstance(block, dict) else {}


def _check_metadata(file: PolicyFile) -> None:
    block = metadata_of(file)
    if not all(isinstance(block.get(key), str) for key in _DESCRIBING):
        raise _error(file, 1, "no METADATA; write a block with title and description above the package")


def _check_imports(file: PolicyFile, tree: dict[str, Any]) -> None:
    paths = [reference_of(item["refr"]) for item in tree["imports"]]
    if ["rego", "v1"] not in paths:
        raise _error(file, 1, "no `import rego.v1`; add it below the package")
    for item, path in zip(tree["imports"], paths, strict=True):
        if path != ["rego", "v1"]:
            # Also a package of ours: the embedded engine evaluates a package that is imported as a whole.
            raise _error(
                file, item["span"]["line"], "imports another thing; write data.isthmus.<package>.<rule> out"
            )


def _check_rules(file: PolicyFile, tree: dict[str, Any], own: set[str]) -> None:
    for kind, node in _nodes(tree["rules"]):
        line = node["span"]["line"] if isinstance(node.get("span"), dict) else 1
        if kind == "Call":
            _check_call(file, line, reference_of(node["fcn"]), own)
        elif kind in {"Var", "RefDot", "RefBrack"}:
            _check_reference(file, line, reference_of({kind: node}))
        elif kind == "NotExpr":
            _check_negation(file, line, node)
        elif node.get("with_mods"):
            raise _error(file, line, "uses `with`, which belongs into tests; remove it")


def _check_negation(file: PolicyFile, line: int, node: dict[str, Any]) -> None:
    """OPA takes what stands in brackets out of a `not`: if that is undefined, so is the whole."""
    for kind, inner in _nodes(node["expr"]):
        indices = [part for name, part in _indices(kind, inner) if not name] if kind in _REFERENCES else []
        parts = inner["params"] if kind == "Call" else indices
        if any(part.keys() & {"RefDot", "RefBrack"} for part in parts):
            raise _error(
                file, line, "asks `not` of a reference inside another; name the inner one, or make it a rule"
            )


def _check_call(file: PolicyFile, line: int, path: list[Any], own: set[str]) -> None:
    """Built-ins of the list, functions of this package, others by their whole path."""
    name = ".".join(str(part) for part in path)
    defined_here = len(path) == 1 and name in own
    if not (name in ALLOWED_BUILTINS or defined_here or path[:2] == ["data", "isthmus"]):
        raise _error(
            file,
            line,
            f"calls {name}, which is not on the list of built-ins; do without it"
            " (a function of another package is called as data.isthmus.<package>.<function>)",
        )


def _check_reference(file: PolicyFile, line: int, path: list[Any]) -> None:
    """`input` only by literal members; of the exchange neither `id` nor `cid`."""
    if path[0] != "input":
        return
    if len(path) < 2 or path[1] is None:
        raise _error(file, line, "reads the whole input; name the member")
    if path[1] == "exchange" and (len(path) < 3 or path[2] not in _EXCHANGE_MEMBERS):
        raise _error(file, line, "reads the exchange's ids, which the cache forbids; read unsafe or retry")


def _nodes(tree: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every (kind, node) below; of a reference only the whole, and what stands in its brackets."""
    waiting = [("", tree)]
    while waiting:
        kind, value = waiting.pop()
        if isinstance(value, list):
            waiting.extend(("", item) for item in value)
        elif isinstance(value, dict):
            yield kind, value
            inner = _indices(kind, value) if kind in {"RefDot", "RefBrack"} else value.items()
            waiting.extend(inner)


def _indices(kind: str, node: dict[str, Any]) -> list[tuple[str, Any]]:
    """What stands in the brackets of a reference, and a head that is no plain reference."""
    found: list[tuple[str, Any]] = []
    while kind in {"RefDot", "RefBrack"}:
        if kind == "RefBrack":
            found.append(("", node["index"]))
        ((kind, node),) = node["refr"].items()
    if kind != "Var":
        found.append((kind, node))
    return found


def reference_of(node: Mapping[str, Any]) -> list[Any]:
    """The parts of a reference, its variable first; None where a part is not literal."""
    parts: list[Any] = []
    ((kind, value),) = node.items()
    while kind in {"RefDot", "RefBrack"}:
        if kind == "RefDot":
            parts.append(value["field"][1])
        else:
            parts.append(value["index"].get("String", {}).get("value"))
        ((kind, value),) = value["refr"].items()
    parts.append(value["value"] if kind == "Var" else None)
    return parts[::-1]


def _first_variable(rule: dict[str, Any]) -> str | None:
    """The name of a rule: the first variable of its head."""
    ((kind, body),) = rule.items()
    head = body["refr"] if kind == "Default" else next(iter(body["head"].values()))["refr"]
    name = reference_of(head)[0]
    return name if isinstance(name, str) else None


def _error(file: PolicyFile, line: int, message: str) -> ConfigurationError:
    return ConfigurationError(f"{file.name}:{line}: {message}")
