"""The kinds of source, each one file: the protocol spoken, and nothing else.

A kind only *reads*: it puts one question to a system and gives back raw records, or says why there
are none. Mapping to canonical fields (`adapters.mapped`) and all limits around it
(`adapters.wrappers`) are the same for every kind. Classes are imported when a source of their kind
is opened, so a gateway loads no driver it does not use.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final, Protocol, cast

from schemas.errors import ConfigurationError
from schemas.outcome import Ambiguous, NotFound, Unanswered
from schemas.record import Subject

if TYPE_CHECKING:
    from adapters.source import RecordService, Source

Raw = Sequence[Mapping[str, Any]] | NotFound | Ambiguous | Unanswered
"""What a kind reads: records as the source wrote them (none is an empty list), or an outcome the
protocol itself can tell."""


class Kind(Protocol):
    """Reads raw records from one source. `open`, `close` and `health` are those of `Adapter`."""

    async def open(self) -> None:
        """Make ready. Raises ConfigurationError when the source is not what its file declares."""

    async def close(self) -> None:
        """Give back connections."""

    async def health(self) -> Unanswered | None:
        """None when the source can be asked now."""

    async def read(self, service: RecordService, subject: Subject, fields: tuple[str, ...]) -> Raw:
        """Read what is needed for these fields; one record more than allowed, to see ambiguity.

        Errors of the protocol may be raised as ConnectionError or TimeoutError.
        """


_KINDS: Final[Mapping[str, str]] = {
    "sql": "adapters.kinds.sql:Sql",
    "rest": "adapters.kinds.rest:Rest",
    "dci": "adapters.kinds.dci:Dci",
}


def new_kind(source: Source) -> Kind:
    """The kind that serves a source.

    Raises:
        ConfigurationError: the word is not known.
    """
    place = _KINDS.get(source.kind)
    if place is None:
        raise ConfigurationError(f"kind `{source.kind}` is not one of {', '.join(_KINDS)}")
    module, _, name = place.partition(":")
    kind = cast("Callable[[Source], Kind]", getattr(import_module(module), name))
    return kind(source)
