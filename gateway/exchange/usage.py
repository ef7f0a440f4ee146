"""What a client has used of its quotas and repeats, counted for all nodes in the database (DESIGN section 7).

A quota is counted per client, service and purpose; repeats per subject beside. Counting is *reserving*:
before policy is asked, one is taken from each allowance in one conditional statement, so that two nodes
never take the same one. Policy sees only whether there was something to take. What an exchange did not
need is given back: it counts exactly when something was said about a person, by an answer or by the
refusal `subject.unavailable`, whatever the cause of the latter. A crash counts.

Periods are fixed: the hour and the day in UTC, and thirty days counted from 1970. A retry of a counted
exchange is not counted again, up to `FREE_RETRIES` times within an hour, if it asks the same service for
the same purpose, subject and conversation. Without an allowance in the agreement nothing is read or written.
"""

from __future__ import annotations

import logging
from hashlib import sha256
from typing import Final

from audit.errors import AuditError, CaseErased, NotLogged
from audit.reading import LogReader
from audit.store import Store
from audit.subject_tag import SubjectTags
from gateway.exchange.facts import UNLIMITED
from gateway.exchange.refusals import tells_of_a_person
from gateway.exchange.under_way import NOTHING_TAKEN, Exchange, Reserved
from schemas.agreement import AgreedService, Allowance
from schemas.encoding import b64url
from schemas.errors import AuditUnavailable
from schemas.identifiers import ServiceId
from schemas.record import Subject

FREE_RETRIES: Final = 3
_RETRY: Final = Allowance(FREE_RETRIES, 3_600)

_TAKE: Final = (
    "INSERT INTO usage_count (scope, begins, ends, used) VALUES ($1, $2, $3, 1) "
    "ON CONFLICT (scope, begins) DO UPDATE SET used = usage_count.used + 1 WHERE usage_count.used < $4"
)
_GIVE_BACK: Final = "UPDATE usage_count SET used = used - 1 WHERE scope = $1 AND begins = $2 AND used > 0"
_PURGE: Final = "DELETE FROM usage_count WHERE ends < $1"

_logger = logging.getLogger(__name__)


class Usage:
    """Counts for the services hosted here."""

    def __init__(self, store: Store, reader: LogReader, tags: SubjectTags) -> None:
        self._store = store
        self._reader = reader
        self._tags = tags

    async def reserve(self, exchange: Exchange, subject: Subject | None, now: int) -> Reserved:
        """Take one from each allowance of the agreement.

        Raises:
            AuditUnavailable: it could not be counted, so nothing may be answered.
        """
        statement = exchange.statement
        service = ServiceId.parse(statement.aud)
        terms = exchange.agreement.terms_for(service) if exchange.agreement else None
        if terms is None or not (terms.quota or terms.repeats):
            return NOTHING_TAKEN
        try:
            if await self._is_free_retry(exchange, now):
                return NOTHING_TAKEN
            return await self._take_all(exchange, terms, subject, now)
        except AuditError:
            raise AuditUnavailable from None

    async def give_back(self, reserved: Reserved) -> None:
        """Nothing was said about a person. What cannot be given back stays counted."""
        try:
            for scope, begins in reserved.taken:
                await self._store.execute(_GIVE_BACK, scope, begins)
        except AuditError:
            _logger.warning("what an exchange did not use of its allowance stays counted")

    async def purge(self, now: int) -> int:
        """Forget periods that are over; return how many counters went."""
        return await self._store.execute(_PURGE, now)

    async def _take_all(
        self, exchange: Exchange, terms: AgreedService, subject: Subject | None, now: int
    ) -> Reserved:
        statement = exchange.statement
        words = (statement.iss, statement.aud, statement.purpose)
        taken: list[tuple[str, int]] = []
        left = dict(UNLIMITED)
        for allowance in terms.quota:
            scope = " ".join(("quota", str(allowance.period_s), *words))
            left["quota_left"] &= await self._take(taken, scope, allowance, now)
        if terms.repeats is not None and subject is not None:
            begins = _begins(terms.repeats, now)
            # The tag of the period's beginning: the key of tags changes every month.
            member = str(ServiceId.parse(statement.aud).member)
            tag = await self._tags.tag(member, subject.type, subject.value, begins)
            scope = _scope("repeats", str(terms.repeats.period_s), *words, tag)
            left["repeats_left"] = await self._take(taken, scope, terms.repeats, now)
        return Reserved(left, tuple(taken))

    async def _take(self, taken: list[tuple[str, int]], scope: str, allowance: Allowance, now: int) -> bool:
        begins = _begins(allowance, now)
        ends = begins + allowance.period_s
        if await self._store.execute(_TAKE, scope, begins, ends, allowance.limit) != 1:
            return False
        taken.append((scope, begins))
        return True

    async def _is_free_retry(self, exchange: Exchange, now: int) -> bool:
        """Whether this repeats an exchange that was counted; what the statement claims is looked up."""
        statement = exchange.statement
        if statement.retry_of is None or not await self._was_counted(exchange, now):
            return False
        words = (statement.iss, statement.aud, statement.purpose, statement.cid, exchange.subject_tag or "")
        return await self._take([], _scope("retry", *words), _RETRY, now)

    async def _was_counted(self, exchange: Exchange, now: int) -> bool:
        statement = exchange.statement
        try:
            logged = await self._reader.exchange(statement.retry_of or "")
            ended = [
                found
                for found in logged
                if found.entry.side == "answering"
                and found.entry.kind == "outcome"
                and (found.entry.client, found.entry.service) == (statement.iss, statement.aud)
                and (found.entry.purpose, found.entry.cid) == (statement.purpose, statement.cid)
                and found.entry.ts > now - _RETRY.period_s
            ]
            if not ended:
                return False
            entry = ended[0].entry
            case = await self._reader.case(ended[0].index)
        except (NotLogged, CaseErased):
            return False
        subjects = (exchange.subject_tag,) if exchange.subject_tag else ()
        said = entry.result == "answered" or (entry.result == "refused" and tells_of_a_person(entry.reasons))
        return said and case.subjects == subjects


def _begins(allowance: Allowance, now: int) -> int:
    return now - now % allowance.period_s


def _scope(*words: str) -> str:
    """A counter's name that says nothing: it is about a person."""
    return f"{words[0]} {b64url(sha256(chr(0).join(words).encode()).digest())}"
