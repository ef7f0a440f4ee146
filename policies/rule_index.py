"""What a policy file's syntax tree says of its rules: where they stand, and what each denial asks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from policies.lint import metadata_of, package_of, parse, reference_of
from policies.sources import PolicyFile

DENIALS: Final = "deny"
"""The rule whose members are reason codes, in whatever package."""


@dataclass(frozen=True, slots=True)
class Denial:
    """One `deny contains …`: its codes, and which rules have to hold (True) or not (False)."""

    codes: tuple[str, ...]
    line: int
    conditions: tuple[tuple[str, bool], ...]


class RuleFile:
    """One policy file with what its syntax tree says."""

    def __init__(self, source: PolicyFile) -> None:
        tree = parse(source)
        self.source = source
        self.path = f"data.{package_of(tree)}"
        block = metadata_of(source)
        self.title, self.description = block.get("title", ""), str(block.get("description", "")).strip()
        self._specs = [
            (reference_of(next(iter(spec["head"].values()))["refr"])[0], spec)
            for rule in tree["rules"]
            if (spec := rule.get("Spec")) and "Func" not in spec["head"]
        ]
        self._names = {
            path[-1]: ".".join(path) for item in tree["imports"] if (path := reference_of(item["refr"]))
        } | {name: f"{self.path}.{name}" for name, _ in self._specs}

    def rules(self) -> dict[str, tuple[range, ...]]:
        """The lines of each rule's definitions, by its name; neither functions nor denials."""
        found: dict[str, list[range]] = {}
        for name, spec in self._specs:
            if name != DENIALS:
                found.setdefault(name, []).append(_lines(self.source, spec["span"]))
        return {name: tuple(lines) for name, lines in found.items()}

    def denials(self) -> Iterator[Denial]:
        """Each `deny contains …` that names its codes; one that passes on another's has none."""
        for name, spec in self._specs:
            if name == DENIALS:
                codes = tuple(_texts(spec["head"].get("Set", {}).get("key")))
                yield Denial(codes, spec["span"]["line"], tuple(self._conditions(spec["bodies"])))

    def _conditions(self, bodies: list[dict[str, Any]]) -> Iterator[tuple[str, bool]]:
        """The statements that are a rule's name, or `not` one."""
        for body in bodies:
            for statement in body["query"]["stmts"]:
                ((kind, literal),) = statement["literal"].items()
                path = self._whole(literal.get("expr"))
                if path is not None and kind in {"Expr", "NotExpr"}:
                    yield path, kind == "Expr"

    def _whole(self, expression: Any) -> str | None:
        """The whole path of a plain reference to a rule."""
        if not isinstance(expression, dict) or not expression.keys() & {"RefDot", "RefBrack", "Var"}:
            return None
        first, *others = reference_of(expression)
        if first == "data":
            return ".".join(("data", *map(str, others)))
        return ".".join((self._names[first], *map(str, others))) if first in self._names else None


def _texts(node: Any) -> Iterator[str]:
    """Every literal text below."""
    if isinstance(node, list):
        for item in node:
            yield from _texts(item)
    elif isinstance(node, dict):
        for kind, value in node.items():
            if kind == "String":
                yield value["value"]
            else:
                yield from _texts(value)


def _lines(source: PolicyFile, span: Mapping[str, int]) -> range:
    """The lines that a span covers; `end` counts bytes from the file's beginning."""
    covered = source.text.encode()[span["start"] : span["end"]]
    return range(span["line"], span["line"] + covered.count(b"\n") + 1)
