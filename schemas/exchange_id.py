"""Exchange ids: UUIDs of version 7 (RFC 9562 section 5.7), made by the asking gateway.

They begin with the time in milliseconds, so that a database index grows at its end. A client's own
`X-Road-Id` is only a label: it need not be unique.
"""

from __future__ import annotations

import os
import re
import time

from schemas.errors import MalformedRequest

_UUID7 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


def new_exchange_id() -> str:
    """Make an id: 48 bits of milliseconds, 74 random bits."""
    moment = time.time_ns() // 1_000_000 & 0xFFFF_FFFF_FFFF
    random = int.from_bytes(os.urandom(10), "big")
    value = moment << 80 | 7 << 76 | (random >> 62 & 0xFFF) << 64 | 0b10 << 62 | random & (1 << 62) - 1
    text = f"{value:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def check_exchange_id(text: object) -> str:
    """Return `text` if it is a canonical UUID of version 7; MalformedRequest otherwise."""
    if not isinstance(text, str) or _UUID7.fullmatch(text) is None:
        raise MalformedRequest("an exchange id is not a UUID of version 7 in lower case")
    return text
