"""`isthmus gateway`: one node, from its settings file."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.commands.arguments import SettingsFile, settings_of
from gateway.cli.commands.failures import FAILED
from gateway.cli.commands.printing import Json, Table, answer, value_text

app = typer.Typer(name="gateway", help="Check, migrate and run a gateway.", no_args_is_help=True)


@app.command()
def migrate(settings: SettingsFile, json: Json = False) -> None:
    """Bring the gateway's database to the newest schema; safe to repeat."""
    from gateway.storage.migrate import HEAD, migrate_now

    migrate_now(settings_of(settings).database.get_secret_value())
    answer({"schema": HEAD}, f"the database is at schema {HEAD}", json=json)


@app.command()
def check(settings: Annotated[Path, typer.Argument(metavar="SETTINGS")], json: Json = False) -> None:
    """Look at everything the gateway needs: keys, database, sources, agreements, views, policy."""
    from gateway.app.inspection import inspect_gateway

    parts = inspect_gateway(settings)
    ok = all(part.ok for part in parts)
    rows = [(part.name, "ok" if part.ok else "wrong", part.found) for part in parts]
    answer(
        {"ok": ok, "parts": [asdict(part) for part in parts]},
        Table(("part", "state", "found"), rows),
        "Everything is in order." if ok else "Something is wrong; correct it and check again.",
        json=json,
    )
    if not ok:
        raise typer.Exit(FAILED)


@app.command()
def run(settings: SettingsFile, json: Json = False) -> None:
    """Serve until a signal. Its log lines go to the standard error stream."""
    del json  # a serving process has nothing to print
    from gateway.cli.serving import serve

    raise typer.Exit(serve(["gateway", "run", str(settings)]))


@app.command()
def status(
    url: Annotated[str, typer.Argument(metavar="URL", help="The gateway's admin port, http://host:port.")],
    json: Json = False,
) -> None:
    """Ask a running gateway whether exchanges can be made."""
    from gateway.app.calls import gateway_state

    called = gateway_state(url)
    parts = called.document.get("parts", {})
    rows = [
        (name, "ready" if part.get("ready") else "not ready", part.get("state"), _facts(part))
        for name, part in parts.items()
    ]
    answer(
        called.document,
        f"{called.document.get('gateway', url)}: {called.document.get('status', 'unknown')}",
        Table(("part", "ready", "state", "facts"), rows),
        json=json,
    )
    if called.status != 200:
        raise typer.Exit(FAILED)


def _facts(part: dict[str, object]) -> str:
    facts = {name: value for name, value in part.items() if name not in {"ready", "state"}}
    return ", ".join(f"{name} {value_text(value)}" for name, value in facts.items() if value is not None)
