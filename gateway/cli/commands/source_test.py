"""`isthmus source test`: fixtures and the twenty checks of the conformance kit."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from gateway.cli.commands.arguments import settings_of
from gateway.cli.commands.failures import FAILED
from gateway.cli.commands.printing import Json, Table, answer, progress, words

if TYPE_CHECKING:
    from adapters.conformance.verdict import Report, Verdict
    from adapters.fixtures import FixtureResult

app = typer.Typer()

_AT_ONCE: Final = 4
_CHECKS: Final = 20
_SHOWN_WHOLE: Final = 3
"""Of so many files every check is shown; of more, those that need somebody."""


@dataclass(frozen=True, slots=True)
class _Tested:
    """One file: its fixtures, its report, or why there is none."""

    path: Path
    fixtures: tuple[FixtureResult, ...] = ()
    report: Report | None = None
    problem: str = ""

    @property
    def ok(self) -> bool:
        broken = self.report is None or self.report.failed
        return not broken and all(case.passed for case in self.fixtures)


@app.command("test")
def examine_sources(
    files: Annotated[list[Path] | None, typer.Argument(metavar="FILE…", help="Source files.")] = None,
    every: Annotated[
        bool, typer.Option("--all", help="All files that come with Isthmus, or with --settings a gateway's.")
    ] = False,
    settings: Annotated[Path | None, typer.Option(help="With --all: this gateway's sources.")] = None,
    allow_python_files: Annotated[
        bool, typer.Option("--allow-python-files", help="Run the Python files that source files name.")
    ] = False,
    json: Json = False,
) -> None:
    """Run the fixtures beside source files and the twenty checks, without the live systems."""
    from adapters.python_files import python_files

    paths = _paths(files or [], settings, every=every)
    with progress("checking", len(paths) * _CHECKS, show=not json) as step:
        allowed = allow_python_files or (settings is not None and settings_of(settings).allow_python_files)
        with python_files(allowed=allowed):
            tested = asyncio.run(_test(paths, step))
    if settings is not None:
        _remember(tested)
    answer(
        {
            "ok": all(one.ok for one in tested),
            "files": [_file(one) for one in tested],
            "cases": [_case(one.path, case) for one in tested for case in one.fixtures],
        },
        *_tables(tested),
        json=json,
    )
    if not all(one.ok for one in tested):
        raise typer.Exit(FAILED)


def _remember(tested: list[_Tested]) -> None:
    """For `isthmus source list`; only of a gateway's own sources."""
    from gateway.app.tested import remember

    for one in tested:
        passed = all(case.passed for case in one.fixtures)
        remember(one.path, one.report.tier if one.report is not None and passed else None)


def _paths(files: list[Path], settings: Path | None, *, every: bool) -> list[Path]:
    if bool(files) == every or (settings is not None and not every):
        raise typer.BadParameter("name source files, or write --all (with --settings, a gateway's)")
    if files:
        return files
    if settings is not None:
        return sorted(settings_of(settings).sources.glob("*.yaml"))
    from adapters.shipped import shipped_sources

    return list(shipped_sources())


async def _test(paths: list[Path], step: Callable[[], None]) -> list[_Tested]:
    places = asyncio.Semaphore(_AT_ONCE)

    async def one(path: Path) -> _Tested:
        async with places:
            return await _test_file(path, step)

    return list(await asyncio.gather(*map(one, paths)))


async def _test_file(path: Path, step: Callable[[], None]) -> _Tested:
    from adapters.conformance.running import examine_file
    from adapters.fixtures import run_fixtures
    from schemas.errors import ConfigurationError

    fixtures: tuple[FixtureResult, ...] = ()
    try:
        fixtures = tuple(await run_fixtures(path))
        return _Tested(path, fixtures, await examine_file(path, lambda _check: step()))
    except ConfigurationError as error:
        return _Tested(path, fixtures, problem=error.detail)
    except OSError as error:
        return _Tested(path, fixtures, problem=error.strerror or type(error).__name__)


def _tables(tested: list[_Tested]) -> Iterator[Table | str]:
    whole = len(tested) <= _SHOWN_WHOLE
    for one in tested:
        if whole and one.report is not None:
            rows = [_row(verdict) for verdict in one.report.verdicts]
            yield Table(("", "check", "tier", "result", "why"), rows, title=str(one.path))
    yield Table(
        ("file", "kind", "tier", "fixtures", "checks passed", "failed", "exempt"), list(map(_summary, tested))
    )
    for one in tested:
        yield from (f"{one.path}: {text}" for text in _complaints(one))


def _complaints(one: _Tested) -> Iterator[str]:
    if one.problem:
        yield f"not tested: {one.problem}"
    yield from (f"fixture `{case.case}`: {case.differs}" for case in one.fixtures if not case.passed)
    for verdict in one.report.verdicts if one.report is not None else ():
        check = verdict.check
        if verdict.state == "failed":
            yield f"check {check.number}, {check.name}: {verdict.why}; {check.cure}"
        elif verdict.unfounded:
            yield f"check {check.number}, {check.name}, is kept: take its exemption out"


def _row(verdict: Verdict) -> tuple[object, ...]:
    check = verdict.check
    return check.number, check.name, check.tier, verdict.state, verdict.why


def _summary(one: _Tested) -> tuple[object, ...]:
    passed = f"{sum(case.passed for case in one.fixtures)} of {len(one.fixtures)}"
    if one.report is None:
        return one.path, "", "none", passed, "", "", ""
    states = [verdict.state for verdict in one.report.verdicts]
    numbers = [str(verdict.check.number) for verdict in one.report.failed]
    exempt = [str(verdict.check.number) for verdict in one.report.verdicts if verdict.state == "exempt"]
    tier = one.report.tier or "none"
    return one.path, one.report.kind, tier, passed, states.count("passed"), words(numbers), words(exempt)


def _file(one: _Tested) -> dict[str, Any]:
    report = one.report
    checks = [_check(verdict) for verdict in report.verdicts] if report is not None else []
    return {
        "file": str(one.path),
        "ok": one.ok,
        "tier": None if report is None else report.tier,
        "problem": one.problem or None,
        "checks": checks,
    }


def _check(verdict: Verdict) -> dict[str, Any]:
    check = verdict.check
    return {
        "number": check.number,
        "name": check.name,
        "tier": check.tier,
        "result": verdict.state,
        "why": verdict.why or None,
        "unfounded": verdict.unfounded,
        "cure": check.cure if verdict.state == "failed" else None,
    }


def _case(path: Path, case: FixtureResult) -> dict[str, Any]:
    return {"file": str(path), "case": case.case, "ok": case.passed, "differs": case.differs}
