"""ISO 20022 files as rows of kind `file`: pain.001 (orders), pain.002 (statuses), camt.053 (statements).

Nobody is named in a row: references, amounts, days and codes only. A file is believed as a whole or
not at all: its namespace has to be a known version, and its own numbers and control sums have to be
those of its entries, or it is put under quarantine. What one file says several times about a payment
becomes one row. Entries without an end-to-end reference count in the sums and cannot be found.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from adapters.kinds.file.bad import BadFile
from adapters.kinds.payments.messages import Row, camt053, pain001, pain002

COLUMNS: Final = (
    "key",
    "end_to_end_id",
    "batch_id",
    "message_id",
    "status",
    "reason",
    "amount",
    "currency",
    "requested_at",
    "settled_at",
    "entries",
    "total",
    "settled",
    "failed",
)
"""What rows have. A row is about a payment (`end_to_end_id`) or about a whole message (`batch_id`);
`message_id` is the message in which it was ordered, where that is told."""

KEY: Final = ("key",)
"""Says what a row is about: what a later file says about the same replaces it."""

VERSIONS: Final[Mapping[str, frozenset[str]]] = {
    "pain.001": frozenset({"03", "08", "09", "10", "11", "12"}),
    "pain.002": frozenset({"03", "09", "10", "11", "12", "13", "14"}),
    "camt.053": frozenset({"02", "06", "08", "10", "12"}),
}

MAX_NODES: Final = 250_000
_MAX_BYTES: Final = 8 * 1024 * 1024
_NAMESPACE: Final = re.compile(
    r"\{urn:iso:std:iso:20022:tech:xsd:([a-z]{4}\.[0-9]{3})\.001\.([0-9]{2})\}Document"
)
_READERS: Final[Mapping[str, Callable[[Mapping[str, Any]], list[Row]]]] = {
    "pain.001": pain001,
    "pain.002": pain002,
    "camt.053": camt053,
}


@dataclass(frozen=True, slots=True)
class Iso20022:
    """How a payment file is written: the message it holds."""

    message: str

    def head(self, stream: io.BufferedReader) -> list[str]:
        """No lines stand before the document."""
        del stream
        return []

    def rows(self, stream: io.BufferedReader, wanted: Sequence[str]) -> Iterator[tuple[int, list[Any]]]:
        """Number and wanted columns of every row. Raises BadFile."""
        for number, row in enumerate(rows_of(stream.read(_MAX_BYTES + 1), self.message), 1):
            yield number, [row.get(name) for name in wanted]


def rows_of(data: bytes, message: str) -> list[Row]:
    """The rows of a document.

    Raises:
        BadFile: it is not this message in a known version, or its sums are not those of its entries.
    """
    # Imported here: XML is costly to load, and platforms over HTTP speak JSON.
    from adapters.xml import UnfitXml, parse_xml, record_of

    try:
        root = parse_xml(data, max_bytes=_MAX_BYTES, max_nodes=MAX_NODES)
    except UnfitXml as error:
        raise BadFile(str(error)) from None
    named = _NAMESPACE.fullmatch(str(root.tag))
    if named is None or named[1] != message:
        raise BadFile(f"the file is no {message}")
    if named[2] not in VERSIONS[message]:
        raise BadFile(f"its version of {message} is not one of {', '.join(sorted(VERSIONS[message]))}")
    return _READERS[message](record_of(root))
