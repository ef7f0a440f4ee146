"""`isthmus audit`: the log of one gateway, listed, shown, verified and taken as evidence."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gateway.cli.commands.arguments import SettingsFile, settings_of
from gateway.cli.commands.failures import FAILED
from gateway.cli.commands.printing import Json, Table, answer, moment, words

if TYPE_CHECKING:
    from audit.fsck import LogReport
    from audit.reading import Logged
    from gateway.app.log_access import Shown

app = typer.Typer(name="audit", help="See and prove what was exchanged.", no_args_is_help=True)

Exchange = Annotated[str, typer.Argument(metavar="ID", help="The exchange's id.")]


class SideName(StrEnum):
    """Which half of an exchange."""

    asking = "asking"
    answering = "answering"


class KindName(StrEnum):
    """What an entry is about."""

    sent = "sent"
    accepted = "accepted"
    outcome = "outcome"
    alarm = "alarm"
    admin = "admin"
    lookup = "lookup"
    erased = "erased"


@app.command("list")
def list_entries(
    settings: SettingsFile,
    side: Annotated[SideName | None, typer.Option(help="Only this half of exchanges.")] = None,
    kind: Annotated[KindName | None, typer.Option(help="Only entries of this kind.")] = None,
    client: Annotated[str | None, typer.Option(help="Only this client subsystem.")] = None,
    service: Annotated[str | None, typer.Option(help="Only this service.")] = None,
    since: Annotated[datetime | None, typer.Option(help="Only from this moment on, UTC.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="At most this many, the newest.")] = 100,
    json: Json = False,
) -> None:
    """List the newest entries, newest first; nothing personal is in them."""
    from gateway.app.log_access import Filter
    from gateway.app.log_access import list_entries as read

    start = 0 if since is None else int(since.replace(tzinfo=UTC).timestamp())
    wanted = Filter(
        side.value if side else None, kind.value if kind else None, client, service, max(0, start), limit
    )
    found = read(settings_of(settings), wanted)
    answer({"entries": [_document(one) for one in found]}, _table(found), json=json)


@app.command()
def show(
    settings: SettingsFile,
    exchange: Exchange,
    open_case: Annotated[
        bool, typer.Option("--open-case", help="Open the encrypted cases; the look-up is logged first.")
    ] = False,
    json: Json = False,
) -> None:
    """Show the entries of one exchange."""
    from gateway.app.log_access import show_exchange

    found = show_exchange(settings_of(settings), exchange, open_case=open_case)
    cases = [
        Table(("member", "value"), _case_rows(one), f"case of entry {one.logged.index}")
        for one in found
        if one.case is not None
    ]
    documents = [{**_document(one.logged), **_case_document(one)} for one in found]
    erased = [f"the case of entry {one.logged.index} was erased" for one in found if one.erased]
    answer({"entries": documents}, _table([one.logged for one in found]), *cases, *erased, json=json)


@app.command()
def verify(
    settings: SettingsFile,
    kek: Annotated[
        bool, typer.Option("--kek", help="Open every case too, with the settings' case key.")
    ] = False,
    head: Annotated[
        list[Path] | None, typer.Option(help="A signed head kept elsewhere. Repeatable.", exists=True)
    ] = None,
    json: Json = False,
) -> None:
    """Read the whole log again, and name every entry that was altered."""
    from gateway.app.log_access import verify as verify_log
    from schemas.encoding import b64url

    heads = [path.read_text(encoding="utf-8") for path in head or ()]
    report = verify_log(settings_of(settings), with_cases=kek, heads=heads)
    rows = [(one.code, one.index, one.exchange, one.text) for one in report.findings]
    cases = f", {report.cases_opened} cases opened" if kek else ""
    answer(
        {
            "ok": report.ok,
            "origin": report.origin,
            "size": report.size,
            "root": b64url(report.root),
            "heads": report.heads,
            "cases_opened": report.cases_opened,
            "cases_erased": report.cases_erased,
            "findings": [asdict(one) for one in report.findings],
        },
        f"{report.origin}: {report.size} entries, {report.heads} signed heads hold{cases}",
        *([Table(("finding", "entry", "exchange", "what"), rows)] if rows else []),
        *_conclusion(report, with_cases=kek),
        json=json,
    )
    if not report.ok:
        raise typer.Exit(FAILED)


@app.command()
def receipt(
    settings: SettingsFile,
    exchange: Exchange,
    side: Annotated[SideName | None, typer.Option(help="Where this gateway was both sides.")] = None,
    json: Json = False,
) -> None:
    """Print the receipt of an exchange, a C2SP tlog-proof."""
    from gateway.app.log_access import receipt as make

    text = make(settings_of(settings), exchange, side.value if side else None)
    answer({"exchange": exchange, "receipt": text}, text.rstrip("\n"), json=json)


@app.command()
def evidence(
    settings: SettingsFile,
    exchanges: Annotated[list[str], typer.Argument(metavar="ID…", help="The exchanges' ids.")],
    out: Annotated[Path, typer.Option(help="The zip file to write.")],
    json: Json = False,
) -> None:
    """Write an evidence bundle that anybody can check offline; the look-up is logged first."""
    from gateway.app.evidence import write_evidence

    write_evidence(settings_of(settings), exchanges, out)
    answer(
        {"bundle": str(out), "exchanges": exchanges},
        f"the evidence of {words(exchanges)} is in {out}",
        f"next: isthmus verify {out}",
        json=json,
    )


def _conclusion(report: LogReport, *, with_cases: bool) -> list[str]:
    """What the verification shows, and no more than that."""
    if not report.ok:
        return ["The log does not verify."]
    unopened = [] if with_cases else ["The encrypted cases were not opened: --kek opens them too."]
    if report.heads == 0:
        return ["The log agrees with itself; no signed head vouches for it yet.", *unopened]
    return ["Nothing was altered, removed or added.", *unopened]


def _table(found: list[Logged]) -> Table:
    columns = (
        "entry",
        "time, UTC",
        "kind",
        "side",
        "client",
        "service",
        "purpose",
        "result",
        "reasons",
        "exchange",
    )
    rows = [
        (
            one.index,
            moment(one.entry.ts),
            _kind(one),
            one.entry.side,
            one.entry.client,
            one.entry.service,
            one.entry.purpose,
            one.entry.result,
            words(one.entry.reasons),
            one.entry.id,
        )
        for one in found
    ]
    return Table(columns, rows)


def _kind(one: Logged) -> str:
    """What the entry is; for an act beside exchanges, also which entry it concerns."""
    about = "" if one.entry.about is None else f" of {one.entry.about}"
    return f"{one.entry.action or one.entry.kind}{about}"


def _document(one: Logged) -> dict[str, Any]:
    members = {name: value for name, value in asdict(one.entry).items() if value is not None}
    return {"index": one.index, **members, "reasons": list(one.entry.reasons)}


def _case_rows(one: Shown) -> list[tuple[str, object]]:
    return [] if one.case is None else [(name, value) for name, value in asdict(one.case).items() if value]


def _case_document(one: Shown) -> dict[str, Any]:
    """The opened case under a name of its own: `case` is the entry's commitment."""
    if one.erased:
        return {"opened": "erased"}
    return {} if one.case is None else {"opened": dict(_case_rows(one))}
