"""`isthmus policy explain|matrix|flows|replay|simulate`: what is decided, and why (docs/explain.md)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gateway.cli.commands.arguments import SettingsFile, settings_of
from gateway.cli.commands.failures import FAILED
from gateway.cli.commands.insight_tables import explained, flows_table, matrix_table, replayed, simulated
from gateway.cli.commands.printing import Json, answer

if TYPE_CHECKING:
    from gateway.app.insight.flows import Flow
    from gateway.app.insight.matrix import Row
    from gateway.settings import Settings
    from policies.explain import Explanation

app = typer.Typer()
_DAY = Annotated[datetime | None, typer.Option(help="Count from this moment on, UTC; else everything.")]


@app.command()
def explain(
    settings: SettingsFile,
    client: Annotated[str, typer.Option(help="The subsystem that asks.")],
    service: Annotated[str, typer.Option(help="The service that is asked, one of this gateway's.")],
    purpose: Annotated[str | None, typer.Option(help="Default: the agreement's.")] = None,
    basis: Annotated[str | None, typer.Option(help="The legal basis. Default: the agreement's.")] = None,
    fields: Annotated[str, typer.Option(help="The fields asked for, with commas.")] = "",
    predicate: Annotated[
        list[str] | None,
        typer.Option(help='A yes/no question as JSON: {"field", "op", "value"}. Repeatable.'),
    ] = None,
    subject_type: Annotated[str, typer.Option(help="How the person is named.")] = "national_id",
    relation: Annotated[str, typer.Option(help="Who the person is to the applicant.")] = "self",
    role: Annotated[str | None, typer.Option(help="The officer's role.")] = None,
    officer_area: Annotated[str | None, typer.Option(help="The officer's area.")] = None,
    assurance: Annotated[str | None, typer.Option(help="How surely the officer was identified.")] = None,
    represents: Annotated[str | None, typer.Option(help="The member that is represented.")] = None,
    area: Annotated[str | None, typer.Option(help="The person's area, as the source would say.")] = None,
    restricted: Annotated[
        bool | None, typer.Option(help="Whether the source would say that the person is restricted.")
    ] = None,
    consent_facts: Annotated[
        Path | None, typer.Option(help="JSON: the facts of a consent.", exists=True, dir_okay=False)
    ] = None,
    emergency_facts: Annotated[
        Path | None, typer.Option(help="JSON: the facts of an emergency.", exists=True, dir_okay=False)
    ] = None,
    method: Annotated[str, typer.Option(help="Of a pass-through service.")] = "POST",
    path: Annotated[str, typer.Option(help="Of a pass-through service.")] = "/",
    at: Annotated[datetime | None, typer.Option(help="The moment to decide for, UTC. Default: now.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Show the rules that held, too.")] = False,
    json: Json = False,
) -> None:
    """Say how a question would be decided, and which rules spoke. Nobody is asked, nothing is fetched."""
    from gateway.app.insight.explaining import explain as explain_facts
    from gateway.app.insight.explaining import explanation_as_json
    from gateway.app.insight.here import look
    from gateway.app.insight.question import Question
    from schemas.identifiers import ServiceId, SubsystemId
    from schemas.record import parse_predicate

    question = Question(
        client=SubsystemId.parse(client),
        service=ServiceId.parse(service),
        purpose=purpose,
        basis=basis,
        fields=tuple(name.strip() for name in fields.split(",") if name.strip()),
        predicates=tuple(parse_predicate(_json(text.encode(), "--predicate")) for text in predicate or ()),
        subject_type=subject_type,
        relation=relation,
        user=_user(role, officer_area, assurance),
        represents=represents,
        consent=_document(consent_facts),
        emergency=_document(emergency_facts),
        restricted=restricted,
        area=area,
        method=method,
        path=path,
        at=_seconds(at),
    )

    async def work() -> Explanation:
        here = await look(settings_of(settings))
        return await explain_facts(here.policy, here.asking.facts(question))

    explanation = asyncio.run(work())
    answer(explanation_as_json(explanation), *explained(explanation, every=every), json=json)


@app.command()
def matrix(
    settings: SettingsFile,
    html: Annotated[Path | None, typer.Option(help="Write a page that needs nothing else.")] = None,
    json: Json = False,
) -> None:
    """Show who sees which fields for which purpose: every agreement, decided by the engine."""
    from gateway.app.insight.pages import matrix_page

    chosen = settings_of(settings)
    version, rows = asyncio.run(_matrix(chosen))
    if html is not None:
        html.write_text(matrix_page(chosen.gateway, version, rows), encoding="utf-8")
    document = {"policy_version": version, "rows": [row.as_json() for row in rows]}
    written = [f"the page is {html}"] if html else []
    answer(document, matrix_table(rows), *written, json=json)


@app.command()
def flows(
    settings: SettingsFile,
    since: _DAY = None,
    svg: Annotated[Path | None, typer.Option(help="Draw the flows.")] = None,
    register: Annotated[
        Path | None, typer.Option(help="Write the processing register: FILE.html or FILE.csv.")
    ] = None,
    json: Json = False,
) -> None:
    """Show who asked whom for what, and how often, from the log; nobody's data is in it."""
    from gateway.app.insight.drawing import draw

    chosen = settings_of(settings)
    start = _seconds(since) or 0
    if register is not None and register.suffix not in (".html", ".csv"):
        raise typer.BadParameter("write it as FILE.html or FILE.csv", param_hint="--register")
    found = asyncio.run(_flows(chosen, start, register))
    if svg is not None:
        svg.write_text(draw(found, f"Flows of {chosen.gateway} since {_since(start)}"), encoding="utf-8")
    written = [f"written: {path}" for path in (svg, register) if path]
    answer({"flows": [flow.as_json() for flow in found]}, flows_table(found), *written, json=json)


