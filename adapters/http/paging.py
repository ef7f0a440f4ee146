"""Answers in pages: asked for one after the other until there are no more, or enough.

    page: {by: page, parameter: page, size: {parameter: pageSize, value: 100}, total: /pager/total}
    page: {by: offset, parameter: offset, size: {parameter: limit, value: 100}, more: /links/next}
    page: {by: cursor, parameter: /variables/after, place: /data/items/pageInfo/endCursor,
           more: /data/items/pageInfo/hasNextPage}
    page: {by: link}                                        RFC 8288, rel="next"
    page: {by: next_url, place: /next}                      a URL in the answer
    page: {by: window, start: start_date, end: end_date, days: 90, back: 730, full: 1000}

A URL that a source names is re-based: only its path and query are used, on the configured host. So a
source can lead nobody elsewhere, and links that a proxy spoilt still work. A short page ends nothing
while the source says that there is more. What repeats itself, changes its total, or goes on for
longer than `MAX_PAGES` is misbehaving. The time for all pages is that of one question.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final
from urllib.parse import urlsplit

from adapters.http.answers import HttpAnswer
from adapters.http.asking import Asking
from adapters.kinds import Raw
from adapters.pointer import ABSENT, find, parse
from schemas.outcome import Ambiguous, Misbehaving, NotFound, Unanswered

MAX_PAGES: Final = 200
"""Pages of one question, empty ones included."""

Step = Callable[[Asking], Awaitable["PageRead | NotFound | Ambiguous | Unanswered"]]
"""Asks one page and reads it."""

Place = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PageRead:
    """One page: its records, and the whole answer as a document (XML as `record_of` gives it)."""

    records: list[Mapping[str, Any]]
    answer: HttpAnswer
    document: Any = field(repr=False)


@dataclass(frozen=True, slots=True)
class Page:
    """`page:` of a file; which members count depends on `by`."""

    by: str = "none"
    parameter: str = ""
    first: int = 1
    size: tuple[str, int] | None = None
    total: Place | None = None
    more: Place | None = None
    place: Place | None = None
    start: str = ""
    end: str = ""
    days: int = 1
    back: int = 1
    format: str = "%Y-%m-%d"
    full: int | None = None


def page(settings: Mapping[str, Any] | None) -> Page:
    """Read `page:`, which the JSON Schema has already accepted."""
    given = dict(settings or {})
    size = given.pop("size", None)
    places: dict[str, Any] = {
        name: parse(given.pop(name)) for name in ("total", "more", "place") if name in given
    }
    return Page(size=None if size is None else (size["parameter"], size["value"]), **places, **given)


async def read_pages(form: Page, first: Asking, step: Step, enough: int, base_path: str = "") -> Raw:
    """All records, or more than `enough` of them, or the outcome of the page that gave none.

    `base_path` is the path of the connection's base URL, which the paths of links may repeat.
    """
    if form.size is not None:
        first = first.having(*form.size)
    if form.by == "window":
        return await _windows(form, first, step, enough)
    walk = _Walk(form, base_path)
    asking: Asking | None = walk.begin(first)
    records: list[Mapping[str, Any]] = []
    while asking is not None:
        read = await step(asking)
        if not isinstance(read, PageRead):
            if not isinstance(read, NotFound) or not records:
                return read
            # Page seven says "nothing here" where others send an empty page: the list just ends.
            return records if form.total is None else Misbehaving("the source announced more records")
        records += read.records
        if len(records) > enough or form.by == "none":
            break
        following = walk.after(asking, read)
        if isinstance(following, Misbehaving):
            return following
        asking = following
    return records


class _Walk:
    """Remembers what was seen on the way through the pages."""

    def __init__(self, form: Page, base_path: str) -> None:
        self._form = form
        self._base_path = base_path
        self._pages = 0
        self._received = 0
        self._total: Any = None
        self._seen: set[str] = set()
        self._last: list[Mapping[str, Any]] = []

    def begin(self, first: Asking) -> Asking:
        form = self._form
        if form.by in ("page", "offset"):
            return first.having(form.parameter, form.first if form.by == "page" else 0)
        return first

    def after(self, asking: Asking, read: PageRead) -> Asking | Misbehaving | None:
        """The next page's question, None after the last one."""
        self._pages += 1
        self._received += len(read.records)
        if self._pages >= MAX_PAGES:
            return Misbehaving(f"the source goes on after {MAX_PAGES} pages")
        if self._pages > 1 and read.records and read.records == self._last:
            return Misbehaving("the source repeats a page")
        self._last = read.records
        match self._form.by:
            case "cursor":
                return self._by_cursor(asking, read)
            case "link":
                return self._to(asking, linked(read.answer.headers.get("link", "")))
            case "next_url":
                return self._to(asking, _text(find(read.document, self._form.place or ())))
            case _:
                return self._by_count(asking, read)

    def _by_count(self, asking: Asking, read: PageRead) -> Asking | Misbehaving | None:
        form = self._form
        size = form.size[1] if form.size else 1
        if form.total is not None:
            is_last = self._is_complete(find(read.document, form.total))
            if isinstance(is_last, Misbehaving):
                return is_last
            if not is_last and len(read.records) < size:
                return Misbehaving("a page is shorter than asked for, and the source says there are more")
        elif form.more is not None:
            is_last = find(read.document, form.more) in _NO_MORE
        else:
            is_last = len(read.records) < size
        if is_last:
            return None
        number = form.first + self._pages if form.by == "page" else self._pages * size
        return asking.having(form.parameter, number)

    def _is_complete(self, total: Any) -> bool | Misbehaving:
        total = int(total) if isinstance(total, str) and total.isascii() and total.isdecimal() else total
        if not isinstance(total, int) or isinstance(total, bool):
            return Misbehaving("the source does not say how many records there are")
        if self._total not in (None, total):
            return Misbehaving("the number of records changed while the pages were read")
        self._total = total
        if self._received > total:
            return Misbehaving("the source sent more records than it says there are")
        return self._received == total

    def _by_cursor(self, asking: Asking, read: PageRead) -> Asking | Misbehaving | None:
        form = self._form
        cursor = find(read.document, form.place or ())
        if cursor in _NO_MORE or (form.more is not None and find(read.document, form.more) in _NO_MORE):
            return None
        if not isinstance(cursor, (str, int)):
            return Misbehaving("the cursor is no text")
        if str(cursor) in self._seen:
            return Misbehaving("the source repeats a cursor")
        self._seen.add(str(cursor))
        return asking.having(form.parameter, cursor)

    def _to(self, asking: Asking, url: str | Misbehaving | None) -> Asking | Misbehaving | None:
        if url is None or isinstance(url, Misbehaving):
            return url
        path = rebased(url, self._base_path)
        if path is None:
            return Misbehaving("the link to the next page is no address")
        if path in self._seen:
            return Misbehaving("the source repeats a link")
        self._seen.add(path)
        return asking.going_to(path)


