"""Why a decision came out as it did: every question, every rule, and the line at which one stopped.

The decision is the engine's own (`RegorusEngine.decide`). Beside it each rule is evaluated alone on
the same facts with regorus's coverage: a rule that gives nothing stopped at the last line that was
reached, and the members of the facts that this line reads are shown with their values. So what would
allow the exchange can be read off. Functions are not rules of their own: their callers speak.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import orjson

from policies.fixed_check import failed_checks
from policies.lint import metadata_of, package_of, parse, reference_of
from policies.reasons import REASONS
from policies.regorus_engine import RegorusEngine, build_engine
from policies.sources import PolicyFile, PolicySources, load_sources
from schemas.decision import Decision, DecisionInput

if TYPE_CHECKING:
    from regorus import Engine

DENIALS: Final = "deny"
"""The rule whose members are reason codes, in whatever package."""

_UNDEFINED: Final = b'"<undefined>"'
_READ = re.compile(r"\binput((?:\.[a-z_]+)+)")


@dataclass(frozen=True, slots=True)
class Stop:
    """A line that did not hold: where, what it says, and the facts that it reads."""

    file: str
    line: int
    text: str
    reads: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class RuleSpoke:
    """One rule: its path, whether it gave a value and which, and where it stopped if it did not."""

    path: str
    file: str
    line: int
    holds: bool
    value: Any
    stops: tuple[Stop, ...]


@dataclass(frozen=True, slots=True)
class QuestionAsked:
    """One package: the question that it asks, in words, and its rules."""

    package: str
    title: str
    description: str
    rules: tuple[RuleSpoke, ...]


@dataclass(frozen=True, slots=True)
class ReasonSpoke:
    """One line that can refuse: its code, whether it did, and the rules that it asks."""

    code: str
    visible: bool
    refuses: bool
    file: str
    line: int
    asks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """A decision with everything that spoke. `fixed` are the codes of the fixed check, which comes first."""

    facts: DecisionInput
    decision: Decision
    fixed: tuple[str, ...]
    reasons: tuple[ReasonSpoke, ...]
    questions: tuple[QuestionAsked, ...]

    def rule(self, path: str) -> RuleSpoke | None:
        """One rule by its path, such as `data.isthmus.purpose.agreed`."""
        rules = (rule for question in self.questions for rule in question.rules)
        return next((rule for rule in rules if rule.path == path), None)


class Explainer:
    """Explains decisions under one policy. Belongs to the thread that made it, as regorus does."""

    def __init__(self, sources: PolicySources | None = None) -> None:
        """Lint and load the policy; ConfigurationError as `RegorusEngine`."""
        self._sources = sources or load_sources()
        self._decides = RegorusEngine(self._sources)
        self._engine = build_engine(self._sources)
        self._engine.set_enable_coverage(True)
        self._trees = tuple(_File(file, parse(file)) for file in self._sources.files)

    @property
    def policy_version(self) -> str:
        """The version of the policy that is explained."""
        return self._sources.version

    async def explain(self, facts: DecisionInput) -> Explanation:
        """Decide, and say why. Raises PolicyUnavailable as `PolicyEngine.decide`."""
        decision = await self._decides.decide(facts)
        questions = tuple(self._question(file, facts) for file in self._trees)
        return Explanation(facts, decision, failed_checks(facts), tuple(self._reasons(facts)), questions)

    def _question(self, file: _File, facts: DecisionInput) -> QuestionAsked:
        rules = tuple(self._rule(file, name, lines, facts) for name, lines in file.rules().items())
        return QuestionAsked(file.package, file.title, file.description, rules)

    def _rule(self, file: _File, name: str, bodies: tuple[range, ...], facts: DecisionInput) -> RuleSpoke:
        path = f"data.{file.package}.{name}"
        value, reached = _evaluate(self._engine, path, facts)
        holds = value is not None and value is not False
        lines = reached.get(file.source.name, frozenset())
        stops = () if holds else tuple(_stops(file.source, bodies, lines, facts))
        return RuleSpoke(path, file.source.name, bodies[0][0], holds, value, stops)

    def _reasons(self, facts: DecisionInput) -> Iterator[ReasonSpoke]:
        for file in self._trees:
            spoken, _ = _evaluate(self._engine, f"data.{file.package}.{DENIALS}", facts)
            for code, line, asks in file.denials():
                refuses = code in (spoken or ()) and any(
                    not _holds(self._engine, path, facts) for path in asks
                )
                yield ReasonSpoke(
                    code, REASONS.get(code) == "client_visible", refuses, file.source.name, line, asks
                )


class _File:
    """One policy file with what its syntax tree says."""

    def __init__(self, source: PolicyFile, tree: dict[str, Any]) -> None:
        self.source = source
        self.package = package_of(tree)
        block = metadata_of(source)
        self.title, self.description = block.get("title", ""), str(block.get("description", "")).strip()
        self._tree = tree
        self._names = {
            path[-1]: ".".join(path) for item in tree["imports"] if (path := reference_of(item["refr"]))
        }

    def rules(self) -> dict[str, tuple[range, ...]]:
        """The lines of each rule's definitions, by its name; neither functions nor denials."""
        found: dict[str, list[range]] = {}
        for name, spec in self._specs():
            if name != DENIALS:
                found.setdefault(name, []).append(_lines(self.source, spec["span"]))
        return {name: tuple(lines) for name, lines in found.items()}

    def denials(self) -> Iterator[tuple[str, int, tuple[str, ...]]]:
        """Code, line and rules asked of each `deny contains "code"`."""
        for name, spec in self._specs():
            key = spec["head"].get("Set", {}).get("key") or {}
            if name == DENIALS and "String" in key:
                yield key["String"]["value"], spec["span"]["line"], tuple(self._asked(spec["bodies"]))

    def _specs(self) -> Iterator[tuple[str, dict[str, Any]]]:
        for rule in self._tree["rules"]:
            spec = rule.get("Spec")
            if spec and "Func" not in spec["head"]:
                head = next(iter(spec["head"].values()))
                yield reference_of(head["refr"])[0], spec

    def _asked(self, bodies: Any) -> Iterator[str]:
        """The whole paths of the rules named in a body."""
        names = dict.fromkeys(_references(bodies))
        for parts in names:
            if parts[0] in self._names:
                yield ".".join((self._names[parts[0]], *parts[1:]))
            elif parts[0] == "data":
                yield ".".join(parts)


