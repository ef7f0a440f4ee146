"""`isthmus agreement propose|accept|approve|revoke`: the acts of a member's agreement officers.

Each works on the gateway's database with its keys, so it is for people on the gateway's machine, who say by
`--by` who they are; the running gateway carries what was signed to the other member within a second.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli.commands.agreement import AgreementId, Member, Version, With
from gateway.cli.commands.arguments import SettingsFile, settings_of
from gateway.cli.commands.printing import Json, answer

if TYPE_CHECKING:
    from gateway.people.four_eyes import Proposal
    from schemas.agreement import Agreement

app = typer.Typer()
"""Without a name: its commands stand beside those of `agreement`."""

By = Annotated[str, typer.Option(metavar="OFFICER", help="Who acts; recorded as a pseudonym.")]


@app.command()
def propose(
    settings: SettingsFile,
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="The agreement file.", exists=True, dir_okay=False)
    ],
    by: By,
    member: Member = None,
    json: Json = False,
) -> None:
    """Ask a second officer to sign an agreement and propose it to the other member."""
    proposal, agreement = asyncio.run(_propose(settings, file, by, member))
    _waits(settings, proposal, agreement, json=json)


@app.command()
def accept(
    settings: SettingsFile,
    agreement: AgreementId,
    by: By,
    version: Version = None,
    counterpart: With = None,
    member: Member = None,
    json: Json = False,
) -> None:
    """Ask a second officer to sign what the other member proposed."""
    proposal, accepted = asyncio.run(_accept(settings, agreement, by, version, counterpart, member))
    _waits(settings, proposal, accepted, json=json)


@app.command()
def approve(
    settings: SettingsFile,
    proposal: Annotated[str, typer.Argument(metavar="PROPOSAL", help="What `propose` or `accept` printed.")],
    by: By,
    json: Json = False,
) -> None:
    """Approve what another officer asked for: the member signs, and the other one is told."""
    approved = asyncio.run(_approve(settings, proposal, by))
    version = approved.document["version"]
    answer(
        {"proposal": proposal, "act": approved.act, "agreement": approved.document["id"], "version": version},
        f"{approved.member} has signed {approved.document['id']} version {version}",
        "the running gateway tells the other member; see `isthmus agreement list SETTINGS`",
        json=json,
    )


@app.command()
def revoke(
    settings: SettingsFile,
    agreement: AgreementId,
    by: By,
    reason: Annotated[str, typer.Option(help="Why, in one line; the other member reads it.")],
    counterpart: With = None,
    member: Member = None,
    json: Json = False,
) -> None:
    """End an agreement, or turn a proposal down: at once here, and told to the other member."""
    ended = asyncio.run(_revoke(settings, agreement, by, reason, counterpart, member))
    answer(
        {"agreement": ended.id, "version": ended.version, "state": "revoked"},
        f"{ended.id} is revoked up to version {ended.version}; within a second on every node of this gateway",
        json=json,
    )


def _waits(settings: Path, proposal: str, agreement: Agreement, *, json: bool) -> None:
    step = f"isthmus agreement approve {settings} {proposal} --by ANOTHER_OFFICER"
    answer(
        {"proposal": proposal, "agreement": agreement.id, "version": agreement.version, "next": step},
        f"{agreement.id} version {agreement.version} waits for a second officer",
        f"next: {step}",
        json=json,
    )


async def _propose(settings: Path, file: Path, by: str, member: str | None) -> tuple[str, Agreement]:
    from gateway.app.agreements import opened_officers
    from policies.agreement_file import read_agreement_file
    from schemas.identifiers import MemberId

    content = read_agreement_file(file).file.value
    async with opened_officers(settings_of(settings), by) as (officers, _, name):
        return await officers.propose(content, name, MemberId.parse(member) if member else None)


async def _accept(
    settings: Path, name: str, by: str, version: int | None, counterpart: str | None, member: str | None
) -> tuple[str, Agreement]:
    from gateway.agreements.overview import find
    from gateway.app.agreements import opened_officers

    async with opened_officers(settings_of(settings), by) as (officers, store, officer):
        held = await find(store, name, counterpart, member)
        return await officers.accept(held.key, version, officer)


async def _approve(settings: Path, proposal: str, by: str) -> Proposal:
    from gateway.app.agreements import opened_officers

    async with opened_officers(settings_of(settings), by) as (officers, _, officer):
        return await officers.approve(proposal, officer)


async def _revoke(
    settings: Path, name: str, by: str, reason: str, counterpart: str | None, member: str | None
) -> Agreement:
    from gateway.agreements.overview import find
    from gateway.app.agreements import opened_officers

    async with opened_officers(settings_of(settings), by) as (officers, store, officer):
        held = await find(store, name, counterpart, member)
        return await officers.revoke(held.key, officer, reason)
