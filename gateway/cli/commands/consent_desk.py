"""What the commands of `isthmus consent` share: the desk, who acts, and how a consent is printed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from gateway.cli.commands.arguments import settings_of, subject_of
from gateway.cli.commands.failures import CLIENT, CommandFailed
from gateway.cli.commands.printing import answer, moment, words

if TYPE_CHECKING:
    from gateway.consent.choices import Actor, Choice
    from gateway.consent.desk import ConsentDesk
    from gateway.consent.notices.notice import ShownNotice
    from gateway.consent.record import ConsentRecord
    from schemas.identifiers import MemberId

T = TypeVar("T")


def at_desk(settings: Path, work: Callable[[ConsentDesk, str], Awaitable[T]]) -> T:
    """Do some work at the desk of a gateway; errors of consents as problems."""
    from gateway.app.consenting import opened_desk
    from gateway.consent.errors import ConsentError
    from gateway.consent.problems import as_problem

    async def run() -> T:
        async with opened_desk(settings_of(settings)) as (desk, officer):
            return await work(desk, officer)

    try:
        return asyncio.run(run())
    except ConsentError as error:
        raise as_problem(error) from None


async def ask_or_grant(
    desk: ConsentDesk, choice: Choice, notice: str | None, actor: Actor, now: int
) -> ShownNotice | ConsentRecord:
    """The notice to be shown, or, when it was, the consent."""
    if notice is None:
        return await desk.ask(choice, actor, now)
    return await desk.grant(choice, notice, actor, now)


async def find(desk: ConsentDesk, consent: str) -> ConsentRecord:
    """A consent, whoever it is about. Raises UnknownConsent."""
    from gateway.consent.errors import UnknownConsent

    found = await desk.consents.find(await desk.keeper(consent), consent)
    if found is None:
        raise UnknownConsent("there is no such consent")
    return found


def issuer_of(desk: ConsentDesk, named: str | None) -> MemberId:
    """The issuer that is meant; CommandFailed when that is not clear."""
    from schemas.identifiers import MemberId

    if named is not None:
        return MemberId.parse(named)
    issuers = desk.issuers()
    if len(issuers) != 1:
        found = (
            ", ".join(map(str, issuers))
            or "none: the registrar lists them, `isthmus federation consent-issuers`"
        )
        raise CommandFailed(
            CLIENT, "It is not clear who issues the consent", f"issuers here: {found}", "add --issuer"
        )
    return issuers[0]


def actor(person: str, officer: str) -> Actor:
    """The person at the desk, assisted by who runs the command."""
    from gateway.consent.choices import Actor

    return Actor(subject_of(person), officer)


def actor_of(record: ConsentRecord, by: str | None, officer: str) -> Actor:
    """Who acts on a consent: the person it is about, or whom `--by` names."""
    from gateway.consent.choices import Actor

    return Actor(record.wish.subject if by is None else subject_of(by), officer)


def print_result(found: Any, now: int, *, json: bool) -> None:
    """A consent, or the notice to be read out first."""
    from gateway.consent.record import ConsentRecord

    if isinstance(found, ConsentRecord):
        answer(document_of(found, now), *lines(found, now), json=json)
        return
    from gateway.consent.notices.notice import as_lines

    document = {
        "notice": found.reference.id,
        "version": found.reference.version,
        "language": found.reference.language,
        "direction": found.direction,
        "lines": as_lines(found),
    }
    step = f"Nothing is recorded yet. Read it out; then run it again with --notice {found.reference.id}"
    answer(document, *as_lines(found), "", step, json=json)


def lines(record: ConsentRecord, now: int) -> tuple[str, ...]:
    """A consent in lines for people."""
    from gateway.consent.notices.slip import short_code

    scope = record.wish.scope
    return (
        f"{record.id} version {record.version} ({short_code(record.id)}): {record.state_at(now)}",
        f"{scope.client} may ask {scope.service or scope.provider} for {words(scope.fields)}",
        f"for {scope.purpose}, from {moment(record.wish.valid_from)} until {moment(record.ends_at)}",
    )


def document_of(record: ConsentRecord, now: int) -> dict[str, Any]:
    """A consent as JSON, without a person."""
    wish, scope = record.wish, record.wish.scope
    return {
        "id": record.id,
        "version": record.version,
        "state": record.state_at(now).value,
        "issuer": str(wish.issuer),
        **texts(scope, "client", "provider", "purpose"),
        "service": None if scope.service is None else str(scope.service),
        "fields": list(scope.fields),
        "often": scope.frequency.often.value,
        "valid_from": wish.valid_from,
        "ends_at": record.ends_at,
        "granted_at": record.granted_at,
        "ended_at": record.ended_at,
        "notice": wish.notice.id,
        "language": wish.notice.language,
        "method": wish.method.value,
        "officer": wish.officer,
        "capacity": None if wish.representative is None else wish.representative.capacity.value,
    }


def texts(value: object, *names: str) -> dict[str, Any]:
    """Some attributes as texts."""
    return {name: str(getattr(value, name)) for name in names}
