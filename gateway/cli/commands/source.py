"""`isthmus source`: systems of members, from file to service."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from gateway.cli.commands.arguments import SettingsFile, SubjectText, settings_of, subject_of
from gateway.cli.commands.failures import FAILED, PROVIDER
from gateway.cli.commands.printing import Json, Table, answer, moment, value_text, words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from adapters.source import Source
    from gateway.app.overview import Overview

app = typer.Typer(name="source", help="Check, try and register source systems.", no_args_is_help=True)

Files = Annotated[list[Path], typer.Argument(metavar="FILE…", help="Source files.")]
SourceFile = Annotated[
    Path, typer.Argument(metavar="FILE", help="A source file.", exists=True, dir_okay=False)
]


@app.command("list")
def list_sources(
    settings: SettingsFile,
    health: Annotated[
        bool, typer.Option("--health", help="Ask each system whether it can be asked.")
    ] = False,
    json: Json = False,
) -> None:
    """List a gateway's sources: services, the tier of the last test, what is staged of dropped files."""
    from gateway.app.overview import overview

    found = overview(settings_of(settings), probe=health)
    asked = ("health",) if health else ()
    columns = ("source", "kind", "tier", "tested", *asked, "subsystem", "services", "title")
    answer(
        {"sources": [_document(one.source) | _standing(one) for one in found]},
        Table(columns, [_row(one, health=health) for one in found]),
        *(line for one in found for line in _staged_lines(one)),
        json=json,
    )


@app.command()
def check(files: Files, json: Json = False) -> None:
    """Check source files without a network; every complaint names line and cure."""
    from adapters.trying import check_source

    found = {str(path): check_source(path) for path in files}
    lines = []
    for path, findings in found.items():
        lines += [f"{finding.level}: {finding}" for finding in findings] or [f"{path}: in order"]
    ok = not any(finding.level == "error" for findings in found.values() for finding in findings)
    files_found = [
        {"file": path, "findings": [asdict(finding) for finding in findings]}
        for path, findings in found.items()
    ]
    answer({"ok": ok, "files": files_found}, *lines, json=json)
    if not ok:
        raise typer.Exit(FAILED)


@app.command("try")
def try_source(
    file: SourceFile,
    service: Annotated[str, typer.Argument(metavar="SERVICE", help="The service's name in the file.")],
    subject: SubjectText,
    show_values: Annotated[bool, typer.Option(help="Show values instead of their shapes.")] = False,
    settings: Annotated[
        Path | None, typer.Option(help="Take secrets and variables of this settings file.")
    ] = None,
    json: Json = False,
) -> None:
    """Ask the live system about one subject, and show what the mapping made of it."""
    from adapters.fixtures import outcome_name
    from adapters.trying import try_service
    from gateway.app.registration import load_for
    from schemas.outcome import DeniedBySource, Misbehaving, Unavailable

    asked = subject_of(subject)
    source = load_for(file, None if settings is None else settings_of(settings))
    attempt = asyncio.run(try_service(source, service, asked, show_values=show_values))
    outcome = outcome_name(attempt.outcome)
    document = {
        "outcome": outcome,
        **{name: value for name, value in asdict(attempt.outcome).items() if name != "record"},
        "raw": attempt.raw,
        "mapped": dict(attempt.mapped),
        "failed": list(attempt.failed),
    }
    cause = getattr(attempt.outcome, "cause", None)
    answer(
        _plain_values(document),
        f"outcome: {outcome}" + (f", {cause}" if cause else ""),
        *(f"failed: {rule}" for rule in attempt.failed),
        *(f"raw: {value_text(_plain_values(record))}" for record in attempt.raw),
        Table(("field", "value"), [(name, _plain_values(value)) for name, value in attempt.mapped.items()]),
        json=json,
    )
    if isinstance(attempt.outcome, (DeniedBySource, Misbehaving, Unavailable)):
        raise typer.Exit(PROVIDER)


@app.command()
def register(
    file: SourceFile,
    settings: SettingsFile,
    allow_tier: Annotated[
        Literal["bronze", "silver", "gold"], typer.Option(help="The least that `source test` must find.")
    ] = "gold",
    allow_offline: Annotated[
        bool, typer.Option("--allow-offline", help="Register a system that is down by plan, unasked.")
    ] = False,
    json: Json = False,
) -> None:
    """Make a source one of a gateway's own; refused while it fails its tests or cannot be asked."""
    from gateway.app.registration import register_source

    made = register_source(file, settings_of(settings), tier=allow_tier, allow_offline=allow_offline)
    steps = [
        f"isthmus federation record {settings} {made.member} --version NEXT --to REGISTRAR",
        f"restart the gateway: isthmus gateway run {settings}",
    ]
    unasked = [f"WARNING: {made.id} gave no answer; nobody knows whether it works"] if made.offline else []
    document = {
        "source": made.id,
        "file": str(made.path),
        "services": list(made.services),
        "tier": made.tier,
        "offline": made.offline,
        "beside": list(made.beside),
        "next": steps,
    }
    answer(
        document,
        *unasked,
        f"{made.id} is registered as {made.path}, {made.tier}, with {words(made.services)}",
        *(f"beside it: {name}" for name in made.beside),
        *(f"next: {step}" for step in steps),
        json=json,
    )


def _row(one: Overview, *, health: bool) -> tuple[object, ...]:
    source, tested = one.source, one.tested
    asked = (one.health or "",) if health else ()
    tier = "untested" if tested is None else tested.tier or "none"
    day = "" if tested is None else moment(tested.at)
    return source.id, source.kind, tier, day, *asked, source.subsystem, words(source.services), source.title


def _staged_lines(one: Overview) -> Iterator[str]:
    for file in one.staged:
        used = "no file is used yet" if file.name is None else f"{file.name} is used, {file.rows} rows"
        day = "" if file.as_of is None else f", of {moment(file.as_of)}"
        yield f"{one.source.id}, {file.word}: {used}{day}"
        yield from (
            f"{one.source.id}, {file.word}: {name} is not used: {why}" for name, why in file.bad.items()
        )
    if one.trouble:
        yield f"{one.source.id}: what is staged cannot be told: {one.trouble}"


def _standing(one: Overview) -> dict[str, Any]:
    """What a source's document has more in the list."""
    return {
        "tested": None if one.tested is None else asdict(one.tested),
        "staged": [asdict(file) for file in one.staged],
        "trouble": one.trouble or None,
        "health": one.health,
    }


def _document(source: Source) -> dict[str, Any]:
    return {
        "id": source.id,
        "title": source.title,
        "kind": source.kind,
        "subsystem": str(source.subsystem),
        "services": [str(source.service_id(name)) for name in source.services],
        "file": None if source.path is None else str(source.path),
    }


def _plain_values(value: Any) -> Any:
    """Raw records may hold what a driver made of a column, such as a date: as text."""
    if isinstance(value, dict):
        return {str(name): _plain_values(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain_values(item) for item in value]
    return value if value is None or isinstance(value, (str, int, float, bool)) else str(value)
