"""`conformance(…)`: the twenty checks as a pytest class, for outsiders' own test suites.

Every check is one test; an exempt one is skipped, with its reason. The checks run once for all tests
of a class, at its first test. pytest is imported only when a test runs.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from adapters.conformance.bench import Case
from adapters.conformance.stand_in import NewStandIn
from adapters.conformance.verdict import Check, Report
from adapters.yaml_lines import load
from schemas.errors import ConfigurationError

if TYPE_CHECKING:
    from adapters.custom.adapter import SourceAdapter

Cases = str | Path | Sequence[Case]


def conformance(
    what: str | Path | type[SourceAdapter],
    config: Mapping[str, Any] | None = None,
    cases: Cases | None = None,
    *,
    exempt: Mapping[int, str] | None = None,
    stand_in: NewStandIn | None = None,
) -> type:
    """A pytest class for a source file, or for a class of `adapters.custom.SourceAdapter`.

    `config` is the class's configuration with values in place of references (secrets: invented ones
    that begin with `offline-`, which the kit looks for where none may be), `cases` a fixture file or its
    list of cases (of a source file: those beside it), `exempt` reasons by number of a check, `stand_in`
    the system behind the adapter where it does not speak HTTP with a `base_url`.

    Raises:
        ConfigurationError: the file or the configuration is wrong.
    """
    from adapters.conformance.checks import CHECKS

    run = _runner(what, config, cases, exempt or {}, stand_in)
    tests = {f"test_{check.number:02}_{check.name.replace(' ', '_')}": _test(check, run) for check in CHECKS}
    name = what.__name__ if isinstance(what, type) else Path(what).stem
    return type(f"TestConformance_{name}", (), {"__doc__": f"The twenty checks on {name}.", **tests})


def _runner(
    what: str | Path | type[SourceAdapter],
    config: Mapping[str, Any] | None,
    cases: Cases | None,
    exempt: Mapping[int, str],
    stand_in: NewStandIn | None,
) -> Callable[[], Report]:
    reports: list[Report] = []

    async def examined() -> Report:
        from adapters.conformance.running import examine, examine_file

        if isinstance(what, (str, Path)):
            return await examine_file(Path(what), exempt=exempt, new_stand_in=stand_in)
        from adapters.conformance.python_source import source_of

        source = await source_of(what, config or {})
        return await examine(source, _cases(cases), exempt=exempt, new_stand_in=stand_in)

    def run() -> Report:
        if not reports:
            reports.append(asyncio.run(examined()))
        return reports[0]

    return run


def _test(check: Check, run: Callable[[], Report]) -> Callable[[Any], None]:
    def test(_self: Any) -> None:
        import pytest

        verdict = next(one for one in run().verdicts if one.check.number == check.number)
        if verdict.state == "failed":
            pytest.fail(f"{verdict.why}; {check.cure}", pytrace=False)
        if verdict.unfounded:
            pytest.fail("the check passes: take its exemption out", pytrace=False)
        if verdict.state == "exempt":
            pytest.skip(verdict.why)

    test.__doc__ = check.rule
    return test


def _cases(cases: Cases | None) -> Sequence[Case]:
    if cases is None:
        raise ConfigurationError("a Python adapter needs `cases`: a fixture file, or its list of cases")
    if isinstance(cases, (str, Path)):
        found: Sequence[Case] = load(Path(cases)).value["cases"]
        return found
    return cases
