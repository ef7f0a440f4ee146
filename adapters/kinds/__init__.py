"""The kinds of source, each one folder: the protocol spoken, and nothing else.

A kind only *reads*: it puts one question to a system and gives back raw records, or says why there
are none. Mapping to canonical fields (`adapters.mapped`) and all limits around it
(`adapters.wrappers`) are the same for every kind. In the folder of a kind stand

- `form.schema.json`: how it is written in a source file (see `adapters.source_schema`),
- `form.py`: that text read into values, and what a schema cannot check (`Form`),
- `reader.py`: the protocol, with `new(source)` (`Kind`),
- `replay.py`: the same protocol over recorded answers, with `replaying(…)` (`Replaying`).

Modules are imported when a source of their kind is opened, so a gateway loads no driver it does
not use.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol, cast

from adapters.room import Room
from adapters.yaml_lines import Document, Place
from schemas.errors import ConfigurationError
from schemas.outcome import Ambiguous, NotFound, Unanswered
from schemas.record import Subject

if TYPE_CHECKING:
    from adapters.events import Events
    from adapters.inbox import Inbox
    from adapters.source import RecordService, Source

KINDS: Final = (
    "sql",
    "rest",
    "dci",
    "fhir",
    "file",
    "python",
    "soap",
    "xroad",
    "oidc",
    "mosip-ida",
    "payments",
    "ogc",
    "feed",
    "webhook",
)
"""The words a source file may write after `kind:`."""

STAGING: Final = frozenset({"file", "payments"})
"""Kinds that keep what their owner dropped: `new(source, room)` in their `reader.py`."""

CALLED_BACK: Final = frozenset({"dci"})
"""Kinds whose answers may come by a call of the source: `new(source, inbox)`."""

PUSHED: Final = frozenset({"webhook"})
"""Kinds that keep what a source sends of its own accord: `new(source, events)`."""


@dataclass(frozen=True, slots=True)
class Dated:
    """Records of a source that is not asked live; `as_of` is the moment it vouches for, epoch seconds."""

    records: Sequence[Mapping[str, Any]]
    as_of: int


Raw = Sequence[Mapping[str, Any]] | Dated | NotFound | Ambiguous | Unanswered
"""What a kind reads: records as the source wrote them (none is an empty list), or an outcome the
protocol itself can tell."""

Complaint = tuple[Place, str, str]
"""Something wrong in a source file: its place, what is wrong, the cure."""


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


class Form(Protocol):
    """How a kind is written in a source file: the functions of its `form.py`.

    Connections and asks are frozen dataclasses of the kind; only its own reader looks into them.
    """

    PLACEHOLDER: str
    """What stands for a variable of the connection while fixtures run."""

    def connection(self, settings: Mapping[str, Any], folder: Path) -> object:
        """The connection, its secrets resolved; `folder` is the source file's.

        Raises:
            ConfigurationError: what a variable or secret gave cannot be.
        """

    def ask(self, service: Mapping[str, Any]) -> object:
        """How a record service's question is put."""

    def connection_warnings(self, settings: Mapping[str, Any]) -> Iterator[Complaint]:
        """What is doubtful about a connection, secrets not resolved; places begin with `connection`."""

    def service_complaints(self, service: Mapping[str, Any], place: Place) -> Iterator[Complaint]:
        """What is wrong with a record service that stands at a place."""


class Replaying(Protocol):
    """`replaying` of a kind's `replay.py`."""

    def __call__(self, source: Source, case: Mapping[str, Any], folder: Path) -> tuple[Source, Kind]:
        """A source and its kind over a fixture case's recorded answer; `folder` is an empty one to
        work in, gone afterwards."""


def package_of(kind: str) -> str:
    """The package of a kind's folder.

    Raises:
        ConfigurationError: the word is not known.
    """
    if kind not in KINDS:
        raise ConfigurationError(f"kind `{kind}` is not one of {', '.join(KINDS)}")
    return "adapters.kinds." + kind.replace("-", "_")


def form_of(kind: str) -> Form:
    """How a kind is written. Raises ConfigurationError as `package_of`."""
    return cast("Form", import_module(package_of(kind) + ".form"))


def connection_complaints_of(kind: str) -> Callable[[Mapping[str, Any]], Iterator[Complaint]]:
    """What a kind finds wrong with a connection, secrets not resolved; most have a schema that says it
    all, and no `connection_complaints` in their `form.py`."""
    return getattr(form_of(kind), "connection_complaints", lambda _settings: iter(()))


def document_complaints_of(kind: str) -> Callable[[Document], Iterator[Complaint]]:
    """What a kind finds wrong between the parts of a whole file, such as its WSDL; most find nothing,
    and have no `document_complaints` in their `form.py`."""
    return getattr(form_of(kind), "document_complaints", lambda _document: iter(()))


def named_files_of(kind: str) -> Callable[[Mapping[str, Any], Path], Iterator[str]]:
    """The files that a connection names, as it names them; `folder` is the source file's. Most kinds name
    at most an authority, and have no `named_files` in their `form.py`."""
    return getattr(form_of(kind), "named_files", _authority)


def _authority(settings: Mapping[str, Any], _folder: Path) -> Iterator[str]:
    if "ca_file" in settings:
        yield settings["ca_file"]


def new_kind(
    source: Source, room: Room | None = None, inbox: Inbox | None = None, events: Events | None = None
) -> Kind:
    """The kind that serves a source, with what a gateway lends it: `room` is where kinds of `STAGING` keep
    what was dropped, `inbox` where those of `CALLED_BACK` get answers later, `events` where those of
    `PUSHED` keep what they were sent. Raises ConfigurationError as `package_of`."""
    reader: Any = import_module(package_of(source.kind) + ".reader")
    for kinds, lent in ((STAGING, room), (CALLED_BACK, inbox), (PUSHED, events)):
        if source.kind in kinds:
            return cast("Kind", reader.new(source, lent))
    return cast("Kind", reader.new(source))


def replaying_of(kind: str) -> Replaying:
    """How a kind reads recorded answers. Raises ConfigurationError as `package_of`."""
    replay: Any = import_module(package_of(kind) + ".replay")
    return cast("Replaying", replay.replaying)