async def _windows(form: Page, first: Asking, step: Step, enough: int) -> Raw:
    records: list[Mapping[str, Any]] = []
    for start, end in windows(form, datetime.now(UTC).date()):
        read = await step(first.having(form.start, start).having(form.end, end))
        if isinstance(read, NotFound):
            continue
        if not isinstance(read, PageRead):
            return read
        if form.full is not None and len(read.records) >= form.full:
            return Misbehaving("a slice of time holds more records than the source sends; make it shorter")
        records += read.records
        if len(records) > enough:
            break
    return records


def windows(form: Page, today: date) -> Iterator[tuple[str, str]]:
    """First and last moment of each slice as the source writes them, the latest slice first."""
    last, oldest = today, today - timedelta(days=form.back)
    while last >= oldest:
        first = max(last - timedelta(days=form.days - 1), oldest)
        start = datetime.combine(first, time.min, UTC)
        end = datetime.combine(last, time(23, 59, 59), UTC)
        yield start.strftime(form.format), end.strftime(form.format)
        last = first - timedelta(days=1)


def rebased(url: str, base_path: str) -> str | None:
    """Path and query of a URL that a source named, as they stand below the base URL; None when it has
    none that is safe. The host is never looked at."""
    if _UNSAFE.search(url) or len(url) > _MAX_URL:
        return None
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    path = parts.path
    if base_path and (path == base_path or path.startswith(base_path + "/")):
        path = path[len(base_path) :]
    if not path.startswith("/") or any(step in _DOTS for step in path.lower().split("/")):
        return None
    return path + (f"?{parts.query}" if parts.query else "")


def linked(header: str, relation: str = "next") -> str | None:
    """The target of a relation in a `Link` header (RFC 8288); None when there is none."""
    for match in _LINK.finditer(header[:_MAX_LINK]):
        for name, quoted, plain in _LINK_PARAMETER.findall(match[2]):
            if name.lower() == "rel" and relation in (quoted or plain).lower().split():
                return match[1]
    return None


_NO_MORE: Final[tuple[Any, ...]] = (ABSENT, None, False, "", [], {}, 0)
_MAX_URL: Final = 8192
_MAX_LINK: Final = 32768
_UNSAFE: Final = re.compile(r"[\x00-\x20\x7f-\U0010ffff\\#]")
_DOTS: Final = frozenset({".", "..", "%2e", "%2e%2e", ".%2e", "%2e."})
_LINK: Final = re.compile(r'<([^<>]*)>((?:\s*;\s*[\w*!-]+(?:\s*=\s*(?:"[^"]*"|[^\s",;]*))?)*)')
_LINK_PARAMETER: Final = re.compile(r';\s*([\w*!-]+)\s*=\s*(?:"([^"]*)"|([^\s",;]*))')


def _text(value: Any) -> str | Misbehaving | None:
    if value in _NO_MORE:
        return None
    return value if isinstance(value, str) else Misbehaving("the link to the next page is no address")
