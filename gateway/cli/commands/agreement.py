"""`isthmus agreement`: what both members signed, read from files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gateway.cli.commands.arguments import folder_of
from gateway.cli.commands.failures import CLIENT, FAILED, CommandFailed
from gateway.cli.commands.printing import Json, Table, answer, moment, words

if TYPE_CHECKING:
    from schemas.agreement import AgreedService, Agreement

app = typer.Typer(name="agreement", help="See and check agreements.", no_args_is_help=True)

Where = Annotated[Path, typer.Argument(help="A folder of agreements, or a settings file.", exists=True)]


@app.command("list")
def list_agreements(where: Where, json: Json = False) -> None:
    """List the agreements of a folder or a gateway."""
    from policies.agreements import Agreements

    found = list(Agreements.load(folder_of(where, "agreements")))
    rows = [
        (
            one.id,
            one.version,
            one.status,
            one.client,
            one.provider,
            len(one.services),
            moment(one.valid_until),
        )
        for one in found
    ]
    columns = ("id", "version", "status", "client", "provider", "services", "valid until")
    answer({"agreements": [_document(one) for one in found]}, Table(columns, rows), json=json)


@app.command()
def show(
    where: Where,
    agreement: Annotated[str, typer.Argument(metavar="ID", help="The agreement's id.")],
    json: Json = False,
) -> None:
    """Show one agreement with its terms."""
    from policies.agreements import Agreements

    folder = folder_of(where, "agreements")
    one = next((found for found in Agreements.load(folder) if found.id == agreement), None)
    if one is None:
        step = f"see which there are: `isthmus agreement list {where}`"
        raise CommandFailed(CLIENT, "There is no such agreement", f"{folder} has none of this id", step)
    rows = [
        (
            terms.service,
            words(terms.purposes),
            words(terms.legal_bases),
            words(terms.fields or (*terms.methods, *terms.paths)),
            words(f"{asked.field} {asked.op} {asked.value}" for asked in terms.predicates),
        )
        for terms in one.services
    ]
    answer(
        _document(one),
        f"{one.id} version {one.version}, {one.status}",
        f"{one.client} asks {one.provider}, from {moment(one.valid_from)} until {moment(one.valid_until)}",
        f"absence: {one.absence}",
        Table(("service", "purposes", "legal bases", "fields, or methods and paths", "questions"), rows),
        json=json,
    )


@app.command()
def check(
    files: Annotated[list[Path], typer.Argument(metavar="FILE…", help="Agreement files.")], json: Json = False
) -> None:
    """Check agreement files; every complaint names line and cure."""
    from policies.agreement_file import read_agreement
    from schemas.errors import ConfigurationError

    checked: list[dict[str, Any]] = []
    for path in files:
        try:
            checked.append({"file": str(path), "ok": True, "id": read_agreement(path).id})
        except ConfigurationError as error:
            checked.append({"file": str(path), "ok": False, "complaint": error.detail})
    lines = [f"{one['file']}: in order" if one["ok"] else one["complaint"] for one in checked]
    ok = all(one["ok"] for one in checked)
    answer({"ok": ok, "files": checked}, *lines, json=json)
    if not ok:
        raise typer.Exit(FAILED)


def _document(one: Agreement) -> dict[str, Any]:
    return {
        "id": one.id,
        "version": one.version,
        "client": str(one.client),
        "provider": str(one.provider),
        "status": one.status,
        "valid_from": one.valid_from,
        "valid_until": one.valid_until,
        "absence": one.absence,
        "services": [_terms(terms) for terms in one.services],
    }


def _terms(terms: AgreedService) -> dict[str, Any]:
    return {
        "service": str(terms.service),
        "purposes": list(terms.purposes),
        "legal_bases": list(terms.legal_bases),
        "default_purpose": terms.default_purpose,
        "default_legal_basis": terms.default_legal_basis,
        "fields": list(terms.fields),
        "predicates": [asked.as_json() for asked in terms.predicates],
        "methods": list(terms.methods),
        "paths": list(terms.paths),
    }
