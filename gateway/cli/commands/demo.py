"""`isthmus demo`: a small federated country on this machine."""

from __future__ import annotations

import sys
from contextlib import redirect_stdout
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from gateway.cli.commands.printing import Json


def demo(
    exit_after: Annotated[bool, typer.Option("--exit", help="End after the story.")] = False,
    report: Annotated[Path | None, typer.Option(help="Write what happened to this file, as JSON.")] = None,
    folder: Annotated[
        Path | None,
        typer.Option(help="Keep all data in this folder; what an earlier demo made there is replaced."),
    ] = None,
    people: Annotated[int, typer.Option(help="How many people live in Lumeria.", min=500)] = 2000,
    json: Json = False,
) -> None:
    """Start a small federated country and tell a story with it.

    With --json the story is told on the standard error stream, and what happened is printed in the end.
    """
    from gateway.cli.demo.story import run_demo

    if not json:
        raise typer.Exit(run_demo(exit_after=exit_after, report=report, folder=folder, people=people))
    with TemporaryDirectory() as temporary:
        written = report or Path(temporary) / "report.json"
        with redirect_stdout(sys.stderr):
            code = run_demo(exit_after=exit_after, report=written, folder=folder, people=people)
        if written.is_file():
            sys.stdout.write(written.read_text(encoding="utf-8"))
    raise typer.Exit(code)
