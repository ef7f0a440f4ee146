r"""What a search asks, as FHIR R4 section 3.1.1 writes it.

A value is escaped before it stands in a parameter (3.1.1.4.1: `$`, `,`, `|` and `\` get a backslash),
so it cannot add a system, an alternative or a component; the whole is then form-encoded, so it cannot
add a parameter either. What the file wrote around the value keeps its meaning.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from adapters.kinds.fhir.form import Search, Then
from adapters.pointer import find
from adapters.template import fill, placeholders
from schemas.errors import RequestMismatch

_SPECIAL: Final = re.compile(r"([\\$,|])")
_PRINTABLE: Final = re.compile(r"[^\x00-\x1f\x7f]{1,512}")

Pairs = tuple[tuple[str, str], ...]
"""Parameters in their order; a name may stand twice."""


def escape(value: str | int) -> str:
    """A value as it stands inside a search parameter.

    Raises:
        RequestMismatch: it is empty or holds control characters; an empty value would find everybody.
    """
    text = str(value)
    if _PRINTABLE.fullmatch(text) is None:
        raise RequestMismatch("subject.value cannot stand in a FHIR search")
    return _SPECIAL.sub(r"\\\1", text)


def search_pairs(search: Search, values: Mapping[str, str | int], rows: int) -> Pairs:
    """The parameters of a search for at most `rows` matches on a page. Raises as `escape`."""
    escaped = {name: escape(value) for name, value in values.items()}
    pairs = [(name, str(fill(text, escaped))) for name, text in search.parameters.items()]
    if search.elements:
        pairs.append(("_elements", ",".join(search.elements)))
    pairs += [("_include", reference) for reference in search.include]
    pairs += [("_revinclude", reference) for reference in search.revinclude]
    return (*pairs, ("_count", str(rows)))


def encoded(pairs: Pairs) -> str:
    """Form encoding, of a query string as of a body."""
    return urlencode(pairs)


def values_of(record: Mapping[str, Any], then: Then) -> dict[str, str | int] | None:
    """What the record gives to the second search; None when something is not there."""
    values: dict[str, str | int] = {}
    for name, place in then.values.items():
        value = find(record, place)
        if isinstance(value, bool) or not isinstance(value, (str, int)) or value == "":
            return None
        values[name] = value
    return values


@dataclass(frozen=True, slots=True)
class Asked:
    """The identifier that a match must carry; `system` is None when the search names none."""

    system: str | None
    values: frozenset[str]

    def carried_by(self, match: Mapping[str, Any]) -> bool:
        """Whether a match has it; true when it was not asked by one. Servers that know one system only
        may leave it out, but the same number of another system is another person's."""
        identifiers = match.get("identifier", [])
        listed = identifiers if isinstance(identifiers, list) else [identifiers]
        return not self.values or any(isinstance(one, Mapping) and self._is(one) for one in listed)

    def _is(self, one: Mapping[str, Any]) -> bool:
        return str(one.get("value")) in self.values and (
            self.system is None or one.get("system") in (None, self.system)
        )


def asked_identifiers(search: Search, values: Mapping[str, str | int]) -> Asked:
    """What the parameter `identifier` asks for."""
    template = search.parameters.get("identifier", "")
    used = set(placeholders(template))
    system, bar, _ = template.partition("|")
    known = bool(bar) and bool(system) and "{" not in system
    return Asked(
        system if known else None, frozenset(str(value) for name, value in values.items() if name in used)
    )
