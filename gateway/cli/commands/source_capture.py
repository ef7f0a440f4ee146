"""`isthmus source capture`: answers of a live system become fixtures without any person in them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.commands.arguments import settings_of, subject_of
from gateway.cli.commands.printing import Json, Table, answer, progress
from gateway.cli.commands.source import SourceFile

app = typer.Typer()


@app.command("capture")
def capture_fixtures(
    file: SourceFile,
    service: Annotated[str, typer.Argument(metavar="SERVICE", help="The service's name in the file.")],
    subjects: Annotated[
        list[str],
        typer.Argument(metavar="TYPE=VALUE…", help="Whom to ask about, one after the other."),
    ],
    name: Annotated[str | None, typer.Option(help="The case's name; else its outcome.")] = None,
    settings: Annotated[
        Path | None, typer.Option(help="Take secrets and variables of this settings file.")
    ] = None,
    json: Json = False,
) -> None:
    """Ask the live system, take the person out of its answers, and keep them as fixtures."""
    from adapters.capture.capturing import Captured, capture
    from adapters.capture.fixture_file import add_cases
    from adapters.fixtures import load_offline, outcome_name
    from adapters.yaml_lines import load
    from gateway.app.registration import load_for

    asked = [subject_of(text) for text in subjects]
    source = load_for(file, None if settings is None else settings_of(settings))
    document, offline = load(file).value, load_offline(file)

    async def all_cases(step: Callable[[], None]) -> list[Captured]:
        found = []
        for one in asked:
            found.append(await capture(source, document, service, one, name or "", offline))
            step()
        return found

    with progress("asking", len(asked), show=not json) as step:
        found = asyncio.run(all_cases(step))
    target, names = add_cases(file, found)
    rows = [(case, outcome_name(one.outcome)) for case, one in zip(names, found, strict=True)]
    answer(
        {"file": str(target), "cases": [{"case": case, "outcome": outcome} for case, outcome in rows]},
        Table(("case", "outcome"), rows),
        f"written: {target}; every person's values were replaced, and what replaced them is forgotten",
        f"next: isthmus source test {file}",
        json=json,
    )
