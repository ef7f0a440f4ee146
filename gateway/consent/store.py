"""The issuer's consents: granted, renewed, withdrawn, found, and what happened to each.

    consents = Consents(store, log, vault, tags)
    record = await consents.grant(wish, by=tag, now=now)
    await consents.withdraw(record.wish.issuer, record.id, by=tag, method=Method.SELF, now=now)

Every change is one transaction of the audit log (`AuditLog.act`): the record, its event and the entry
are there together or not at all. Two changes of one consent at the same moment cannot both happen:
the later one finds that it does not fit, and nothing of it stays. What is committed is what every
node's next question sees, so a withdrawal is in force at the next exchange.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from audit.case import Case
from audit.entry import Entry
from audit.errors import AuditUnavailable
from audit.log import AuditLog
from audit.pending import PendingEntry
from audit.store import Store, Write
from audit.subject_tag import SubjectTags
from gateway.consent import rows
from gateway.consent.errors import NotPossible, UnknownConsent
from gateway.consent.record import ConsentRecord, Event, Method, Notice, Representative, State, Wish
from gateway.consent.vault import ConsentVault
from schemas.exchange_id import new_exchange_id
from schemas.identifiers import MemberId
from schemas.record import Subject

MAX_LISTED: Final = 1_000


@dataclass(frozen=True, slots=True)
class Renewal:
    """What a renewal changes; all else of the consent stays as it is."""

    valid_until: int
    notice: Notice
    method: Method = Method.SELF
    officer: str | None = None
    representative: Representative | None = None
    """The representation as it is now; None keeps the one there was."""


@dataclass(frozen=True, slots=True)
class Consents:
    """The consents that the members hosted here have issued. `by` is a pseudonym, never a name;
    `now` epoch seconds. Whether that person may do this is the caller's question."""

    store: Store
    log: AuditLog
    vault: ConsentVault
    tags: SubjectTags

    async def grant(self, wish: Wish, *, by: str, now: int) -> ConsentRecord:
        """Record a new consent.

        Raises:
            UnfitConsent: it contradicts itself.
            AuditUnavailable: it is not known to be recorded.
        """
        wish.check()
        tag = await self.vault.tag(wish.issuer, wish.subject)
        record = ConsentRecord(new_exchange_id(), 1, wish, tag, State.GRANTED, now)
        await self._act("consent.grant", record, await self._granted(record, by), by, now)
        return record

    async def renew(
        self, issuer: MemberId, consent: str, renewal: Renewal, *, by: str, now: int
    ) -> ConsentRecord:
        """Record the next version of a consent that stands; tokens of the old one count no longer.

        Raises:
            UnknownConsent, NotPossible: there is none that stands.
            UnfitConsent: the new version contradicts itself.
        """
        old = await self.standing(issuer, consent, now)
        wish = replace(
            old.wish, valid_from=now, valid_until=renewal.valid_until, notice=renewal.notice,
            method=renewal.method, officer=renewal.officer,
            representative=renewal.representative or old.wish.representative,
        )  # fmt: skip
        wish.check()
        new = ConsentRecord(old.id, old.version + 1, wish, old.tag, State.GRANTED, now)
        ended = rows.end(old, State.SUPERSEDED, now, renewal.method, by)
        await self._act("consent.renew", new, [*ended, *await self._granted(new, by)], by, now)
        return new

    async def withdraw(
        self, issuer: MemberId, consent: str, *, by: str, method: Method = Method.SELF, now: int
    ) -> ConsentRecord:
        """End a consent that stands, from the next exchange on.

        Raises:
            UnknownConsent, NotPossible: there is none that stands.
        """
        record = await self.standing(issuer, consent, now)
        ended = rows.end(record, State.WITHDRAWN, now, method, by)
        await self._act("consent.withdraw", record, ended, by, now)
        return replace(record, state=State.WITHDRAWN, ended_at=now)

    async def expire(self, now: int) -> int:
        """Record the end of consents that ran out, and return how many; they counted no longer anyway."""
        ((due,),) = await self.store.rows(rows.DUE, now)
        if due:
            entry = Entry(kind="admin", id=new_exchange_id(), ts=now, action="consent.expire")
            case = Case(acts={"count": str(due)})
            await self.log.act(PendingEntry(entry, case), rows.expire(now))
        return int(due)

    async def find(self, issuer: MemberId, consent: str, version: int | None = None) -> ConsentRecord | None:
        """A version of a consent, the newest by default; None if this issuer has none."""
        if version is None:
            found = await self.store.rows(rows.FIND, str(issuer), consent)
        else:
            found = await self.store.rows(rows.FIND_VERSION, str(issuer), consent, version)
        return self.read(found[0]) if found else None

    async def standing(self, issuer: MemberId, consent: str, now: int) -> ConsentRecord:
        """The newest version of a consent, if it is in force or will be.

        Raises:
            UnknownConsent, NotPossible: there is none, or it was withdrawn or ran out.
        """
        record = await self.find(issuer, consent)
        if record is None:
            raise UnknownConsent("the issuer has no such consent")
        if record.state_at(now) is not State.GRANTED:
            raise NotPossible(f"the consent is {record.state_at(now).value}")
        return record

    async def of_subject(self, issuer: MemberId, subject: Subject) -> tuple[ConsentRecord, ...]:
        """Every version of the consents about a person, newest first, at most `MAX_LISTED`."""
        return await self._list(rows.OF_SUBJECT, issuer, subject)

    async def of_representative(self, issuer: MemberId, person: Subject) -> tuple[ConsentRecord, ...]:
        """Every version of the consents that a person gave for others, newest first."""
        return await self._list(rows.OF_REPRESENTATIVE, issuer, person)

    async def history(self, issuer: MemberId, consent: str) -> tuple[Event, ...]:
        """What happened to a consent, in order.

        Raises:
            UnknownConsent: this issuer has none of this id.
        """
        if await self.find(issuer, consent) is None:
            raise UnknownConsent("the issuer has no such consent")
        return tuple(rows.event_of(row) for row in await self.store.rows(rows.HISTORY, consent))

    async def _list(self, sql: str, issuer: MemberId, person: Subject) -> tuple[ConsentRecord, ...]:
        tag = await self.vault.tag(issuer, person)
        return tuple(self.read(row) for row in await self.store.rows(sql, str(issuer), tag, MAX_LISTED))

    async def _granted(self, record: ConsentRecord, by: str) -> list[Write]:
        """The writes of a version that begins."""
        wish = record.wish
        other = wish.representative
        tag = None if other is None else await self.vault.tag(wish.issuer, other.subject)
        people = self.vault.seal(record.key, wish.subject, other)
        return rows.grant(record, people, tag, by)

    async def _act(
        self, action: str, record: ConsentRecord, writes: Sequence[Write], by: str, now: int
    ) -> None:
        """Log it and do it. Who comes too late is told so, and has changed nothing."""
        subject = record.wish.subject
        tag = await self.tags.tag(str(record.wish.issuer), subject.type, subject.value, now)
        scope = record.wish.scope
        entry = Entry(
            kind="admin", id=new_exchange_id(), ts=now, action=action, client=str(scope.client),
            service=str(scope.service or scope.provider), purpose=scope.purpose,
        )  # fmt: skip
        case = Case(subjects=(tag,), user=by, acts={"consent": record.key})
        try:
            await self.log.act(PendingEntry(entry, case), writes)
        except AuditUnavailable:
            await self._explain(record, action, now)
            raise

    async def _explain(self, record: ConsentRecord, action: str, now: int) -> None:
        """Raise `NotPossible` if a change failed because another one came first."""
        if action != "consent.grant":
            newest = await self.standing(record.wish.issuer, record.id, now)
            if newest.version >= record.version and action == "consent.renew":
                raise NotPossible("the consent was renewed already") from None

    def read(self, row: tuple[Any, ...]) -> ConsentRecord:
        """A row of `rows`' columns, with its people."""
        subject, representative = self.vault.open(f"{row[0]}.{row[1]}", bytes(row[3]))
        return rows.record_of(row, subject, representative)
