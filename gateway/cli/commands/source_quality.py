"""`isthmus source quality`: how good an owner's data are; counts only, values never leave."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli.commands.arguments import settings_of, subject_of
from gateway.cli.commands.printing import Json, Table, answer

if TYPE_CHECKING:
    from adapters.quality.report import ServiceQuality
    from schemas.record import Subject

app = typer.Typer()


class By(StrEnum):
    """What counts can be told apart by."""

    AREA = "area"


@app.command("quality")
def quality(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A source file.", exists=True, dir_okay=False)],
    service: Annotated[str | None, typer.Argument(metavar="[SERVICE]", help="One service of it.")] = None,
    by: Annotated[By | None, typer.Option(help="Also count by area.")] = None,
    sample: Annotated[
        int | None, typer.Option(min=1, help="Read so many records only, or ask about so many subjects.")
    ] = None,
    subjects: Annotated[
        Path | None,
        typer.Option(
            help="Whom to ask about, TYPE=VALUE in each line; read, never kept.", dir_okay=False, exists=True
        ),
    ] = None,
    show_codes: Annotated[bool, typer.Option(help="Show unknown codes that many records carry.")] = False,
    html: Annotated[Path | None, typer.Option(metavar="OUT", help="Write a page for printing.")] = None,
    settings: Annotated[
        Path | None, typer.Option(help="Take secrets and variables of this settings file.")
    ] = None,
    json: Json = False,
) -> None:
    """Count what is missing, double, impossible, unknown or old in a source's data."""
    from adapters.quality.assessing import assess
    from gateway.app.registration import load_for

    source = load_for(file, None if settings is None else settings_of(settings))
    asked = _subjects(subjects) if subjects is not None else []
    with _progress(show=not json) as progress:
        found = asyncio.run(
            assess(
                source,
                [] if service is None else [service],
                by_area=by is By.AREA,
                most=sample,
                subjects=asked,
                show_codes=show_codes,
                progress=progress,
            )
        )
    if html is not None:
        from adapters.quality.page import page

        html.write_text(page(found), encoding="utf-8")
    document = {"source": source.id, "services": [report.document() for report in found]}
    parts = list(_parts(found)) if html is None else [f"the report is in {html}"]
    answer(document, *parts, json=json)


def _subjects(path: Path) -> list[Subject]:
    """The subjects of a file; one that is none is named by its line, never by its text."""
    from schemas.errors import MalformedRequest

    found = []
    for number, line in enumerate(path.read_text(encoding="utf-8-sig").splitlines(), start=1):
        if not line.strip():
            continue
        try:
            found.append(subject_of(line.strip()))
        except MalformedRequest:
            raise MalformedRequest(f"{path.name}:{number}: not TYPE=VALUE") from None
    return found


def _parts(reports: list[ServiceQuality]) -> Iterator[Table | str]:
    from adapters.quality.wording import sections

    for report in reports:
        for number, section in enumerate(sections(report)):
            yield section.title if number == 0 else f"\n{section.title}"
            yield from (f"  {sentence}" for sentence in section.sentences)
            if section.rows:
                yield Table(section.columns, section.rows)


@contextmanager
def _progress(*, show: bool) -> Iterator[Callable[[str, int], None]]:
    """A line on standard error, where a person looks at it."""
    if not (show and sys.stderr.isatty()):
        yield lambda _service, _records: None
        return
    from rich.console import Console

    with Console(stderr=True).status("reading") as status:
        yield lambda service, records: status.update(f"{service}: {records} records")
