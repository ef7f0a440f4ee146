"""Mapping rules in words: which columns a field is made of, and what is done to them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

_TARGETS: Final = {
    "text": "as text",
    "integer": "as a whole number",
    "decimal": "as a decimal number",
    "boolean": "as yes or no",
    "date": "as a date",
    "partial_date": "as a date, as far as it is known",
    "moment": "as a moment",
}


def columns_of(rule: Any) -> tuple[str, ...]:
    """The places of a record that a rule reads, in the file's order."""
    return tuple(dict.fromkeys(_columns(rule)))


def _columns(rule: Any) -> Iterator[str]:
    if isinstance(rule, str):
        yield rule
    elif isinstance(rule, list):
        for one in rule:
            yield from _columns(one)
    elif isinstance(rule, Mapping):
        for word in ("from", "missing"):
            if word in rule:
                yield str(rule[word])
        if "find" in rule:
            yield f"{rule['find']} › {rule.get('take', '')}".rstrip(" ›")
        for word in ("first_of", "join"):
            yield from _columns(rule.get(word, []))
        yield from map(str, rule.get("date_parts", {}).values())


def how(rule: Any) -> str:
    """What a rule does, in a sentence without a full stop."""
    return "; ".join(_steps(rule)) or "as it stands"


def text_of(rule: Any) -> str:
    """A rule beside the map, such as `as_of`: its columns and what is done."""
    columns, done = ", ".join(columns_of(rule)), how(rule)
    return columns if done == "as it stands" else f"{columns}: {done}" if columns else done


def _steps(rule: Any) -> Iterator[str]:
    if not isinstance(rule, Mapping):
        return
    if "constant" in rule:
        yield f"always `{rule['constant']}`"
    if "missing" in rule:
        yield "yes when nothing stands there"
    if "find" in rule:
        yield f"the entry whose `{rule.get('key')}` is `{rule.get('equals')}`"
    if "first_of" in rule:
        yield "the first that is known"
    if "join" in rule:
        yield "joined"
    if "when" in rule:
        yield "only where " + ", ".join(f"`{name}` is `{value}`" for name, value in rule["when"].items())
    yield from _codes(rule)
    if "bands" in rule:
        yield "a band in place of the number: " + ", ".join(_band(band) for band in rule["bands"])
    for word in ("multiply", "divide", "round"):
        if word in rule:
            yield f"{word} {rule[word]}"
    if "to" in rule:
        yield _TARGETS.get(rule["to"], f"as {rule['to']}") + (
            f" ({rule['calendar']} calendar)" if "calendar" in rule else ""
        )
    if "default" in rule:
        yield f"`{rule['default']}` where nothing is written"


def _codes(rule: Mapping[str, Any]) -> Iterator[str]:
    codes = rule.get("codes")
    if codes is None:
        return
    if isinstance(codes, Mapping) and codes.keys() == {"list"}:
        yield f"by the code list {codes['list']}"
    else:
        yield "codes " + ", ".join(f"{code} → {meaning}" for code, meaning in codes.items())
    other = rule.get("else")
    yield "any other code is refused" if other == "error" else f"any other code is {other}"


def _band(band: Mapping[str, Any]) -> str:
    return f"below {band['below']} is {band['is']}" if "below" in band else f"else {band['is']}"
