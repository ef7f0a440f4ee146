"""The class an author writes (DESIGN section 9)."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel, ConfigDict, SecretStr

from adapters.source import Limits
from schemas.outcome import Shape

Secret = SecretStr
"""The type of a secret in a `Config`: `.get_secret_value()` tells it, its text form does not."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: a service of the file, whom about (`values` by part of the selector), which
    canonical fields, and how many records are of use (one more than allowed, to see ambiguity)."""

    service: str
    subject_type: str
    values: Mapping[str, str | int] = field(repr=False)
    fields: tuple[str, ...]
    most: int

    @property
    def value(self) -> str | int:
        """The value of a selector that has one part."""
        return next(iter(self.values.values()))


@dataclass(frozen=True, slots=True)
class Offer:
    """One service the class can answer: of which canonical schema, for which subjects (type and the
    pattern of its value), with which fields. A source file offers some of them."""

    name: str
    title: str
    canonical: str
    subjects: Mapping[str, str]
    fields: tuple[str, ...]
    shape: Shape = "record"


class SourceAdapter(ABC):
    """Reaches one system. One instance serves many questions at once, between `open` and `close`.

    Nothing in it may block: waiting is `await`, blocking libraries run in `asyncio.to_thread`.
    What it raises beside `Told` becomes an outcome too, without its text.
    """

    class Config(BaseModel):
        """What `config:` of the source file holds; subclass it. Unknown members are refused."""

        model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    def __init__(self, config: Any, limits: Limits) -> None:
        self.config = config
        self.limits = limits

    async def open(self) -> None:  # noqa: B027 - most have nothing to make ready
        """Make ready. A system that is down is no error here."""

    async def close(self) -> None:  # noqa: B027 - most have nothing to give back
        """Give back what `open` took. Closing twice is allowed."""

    @abstractmethod
    async def health(self) -> None:
        """End quietly when the system can be asked now, with these credentials; else raise `Told`."""

    @abstractmethod
    async def discover(self) -> Sequence[Offer]:
        """The services it can answer, always the same; it does not need the system for that."""

    @abstractmethod
    def fetch(self, question: Question) -> AsyncIterator[Mapping[str, Any]]:
        """Read, and never write: yield the records the system gives, as they are.

        None at all means what the file's `empty` says. Raises `Told` for what is no record.
        """
