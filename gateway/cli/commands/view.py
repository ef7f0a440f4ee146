"""`isthmus view`: virtual records, explained and asked for."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from gateway.cli.commands.arguments import SubjectText, folder_of, subject_of
from gateway.cli.commands.failures import CLIENT, GATEWAY, PROVIDER, CommandFailed
from gateway.cli.commands.printing import Json, Table, answer, moment, words

app = typer.Typer(name="view", help="See views and ask for virtual records.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(metavar="NAME", help="The view's name.")]
_FAULTS = {"client": CLIENT, "provider": PROVIDER, "gateway": GATEWAY}


@app.command("list")
def list_views(
    where: Annotated[
        Path | None, typer.Argument(metavar="[FOLDER]", help="A folder of views; without it those shipped.")
    ] = None,
    json: Json = False,
) -> None:
    """List views, with their purposes."""
    views = _views(where)
    rows = [
        (view.name, view.version, len(view.attributes), words(view.purposes), view.title) for view in views
    ]
    answer(
        {"views": [view.as_json() for view in views]},
        Table(("view", "version", "attributes", "purposes", "title"), rows),
        json=json,
    )


@app.command()
def explain(
    name: Name,
    field: Annotated[list[str] | None, typer.Option("--field", "--fields", help="Repeatable.")] = None,
    folder: Annotated[Path | None, typer.Option(help="A folder of views.")] = None,
    json: Json = False,
) -> None:
    """Say which services a view asks, for what, and in which order."""
    from registry_virtual.explain import explain as explain_view

    view = next((one for one in _views(folder) if one.name == name), None)
    if view is None:
        raise CommandFailed(
            CLIENT,
            "There is no such view",
            f"no view is called {name}",
            "see which there are: `isthmus view list`",
        )
    text = explain_view(view, _split(field))
    answer({"view": view.name, "version": view.version, "plan": text}, text.rstrip("\n"), json=json)


@app.command()
def ask(
    url: Annotated[str, typer.Argument(metavar="URL", help="A gateway's client port or development door.")],
    name: Name,
    subject: SubjectText,
    purpose: Annotated[str | None, typer.Option(help="Why; without it the view's own purpose.")] = None,
    legal_basis: Annotated[str | None, typer.Option(help="On which ground.")] = None,
    field: Annotated[list[str] | None, typer.Option("--field", "--fields", help="Repeatable.")] = None,
    cert: Annotated[Path | None, typer.Option(help="The client's certificate, PEM.")] = None,
    key: Annotated[Path | None, typer.Option(help="The certificate's key, PEM.")] = None,
    cacert: Annotated[Path | None, typer.Option(help="The authority to trust, PEM.")] = None,
    json: Json = False,
) -> None:
    """Ask a running gateway for one virtual record."""
    from gateway.app.calls import Identity, ask_view
    from schemas.identifiers import check_part

    check_part(name)
    question: dict[str, Any] = {"subject": subject_of(subject).as_json()}
    wanted = {"purpose": purpose, "legal_basis": legal_basis, "fields": _split(field)}
    question.update({member: value for member, value in wanted.items() if value is not None})
    called = ask_view(url, name, question, Identity(cert, key, cacert))
    if called.status != 200:
        raise _refused(called.document, called.status)
    attributes = called.document.get("attributes", {})
    rows = [
        (label, one.get("value"), one.get("status"), one.get("source"), moment(one.get("as_of")))
        for label, one in attributes.items()
    ]
    answer(
        called.document,
        Table(("attribute", "value", "status", "source", "as of"), rows),
        f"enquiry {called.document.get('cid')}",
        json=json,
    )


def _refused(problem: Mapping[str, Any], status: int) -> CommandFailed:
    fault = problem.get("fault") or ("client" if status < 500 else "gateway")
    detail = str(problem.get("detail") or f"HTTP status {status}")
    reasons = problem.get("reasons") or ()
    if reasons:
        detail += f" (reasons: {words(reasons)})"
    return CommandFailed(_FAULTS.get(fault, GATEWAY), str(problem.get("title", "The request failed")), detail)


def _views(where: Path | None) -> list[Any]:
    from registry_virtual.view_file import SHIPPED, load_views

    folder = SHIPPED if where is None else folder_of(where, "views")
    return list(load_views(folder).values())


def _split(fields: list[str] | None) -> tuple[str, ...] | None:
    """Fields given one by one, or separated by commas."""
    if fields is None:
        return None
    return tuple(name for given in fields for name in given.split(",") if name)
