"""Whether a call is the sender's: HMAC, bearer token, or certificate; compared in constant time.

An HMAC over a part of the body is made over that part written again as JavaScript's `JSON.stringify`
writes it: no blanks, members in their order, letters as they are (OpenCRVS 1.x signs `context[0]` so). A
part that cannot be written again in the same bytes is refused, never believed.
"""

from __future__ import annotations

import hmac
import json
from base64 import b64encode
from typing import Any

from adapters.kinds.webhook.form import Verify
from adapters.pointer import ABSENT, find
from adapters.receiving import Call


def is_vouched_for(verify: Verify, call: Call, document: Any) -> bool:
    """Whether the sender stands for a call; `document` is its body's JSON."""
    match verify.kind:
        case "client":
            return call.client is not None and call.client == verify.subsystem
        case "bearer":
            scheme, _, token = call.headers.get("authorization", "").partition(" ")
            return scheme.lower() == "bearer" and _same(token.strip(), verify.secret)
        case "hmac":
            return _is_signed(verify, call, document)
        case "dci":  # its message is opened in `notifying`
            return False


def signed_part(verify: Verify, body: bytes) -> bytes | None:
    """The bytes that are signed; None when they are not there. The body is acceptable JSON."""
    if verify.over is None:
        return body
    try:
        part = find(json.loads(body), verify.over)
        if part is ABSENT:
            return None
        return json.dumps(part, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()
    except (ValueError, RecursionError):
        return None


def _is_signed(verify: Verify, call: Call, document: Any) -> bool:
    given: Any = call.headers.get(verify.header or "") if verify.at is None else find(document, verify.at)
    part = signed_part(verify, call.body)
    if not isinstance(given, str) or part is None or not verify.secret:
        return False
    digest = hmac.digest(verify.secret.encode(), part, verify.algorithm)
    text = digest.hex() if verify.encoding == "hex" else b64encode(digest).decode()
    given = given.strip()
    if verify.encoding == "hex":
        given = given[: len(verify.prefix)] + given[len(verify.prefix) :].lower()
    return _same(given, verify.prefix + text)


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())
