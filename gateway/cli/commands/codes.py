"""`isthmus codes`: what a system's codes mean in the canonical lists."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gateway.cli.commands.arguments import settings_of
from gateway.cli.commands.failures import FAILED
from gateway.cli.commands.printing import Json, Table, answer, value_text, words

if TYPE_CHECKING:
    from adapters.code_survey import Unmapped
    from adapters.crosswalk import Crosswalk

app = typer.Typer(name="codes", help="Code lists: what a system's codes mean.", no_args_is_help=True)

Beside = Annotated[
    Path | None,
    typer.Option(metavar="FOLDER", help="Look into `codes/` of this folder first.", file_okay=False),
]


@app.command("list")
def list_codes(beside: Beside = None, json: Json = False) -> None:
    """List the crosswalks that rules can name, those of a folder first."""
    from adapters.crosswalk import CodeLists, read_crosswalk

    found = [read_crosswalk(path) for path in CodeLists(beside).all()]
    rows = [
        (one.name, one.title, f"{one.schema} {one.field}", len(one.entries), one.valid_from) for one in found
    ]
    columns = ("code list", "translates", "to", "codes", "valid from")
    answer({"crosswalks": [_document(one) for one in found]}, Table(columns, rows), json=json)


@app.command()
def show(
    name: Annotated[str, typer.Argument(metavar="NAME/VERSION", help="A crosswalk, such as sex-dci/1.")],
    beside: Beside = None,
    json: Json = False,
) -> None:
    """Show what each code of a crosswalk means."""
    from adapters.crosswalk import CodeLists

    found = CodeLists(beside).find(name)
    rows = [(code, value_text(meaning)) for code, meaning in found.entries.items()]
    other = "refused" if found.otherwise == "error" else value_text(found.otherwise) or "unknown"
    answer(
        {**_document(found), "entries": dict(found.entries)},
        f"{found.name}: {found.title}",
        f"from {found.system}, since {found.valid_from}, to {found.field} of {found.schema}",
        Table(("code", "means"), rows),
        f"every other code: {other}",
        json=json,
    )


@app.command()
def check(
    files: Annotated[list[Path], typer.Argument(metavar="FILE…", help="Crosswalk files.")],
    json: Json = False,
) -> None:
    """Check crosswalk files: their form, and that every target is a canonical code."""
    from adapters.crosswalk import crosswalk_findings
    from adapters.yaml_lines import load

    found = {str(path): crosswalk_findings(load(path)) for path in files}
    lines = []
    for path, findings in found.items():
        lines += [f"{finding.level}: {finding}" for finding in findings] or [f"{path}: in order"]
    ok = not any(found.values())
    files_found = [
        {"file": path, "findings": list(map(asdict, findings))} for path, findings in found.items()
    ]
    answer({"ok": ok, "files": files_found}, *lines, json=json)
    if not ok:
        raise typer.Exit(FAILED)


@app.command()
def unmapped(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A source file.", exists=True, dir_okay=False)],
    show_codes: Annotated[bool, typer.Option(help="Show unknown codes that many rows carry.")] = False,
    settings: Annotated[
        Path | None, typer.Option(help="Take secrets and variables of this settings file.")
    ] = None,
    json: Json = False,
) -> None:
    """Count the codes that a live source holds and no code list of its file knows."""
    from adapters.code_survey import AT_LEAST, survey
    from gateway.app.registration import load_for

    found = asyncio.run(survey(load_for(file, None if settings is None else settings_of(settings))))
    rows = [(one.service, one.field, one.column, one.rows, _shown(one, show_codes)) for one in found]
    document = [{**asdict(one), "codes": dict(one.codes) if show_codes else len(one.codes)} for one in found]
    note = f"codes that fewer than {AT_LEAST} rows carry are counted, never shown"
    lines: list[Table | str] = [Table(("service", "field", "column", "rows", "unknown codes"), rows), note]
    answer(
        {"ok": not found, "at_least": AT_LEAST, "unmapped": document},
        *(lines if found else ["every code is in a list"]),
        json=json,
    )
    if found:
        raise typer.Exit(FAILED)


def _shown(one: Unmapped, show_codes: bool) -> str:
    if one.too_many:
        return "too many different values: this column is no code list"
    if not show_codes:
        return str(len(one.codes) + one.rare)
    codes = words(f"{code} ({rows})" for code, rows in one.codes.items())
    rare = f"{one.rare} rare ones" if one.rare else ""
    return " and ".join(part for part in (codes, rare) if part)


def _document(one: Crosswalk) -> dict[str, Any]:
    return {
        "name": one.name,
        "title": one.title,
        "from": one.system,
        "to": {"canonical": one.schema, "field": one.field},
        "codes": len(one.entries),
        "else": one.otherwise,
        "valid_from": one.valid_from,
        "file": str(one.path),
    }