def _references(node: Any) -> Iterator[tuple[str, ...]]:
    """Every plain reference below, whole."""
    if isinstance(node, list):
        for item in node:
            yield from _references(item)
    elif isinstance(node, dict):
        for kind, value in node.items():
            if kind in {"RefDot", "RefBrack", "Var"}:
                parts = reference_of({kind: value})
                if all(isinstance(part, str) for part in parts):
                    yield tuple(parts)
            else:
                yield from _references(value)


def _evaluate(engine: Engine, path: str, facts: DecisionInput) -> tuple[Any, Mapping[str, frozenset[int]]]:
    """A rule's value (None where it is undefined), and the lines reached, by file."""
    engine.clear_coverage_data()
    engine.set_input_json(orjson.dumps(facts.as_json()).decode())
    try:
        text = engine.eval_rule_as_json(path).encode()
    except (RuntimeError, ValueError):  # a file without that rule, or a value that breaks it
        return None, {}
    report = orjson.loads(engine.get_coverage_report_as_json())
    reached = {one["path"]: frozenset(one["covered"]) for one in report["files"]}
    return None if text == _UNDEFINED else orjson.loads(text), reached


def _holds(engine: Engine, path: str, facts: DecisionInput) -> bool:
    value, _ = _evaluate(engine, path, facts)
    return value is not None and value is not False


def _stops(
    source: PolicyFile, bodies: tuple[range, ...], reached: frozenset[int], facts: DecisionInput
) -> Iterator[Stop]:
    """Of each definition, the last line that was reached."""
    text = source.text.splitlines()
    for lines in bodies:
        met = [line for line in lines if line in reached]
        if met:
            said = text[met[-1] - 1].strip()
            yield Stop(source.name, met[-1], said, _reads(said, facts))


def _reads(line: str, facts: DecisionInput) -> dict[str, Any]:
    """The facts that a line names, with their values; None where there is none."""
    document = facts.as_json()
    return {f"input{found[1]}": _value(document, found[1][1:].split(".")) for found in _READ.finditer(line)}


def _value(document: Any, parts: list[str]) -> Any:
    for part in parts:
        document = document.get(part) if isinstance(document, Mapping) else None
    return document


def _lines(source: PolicyFile, span: Mapping[str, int]) -> range:
    """The lines that a span covers; `end` counts bytes from the file's beginning."""
    covered = source.text.encode()[span["start"] : span["end"]]
    return range(span["line"], span["line"] + covered.count(b"\n") + 1)
