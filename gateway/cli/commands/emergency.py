"""`isthmus emergency`: open named purposes for a limited time after a disaster; two people declare it."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gateway.cli.commands.arguments import SettingsFile, settings_of
from gateway.cli.commands.printing import Json, Table, answer, moment, words

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.exchange.emergencies import Emergency

app = typer.Typer(name="emergency", help="Declare, end and list emergencies.", no_args_is_help=True)

By = Annotated[str, typer.Option(metavar="NAME", help="Who you are; only a pseudonym is recorded.")]
Member = Annotated[str, typer.Option(metavar="MEMBER", help="The hosted member whose data is opened.")]


@app.command()
def declare(
    settings: SettingsFile,
    member: Member,
    purpose: Annotated[list[str], typer.Option(help="A purpose that is opened. Repeatable.")],
    reason: Annotated[str, typer.Option(help="What happened, and who declared it a disaster.")],
    by: By,
    hours: Annotated[int, typer.Option(min=1, max=90 * 24, help="For how long, from the approval.")] = 72,
    area: Annotated[list[str] | None, typer.Option(help="Only this area. Repeatable.")] = None,
    json: Json = False,
) -> None:
    """Ask for an emergency; nothing is opened until somebody else approves it."""
    proposal = asyncio.run(_declare(settings, member, purpose, area or [], reason, hours, by))
    step = f"isthmus emergency approve {settings} {proposal} --by ANOTHER_OFFICER"
    answer({"proposal": proposal, "next": step}, f"proposal  {proposal}", f"next      {step}", json=json)


@app.command()
def approve(
    settings: SettingsFile,
    proposal: Annotated[str, typer.Argument(metavar="PROPOSAL", help="What `declare` printed.")],
    by: By,
    json: Json = False,
) -> None:
    """Open an emergency that somebody else asked for; every node follows within a second."""
    found = asyncio.run(_approve(settings, proposal, by))
    step = f"isthmus emergency end {settings} {found} --by NAME"
    answer({"emergency": found}, f"open  {found}", f"to end it before its time: {step}", json=json)


@app.command()
def end(
    settings: SettingsFile,
    emergency: Annotated[str, typer.Argument(metavar="EMERGENCY", help="Its id.")],
    by: By,
    json: Json = False,
) -> None:
    """End an emergency before its time. One person is enough: closing is always safe."""
    asyncio.run(_end(settings, emergency, by))
    answer({"emergency": emergency, "state": "ended"}, f"ended  {emergency}", json=json)


@app.command("list")
def list_emergencies(settings: SettingsFile, member: Member, json: Json = False) -> None:
    """List a member's emergencies, the latest first."""
    now, found = int(time.time()), asyncio.run(_list(settings, member))
    document = [{**one.as_fact(), "reason": one.reason, "state": one.state(now)} for one in found]
    rows = [
        (
            one.id,
            one.state(now),
            words(one.purposes),
            words(one.areas) or "everywhere",
            moment(one.valid_until),
        )
        for one in found
    ]
    answer({"emergencies": document}, Table(("id", "state", "purposes", "areas", "until"), rows), json=json)


async def _declare(
    settings: Path, member: str, purposes: list[str], areas: list[str], reason: str, hours: int, by: str
) -> str:
    from gateway.app.emergency import Declaration, opened_office
    from schemas.identifiers import MemberId

    declaration = Declaration(tuple(purposes), tuple(areas), reason, hours * 3600)
    async with opened_office(settings_of(settings), by) as (office, name):
        return await office.declare(MemberId.parse(member), declaration, name)


async def _approve(settings: Path, proposal: str, by: str) -> str:
    from gateway.app.emergency import opened_office

    async with opened_office(settings_of(settings), by) as (office, name):
        return (await office.approve(proposal, name)).id


async def _end(settings: Path, emergency: str, by: str) -> None:
    from gateway.app.emergency import opened_office

    async with opened_office(settings_of(settings), by) as (office, name):
        await office.end(emergency, name)


async def _list(settings: Path, member: str) -> list[Emergency]:
    from gateway.app.emergency import opened_office
    from schemas.identifiers import MemberId

    async with opened_office(settings_of(settings)) as (office, _):
        found: list[Any] = await office.list(MemberId.parse(member))
        return found
