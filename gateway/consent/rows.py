"""Consents as rows of SQL: texts, parameters, and the way back. `store` says when which is used."""

from __future__ import annotations

from typing import Any, Final

from audit.store import Write
from gateway.consent.record import (
    ConsentRecord,
    Event,
    Frequency,
    Method,
    Notice,
    Often,
    Representative,
    Scope,
    State,
    Wish,
)
from schemas.identifiers import MemberId, ServiceId, SubsystemId
from schemas.record import Subject

_COLUMNS: Final = (
    "id, version, issuer, people, subject_tag, representative_tag, client, provider, service, purpose, "
    "fields, often, times, period_s, valid_from, valid_until, ends_at, notice, notice_version, language, "
    "method, officer, state, granted_at, ended_at"
)
_PLACES = ", ".join(f"${number}" for number in range(1, _COLUMNS.count(",") + 2))
INSERT: Final = f"INSERT INTO consent ({_COLUMNS}) VALUES ({_PLACES})"  # noqa: S608  constants only
_SELECT: Final = f"SELECT {_COLUMNS} FROM consent"  # noqa: S608  constants only
FIND: Final = f"{_SELECT} WHERE issuer = $1 AND id = $2 ORDER BY version DESC LIMIT 1"
FIND_VERSION: Final = f"{_SELECT} WHERE issuer = $1 AND id = $2 AND version = $3"
OF_SUBJECT: Final = (
    f"{_SELECT} WHERE issuer = $1 AND subject_tag = $2 ORDER BY id DESC, version DESC LIMIT $3"
)
OF_REPRESENTATIVE: Final = (
    f"{_SELECT} WHERE issuer = $1 AND representative_tag = $2 ORDER BY id DESC, version DESC LIMIT $3"
)
OF_PARTY: Final = (
    f"{_SELECT} WHERE (client = $1 OR provider = $1) AND state <> 'superseded' "
    "ORDER BY id DESC LIMIT $2 OFFSET $3"
)
HISTORY: Final = (
    "SELECT version, at, state, was, method, actor FROM consent_event WHERE id = $1 "
    "ORDER BY version, at, state"
)
DUE: Final = "SELECT count(*) FROM consent WHERE state = 'granted' AND ends_at <= $1"

_END = "UPDATE consent SET state = $3, ended_at = $4 WHERE id = $1 AND version = $2"
_BEGUN = (
    "INSERT INTO consent_event (id, version, state, at, was, method, actor) "
    "VALUES ($1, $2, 'granted', $3, 'none', $4, $5)"
)
_ENDED = (
    "INSERT INTO consent_event (id, version, state, at, was, method, actor) VALUES ($1, $2, $3, $4, "
    "(SELECT state FROM consent WHERE id = $1 AND version = $2 AND state = 'granted'), $5, $6)"
)
_EXPIRED = (
    "INSERT INTO consent_event (id, version, state, at, was, method, actor) "
    "SELECT id, version, 'expired', ends_at, state, method, 'clock' FROM consent "
    "WHERE state = 'granted' AND ends_at <= $1"
)
_EXPIRE = "UPDATE consent SET state = 'expired', ended_at = ends_at WHERE state = 'granted' AND ends_at <= $1"


def grant(record: ConsentRecord, people: bytes, representative_tag: str | None, by: str) -> list[Write]:
    """Write a new version, granted."""
    wish, scope = record.wish, record.wish.scope
    row = (
        record.id, record.version, str(wish.issuer), people, record.tag, representative_tag,
        str(scope.client), str(scope.provider), str(scope.service) if scope.service else None,
        scope.purpose, " ".join(scope.fields), scope.frequency.often.value, scope.frequency.times,
        scope.frequency.period_s, wish.valid_from, wish.valid_until, record.ends_at, wish.notice.id,
        wish.notice.version, wish.notice.language, wish.method.value, wish.officer, record.state.value,
        record.granted_at, record.ended_at,
    )  # fmt: skip
    event = (record.id, record.version, record.granted_at, wish.method.value, by)
    return [(INSERT, row), (_BEGUN, event)]


def end(record: ConsentRecord, state: State, at: int, method: Method, by: str) -> list[Write]:
    """End a version. Fails, and everything with it, unless the version is granted by then."""
    event = (record.id, record.version, state.value, at, method.value, by)
    return [(_ENDED, event), (_END, (record.id, record.version, state.value, at))]


def expire(now: int) -> list[Write]:
    """Record the end of every consent that ran out."""
    return [(_EXPIRED, (now,)), (_EXPIRE, (now,))]


def record_of(row: tuple[Any, ...], subject: Subject, representative: Representative | None) -> ConsentRecord:
    """A row read back, with the people of its sealed column."""
    (id_, version, issuer, _, tag, _, client, provider, service, purpose, fields, often, times, period_s,
     valid_from, valid_until, _, notice, notice_version, language, method, officer, state, granted_at,
     ended_at) = row  # fmt: skip
    scope = Scope(
        client=SubsystemId.parse(client),
        provider=SubsystemId.parse(provider),
        service=ServiceId.parse(service) if service else None,
        purpose=purpose,
        fields=tuple(fields.split(" ")),
        frequency=Frequency(Often(often), times, period_s),
    )
    wish = Wish(
        issuer=MemberId.parse(issuer),
        subject=subject,
        representative=representative,
        scope=scope,
        valid_from=valid_from,
        valid_until=valid_until,
        notice=Notice(notice, notice_version, language),
        method=Method(method),
        officer=officer,
    )
    return ConsentRecord(id_, version, wish, tag, State(state), granted_at, ended_at)


def event_of(row: tuple[Any, ...]) -> Event:
    """A row of `HISTORY`."""
    version, at, state, was, method, actor = row
    return Event(version, at, State(state), None if was == "none" else State(was), Method(method), actor)
