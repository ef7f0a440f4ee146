"""The national policy: what a country decides for every exchange (`national_file` reads it).

    national.with_purposes(listed)            # the federation's own list of purposes wins
    national.as_data()                        # `data.national` of the rules

The rules never search: purposes are expanded to their whole line of broader ones, lists are look-up
objects. Without any purposes listed, an agreement's words alone count.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Self

from policies.forms import expand, lookup, optional_lookup
from schemas.errors import ConfigurationError

DAY_S: Final = 86_400


@dataclass(frozen=True, slots=True)
class ListedPurpose:
    """One purpose; `parent` is the broader one, `dpv` its concept in the W3C Data Privacy Vocabulary."""

    code: str
    title: str
    parent: str | None = None
    dpv: str | None = None


@dataclass(frozen=True, slots=True)
class LegalBasis:
    """One ground; with `purposes`, it carries only these and narrower ones."""

    code: str
    title: str
    dpv: str | None = None
    purposes: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Category:
    """One special category of data: what belongs to it, and what it takes to see it.

    `fields` by service (identifier, code or `*`), whole `services`, or every field about a relative by
    `relations`. Of `legal_bases`, `purposes` and `roles`, None does not limit.
    """

    code: str
    title: str
    fields: Mapping[str, tuple[str, ...]]
    services: tuple[str, ...] = ()
    relations: tuple[str, ...] = ()
    legal_bases: tuple[str, ...] | None = None
    purposes: tuple[str, ...] | None = None
    roles: tuple[str, ...] | None = None
    mask: Mapping[str, Any] | None = None
    retention_days: int | None = None
    notify_subject: bool = False


@dataclass(frozen=True, slots=True)
class EmergencyRules:
    """Purposes that sleep until a declared emergency opens them, on this legal basis, so long at most."""

    purposes: tuple[str, ...]
    legal_basis: str
    max_days: int


@dataclass(frozen=True, slots=True)
class National:
    """The whole national policy. `represented_parties` is None where naming a party is not limited."""

    purposes: tuple[ListedPurpose, ...]
    legal_bases: tuple[LegalBasis, ...]
    field_sets: Mapping[str, tuple[str, ...]]
    categories: tuple[Category, ...] = ()
    emergency: EmergencyRules | None = None
    represented_parties: Mapping[str, tuple[str, ...]] | None = None
    max_records: int | None = None
    retention_days: int | None = None

    def with_purposes(self, purposes: Iterable[ListedPurpose]) -> Self:
        """The same policy with the federation's list of purposes, which is the country's."""
        return replace(self, purposes=tuple(purposes))

    def purpose_lines(self) -> dict[str, tuple[str, ...]]:
        """Every purpose's line: itself, then the ever broader ones."""
        parents = {purpose.code: purpose.parent for purpose in self.purposes}
        return {code: _line(code, parents) for code in parents}

    def as_data(self) -> dict[str, Any]:
        """`data.national` as the rules read it."""
        emergency = self.emergency
        return {
            "purposes": {code: {"line": lookup(line)} for code, line in self.purpose_lines().items()},
            "legal_bases": {
                basis.code: {"purposes": self.with_narrower(basis.purposes)} for basis in self.legal_bases
            },
            "special": {
                "fields": self._special_fields(),
                "services": _by_name((name, one.code) for one in self.categories for name in one.services),
                "relations": _by_name((name, one.code) for one in self.categories for name in one.relations),
            },
            "categories": {one.code: self._category(one) for one in self.categories},
            "emergency": {
                "purposes": self.with_narrower(emergency.purposes if emergency else ()),
                "legal_basis": emergency.legal_basis if emergency else None,
                "max_s": emergency.max_days * DAY_S if emergency else 0,
            },
            "represented_parties": None
            if self.represented_parties is None
            else {member: lookup(parties) for member, parties in self.represented_parties.items()},
            "duties": self._duties(),
        }

    def with_narrower(self, purposes: Iterable[str] | None) -> dict[str, bool] | None:
        """Purposes with every narrower one, as a look-up object; None stays None."""
        if purposes is None:
            return None
        named = set(purposes)
        return lookup(named | {code for code, line in self.purpose_lines().items() if named & set(line)})

    def as_mask(self, value: Mapping[str, Any]) -> dict[str, Any]:
        """One mask as the rules read it: what is done, and for whom it is not."""
        return {
            "mask": {name: value[name] for name in ("how", "keep", "width", "edges") if name in value},
            "except_purposes": self.with_narrower(value.get("except_purposes", ())),
            "except_roles": lookup(value.get("except_roles", ())),
        }

    def _duties(self) -> dict[str, Any]:
        """The duties of every answer."""
        limit = {} if self.max_records is None else {"max_records": self.max_records}
        return limit if self.retention_days is None else {**limit, "retention": {"days": self.retention_days}}

    def _category(self, category: Category) -> dict[str, Any]:
        return {
            "legal_bases": optional_lookup(category.legal_bases),
            "purposes": self.with_narrower(category.purposes),
            "roles": optional_lookup(category.roles),
            "mask": None if category.mask is None else self.as_mask(category.mask),
            "retention_days": category.retention_days,
            "notify_subject": category.notify_subject,
        }

    def _special_fields(self) -> dict[str, dict[str, dict[str, bool]]]:
        """By field, then category: the services where the field belongs to it."""
        found: dict[str, dict[str, dict[str, bool]]] = {}
        for category in self.categories:
            for place, names in category.fields.items():
                for name in expand(names, self.field_sets):
                    found.setdefault(name, {}).setdefault(category.code, {})[place] = True
        return found


def _line(code: str, parents: Mapping[str, str | None]) -> tuple[str, ...]:
    """A purpose and its broader ones.

    Raises:
        ConfigurationError: the purposes run in a circle, or a parent is missing.
    """
    line = [code]
    while (parent := parents[line[-1]]) is not None:
        if parent in line or parent not in parents:
            raise ConfigurationError(
                f"purpose {code}: its parents run in a circle or are missing; correct them"
            )
        line.append(parent)
    return tuple(line)


def _by_name(pairs: Iterable[tuple[str, str]]) -> dict[str, dict[str, bool]]:
    found: dict[str, dict[str, bool]] = {}
    for name, code in pairs:
        found.setdefault(name, {})[code] = True
    return found
