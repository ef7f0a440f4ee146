"""Offline fixtures: a raw answer, and the outcome it must give, through the whole adapter.

`fixtures/<source>.yaml` beside a source file holds cases; how a case records an answer is the kind's
affair (`kinds/<kind>/replay.py`). The people in fixtures are invented, so results may show values.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from adapters.contract import Query
from adapters.kinds import Kind, form_of, replaying_of
from adapters.opening import open_source
from adapters.source import Source
from adapters.source_file import load_source
from adapters.yaml_lines import load
from schemas.errors import ConfigurationError
from schemas.outcome import Outcome
from schemas.record import Subject

OFFLINE_SECRET: Final = "offline-"  # noqa: S105 - it stands for one
"""How every secret begins while fixtures run; the conformance kit looks for it where none may be."""

_OUTCOME: Final = re.compile(r"(?<!^)(?=[A-Z])")


@dataclass(frozen=True, slots=True)
class FixtureResult:
    """How one case went; `differs` says what was other than expected, and is empty when it passed."""

    case: str
    differs: str

    @property
    def passed(self) -> bool:
        """Whether the outcome was the expected one."""
        return not self.differs


async def run_fixtures(path: Path) -> list[FixtureResult]:
    """Run all fixtures of a source file, without network, secrets or environment.

    Raises:
        ConfigurationError: the source file is wrong, or it has no fixtures.
    """
    source = load_offline(path)
    cases = load(path.parent / "fixtures" / path.name).value["cases"]
    return [FixtureResult(case["name"], await _differs(source, case)) for case in cases]


def load_offline(path: Path) -> Source:
    """Load a source file with placeholders for its secrets and variables."""
    kind = load(path).value.get("kind")
    if not isinstance(kind, str):
        raise ConfigurationError(f"{path.name}:1: the file has no `kind`; write `kind: sql` or another")
    return load_source(path, _AnySecret(), _AnyVariable(form_of(kind).PLACEHOLDER))


async def _differs(source: Source, case: Mapping[str, Any]) -> str:
    return difference(case["expect"], await replayed(source, case))


async def replayed(source: Source, case: Mapping[str, Any]) -> Outcome:
    """What a source makes of a case's recorded answer, without a network."""
    service = source.record_service(case["service"])
    (kind, value), *_ = case["given"].items()
    query = Query(service.name, Subject(kind, value), service.fields)
    once = replace(source, limits=replace(source.limits, retries=0))
    with TemporaryDirectory() as folder:
        return await _ask(*replaying_of(source.kind)(once, case, Path(folder)), query)


async def _ask(source: Source, kind: Kind, query: Query) -> Outcome:
    adapter = open_source(source, kind=kind)
    await adapter.open()
    try:
        return await adapter.fetch(query)
    finally:
        await adapter.close()


def difference(expected: Mapping[str, Any], outcome: Outcome) -> str:
    """What of an outcome is other than a case expects; empty when nothing is."""
    told = {field.name: getattr(outcome, field.name) for field in fields(outcome)}
    told["outcome"] = outcome_name(outcome)
    differs = [
        f"{name} is {told.get(name)!r}, expected {value!r}"
        for name, value in expected.items()
        if told.get(name) != value
    ]
    cause = [f"because {told['cause']}"] if differs and "cause" in told else []
    return "; ".join(differs + cause)


def outcome_name(outcome: Outcome) -> str:
    """An outcome's class as the YAML files write it: `not_found`, `denied_by_source`."""
    return _OUTCOME.sub("_", type(outcome).__name__).lower()


class _AnySecret:
    """A placeholder for every secret."""

    def get(self, name: str) -> str | None:
        return OFFLINE_SECRET + name.lower()


class _AnyVariable(dict[str, str]):
    """The same placeholder for every variable."""

    def __init__(self, value: str) -> None:
        super().__init__()
        self._value = value

    def get(self, _name: str, _default: Any = None) -> Any:
        return self._value
