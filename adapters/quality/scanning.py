"""Reading all records of a service: what a kind that can do so offers in its `scan.py`."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Protocol, cast

from adapters.kinds import package_of
from adapters.source import RecordService, Source


@dataclass(frozen=True, slots=True)
class Batch:
    """Some records by the names of the source file. `as_of` is the moment that a source which is not
    asked live vouches for, epoch seconds."""

    records: Sequence[Mapping[str, Any]]
    as_of: int | None = None


class Scanner(Protocol):
    """`scan.py` of a kind. What it reads are the columns that the service maps or compares, no others."""

    def compared(self, service: RecordService) -> Mapping[str, str]:
        """By part of a selector, the column that is compared with it."""

    def scan(self, source: Source, service: RecordService) -> AsyncGenerator[Batch]:
        """Every record once, in batches; the source is only read, and each of its steps is bounded by
        the source's `timeout_ms`. To be closed when not read to the end.

        Raises:
            ConfigurationError: the source is not what its file declares.
            SourceUnavailable: it does not answer.
        """


def scanner_of(kind: str) -> Scanner | None:
    """How a kind reads everything; None when it answers about one subject at a time."""
    module = package_of(kind) + ".scan"
    return None if find_spec(module) is None else cast("Scanner", import_module(module))