@app.command()
def replay(
    settings: SettingsFile,
    receipt: Annotated[str, typer.Argument(metavar="RECEIPT", help="The exchange's id.")],
    json: Json = False,
) -> None:
    """Make a past decision again, from its facts and its policy; the look-up is logged first."""
    from gateway.app.insight.replay import replay as replay_decision

    found = replay_decision(settings_of(settings), receipt)
    answer(found.as_json(), *replayed(found), json=json)
    if found.verdict != "same":
        raise typer.Exit(FAILED)


@app.command()
def simulate(
    settings: SettingsFile,
    policy: Annotated[
        Path | None, typer.Option(help="The folder of the changed rules.", exists=True, file_okay=False)
    ] = None,
    national: Annotated[
        Path | None, typer.Option(help="A changed national policy.", exists=True, dir_okay=False)
    ] = None,
    provider: Annotated[
        Path | None, typer.Option(help="Changed rules of the provider: a file or a folder.", exists=True)
    ] = None,
    last: Annotated[int, typer.Option(min=1, max=100_000, help="So many decisions, the newest.")] = 100,
    json: Json = False,
) -> None:
    """Decide the last exchanges again under a changed policy: what would differ. This is logged."""
    from gateway.app.insight.simulation import simulate_here

    chosen = settings_of(settings)
    with _progress(last, show=not json) as tell:
        work = simulate_here(chosen, last, tell, rules=policy, national=national, provider=provider)
        found = asyncio.run(work)
    answer(found.as_json(), *simulated(found), json=json)


async def _matrix(settings: Settings) -> tuple[str, list[Row]]:
    from gateway.app.insight.here import look
    from gateway.app.insight.matrix import matrix as build
    from policies.regorus_engine import RegorusEngine

    here = await look(settings)
    engine = RegorusEngine(here.policy)
    return here.policy.version, await build(here.asking, here.agreements, engine)


async def _flows(settings: Settings, since: int, register: Path | None) -> list[Flow]:
    from gateway.app.insight.flows import flows as count
    from gateway.app.insight.here import look
    from gateway.app.insight.matrix import matrix as build
    from gateway.app.insight.register import write_register
    from gateway.app.log_access import opened_store
    from policies.regorus_engine import RegorusEngine

    here = await look(settings)
    rows = await build(here.asking, here.agreements, RegorusEngine(here.policy))
    async with opened_store(settings) as store:
        found = await count(store, since, rows)
    if register is not None:
        write_register(register, settings.gateway, here, rows, found, _since(since))
    return found


@contextmanager
def _progress(total: int, *, show: bool) -> Iterator[Callable[[int], None]]:
    """A bar on standard error, where a person looks at it."""
    import sys

    if not (show and sys.stderr.isatty()):
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("deciding again", total=total)
        yield lambda done: bar.update(task, completed=done)


def _user(role: str | None, area: str | None, assurance: str | None) -> dict[str, str | None] | None:
    if role is None and area is None and assurance is None:
        return None
    return {"pseudonym": "-", "role": role, "area": area, "assurance": assurance}


def _document(path: Path | None) -> dict[str, Any] | None:
    if path is None:
        return None
    value = _json(path.read_bytes(), str(path))
    if not isinstance(value, dict):
        raise typer.BadParameter(f"{path} is not a JSON object")
    return value


def _json(data: bytes, what: str) -> Any:
    from schemas.strict_json import parse

    return parse(data, max_bytes=64 * 1024, what=what)


def _seconds(at: datetime | None) -> int | None:
    return None if at is None else max(0, int(at.replace(tzinfo=UTC).timestamp()))


def _since(seconds: int) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d}" if seconds else "the log began"
