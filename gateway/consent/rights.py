"""Who may decide for whom: everybody for themselves, a representative while the representation holds.

A represented person's own withdrawal wins: no representative can give again what that person took back.
"""

from __future__ import annotations

from dataclasses import dataclass

from gateway.consent.choices import Actor, Choice, alike, same
from gateway.consent.errors import UnknownConsent
from gateway.consent.notices.notice import Asked
from gateway.consent.record import ConsentRecord, Representative, State
from gateway.consent.representation import Representations
from gateway.consent.store import Consents
from schemas.errors import NotPermitted
from schemas.identifiers import MemberId
from schemas.record import Subject


@dataclass(frozen=True, slots=True)
class Rights:
    """Reads consents and representations; changes nothing."""

    consents: Consents
    representations: Representations

    async def for_whom(self, choice: Choice, actor: Actor, now: int) -> tuple[Subject, Representative | None]:
        """Whom a choice is about: the actor, or who is represented under a representation in force.
        Raises NotPermitted."""
        if choice.representation is None:
            return actor.person, None
        try:
            found = await self.representations.find(choice.issuer, choice.representation)
        except UnknownConsent:
            raise _not_representing() from None
        if not same(found.representative.subject, actor.person) or not found.holds_at(now):
            raise _not_representing()
        return found.subject, found.representative

    async def check_not_taken_back(self, asked: Asked, subject: Subject) -> None:
        """Raise NotPermitted when the represented person took the same back themselves, and has not
        given it again."""
        tag = await self.consents.vault.tag(asked.issuer, subject)
        for record in await self.consents.of_subject(asked.issuer, subject):
            if alike(record.wish.scope, asked.scope):
                events = await self.consents.history(asked.issuer, record.id)
                if any(one.state is State.WITHDRAWN and _acted(one.by) == tag for one in events):
                    raise NotPermitted(
                        "the person took this back themselves, and only they can give it again",
                        reasons=("consent.withdrawn_by_subject",),
                    )
                if record.wish.representative is None:
                    return

    async def own(self, issuer: MemberId, consent: str, actor: Actor, now: int) -> ConsentRecord:
        """A consent of the actor's: about them, or given by them while they represent its subject.
        Raises UnknownConsent."""
        record = await self.consents.find(issuer, consent)
        if record is not None and same(record.wish.subject, actor.person):
            return record
        other = record.wish.representative if record is not None else None
        if record is None or other is None or not same(other.subject, actor.person):
            raise UnknownConsent("there is no such consent of yours")
        held = await self.represented(issuer, actor.person, now)
        if not any(same(one, record.wish.subject) for one in held):
            raise UnknownConsent("there is no such consent of yours")
        return record

    async def represented(self, issuer: MemberId, person: Subject, now: int) -> list[Subject]:
        """Whom a person represents at a moment."""
        found = await self.representations.by_representative(issuer, person)
        return [one.subject for one in found if one.holds_at(now)]

    async def representing(self, record: ConsentRecord, actor: Actor, now: int) -> Representative | None:
        """The representation under which the actor goes on with a consent, as it is on record now; None
        where it is the subject's own."""
        if record.wish.representative is None or same(record.wish.subject, actor.person):
            return record.wish.representative
        issuer = record.wish.issuer
        held = await self.representations.by_representative(issuer, actor.person)
        fitting = [one for one in held if one.holds_at(now) and same(one.subject, record.wish.subject)]
        return max(fitting, key=lambda one: one.representative.until or 0).representative

    async def pseudonym(self, issuer: MemberId, actor: Actor) -> str:
        """Who acted, in pseudonyms: a citizen's tag, or an officer's own `for` the tag of the person at
        the desk."""
        tag = await self.consents.vault.tag(issuer, actor.person)
        return tag if actor.officer is None else f"{actor.officer} for {tag}"


def _acted(by: str) -> str:
    """The tag of the person who wanted it, of what `pseudonym` made."""
    return by.rsplit(" for ", 1)[-1]


def _not_representing() -> NotPermitted:
    return NotPermitted(
        "there is no representation in force under which this person may decide for another",
        reasons=("representation.missing",),
    )
