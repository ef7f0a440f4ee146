"""What a column's codes could mean: the schema's own words, and the crosswalks that come with Isthmus.

Nothing is guessed. Digits alone mean nothing surely, since every system numbers its own lists: they
are only translated when the system declares its codes and one crosswalk knows them all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

from adapters.crosswalk import CodeLists, Crosswalk, read_crosswalk
from adapters.drafting.draft import Column

_PLAIN: Final[Mapping[str, Mapping[str, str]]] = {
    "sex": {"F": "female", "M": "male", "X": "other", "U": "unknown"}
}
"""Codes that no standard lists and every register uses."""
_MOST: Final = 40
"""More codes than a person reads on one line are not written there."""


def code_rule(column: Column, schema: str, path: str, enum: Sequence[Any]) -> dict[str, Any]:
    """The rule of a field with a code list; `path` is the field, or `list/member`."""
    declared = _declared(column, schema, path, enum)
    if declared is not None:
        return {"from": column.place, "codes": {"list": declared}, "else": "error"}
    known = {code.casefold(): meaning for code, meaning in _written(path, enum).items()}
    folded = {code: code.strip().casefold() for code in column.codes}
    codes = {code: known[word] for code, word in folded.items() if word in known}
    return {"from": column.place, "codes": codes or _written(path, enum), "else": "error"}


def unknown_codes(column: Column, rule: Mapping[str, Any]) -> tuple[str, ...]:
    """The codes that a system declares and a rule does not translate."""
    codes = rule.get("codes", {})
    return () if "list" in codes else tuple(code for code in column.codes if code not in codes)


def _declared(column: Column, schema: str, path: str, enum: Sequence[Any]) -> str | None:
    """The shortest crosswalk of this very field that knows every declared code, where they are not the
    schema's own words."""
    codes = frozenset(column.codes)
    if codes <= frozenset(map(str, enum)):
        return None
    lists = (one for one in _crosswalks() if (one.schema, one.field) == (schema, path))
    fitting = [one for one in lists if codes <= one.entries.keys()]
    return min(fitting, key=lambda one: len(one.entries)).name if fitting else None


def _written(path: str, enum: Sequence[Any]) -> dict[str, Any]:
    """What is written where a system declares no codes."""
    own: dict[str, Any] = {str(word): word for word in enum if word is not None}
    plain = _PLAIN.get(path.rpartition("/")[2], {})
    own |= {code: meaning for code, meaning in plain.items() if meaning in own}
    more = own | {code: meaning for code, meaning in _agreed(path, enum).items() if code not in own}
    return more if len(more) <= _MOST else own


def _agreed(path: str, enum: Sequence[Any]) -> dict[str, Any]:
    """Codes that mean the same in every crosswalk of a field of this name; digits are left out."""
    found: dict[str, set[Any]] = {}
    for code, meaning in _entries(path, enum):
        found.setdefault(code, set()).add(meaning)
    return {
        code: next(iter(meanings))
        for code, meanings in found.items()
        if len(meanings) == 1 and not code.isdigit() and meanings != {None}
    }


def _entries(path: str, enum: Sequence[Any]) -> Iterator[tuple[str, Any]]:
    leaf = path.rpartition("/")[2]
    for one in _crosswalks():
        fits = one.field.rpartition("/")[2] == leaf and set(one.entries.values()) <= {*enum, None}
        yield from one.entries.items() if fits else ()


@lru_cache(maxsize=1)
def _crosswalks() -> tuple[Crosswalk, ...]:
    return tuple(map(read_crosswalk, CodeLists().all()))
