"""RFC 9457 problems: the only place that turns an error into what a client sees.

Members beside the standard ones: `fault` (client, gateway or provider), `hop` (which gateway),
`reasons` (stable codes that this client may see), `retryable`; of a refusal that may be explained also
`rule`, `allowed_if` and `ask`. `detail` never quotes a person's
data. `type` resolves to a page in `docs/problems/`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from schemas import errors
from schemas.errors import Advice, ExchangeError, Refused, Replayed
from schemas.strict_json import dump

MEDIA_TYPE: Final = "application/problem+json"
_TYPE_BASE: Final = "/problems/"


_MAX_REASONS: Final = 32
_MAX_SENTENCE: Final = 1024
_CODE = re.compile(r"[a-z][a-z0-9_]{0,30}(?:\.[a-z0-9_]{1,31})?")


def _codes_of(reasons: Any) -> tuple[str, ...]:
    """What has the form of a reason code. They enter our log, in clear: another gateway's words do not."""
    listed = reasons[:_MAX_REASONS] if isinstance(reasons, list) else []
    found = (code for code in listed if isinstance(code, str))
    return tuple(code for code in found if _CODE.fullmatch(code))


def _all_kinds(kind: type[ExchangeError]) -> Mapping[str, type[ExchangeError]]:
    """The classes with a slug of their own; those without one only group others."""
    kinds = {kind.slug: kind} if "slug" in vars(kind) else {}
    for child in kind.__subclasses__():
        kinds |= _all_kinds(child)
    return kinds


KINDS: Final = _all_kinds(errors.ExchangeError)
"""Every problem type by its slug."""


def problem(error: ExchangeError, *, exchange: str | None = None, hop: str | None = None) -> dict[str, Any]:
    """The problem document of an error."""
    document: dict[str, Any] = {
        "type": _TYPE_BASE + error.slug,
        "title": error.title,
        "status": error.status,
        "detail": error.detail,
        "fault": error.fault,
        "hop": error.hop or hop,
        "reasons": list(error.reasons),
        "retryable": error.retryable,
    }
    if exchange is not None:
        document["instance"] = f"/v1/receipts/{exchange}"
    if isinstance(error, Replayed) and error.original is not None:
        document["original"] = error.original
    if isinstance(error, Refused) and error.advice is not None:
        advice = error.advice
        document |= {"rule": list(advice.rule), "allowed_if": list(advice.allowed_if), "ask": advice.ask}
    return document


def to_bytes(error: ExchangeError, *, exchange: str | None = None, hop: str | None = None) -> bytes:
    """The problem as a body."""
    return dump(problem(error, exchange=exchange, hop=hop))


def from_document(document: Mapping[str, Any]) -> ExchangeError | None:
    """Read another gateway's problem back into an error; None if it is not one of ours."""
    kind = KINDS.get(str(document.get("type", "")).removeprefix(_TYPE_BASE))
    if kind is None:
        return None
    error = kind(str(document.get("detail", "")))
    error.reasons = _codes_of(document.get("reasons"))
    hop = document.get("hop")
    error.hop = hop if isinstance(hop, str) else None
    if isinstance(error, Refused) and "rule" in document:
        ask = _texts([document.get("ask")])
        error.advice = Advice(
            _codes_of(document.get("rule")), _texts(document.get("allowed_if")), ask[0] if ask else None
        )
    return error


def _texts(value: Any) -> tuple[str, ...]:
    """Another gateway's sentences, bounded."""
    texts = value[:_MAX_REASONS] if isinstance(value, list) else []
    return tuple(
        text for text in texts if isinstance(text, str) and len(text) <= _MAX_SENTENCE and text.isprintable()
    )
