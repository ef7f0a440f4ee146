"""`isthmus people`: who holds which role for which hosted member, and API tokens.

Whoever has a shell and the gateway's keys may grant any role: so the first operator comes to be. Every change
is an entry of the audit log, with the local operator's pseudonym in its case.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from gateway.cli.commands.arguments import SettingsFile, settings_of
from gateway.cli.commands.printing import Json, Table, answer, moment, words
from gateway.people.person import Role

if TYPE_CHECKING:
    from gateway.people.people import People

T = TypeVar("T")

app = typer.Typer(name="people", help="Say who may do what.", no_args_is_help=True)
tokens = typer.Typer(name="token", help="Make and end API tokens.", no_args_is_help=True)
app.add_typer(tokens)

PersonText = Annotated[
    str, typer.Option("--person", metavar="ISS#SUB", help="The person: issuer#subject, or their id.")
]
OwnerText = Annotated[
    str, typer.Option("--owner", metavar="ISS#SUB", help="The token's owner: issuer#subject, or their id.")
]
MemberText = Annotated[str, typer.Option("--member", help="For which hosted member.")]


@app.command()
def grant(
    settings: SettingsFile,
    person: PersonText,
    role: Annotated[Role, typer.Option(help="Which role.")],
    member: MemberText,
    json: Json = False,
) -> None:
    """Grant a role, at once; the log says that it was done from here."""
    _change(settings, person, role, member, "granted", json=json)


@app.command()
def revoke(
    settings: SettingsFile,
    person: PersonText,
    role: Annotated[Role, typer.Option(help="Which role.")],
    member: MemberText,
    json: Json = False,
) -> None:
    """Take a role back; sessions and API tokens lose it at once."""
    _change(settings, person, role, member, "revoked", json=json)


@app.command("list")
def list_grants(
    settings: SettingsFile,
    member: Annotated[str | None, typer.Option(help="Only this member.")] = None,
    json: Json = False,
) -> None:
    """List who holds which role; people are pseudonyms."""
    from schemas.identifiers import MemberId

    async def read(people: People, _: str) -> list[Any]:
        members = [MemberId.parse(member)] if member else sorted(people.members, key=str)
        return [one for each in members for one in await people.grants.list(each)]

    found = _with_people(settings, read)
    document = [
        {"person": one.person, "role": one.role, "member": str(one.member), "granted_at": one.granted_at}
        for one in found
    ]
    rows = [(one.member, one.role.value, one.person, moment(one.granted_at)) for one in found]
    answer({"grants": document}, Table(("member", "role", "person", "since"), rows), json=json)


@tokens.command("create")
def create_token(
    settings: SettingsFile,
    owner: OwnerText,
    role: Annotated[list[Role], typer.Option(help="A role of the owner. Repeatable.")],
    member: MemberText,
    label: Annotated[str, typer.Option(help="What it is for.")],
    days: Annotated[int, typer.Option(min=1, max=365, help="How long it is valid.")] = 30,
    json: Json = False,
) -> None:
    """Make an API token with some of its owner's roles; it is shown this once."""
    from gateway.people.pseudonym import person_of
    from schemas.identifiers import MemberId

    async def make(people: People, by: str) -> tuple[str, str]:
        roles = {MemberId.parse(member): frozenset(role)}
        return await people.tokens.create(person_of(people.key, owner), label, roles, days, by)

    identifier, text = _with_people(settings, make)
    answer({"id": identifier, "token": text}, f"id     {identifier}", f"token  {text}", json=json)


@tokens.command("list")
def list_tokens(settings: SettingsFile, owner: OwnerText, json: Json = False) -> None:
    """List a person's API tokens."""
    from gateway.people.pseudonym import person_of

    async def read(people: People, _: str) -> list[Any]:
        return await people.tokens.list(person_of(people.key, owner))

    found = _with_people(settings, read)
    document = [
        {
            "id": one.id,
            "label": one.label,
            "roles": {str(member): sorted(roles) for member, roles in one.roles.items()},
            "created_at": one.created_at,
            "expires": one.expires,
        }
        for one in found
    ]
    rows = [(one.id, one.label, words(one.roles), moment(one.expires)) for one in found]
    answer({"tokens": document}, Table(("id", "label", "members", "valid until"), rows), json=json)


@tokens.command("revoke")
def revoke_token(
    settings: SettingsFile,
    token: Annotated[str, typer.Argument(metavar="ID", help="The token's id.")],
    json: Json = False,
) -> None:
    """End an API token now."""

    async def end(people: People, by: str) -> None:
        await people.tokens.revoke(token, by)

    _with_people(settings, end)
    answer({"id": token, "state": "revoked"}, f"revoked {token}", json=json)


@app.command("development-provider")
def development_provider(
    settings: SettingsFile,
    host: Annotated[str, typer.Option(help="A loopback address.")] = "127.0.0.1",
    port: Annotated[int | None, typer.Option(help="Default: the port of sign_in.issuer.")] = None,
    grant_roles: Annotated[
        bool, typer.Option("--grant", help="Grant each fictional person their role first.")
    ] = False,
    citizen: Annotated[
        list[str] | None, typer.Option(help="Also offer this citizen, by identifier. Repeatable.")
    ] = None,
    json: Json = False,
) -> None:
    """Serve an identity provider that asks nobody for a password, on loopback, until Ctrl-C."""
    from gateway.app.development import run_development_provider

    def say(address: str, persons: int) -> None:
        answer(
            {"issuer": address, "persons": persons},
            f"INSECURE: {address} lets whoever reaches it be one of {persons} fictional persons",
            json=json,
        )

    asyncio.run(
        run_development_provider(
            settings_of(settings), host, port, citizen or [], grant_roles=grant_roles, ready=say
        )
    )


def _change(path: Path, person: str, role: Role, member: str, what: str, *, json: bool) -> None:
    from gateway.people.pseudonym import person_of
    from schemas.identifiers import MemberId

    async def change(people: People, by: str) -> str:
        who = person_of(people.key, person)
        do = people.grants.grant if what == "granted" else people.grants.revoke
        await do(who, role, MemberId.parse(member), by)
        return who

    who = _with_people(path, change)
    document = {"person": who, "role": role.value, "member": member, "state": what}
    answer(document, f"{what} {role.value} for {member}: {who}", json=json)


def _with_people(path: Path, work: Callable[[People, str], Awaitable[T]]) -> T:
    from gateway.app.people import opened_people

    async def run() -> T:
        async with opened_people(settings_of(path)) as (people, by):
            return await work(people, by)

    return asyncio.run(run())
