"""Guardians and legal representatives: who may consent for whom, and until when.

A consent clerk of the issuer records a representation after seeing its proof (a birth certificate, a
court's decision); it has an end of its own, such as the child's eighteenth birthday. From then on nothing
can be allowed under it, and what was allowed under it counts no longer (`record.end_of`). Who stands for
whom is encrypted like the people of a consent, and found by the same tags.

Left out: the proof itself, which stays in the clerk's files.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from audit.case import Case
from audit.entry import Entry
from audit.log import AuditLog
from audit.pending import PendingEntry
from audit.store import Store, Write
from audit.subject_tag import SubjectTags
from gateway.consent.errors import UnfitConsent, UnknownConsent
from gateway.consent.record import Representative
from gateway.consent.vault import ConsentVault
from schemas.exchange_id import new_exchange_id
from schemas.identifiers import MemberId
from schemas.record import Subject

MAX_LIFETIME_S: Final = 22 * 366 * 24 * 3600
"""Longest representation: a childhood, with some years for one that goes on."""
MAX_LISTED: Final = 1_000

_SELECT: Final = "SELECT id, issuer, people, officer, recorded_at, ended_at FROM consent_representation"
_FIND: Final = f"{_SELECT} WHERE issuer = $1 AND id = $2"
_BY_REPRESENTATIVE: Final = (
    f"{_SELECT} WHERE issuer = $1 AND representative_tag = $2 ORDER BY id DESC LIMIT $3"
)
_BY_SUBJECT: Final = f"{_SELECT} WHERE issuer = $1 AND subject_tag = $2 ORDER BY id DESC LIMIT $3"
_INSERT: Final = (
    "INSERT INTO consent_representation (id, issuer, people, subject_tag, representative_tag, officer, "
    "recorded_at) VALUES ($1, $2, $3, $4, $5, $6, $7)"
)
_END: Final = "UPDATE consent_representation SET ended_at = $2 WHERE id = $1 AND ended_at IS NULL"


@dataclass(frozen=True, slots=True)
class Representation:
    """One person's right to consent for another, as its issuer keeps it. `representative.until` is set;
    `ended_at` is when a clerk ended it before. Times in epoch seconds; `officer` is a pseudonym."""

    id: str
    issuer: MemberId
    subject: Subject
    representative: Representative
    officer: str
    recorded_at: int
    ended_at: int | None = None

    def holds_at(self, now: int) -> bool:
        """Whether it counts at a moment."""
        until = self.representative.until
        return self.ended_at is None and until is not None and now < until


@dataclass(frozen=True, slots=True)
class Representations:
    """The representations that the issuers hosted here have recorded."""

    store: Store
    log: AuditLog
    vault: ConsentVault
    tags: SubjectTags

    async def record(
        self, issuer: MemberId, subject: Subject, representative: Representative, *, officer: str, now: int
    ) -> Representation:
        """Record that somebody may consent for another.

        Raises:
            UnfitConsent: a person cannot stand for themselves, and every representation has an end.
            AuditUnavailable: it is not known to be recorded.
        """
        until = representative.until
        own, other = await self._tag(issuer, subject), await self._tag(issuer, representative.subject)
        if own == other:
            raise UnfitConsent("nobody is their own representative")
        if until is None or not now < until <= now + MAX_LIFETIME_S:
            raise UnfitConsent("a representation ends in the future, and within 22 years")
        made = Representation(new_exchange_id(), issuer, subject, representative, officer, now)
        people = self.vault.seal(_bound(made.id), subject, representative)
        row = (made.id, str(issuer), people, own, other, officer, now)
        await self._act("representation.record", made, [(_INSERT, row)], officer, now)
        return made

    async def end(self, representation: Representation, *, officer: str, now: int) -> Representation:
        """End a representation before its time; safe to repeat. Raises AuditUnavailable."""
        if representation.ended_at is not None:
            return representation
        writes = [(_END, (representation.id, now))]
        await self._act("representation.end", representation, writes, officer, now)
        return replace(representation, ended_at=now)

    async def find(self, issuer: MemberId, representation: str) -> Representation:
        """One representation. Raises UnknownConsent."""
        found = await self.store.rows(_FIND, str(issuer), representation)
        if not found:
            raise UnknownConsent("the issuer has no such representation")
        return self._read(found[0])

    async def by_representative(self, issuer: MemberId, person: Subject) -> tuple[Representation, ...]:
        """The representations in which this person stands for others, newest first."""
        return await self._list(_BY_REPRESENTATIVE, issuer, person)

    async def by_subject(self, issuer: MemberId, person: Subject) -> tuple[Representation, ...]:
        """The representations in which others stand for this person, newest first."""
        return await self._list(_BY_SUBJECT, issuer, person)

    async def _list(self, sql: str, issuer: MemberId, person: Subject) -> tuple[Representation, ...]:
        tag = await self._tag(issuer, person)
        return tuple(self._read(row) for row in await self.store.rows(sql, str(issuer), tag, MAX_LISTED))

    async def _tag(self, issuer: MemberId, person: Subject) -> str:
        return await self.vault.tag(issuer, person)

    async def _act(
        self, action: str, about: Representation, writes: Sequence[Write], officer: str, now: int
    ) -> None:
        tags = [
            await self.tags.tag(str(about.issuer), person.type, person.value, now)
            for person in (about.subject, about.representative.subject)
        ]
        entry = Entry(kind="admin", id=new_exchange_id(), ts=now, action=action)
        case = Case(subjects=tuple(tags), user=officer, acts={"representation": about.id})
        await self.log.act(PendingEntry(entry, case), writes)

    def _read(self, row: tuple[Any, ...]) -> Representation:
        identifier, issuer, people, officer, recorded_at, ended_at = row
        subject, representative = self.vault.open(_bound(identifier), bytes(people))
        if representative is None:
            raise UnknownConsent("the issuer has no such representation")
        return Representation(
            identifier, MemberId.parse(issuer), subject, representative, officer, recorded_at, ended_at
        )


def _bound(identifier: str) -> str:
    """What the encrypted people are bound to, so that no row can take another's."""
    return f"representation:{identifier}"
