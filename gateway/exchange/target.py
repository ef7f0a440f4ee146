"""The canonical target of a request: one path, one query, whatever the client wrote.

Policy matches the path, and the source receives exactly what policy saw, so both must read it
alike. Each segment is decoded once and encoded again; whatever two parsers could read differently
is refused: `.` and `..`, empty segments, encoded or literal slashes and backslashes inside a
segment, a second layer of encoding, control characters, text that is not UTF-8. (X-Road's
XRDDEV-3054 was a path that passed the access list in one form and reached the source in another.)
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import quote, unquote_to_bytes

from schemas.errors import MalformedRequest

MAX_TARGET_LENGTH: Final = 4096
_SAFE_IN_SEGMENT: Final = "!$&'()*+,;=:@"
_PLAIN = re.compile(r"[A-Za-z0-9_~-][A-Za-z0-9._~-]*")
"""A segment that every parser reads alike: nothing encoded, no leading dot."""
_LAYER = re.compile(r"%[0-9A-Fa-f]{2}")
_RAW_PATH = re.compile(r"[A-Za-z0-9\-._~!$&'()*+,;=:@/%]*")
_RAW_QUERY = re.compile(r"[A-Za-z0-9\-._~!$&'()*+,;=:@/?%]*")
_BROKEN_ENCODING = re.compile(r"%(?![0-9A-Fa-f]{2})")


def canonical_path(raw: str) -> str:
    """Return `/a/b` for the raw, still encoded path; a trailing slash is kept, an empty path is `/`.

    Raises:
        MalformedRequest: the path could be read in more than one way.
    """
    if len(raw) > MAX_TARGET_LENGTH or _RAW_PATH.fullmatch(raw) is None or _BROKEN_ENCODING.search(raw):
        raise MalformedRequest("the path is too long or holds a character that must be percent-encoded")
    segments = raw.removeprefix("/").split("/")
    last = len(segments) - 1
    return "/" + "/".join(
        _canonical_segment(text, may_be_empty=at == last) for at, text in enumerate(segments)
    )


def check_canonical(path: str, query: str) -> None:
    """Raise MalformedRequest unless a peer's target is in the one form that this side would send: what
    arrives signed is not yet safe, and goes to the source as it stands."""
    if canonical_path(path) != path:
        raise MalformedRequest("the head's path is not in canonical form")
    canonical_query(query)


def canonical_query(raw: str) -> str:
    """Return the query unchanged if it is plainly encoded; MalformedRequest otherwise."""
    if len(raw) > MAX_TARGET_LENGTH or _RAW_QUERY.fullmatch(raw) is None or _BROKEN_ENCODING.search(raw):
        raise MalformedRequest("the query is too long or holds a character that must be percent-encoded")
    if "%" in raw and _has_control(_decode(raw)):
        raise MalformedRequest("the query holds a control character")
    return raw


def _canonical_segment(text: str, *, may_be_empty: bool) -> str:
    if _PLAIN.fullmatch(text):
        return text
    segment = _decode(text)
    if not segment and may_be_empty:
        return ""
    if not segment or segment.split(";", 1)[0] in (".", ".."):  # `..;x`: some servers drop what follows `;`
        raise MalformedRequest("the path has an empty, `.` or `..` segment")
    if "/" in segment or "\\" in segment or _LAYER.search(segment) or _has_control(segment):
        raise MalformedRequest("a path segment hides a slash, a control character or more encoding")
    return quote(segment, safe=_SAFE_IN_SEGMENT)


def _decode(text: str) -> str:
    try:
        return unquote_to_bytes(text).decode("utf-8")
    except UnicodeDecodeError:
        raise MalformedRequest("the path or query is not UTF-8") from None


def _has_control(text: str) -> bool:
    return any(ord(character) < 0x20 or ord(character) == 0x7F for character in text)
