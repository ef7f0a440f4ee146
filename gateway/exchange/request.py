"""What a door hands to the asking side, and what it gets back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from schemas.errors import ExchangeError
from schemas.identifiers import ServiceId, SubsystemId
from schemas.statement import AnswerStatement
from schemas.wire import Headers


@dataclass(frozen=True, slots=True)
class Officer:
    """Who asks at the client's side, as the client asserts: a provider may use it to refuse only.

    `id` is the client's own; it is pseudonymised before it leaves. `role` is the client's word for a
    duty, `area` a district or the like, `assurance` how surely the officer was authenticated.
    """

    id: str | None = None
    role: str | None = None
    area: str | None = None
    assurance: str | None = None


NOBODY: Final = Officer()
"""The client says nothing about an officer."""


@dataclass(frozen=True, slots=True)
class OutgoingRequest:
    """One request of one client. `path` and `query` are canonical, `headers` end-to-end only.

    `purpose` and `basis` are None where the door cannot carry them; the agreement then fills them
    in. `deadline` is a moment of `time.monotonic`.
    """

    client: SubsystemId
    service: ServiceId
    method: str
    path: str
    query: str
    headers: Headers
    body: bytes
    deadline: float
    media_type: str = ""
    purpose: str | None = None
    basis: str | None = None
    consent: str | None = None
    user: Officer = NOBODY
    represents: str | None = None
    issue: str | None = None
    cid: str | None = None
    retry_of: str | None = None
    label: str | None = None
    """The client's own message id, such as `X-Road-Id`: kept in the case, need not be unique."""


@dataclass(frozen=True, slots=True)
class ExchangeAnswer:
    """A verified answer or refusal, logged, with its receipt: the exchange's `id`.

    `problem` is the error that a refusal carries, None for an answer. `statement` is the answer's.
    """

    id: str
    cid: str
    status: int
    headers: Headers
    body: bytes
    statement: AnswerStatement
    problem: ExchangeError | None
