"""Message catalogues: the words of notices and slips, one file per language (DESIGN section 7).

A folder holds one folder per version (`v1`, `v2`, …), each with one YAML file per language
(`en.yaml`). Within a version every language says the same things: a text, purpose or field that one
language has and another lacks is an error at loading, and so is a placeholder that does not belong there.
Words that somebody has been shown never change; new words are a new version.

Left out: plural forms and other calendars, which these sentences do not need.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from string import Formatter
from types import MappingProxyType
from typing import Any, Final, Literal

import yaml

from gateway.consent.record import Capacity, State
from schemas.errors import ConfigurationError

SHIPPED: Final = Path(__file__).parent
MAX_CATALOGUE_BYTES: Final = 256 * 1024

_PLACEHOLDERS: Final[Mapping[str, frozenset[str]]] = {
    "title": frozenset(),
    "who": frozenset(),
    "who_text": frozenset({"client", "provider"}),
    "why": frozenset(),
    "what": frozenset(),
    "how_often": frozenset(),
    "often_once": frozenset(),
    "often_per_period": frozenset({"times", "count", "unit"}),
    "often_continuous": frozenset(),
    "until": frozenset(),
    "until_text": frozenset({"begin", "end"}),
    "free": frozenset(),
    "free_text": frozenset(),
    "withdraw": frozenset(),
    "withdraw_text": frozenset({"issuer"}),
    "ask": frozenset(),
    "ask_text": frozenset({"contact"}),
    "represented": frozenset(),
    "represented_text": frozenset({"relation", "end"}),
    "slip_title": frozenset(),
    "slip_given": frozenset(),
    "slip_given_self": frozenset({"date"}),
    "slip_given_represented": frozenset({"relation", "date", "end"}),
    "slip_assisted": frozenset({"officer"}),
    "slip_state": frozenset(),
    "slip_record": frozenset(),
    "slip_code": frozenset(),
    "slip_mark": frozenset(),
    "slip_keep": frozenset(),
}
"""Every text with the placeholders that it must have, and no other."""

_TABLES: Final = ("relations", "states", "units", "purposes")
_FIXED: Final[Mapping[str, frozenset[str]]] = {
    "texts": frozenset(_PLACEHOLDERS),
    "relations": frozenset(Capacity),
    "states": frozenset({*State, "not_yet"}),
    "units": frozenset({"days", "hours", "minutes"}),
}
"""The tables whose members the code knows; purposes and fields are the country's."""
_MEMBERS: Final = frozenset({"language", "name", "direction", "date", "months", "texts", "fields", *_TABLES})
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Z][a-z]{3})?(-[A-Z]{2})?")  # BCP 47, as far as file names need it
_VERSION = re.compile(r"v([1-9][0-9]{0,3})")
_FIRST_ISOLATE, _POP_ISOLATE = "\u2068", "\u2069"


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The words of one language in one version. `fields` are by `canonical schema.field`."""

    version: int
    language: str
    name: str
    direction: Literal["ltr", "rtl"]
    months: tuple[str, ...]
    date: str
    texts: Mapping[str, str]
    relations: Mapping[str, str]
    states: Mapping[str, str]
    units: Mapping[str, str]
    purposes: Mapping[str, str]
    fields: Mapping[str, str]

    def say(self, key: str, **values: str) -> str:
        """One text with its values put in, each isolated so that it cannot turn the line around it."""
        return self.texts[key].format(**{name: isolate(value) for name, value in values.items()})

    def day(self, seconds: int) -> str:
        """The day of a moment in epoch seconds (UTC), as this language writes it."""
        moment = datetime.fromtimestamp(seconds, UTC)
        return self.date.format(day=moment.day, month=self.months[moment.month - 1], year=moment.year)


class Catalogues:
    """All languages and versions that a gateway has."""

    def __init__(self, found: Mapping[tuple[int, str], Catalogue]) -> None:
        self._found = found
        self.newest = max(version for version, _ in found)

    def languages(self) -> tuple[str, ...]:
        """The languages of the newest words, in order."""
        return tuple(sorted(language for version, language in self._found if version == self.newest))

    def find(self, language: str, version: int | None = None) -> Catalogue | None:
        """The words in a language: the newest, or those of a version; None when there are none."""
        return self._found.get((version or self.newest, language))


def isolate(value: str) -> str:
    """A value in Unicode's directional isolates, without characters that print nothing."""
    shown = "".join(mark if mark.isprintable() else " " for mark in value)
    return f"{_FIRST_ISOLATE}{shown}{_POP_ISOLATE}"


def without_isolates(text: str) -> str:
    """A text as a terminal that knows no isolates should get it."""
    return text.replace(_FIRST_ISOLATE, "").replace(_POP_ISOLATE, "")


