"""Unpadded base64url, strictly: one text for one value.

RFC 4648 section 5 without padding, as RFC 7515 uses it. Python's own decoder drops foreign
characters and ignores trailing bits, which makes signed text malleable; this one refuses both.
It works on `binascii` directly: statements are full of such texts, and `base64` wraps it in layers.
"""

from __future__ import annotations

from binascii import Error, a2b_base64, b2a_base64
from typing import Final

from schemas.errors import MalformedRequest

_TO_URL: Final = bytes.maketrans(b"+/", b"-_")
_FROM_URL: Final = bytes.maketrans(b"-_+/=", b"+/!!!")
"""What base64 knows and base64url does not becomes a character that neither knows."""
_PADDING: Final = (b"", b"", b"==", b"=")
_NO_STRAY_BITS: Final[tuple[frozenset[int], ...]] = (
    frozenset(range(256)),
    frozenset(),
    frozenset(b"AQgw"),
    frozenset(b"AEIMQUYcgkosw048"),
)
"""By length modulo 4: what the last character may be."""


def b64url(data: bytes) -> str:
    """Encode without padding."""
    return b2a_base64(data, newline=False).translate(_TO_URL).rstrip(b"=").decode("ascii")


def unb64url(text: str | bytes, *, length: int | None = None) -> bytes:
    """Decode; `length` is the exact number of bytes that must come out.

    Raises:
        MalformedRequest: foreign characters, padding, non-zero trailing bits or a wrong length.
    """
    raw = text.encode("ascii", "replace") if isinstance(text, str) else text
    over = len(raw) % 4
    try:
        data = a2b_base64(raw.translate(_FROM_URL) + _PADDING[over], strict_mode=True)
    except Error:
        raise MalformedRequest("a value is not unpadded base64url") from None
    if raw and raw[-1] not in _NO_STRAY_BITS[over]:
        raise MalformedRequest("a base64url value has stray bits at its end")
    if length is not None and len(data) != length:
        raise MalformedRequest(f"a base64url value does not hold {length} bytes")
    return data
