"""`isthmus consent`: what people allow, recorded at this machine.

Whoever runs these commands acts as an assisting clerk: their pseudonym stands in the record, the person
concerned is there, and every act is an entry of the log.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gateway.cli.commands.arguments import SettingsFile, SubjectText, subject_of
from gateway.cli.commands.consent_desk import (
    actor,
    actor_of,
    ask_or_grant,
    at_desk,
    document_of,
    find,
    issuer_of,
    lines,
    print_result,
    texts,
)
from gateway.cli.commands.failures import CLIENT, CommandFailed
from gateway.cli.commands.printing import Json, Table, answer, moment, words

if TYPE_CHECKING:
    from gateway.consent.desk import ConsentDesk

app = typer.Typer(name="consent", help="Record, show and take back what people allow.", no_args_is_help=True)

Consent = Annotated[str, typer.Argument(metavar="ID", help="The consent's id.", show_default=False)]
Offered = Annotated[str, typer.Option("--offer", help="What is consented to: see `isthmus consent offers`.")]
Language = Annotated[str, typer.Option("--language", help="The language of the notice, such as `ar`.")]
Days = Annotated[int, typer.Option("--days", min=1, help="For how many days from now.")]
NoticeId = Annotated[
    str | None,
    typer.Option("--notice", help="The id of the notice that was read out; without it, it is shown."),
]
Issuer = Annotated[
    str | None, typer.Option("--issuer", metavar="MEMBER", help="Who issues it, where several members do.")
]
By = Annotated[
    str | None,
    typer.Option(
        "--by", metavar="TYPE=VALUE", help="The representative at the desk; else the person themselves."
    ),
]


@app.command()
def offers(settings: SettingsFile, json: Json = False) -> None:
    """List what may be consented to: the agreements that rest on consent."""

    async def work(desk: ConsentDesk, _officer: str) -> Any:
        return desk.offers(int(time.time()))

    found = at_desk(settings, work)
    rows = [
        (one.id, one.client, one.service, one.purpose, words(one.fields), moment(one.valid_until))
        for one in found
    ]
    document = {
        "offers": [
            {**texts(one, "id", "client", "service", "purpose"), "fields": one.fields} for one in found
        ]
    }
    answer(document, Table(("offer", "client", "service", "purpose", "fields", "until"), rows), json=json)


@app.command()
def grant(
    settings: SettingsFile,
    person: SubjectText,
    offer: Offered,
    language: Language = "en",
    days: Days = 365,
    notice: NoticeId = None,
    field: Annotated[list[str] | None, typer.Option("--field", help="Only this field; repeat it.")] = None,
    often: Annotated[str, typer.Option("--often", help="`once` or `continuous`.")] = "continuous",
    representation: Annotated[
        str | None,
        typer.Option("--representation", help="Under this representation, for who is represented."),
    ] = None,
    issuer: Issuer = None,
    json: Json = False,
) -> None:
    """Record a consent. First without --notice: read out what it prints; then with its id."""
    from gateway.consent.choices import Choice
    from gateway.consent.record import Frequency, Often

    if often not in {"once", "continuous"}:
        raise CommandFailed(
            CLIENT, "The frequency is not known", f"--often {often}", "write once or continuous"
        )
    now = int(time.time())

    async def work(desk: ConsentDesk, officer: str) -> Any:
        choice = Choice(
            issuer_of(desk, issuer), offer, now, now + days * 86_400, language,
            tuple(field) if field else None, Frequency(Often(often)), representation,
        )  # fmt: skip
        return await ask_or_grant(desk, choice, notice, actor(person, officer), now)

    print_result(at_desk(settings, work), now, json=json)


@app.command()
def renew(
    settings: SettingsFile,
    consent: Consent,
    language: Language = "en",
    days: Days = 365,
    notice: NoticeId = None,
    by: By = None,
    json: Json = False,
) -> None:
    """Let a consent go on from now. First without --notice, then with the id of what was read out."""
    now = int(time.time())

    async def work(desk: ConsentDesk, officer: str) -> Any:
        record = await find(desk, consent)
        who, until = actor_of(record, by, officer), now + days * 86_400
        if notice is None:
            return await desk.renewal(record.wish.issuer, consent, until, language, who, now)
        return await desk.renew(record.wish.issuer, consent, until, language, notice, who, now)

    print_result(at_desk(settings, work), now, json=json)


@app.command()
def withdraw(settings: SettingsFile, consent: Consent, by: By = None, json: Json = False) -> None:
    """Take a consent back, in force at the next exchange."""
    now = int(time.time())

    async def work(desk: ConsentDesk, officer: str) -> Any:
        record = await find(desk, consent)
        return await desk.withdraw(record.wish.issuer, consent, actor_of(record, by, officer), now)

    print_result(at_desk(settings, work), now, json=json)


@app.command("list")
def list_consents(
    settings: SettingsFile, person: SubjectText, issuer: Issuer = None, json: Json = False
) -> None:
    """List the consents about a person. That you looked is an entry of the log."""
    now = int(time.time())

    async def work(desk: ConsentDesk, officer: str) -> Any:
        who, member = actor(person, officer), issuer_of(desk, issuer)
        await desk.log_look_up(member, who, now)
        return await desk.listed(member, who.person, now)

    found = at_desk(settings, work)
    rows = [
        (
            one.id,
            one.version,
            one.state_at(now),
            one.wish.scope.client,
            one.wish.scope.purpose,
            moment(one.ends_at),
        )
        for one in found
    ]
    columns = ("id", "version", "state", "client", "purpose", "until")
    answer({"consents": [document_of(one, now) for one in found]}, Table(columns, rows), json=json)


@app.command()
def show(settings: SettingsFile, consent: Consent, json: Json = False) -> None:
    """Show one consent and what happened to it. That you looked is an entry of the log."""
    now = int(time.time())

    async def work(desk: ConsentDesk, officer: str) -> Any:
        record = await find(desk, consent)
        await desk.log_look_up(record.wish.issuer, actor_of(record, None, officer), now)
        return record, await desk.consents.history(record.wish.issuer, consent)

    record, events = at_desk(settings, work)
    rows = [(one.version, moment(one.at), one.state, one.method, one.by) for one in events]
    document = document_of(record, now) | {
        "history": [
            {"version": one.version, "at": one.at, "state": one.state, "method": one.method, "by": one.by}
            for one in events
        ]
    }
    answer(document, *lines(record, now), Table(("version", "at", "state", "method", "by"), rows), json=json)


@app.command()
def slip(
    settings: SettingsFile,
    consent: Consent,
    out: Annotated[Path, typer.Option("--out", help="The HTML file to write.")],
    language: Language = "en",
    json: Json = False,
) -> None:
    """Write the slip of a consent: one page to print."""
    from gateway.consent.notices.slip import render

    now = int(time.time())

    async def work(desk: ConsentDesk, officer: str) -> Any:
        record = await find(desk, consent)
        await desk.log_look_up(record.wish.issuer, actor_of(record, None, officer), now)
        return render(await desk.slip(record, language), now)

    out.write_text(at_desk(settings, work), encoding="utf-8")
    answer({"slip": str(out)}, f"{out}: open it in a browser and print it", json=json)


@app.command()
def token(settings: SettingsFile, consent: Consent, by: By = None, json: Json = False) -> None:
    """Print the token of a consent, to be given to the system that asks."""
    now = int(time.time())

    async def work(desk: ConsentDesk, officer: str) -> Any:
        record = await find(desk, consent)
        return await desk.token(record.wish.issuer, consent, actor_of(record, by, officer), now)

    text = at_desk(settings, work)
    answer({"token": text}, text, json=json)


@app.command()
def represent(
    settings: SettingsFile,
    representative: SubjectText,
    of: Annotated[str, typer.Option("--of", metavar="TYPE=VALUE", help="Who is represented.")],
    days: Annotated[int, typer.Option("--days", min=1, help="For how many days, such as until a birthday.")],
    capacity: Annotated[str, typer.Option("--as", help="`guardian` or `legal`.")] = "guardian",
    issuer: Issuer = None,
    json: Json = False,
) -> None:
    """Record that somebody may consent for another, after you have seen the proof."""
    from gateway.consent.record import Capacity, Representative

    if capacity not in {"guardian", "legal"}:
        raise CommandFailed(
            CLIENT, "The capacity is not known", f"--as {capacity}", "write guardian or legal"
        )
    now = int(time.time())

    async def work(desk: ConsentDesk, officer: str) -> Any:
        other = Representative(subject_of(representative), Capacity(capacity), now + days * 86_400)
        return await desk.representations.record(
            issuer_of(desk, issuer), subject_of(of), other, officer=officer, now=now
        )

    made = at_desk(settings, work)
    until = made.representative.until
    answer({"id": made.id, "until": until}, f"{made.id}, until {moment(until)}", json=json)


@app.command("end-representation")
def end_representation(
    settings: SettingsFile,
    representation: Annotated[str, typer.Argument(metavar="ID", help="The representation's id.")],
    issuer: Issuer = None,
    json: Json = False,
) -> None:
    """End a representation before its time, and withdraw what was allowed under it."""

    async def work(desk: ConsentDesk, officer: str) -> Any:
        return await desk.end_representation(
            issuer_of(desk, issuer), representation, officer, int(time.time())
        )

    ended, withdrawn = at_desk(settings, work)
    document = {"id": ended.id, "ended_at": ended.ended_at, "withdrawn": withdrawn}
    answer(document, f"{ended.id} ended; consents withdrawn: {withdrawn}", json=json)
