"""Files behind a web server, through the gateway's own careful client (`adapters.http.client`).

A web server lists nothing: one name is looked for under the base URL, or the names are those of the
manifest `SHA256SUMS` there. A known file is asked for with `If-None-Match` and `If-Modified-Since`,
so an unchanged one is not sent again.
"""

from __future__ import annotations

from collections.abc import Mapping
from email.utils import formatdate, parsedate_to_datetime
from typing import Final
from urllib.parse import quote

from adapters.http.client import HttpAnswer, HttpClient
from adapters.kinds.file.bad import BadFile, Denied, NotYet, Unchanged, Unreachable
from adapters.kinds.file.drops.drop import Drop, Entry
from adapters.kinds.file.form import DroppedFile
from adapters.kinds.file.form import HttpsDrop as Connection
from adapters.kinds.file.manifest import COMMON, MAX_BYTES, read_manifest
from adapters.kinds.file.spool import Spool
from adapters.source import Limits
from schemas.outcome import DeniedBySource

_LIMITS: Final = Limits(timeout_ms=30_000, concurrency=1, max_bytes=MAX_BYTES)
_OK: Final = 200
_NOT_MODIFIED: Final = 304
_ABSENT: Final = frozenset({404, 410})
_REFUSED: Final = frozenset({401, 403, 407})


class HttpsDrop(Drop):
    """As `Drop`; `files` are those of the connection."""

    def __init__(self, connection: Connection, files: Mapping[str, DroppedFile]) -> None:
        self._client = HttpClient(connection.connection, _LIMITS)
        self._files = files
        self._listed: dict[str, str | None] = {}

    async def open(self) -> None:
        """As `Drop.open`."""
        self._client.open()

    async def close(self) -> None:
        """As `Drop.close`."""
        await self._client.close()

    async def entries(self) -> Mapping[str, Entry]:
        """As `Drop.entries`: the single names, and what the manifest names, by its digest."""
        found: dict[str, Entry] = {}
        if any(dropped.finished == "manifest" for dropped in self._files.values()):
            answer = await self._client.send("GET", "/" + COMMON, accept="*/*")
            if _status(answer) == _OK and isinstance(answer, HttpAnswer):
                try:
                    digests = read_manifest(answer.body).digests
                except BadFile:
                    raise Unreachable("the manifest of the web server cannot be read") from None
                found = {name: Entry(name, digest, 0) for name, digest in digests.items()}
                found[COMMON] = Entry(COMMON, None, 0)
        for dropped in self._files.values():
            name = dropped.name.text
            if dropped.name.is_one_name and name not in found:
                found[name] = Entry(name, None, 0)
                found.setdefault(f"{name}.sha256", Entry(f"{name}.sha256", None, 0))
        self._listed = {name: entry.version for name, entry in found.items()}
        return found

    async def fetch(self, name: str, into: Spool, known: str | None) -> Entry:
        """As `Drop.fetch`; a version is the digest that the manifest says, else `ETag`
        and time of the last change."""
        headers = {} if known is None else _conditions(known)
        answer = await self._client.send(
            "GET", "/" + quote(name, safe=""), headers=headers, accept="*/*", into=into.append
        )
        status = _status(answer)
        if status == _NOT_MODIFIED:
            raise Unchanged
        if status in _ABSENT:
            raise NotYet
        if status != _OK or not isinstance(answer, HttpAnswer):
            raise Unreachable(f"the web server answered HTTP {status}")
        modified = _modified(answer.headers.get("last-modified", ""))
        version = self._listed.get(name) or f"{modified} {answer.headers.get('etag', '')}"
        return Entry(name, version, modified)


def _status(answer: object) -> int:
    if isinstance(answer, DeniedBySource):
        raise Denied(answer.cause)
    if not isinstance(answer, HttpAnswer):
        raise Unreachable(getattr(answer, "cause", "the web server cannot be reached"))
    if answer.status in _REFUSED:
        raise Denied(f"the web server refused us with HTTP {answer.status}")
    return answer.status


def _conditions(known: str) -> dict[str, str]:
    modified, _, etag = known.partition(" ")
    headers = {"If-None-Match": etag} if etag else {}
    if modified.isdigit() and int(modified):
        headers["If-Modified-Since"] = formatdate(int(modified), usegmt=True)
    return headers


def _modified(text: str) -> int:
    try:
        return max(0, int(parsedate_to_datetime(text).timestamp()))
    except (ValueError, OverflowError, TypeError):
        return 0
