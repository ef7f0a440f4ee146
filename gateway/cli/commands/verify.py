"""`isthmus verify`: an evidence bundle, checked offline."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.commands.failures import FAILED
from gateway.cli.commands.printing import Json, Table, answer


def verify(
    bundle: Annotated[
        Path, typer.Argument(help="The evidence bundle, a zip file.", exists=True, dir_okay=False)
    ],
    body: Annotated[
        Path | None, typer.Option(help="A body to compare with the one signed.", exists=True, dir_okay=False)
    ] = None,
    json: Json = False,
) -> None:
    """Check an evidence bundle: every check passes, fails, or says what is absent."""
    from audit.verify import verify_bundle

    report = verify_bundle(bundle, None if body is None else body.read_bytes())
    rows = [(check.exchange, check.name, check.status, check.text) for check in report.checks]
    answer(
        {"ok": report.ok, "checks": [asdict(check) for check in report.checks]},
        Table(("exchange", "check", "result", "what"), rows),
        "Everything that could be checked holds." if report.ok else "A check failed.",
        json=json,
    )
    if not report.ok:
        raise typer.Exit(FAILED)
