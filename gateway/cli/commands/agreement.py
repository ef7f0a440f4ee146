"""`isthmus agreement`: drafts, files and signed agreements, looked at; `agreement_acts` changes them."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gateway.cli.commands import agreement_texts as texts
from gateway.cli.commands.arguments import SettingsFile, settings_of
from gateway.cli.commands.failures import CLIENT, FAILED, CommandFailed
from gateway.cli.commands.printing import Json, Table, answer, moment

if TYPE_CHECKING:
    from gateway.agreements.overview import Seen
    from gateway.people.four_eyes import Proposal
    from schemas.agreement import Agreement

app = typer.Typer(name="agreement", help="Draft, sign, exchange and see agreements.", no_args_is_help=True)

Where = Annotated[
    Path, typer.Argument(help="A gateway's settings file, or a folder of agreement files.", exists=True)
]
AgreementId = Annotated[str, typer.Argument(metavar="ID", help="The agreement's id.")]
Version = Annotated[int | None, typer.Option(min=1, help="Which version; without it the newest.")]
With = Annotated[
    str | None, typer.Option("--with", metavar="MEMBER", help="The other member, where ids are not unique.")
]
Member = Annotated[
    str | None, typer.Option(metavar="MEMBER", help="For which hosted member, where it could be several.")
]


@app.command()
def new(
    settings: SettingsFile,
    client: Annotated[
        str, typer.Argument(metavar="CLIENT", help="INSTANCE/CLASS/MEMBER/SUBSYSTEM that asks.")
    ],
    provider: Annotated[str, typer.Argument(metavar="PROVIDER", help="The subsystem that answers.")],
    name: Annotated[str, typer.Option("--id", help="The agreement's id.")] = "new-agreement",
    out: Annotated[Path | None, typer.Option(help="Write to this file instead of printing.")] = None,
    json: Json = False,
) -> None:
    """Write a commented draft from the federation's catalogue."""
    from datetime import UTC, datetime

    from gateway.agreements.draft import draft
    from gateway.app.federation_copy import federation_of, snapshot_of
    from schemas.identifiers import SubsystemId

    with federation_of(settings_of(settings)) as refresher:
        text = draft(
            snapshot_of(refresher),
            SubsystemId.parse(client),
            SubsystemId.parse(provider),
            name,
            datetime.now(UTC),
        )
    if out is None:
        answer({"draft": text}, text.rstrip("\n"), json=json)
        return
    out.write_text(text, encoding="utf-8")
    step = f"isthmus agreement check {out}"
    answer({"file": str(out), "next": step}, f"written to {out}", f"next: {step}", json=json)


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


@app.command("list")
def list_agreements(where: Where, json: Json = False) -> None:
    """List agreements with their states; those that end within thirty days are marked."""
    files = _files(where)
    seen: list[Seen] = []
    waiting: list[Proposal] = []
    if not where.is_dir():
        seen, waiting = asyncio.run(_kept(where))
    rows = [texts.seen_row(one) for one in seen]
    rows += [texts.row(one, one.status, "nobody: a file") for one in files]
    parts: list[Table | str] = [Table(texts.COLUMNS, rows)]
    if waiting:
        asked = [
            (one.id, one.act, one.document.get("id"), one.member, moment(one.expires)) for one in waiting
        ]
        columns = ("proposal", "act", "agreement", "for", "expires")
        parts.append(Table(columns, asked, title="waiting for a second officer: isthmus agreement approve"))
    answer(
        {
            "agreements": [texts.document(one) for one in files],
            "signed": [one.as_json() for one in seen],
            "waiting": [
                {
                    "proposal": one.id,
                    "act": one.act,
                    "agreement": one.document.get("id"),
                    "member": str(one.member),
                }
                for one in waiting
            ],
        },
        *parts,
        json=json,
    )


@app.command()
def show(
    where: Where,
    agreement: AgreementId,
    version: Version = None,
    memorandum: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write a page for lawyers to this HTML file.")
    ] = None,
    counterpart: With = None,
    member: Member = None,
    json: Json = False,
) -> None:
    """Show one agreement with its terms and signatures."""
    from gateway.agreements.memorandum import memorandum as page

    seen = None if where.is_dir() else _seen(where, agreement, version, counterpart, member)
    if seen is None:
        one, state, details = _file(where, agreement), "unsigned", {}
        written = page(one, digest=None, state=state)
        rows: list[tuple[object, ...]] = []
    else:
        one, state, details = seen.agreement, seen.state, seen.as_json()
        rows = [(who, moment(signed.iat), signed.thumbprint) for who, signed in seen.signatures()]
        written = page(
            one,
            digest=details["digest"],
            state=state,
            signatures=[(str(who), signed.iat, signed.thumbprint) for who, signed in seen.signatures()],
            revocations=[(said["member"], said["at"], said["reason"]) for said in details["revocations"]],
        )
    if memorandum is not None:
        memorandum.write_text(written, encoding="utf-8")
    shown = one.status if seen is None else state
    answer(
        {**texts.document(one), "state": state, **details},
        *texts.head_lines(one, shown),
        texts.terms_table(one),
        *([Table(("signed by", "at", "certificate"), rows)] if rows else ["signed by nobody"]),
        *([f"the memorandum is in {memorandum}"] if memorandum is not None else []),
        json=json,
    )


