"""Unpadded base64url, strictly: one text for one value.

RFC 4648 section 5 without padding, as RFC 7515 uses it. Python's own decoder drops foreign
characters and ignores trailing bits, which makes signed text malleable; this one refuses both.
"""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode

from schemas.errors import MalformedRequest

_ALPHABET = re.compile(rb"[A-Za-z0-9_-]*")


def b64url(data: bytes) -> str:
    """Encode without padding."""
    return urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def unb64url(text: str | bytes, *, length: int | None = None) -> bytes:
    """Decode; `length` is the exact number of bytes that must come out.

    Raises:
        MalformedRequest: foreign characters, padding, non-zero trailing bits or a wrong length.
    """
    raw = text.encode("ascii", "replace") if isinstance(text, str) else text
    if _ALPHABET.fullmatch(raw) is None or len(raw) % 4 == 1:
        raise MalformedRequest("a value is not unpadded base64url")
    data = urlsafe_b64decode(raw + b"=" * (-len(raw) % 4))
    if urlsafe_b64encode(data).rstrip(b"=") != raw:
        raise MalformedRequest("a base64url value has stray bits at its end")
    if length is not None and len(data) != length:
        raise MalformedRequest(f"a base64url value does not hold {length} bytes")
    return data
