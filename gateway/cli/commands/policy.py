"""`isthmus policy`: the rules that decide, tested and looked at before they are loaded."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.commands.failures import FAILED
from gateway.cli.commands.printing import Json, Table, answer

app = typer.Typer(name="policy", help="Test the policy, and see which one it is.", no_args_is_help=True)

Folder = Annotated[
    Path | None,
    typer.Argument(help="The policy's folder; without it the one shipped.", exists=True, file_okay=False),
]


@app.command("test")
def run_tests(folder: Folder = None, json: Json = False) -> None:
    """Run the policy's own tests on the embedded engine."""
    from policies.rego_tests import run_tests
    from policies.sources import POLICY_FOLDER

    results = run_tests(folder or POLICY_FOLDER)
    counts = {word: sum(r.verdict == word for r in results) for word in ("passed", "failed", "skipped")}
    bad = [(r.file, r.name, r.cause) for r in results if r.verdict == "failed"]
    answer(
        {**counts, "tests": [asdict(result) for result in results]},
        *([Table(("file", "test", "cause"), bad)] if bad else []),
        ", ".join(f"{number} {word}" for word, number in counts.items()),
        json=json,
    )
    if bad or not results:
        raise typer.Exit(FAILED)


@app.command()
def check(
    rules: Annotated[
        Path | None, typer.Option(help="A folder of rules with their tests.", exists=True, file_okay=False)
    ] = None,
    national: Annotated[Path | None, typer.Option(help="The country's policy data.", exists=True)] = None,
    provider: Annotated[
        Path | None, typer.Option(help="Rules of our own members: a file or a folder.", exists=True)
    ] = None,
    json: Json = False,
) -> None:
    """Try a policy as a gateway does before it decides by it: lint, tests, denials and cost."""
    import asyncio

    from policies.keeper import PolicyKeeper, PolicyPlaces
    from policies.sources import POLICY_FOLDER
    from schemas.errors import ConfigurationError

    try:
        keeper = PolicyKeeper(PolicyPlaces(rules or POLICY_FOLDER, national, provider))
        asyncio.run(keeper.check())
    except ConfigurationError as error:
        answer({"ok": False, "complaint": error.detail}, error.detail, json=json)
        raise typer.Exit(FAILED) from None
    version = keeper.sources.version
    answer({"ok": True, "policy_version": version}, f"in order; its version is {version}", json=json)


@app.command()
def lint(folder: Folder = None, json: Json = False) -> None:
    """Look at the policy's files as a gateway does before it loads them."""
    from policies.lint import check_sources
    from policies.sources import POLICY_FOLDER, load_sources
    from schemas.errors import ConfigurationError

    try:
        sources = load_sources(folder or POLICY_FOLDER)
        check_sources(sources.files)
    except ConfigurationError as error:
        answer({"ok": False, "complaint": error.detail}, error.detail, json=json)
        raise typer.Exit(FAILED) from None
    names = [file.name for file in sources.files]
    answer({"ok": True, "files": names}, f"{len(names)} files are in order", json=json)


@app.command()
def version(folder: Folder = None, json: Json = False) -> None:
    """Name the policy's version, as decisions carry it."""
    from policies.sources import POLICY_FOLDER, load_sources

    sources = load_sources(folder or POLICY_FOLDER)
    document = {"policy_version": sources.version, "files": [file.name for file in sources.files]}
    answer(document, sources.version, json=json)
