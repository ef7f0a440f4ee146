"""The commands of `isthmus`, one file per group; each calls one function that lives elsewhere.

Exit codes: 0 success, 1 a check or verification failed, 2 client fault or usage, 3 provider fault,
4 gateway fault (`failures`). Every command has `--json` (`printing`). What a command needs is
imported when it runs, so that `--help` answers at once.
"""

from __future__ import annotations

from typing import Annotated

import typer

from gateway.cli.commands import (
    agreement,
    agreement_acts,
    audit,
    codes,
    consent,
    demo,
    emergency,
    federation,
    gateway,
    insight,
    people,
    policy,
    source,
    source_capture,
    source_docs,
    source_fingerprint,
    source_new,
    source_quality,
    source_test,
    verify,
    view,
)
from gateway.cli.commands.failures import ExplainingGroup

app = typer.Typer(
    name="isthmus",
    help="Connect the registries of a country without copying them.",
    cls=ExplainingGroup,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _say_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"isthmus {version('isthmus')}")
        raise typer.Exit


@app.callback()
def _isthmus(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_say_version, is_eager=True, help="Say the version and stop."),
    ] = False,
) -> None:
    del version  # `_say_version` has said it


app.command("demo")(demo.demo)
agreement.app.add_typer(agreement_acts.app)
policy.app.add_typer(insight.app)
source.app.add_typer(source_new.app)
source.app.add_typer(source_capture.app)
source.app.add_typer(source_docs.app)
source.app.add_typer(source_test.app)
source.app.add_typer(source_fingerprint.app)
source.app.add_typer(source_quality.app)
for _group in (
    gateway,
    federation,
    people,
    source,
    codes,
    policy,
    agreement,
    consent,
    emergency,
    view,
    audit,
):
    app.add_typer(_group.app)
app.command("verify")(verify.verify)

__all__ = ["app"]