@cache
def load_catalogues(folder: Path = SHIPPED) -> Catalogues:
    """Read and compare all languages of all versions.

    Raises:
        ConfigurationError: names the file and what is missing or foreign in it.
    """
    found: dict[tuple[int, str], Catalogue] = {}
    for path in sorted(folder.glob("v*/*.yaml")):
        version = _VERSION.fullmatch(path.parent.name)
        if version is None:
            raise ConfigurationError(f"{path.parent}: versions of notices are folders v1, v2, …")
        one = _read(path, int(version[1]))
        found[one.version, one.language] = one
    if not found:
        raise ConfigurationError(f"{folder}: holds no notices; it needs v1/en.yaml or another language")
    for number in {one.version for one in found.values()}:
        _compare(folder, [one for one in found.values() if one.version == number])
    return Catalogues(MappingProxyType(found))


def _read(path: Path, version: int) -> Catalogue:
    document = _document(path)
    if document.keys() != _MEMBERS:
        _refuse(path, "members", document.keys() ^ _MEMBERS)
    language, direction, months = document["language"], document["direction"], document["months"]
    if language != path.stem or _LANGUAGE.fullmatch(language) is None:
        raise ConfigurationError(f"{path}: `language` must be a code such as `fr`, and the file's name")
    if direction not in {"ltr", "rtl"}:
        raise ConfigurationError(f"{path}: `direction` must be ltr or rtl")
    if not isinstance(months, list) or len(months) != 12:
        raise ConfigurationError(f"{path}: `months` must be twelve names")
    texts = _texts(path, "texts", document["texts"])
    tables = {table: _texts(path, table, document[table]) for table in _TABLES}
    for table, wanted in _FIXED.items():
        if foreign := ({"texts": texts, **tables}[table].keys() ^ wanted):
            _refuse(path, table, foreign)
    for key, text in texts.items():
        _check_placeholders(path, key, text, _PLACEHOLDERS[key])
    _check_placeholders(path, "date", document["date"], frozenset({"day", "month", "year"}))
    return Catalogue(
        version, language, str(document["name"]), direction, tuple(map(str, months)), document["date"],
        texts, **tables, fields=_fields(path, document["fields"]),
    )  # fmt: skip


def _document(path: Path) -> dict[str, Any]:
    try:
        content = path.read_bytes()
        document = yaml.safe_load(content) if len(content) <= MAX_CATALOGUE_BYTES else None
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be read ({error.strerror})") from None
    except (yaml.YAMLError, UnicodeDecodeError):
        raise ConfigurationError(f"{path}: is not YAML") from None
    if not isinstance(document, dict):
        raise ConfigurationError(f"{path}: is not a catalogue of messages")
    return document


def _texts(path: Path, table: str, value: Any) -> Mapping[str, str]:
    if not isinstance(value, dict) or not all(
        isinstance(key, str) and isinstance(text, str) and text.strip() for key, text in value.items()
    ):
        raise ConfigurationError(f"{path}: `{table}` must be names with their words, none of them empty")
    return MappingProxyType(value)


def _fields(path: Path, value: Any) -> Mapping[str, str]:
    if not isinstance(value, dict):
        raise ConfigurationError(f"{path}: `fields` must be canonical schemas with their fields")
    return MappingProxyType(
        {
            f"{canonical}.{field}": text
            for canonical, words in value.items()
            for field, text in _texts(path, f"fields.{canonical}", words).items()
        }
    )


def _check_placeholders(path: Path, key: str, text: Any, wanted: frozenset[str]) -> None:
    try:
        parts = list(Formatter().parse(text))
    except (ValueError, TypeError):
        raise ConfigurationError(f"{path}: `{key}` has a brace that is not closed") from None
    named = [name for _, name, _, _ in parts if name is not None]
    if frozenset(named) != wanted or any(form or conversion for _, _, form, conversion in parts):
        words = ", ".join(f"{{{name}}}" for name in sorted(wanted)) or "none"
        raise ConfigurationError(f"{path}: `{key}` must have these placeholders: {words}")


def _compare(folder: Path, languages: list[Catalogue]) -> None:
    """Every language of a version says everything that the others say."""
    for table in ("purposes", "fields"):
        everything = frozenset[str]().union(*(getattr(one, table).keys() for one in languages))
        for one in languages:
            if missing := everything - getattr(one, table).keys():
                _refuse(folder / f"v{one.version}" / f"{one.language}.yaml", table, missing)


def _refuse(path: Path, table: str, names: Any) -> None:
    words = ", ".join(sorted(map(str, names)))
    raise ConfigurationError(f"{path}: `{table}` lacks these, or has them alone: {words}")
