"""JSON from strangers: bounded size and depth, no duplicate keys, no infinities.

Parsing is jiter's (it refuses duplicate keys and non-finite numbers); the depth and number bounds
are ours, so that no parser behind this one meets a surprise (`policies` takes at most 32 levels).
`dump` is compact, `canonical` also sorts keys: the form that is hashed when two sides have to
build the same bytes. Statements are never canonicalised: the bytes sent are the bytes signed.
"""

from __future__ import annotations

import math
import re
from decimal import Decimal
from typing import Any, Final

import jiter
import orjson

from schemas.errors import MalformedRequest, TooLarge

MAX_DEPTH: Final = 32
"""Nested arrays and objects."""

MAX_INTEGER: Final = 2**53
"""Integers beyond this change their value in other parsers."""

MAX_MAGNITUDE: Final = 308
"""Powers of ten of a number; what a float holds."""

_SUSPICIOUS_NUMBER = re.compile(rb"[0-9]{16}|[0-9.][eE][+-]?[0-9]{2}")


def parse(
    data: bytes,
    *,
    max_bytes: int,
    what: str = "JSON",
    bound_numbers: bool = True,
    decimals: bool = False,
) -> Any:
    """Read one JSON value. `bound_numbers` may be left out by who checks every number itself;
    `decimals` keeps the digits of fractions as they were written.

    Raises:
        TooLarge: more than `max_bytes`.
        MalformedRequest: not JSON, a duplicate key, a non-finite or huge number, or too deep.
    """
    if len(data) > max_bytes:
        raise TooLarge(f"{what} is longer than {max_bytes} bytes")
    try:
        value = jiter.from_json(
            data,
            allow_inf_nan=False,
            cache_mode="keys",
            catch_duplicate_keys=True,
            float_mode="decimal" if decimals else "float",
        )
    except ValueError as error:
        raise MalformedRequest(f"{what} is not acceptable JSON: {_cause(error)}") from None
    nested = data.count(b"{") + data.count(b"[") > MAX_DEPTH
    if nested or (bound_numbers and _SUSPICIOUS_NUMBER.search(data)):
        _check_bounds(value, what)
    return value


def parse_object(
    data: bytes, *, max_bytes: int, what: str = "JSON", bound_numbers: bool = True
) -> dict[str, Any]:
    """Read one JSON object; parameters and errors as `parse`."""
    value = parse(data, max_bytes=max_bytes, what=what, bound_numbers=bound_numbers)
    if not isinstance(value, dict):
        raise MalformedRequest(f"{what} is not a JSON object")
    return value


def dump(value: object) -> bytes:
    """Write compact JSON, members in their own order."""
    return orjson.dumps(value)


def canonical(value: object) -> bytes:
    """Write compact JSON with sorted keys: equal values give equal bytes."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def _check_bounds(value: Any, what: str) -> None:
    """Walk the value without recursion; only reached for suspicious input."""
    waiting: list[tuple[Any, int]] = [(value, 1)]
    while waiting:
        item, depth = waiting.pop()
        if isinstance(item, (dict, list)):
            if depth > MAX_DEPTH:
                raise MalformedRequest(f"{what} is nested deeper than {MAX_DEPTH} levels")
            children = item.values() if isinstance(item, dict) else item
            waiting.extend((child, depth + 1) for child in children)
        elif isinstance(item, float) and not math.isfinite(item):
            raise MalformedRequest(f"{what} holds a number that is not finite")
        elif isinstance(item, Decimal) and abs(item.adjusted()) > MAX_MAGNITUDE:
            raise MalformedRequest(f"{what} holds a number beyond 10^{MAX_MAGNITUDE}")
        elif isinstance(item, int) and abs(item) > MAX_INTEGER:
            raise MalformedRequest(f"{what} holds an integer beyond 2^53")


def _cause(error: ValueError) -> str:
    """The parser's complaint without what the stranger wrote: a key may be a name."""
    text = str(error)
    where = text[text.rfind(" at line ") :] if " at line " in text else ""
    return ("duplicate key" if "duplicate key" in text else "syntax, encoding or nesting") + where
