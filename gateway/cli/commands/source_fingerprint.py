"""`isthmus source fingerprint`: the columns that a database's views have now, as a file can hold them."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.commands.arguments import settings_of
from gateway.cli.commands.printing import Json, answer

app = typer.Typer()


@app.command("fingerprint")
def fingerprint(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A source file.", exists=True, dir_okay=False)],
    settings: Annotated[
        Path | None, typer.Option(help="Take secrets and variables of this settings file.")
    ] = None,
    json: Json = False,
) -> None:
    """Ask a database for the fingerprints of the views a source reads, to write into its file."""
    from adapters.kinds.sql.fingerprint import fingerprint_of
    from gateway.app.registration import load_for
    from schemas.errors import RequestMismatch

    source = load_for(file, None if settings is None else settings_of(settings))
    if source.kind != "sql":
        raise RequestMismatch(f"source {source.id} reads no database view; only `kind: sql` has fingerprints")
    found = asyncio.run(fingerprint_of(source))
    answer(
        {"source": source.id, "fingerprints": dict(found)},
        *(f"{name}: fingerprint: {value}" for name, value in found.items()),
        json=json,
    )
