"""What an adapter promises: one question in, one of six outcomes out (DESIGN section 9).

An author implements five methods and nothing else. Deadline, retry, breaker, concurrency, size,
projection to the asked fields, validation against the canonical schema and metering are done
outside, by `adapters.wrappers`, so they cannot be forgotten.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from schemas.catalogue import ServiceDescription
from schemas.outcome import Outcome, Unanswered
from schemas.record import Subject


@dataclass(frozen=True, slots=True)
class Query:
    """One question: which service (its short name in the source file), about whom, which fields."""

    service: str
    subject: Subject
    fields: tuple[str, ...]


class Adapter(Protocol):
    """Reaches one source. One instance serves many tasks at once, between `open` and `close`.

    Obligations:

    - `fetch` only reads. Asking twice has the same effect as asking once.
    - An absent person is `NotFound` only when the source said so; silence is `Unavailable`.
    - Several candidates are `Ambiguous`; the first one is never chosen.
    - A code, type or shape the source did not announce is `Misbehaving`; it is never guessed.
    - `as_of` is the moment the source vouches for; a live source vouches for now.
    - A cause names what went wrong, never a value the source or the asker sent, never a secret.
    - Cancellation stops the work at the source as far as its protocol allows.
    """

    async def open(self) -> None:
        """Make ready. A source that is down is no error; one that contradicts its file is.

        Raises:
            ConfigurationError: the source is reachable and is not what its file declares.
        """

    async def close(self) -> None:
        """Give back connections. Closing twice is allowed."""

    async def health(self) -> Unanswered | None:
        """Say whether the source can be asked now: None when it can, else why not."""

    async def discover(self) -> tuple[ServiceDescription, ...]:
        """List the services this adapter answers, in a stable order."""

    async def fetch(self, query: Query) -> Outcome:
        """Answer one question. The record may hold more fields than were asked; wrappers cut it."""
