"""Masks: what stays of a value that may not leave as it is (DESIGN section 7, the obligation `mask`).

    redact              nothing: null
    truncate  keep      the first characters; a letter keeps its accents, an emoji is never cut
    band      edges     the band that a number lies in: "..1000", "1000..5000", "5000.."
              width     the same with equally wide bands: "2000..3000"
    hash                a keyed pseudonym: see `MaskKeys`
    year_only           the year of an ISO date

A mask works on every leaf of a list or nested object and is total: a leaf that it is not made for (a
text to be banded, a broken date) becomes null, since what cannot be masked does not leave. Which
mask stands on which field is `obligations`.
"""

from __future__ import annotations

import hmac
import re
import unicodedata
from bisect import bisect_right
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal, InvalidOperation
from hashlib import sha256
from itertools import pairwise
from typing import Any, Final

from schemas.encoding import b64url

Mask = Callable[[Any], Any]
"""From a leaf (text, number, true or false) to what stays of it. Never raises."""

MAX_EDGES: Final = 256
MAX_CHARACTER: Final = 12
"""Code points of one character that stay at most: nobody hides a text in the accents of one letter."""

_KEY_LABEL: Final = b"isthmus/mask/v1"
_DATE: Final = re.compile(
    r"([0-9]{4})(-(0[1-9]|1[0-2])(-(0[1-9]|[12][0-9]|3[01])(T[0-9:.]+(Z|[+-][0-9:]+)?)?)?)?"
)
_JOINER: Final = "\u200d"
_MAX_DIGITS: Final = 27
_MARKS: Final = frozenset({"Mn", "Me", "Mc"})


class UnknownMask(ValueError):
    """Not a mask that this gateway can apply, or not its parameters."""


@dataclass(frozen=True, slots=True)
class MaskKeys:
    """Keys of `hash`: HMAC-SHA256(case key, label ‖ member ‖ client ‖ purpose).

    All nodes of a gateway have the same case key, so a client can follow one person through its own
    exchanges for one purpose. Two clients, two purposes or two providers get values that nobody
    without the case key can link.
    """

    secret: bytes

    def key(self, member: str, client: str, purpose: str) -> bytes:
        """The key for one provider, client and purpose."""
        message = b"\0".join((_KEY_LABEL, member.encode(), client.encode(), purpose.encode()))
        return hmac.digest(self.secret, message, sha256)


def mask_of(rule: Any, key: bytes) -> Mask:
    """The mask that a rule `{how, …parameters}` describes; `key` is for `hash`.

    Raises:
        UnknownMask: unknown, or with missing, foreign or ill-typed parameters.
    """
    if not isinstance(rule, Mapping):
        raise UnknownMask
    parameters = {name: value for name, value in rule.items() if name != "how"}
    match rule.get("how"), parameters:
        case "redact", {} if not parameters:
            return _redact
        case "truncate", {"keep": int(keep)} if len(parameters) == 1 and type(keep) is int and keep > 0:
            return lambda leaf: _truncate(leaf, keep)
        case "band", {"edges": list(edges)} if len(parameters) == 1:
            return _band_of(edges)
        case "band", {"width": width} if len(parameters) == 1 and _is_number(width) and width > 0:
            return lambda leaf: _equal_band(leaf, Decimal(str(width)))
        case "hash", {} if not parameters:
            return lambda leaf: _hash(leaf, key)
        case "year_only", {} if not parameters:
            return _year_only
    raise UnknownMask


def apply(mask: Mask, value: Any) -> Any:
    """Mask every leaf of a JSON value; null stays null. The names of an object's members stay."""
    if value is None:
        return None
    if isinstance(value, Mapping):
        return {name: apply(mask, item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [apply(mask, item) for item in value]
    return mask(value)


def _redact(leaf: Any) -> None:
    del leaf


def _truncate(leaf: Any, keep: int) -> str | None:
    """The first `keep` characters as a reader counts them."""
    if not isinstance(leaf, str):
        return None
    kept, start = "", 0
    for _ in range(keep):
        if start >= len(leaf):
            break
        end = _character_end(leaf, start)
        kept += leaf[start : min(end, start + MAX_CHARACTER)]
        start = end
    return kept


def _character_end(text: str, start: int) -> int:
    """Where the character that begins at `start` ends: a letter with its marks, a flag, a joined emoji."""
    end = start + 1
    if _is_flag_half(text[start]) and end < len(text) and _is_flag_half(text[end]):
        return end + 1
    while end < len(text):
        if text[end] == _JOINER and end + 1 < len(text) and unicodedata.category(text[end + 1]) == "So":
            end += 2
        elif _extends(text[end]):
            end += 1
        else:
            break
    return end


def _extends(character: str) -> bool:
    return unicodedata.category(character) in _MARKS or "\U0001f3fb" <= character <= "\U0001f3ff"


def _is_flag_half(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"


def _band_of(edges: list[Any]) -> Mask:
    """Bands between edges; each edge belongs to the band above it."""
    if not 0 < len(edges) <= MAX_EDGES or not all(map(_is_number, edges)):
        raise UnknownMask
    bounds = [Decimal(str(edge)) for edge in edges]
    if any(low >= high for low, high in pairwise(bounds)):
        raise UnknownMask
    names = ["", *(_plain(bound) for bound in bounds), ""]

    def band(leaf: Any) -> str | None:
        number = _number(leaf)
        if number is None:
            return None
        at = bisect_right(bounds, number)
        return f"{names[at]}..{names[at + 1]}"

    return band


def _equal_band(leaf: Any, width: Decimal) -> str | None:
    number = _number(leaf)
    if number is None:
        return None
    low = (number / width).to_integral_value(ROUND_FLOOR) * width
    return f"{_plain(low)}..{_plain(low + width)}"


def _hash(leaf: Any, key: bytes) -> str:
    """Texts and other values never share a pseudonym, and no number is too large to have one."""
    value = leaf.encode("utf-8", "surrogatepass") if isinstance(leaf, str) else repr(_bounded(leaf)).encode()
    kind = b"text\0" if isinstance(leaf, str) else b"value\0"
    return b64url(hmac.digest(key, kind + value, sha256)[:16])


def _bounded(leaf: Any) -> Any:
    """The leaf; an integer beyond what Python writes in decimals as its hexadecimal text."""
    return (
        hex(leaf) if isinstance(leaf, int) and not isinstance(leaf, bool) and leaf.bit_length() > 64 else leaf
    )


def _year_only(leaf: Any) -> str | None:
    found = _DATE.fullmatch(leaf) if isinstance(leaf, str) else None
    return found[1] if found else None


def _number(leaf: Any) -> Decimal | None:
    """A number, also one that a source sends as text; None for anything else, and where decimals round."""
    if isinstance(leaf, bool) or not isinstance(leaf, (int, float, str)):
        return None
    try:
        text = str(leaf)  # ValueError beyond some thousand digits
        number = Decimal(text if len(text) <= _MAX_DIGITS else "NaN")
    except (ValueError, InvalidOperation):
        return None
    return number if number.is_finite() and abs(number.adjusted()) < _MAX_DIGITS else None


def _is_number(value: Any) -> bool:
    return _number(value) is not None and not isinstance(value, str)


def _plain(number: Decimal) -> str:
    """Without exponent and needless zeros."""
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
