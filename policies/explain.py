"""Why a decision came out as it did: every question, every rule, and the line at which one stopped.

The decision is the engine's own (`RegorusEngine.decide`). Beside it all rules are evaluated on the
same facts with regorus's coverage: a rule that gives nothing stopped at the last line that was
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
from policies.reasons import REASONS
from policies.regorus_engine import RegorusEngine, build_engine
from policies.rule_index import DENIALS, RuleFile
from policies.sources import PolicyFile, PolicySources, load_sources
from schemas.decision import Decision, DecisionInput

if TYPE_CHECKING:
    from regorus import Engine

_ROOT: Final = "data.isthmus"
_DECISIVE: Final = f"{_ROOT}.exchange.{DENIALS}"
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
        self._trees = tuple(RuleFile(file) for file in self._sources.files)

    @property
    def policy_version(self) -> str:
        """The version of the policy that is explained."""
        return self._sources.version

    async def explain(self, facts: DecisionInput) -> Explanation:
        """Decide, and say why. Raises PolicyUnavailable as `PolicyEngine.decide`."""
        decision = await self._decides.decide(facts)
        heard = _Hearing(self._engine, self._sources.release(), facts)
        questions = tuple(_question(heard, file) for file in self._trees)
        reasons = tuple(reason for file in self._trees for reason in _reasons(heard, file))
        return Explanation(facts, decision, failed_checks(facts), reasons, questions)


class _Hearing:
    """Every rule of the policy, evaluated once on the same facts: its value, and the lines reached."""

    def __init__(self, engine: Engine, data: Mapping[str, Any], facts: DecisionInput) -> None:
        self.document = facts.as_json()
        engine.set_input_json(orjson.dumps(self.document).decode())
        engine.clear_coverage_data()
        self._rules = _everything(engine)
        self._data = data
        report = orjson.loads(engine.get_coverage_report_as_json())
        self._reached = {one["path"]: frozenset(one["covered"]) for one in report["files"]}

    def value(self, path: str) -> Any:
        """A rule's value, None where it is undefined."""
        root, below = (self._rules, path.removeprefix(f"{_ROOT}."))
        if not path.startswith(f"{_ROOT}."):
            root, below = self._data, path.removeprefix("data.")
        return _value(root, below.split("."))

    def holds(self, path: str) -> bool:
        """Whether a rule gave something, and not false."""
        return self.value(path) is not None and self.value(path) is not False

    def reached(self, file: str) -> frozenset[int]:
        """The lines of a file that the evaluation reached."""
        return self._reached.get(file, frozenset())


def _everything(engine: Engine) -> Any:
    """The values of all rules; nothing where the facts break one of them, which the decision says."""
    try:
        result = orjson.loads(engine.eval_query_as_json(_ROOT))
    except (RuntimeError, ValueError):
        return {}
    return result["result"][0]["expressions"][0]["value"]


def _question(heard: _Hearing, file: RuleFile) -> QuestionAsked:
    rules = tuple(_rule(heard, file, name, lines) for name, lines in file.rules().items())
    return QuestionAsked(file.path.removeprefix("data."), file.title, file.description, rules)


def _rule(heard: _Hearing, file: RuleFile, name: str, bodies: tuple[range, ...]) -> RuleSpoke:
    path = f"{file.path}.{name}"
    holds = heard.holds(path)
    stops = () if holds else tuple(_stops(file.source, bodies, heard))
    return RuleSpoke(path, file.source.name, bodies[0][0], holds, heard.value(path), stops)


def _reasons(heard: _Hearing, file: RuleFile) -> Iterator[ReasonSpoke]:
    """A code counts where its own package gives it and it reached the decision."""
    spoken = set(heard.value(_DECISIVE) or ()) & set(heard.value(f"{file.path}.{DENIALS}") or ())
    for denial in file.denials():
        fits = all(heard.holds(path) is wanted for path, wanted in denial.conditions)
        asks = tuple(path for path, _ in denial.conditions)
        for code in denial.codes:
            visible = REASONS.get(code) == "client_visible"
            yield ReasonSpoke(code, visible, code in spoken and fits, file.source.name, denial.line, asks)


def _stops(source: PolicyFile, bodies: tuple[range, ...], heard: _Hearing) -> Iterator[Stop]:
    """Of each definition, the last line that was reached, with what it and those before it read."""
    text = source.text.splitlines()
    reached = heard.reached(source.name)
    for lines in bodies:
        met = [line for line in lines if line in reached]
        if met:
            reads = _reads("\n".join(text[line - 1] for line in met), heard.document)
            yield Stop(source.name, met[-1], text[met[-1] - 1].strip(), reads)


def _reads(lines: str, document: Mapping[str, Any]) -> dict[str, Any]:
    """The facts that some lines name, with their values; None where there is none."""
    return {f"input{found[1]}": _value(document, found[1][1:].split(".")) for found in _READ.finditer(lines)}


def _value(document: Any, parts: list[str]) -> Any:
    for part in parts:
        document = document.get(part) if isinstance(document, Mapping) else None
    return document