@app.command()
def diff(
    where: Annotated[
        Path, typer.Argument(metavar="SETTINGS|FILE", help="Settings, or the older file.", exists=True)
    ],
    what: Annotated[str, typer.Argument(metavar="ID|FILE", help="An agreement's id, or the newer file.")],
    old: Annotated[int | None, typer.Option("--from", min=1, help="The older version.")] = None,
    version: Annotated[int | None, typer.Option("--to", min=1, help="The newer version.")] = None,
    counterpart: With = None,
    member: Member = None,
    json: Json = False,
) -> None:
    """Say in words what a newer version adds, removes, widens or narrows."""
    from dataclasses import asdict

    from policies.agreement_diff import differences

    if Path(what).is_file():
        from policies.agreement_file import read_agreement

        before, after = read_agreement(where), read_agreement(Path(what))
    else:
        before, after = asyncio.run(_two(where, what, old, version, counterpart, member))
    found = differences(before, after)
    answer(
        {
            "from": before.version,
            "to": after.version,
            "differences": [asdict(one) for one in found],
        },
        f"{after.id}: from version {before.version} to version {after.version}",
        texts.differences_table(found) if found else "nothing differs",
        json=json,
    )


def _files(where: Path) -> list[Agreement]:
    """Agreement files of a folder, or those that a gateway's settings allow."""
    from policies.agreements import Agreements

    if where.is_dir():
        return list(Agreements.load(where))
    from gateway.app.agreements import files_of

    return list(files_of(settings_of(where)) or ())


def _file(where: Path, name: str) -> Agreement:
    found = next((one for one in _files(where) if one.id == name), None)
    if found is None:
        step = f"see which there are: `isthmus agreement list {where}`"
        raise CommandFailed(CLIENT, "There is no such agreement", f"{where} has none of this id", step)
    return found


async def _kept(settings: Path) -> tuple[list[Seen], list[Proposal]]:
    from gateway.agreements.acts import ACCEPT, PROPOSE
    from gateway.agreements.overview import see_all
    from gateway.app.agreements import opened_officers

    loaded = settings_of(settings)
    async with opened_officers(loaded, None) as (officers, store, _):
        listed = [one for member in loaded.member_ids() for one in await officers.four_eyes.list(member)]
        waiting = [one for one in listed if one.state == "open" and one.act in (PROPOSE, ACCEPT)]
        return await see_all(store, int(time.time())), waiting


def _seen(
    settings: Path, name: str, version: int | None, counterpart: str | None, member: str | None
) -> Seen | None:
    """A signed version; None where only a file may have this id."""
    from schemas.errors import UnknownService

    try:
        versions = asyncio.run(_versions(settings, name, counterpart, member))
    except UnknownService:
        return None
    return _pick(versions, version)


async def _versions(settings: Path, name: str, counterpart: str | None, member: str | None) -> list[Seen]:
    from gateway.agreements.overview import see
    from gateway.app.agreements import opened_officers

    async with opened_officers(settings_of(settings), None) as (_, store, _):
        return await see(store, name, int(time.time()), counterpart=counterpart, holder=member)


async def _two(
    settings: Path, name: str, old: int | None, new: int | None, counterpart: str | None, member: str | None
) -> tuple[Agreement, Agreement]:
    """The newest version and the one in force before it, unless told otherwise."""
    versions = await _versions(settings, name, counterpart, member)
    after = _pick(versions, new)
    earlier = [one for one in versions if one.version.number < after.version.number]
    in_force = [one for one in earlier if one.state == "in_force"]
    if old is not None:
        return _pick(versions, old).agreement, after.agreement
    if not earlier:
        raise CommandFailed(CLIENT, "There is nothing to compare with", "this is the first version")
    return (in_force or earlier)[-1].agreement, after.agreement


def _pick(versions: list[Seen], number: int | None) -> Seen:
    found = [one for one in versions if number in (None, one.version.number)]
    if not found:
        raise CommandFailed(
            CLIENT, "There is no such version", f"the newest is {versions[-1].version.number}"
        )
    return found[-1]
