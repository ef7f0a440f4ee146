"""The national policy: what a country decides for every exchange (`national.schema.json` is its form).

    national = read_national(path)            # a YAML or JSON file, the shipped one without a path
    national = parse_national(document)       # the federation's bundle, JSON
    national.with_purposes(listed)            # the federation's own list of purposes wins
    national.as_data()                        # `data.national` of the rules

The rules never search: purposes are expanded to their whole line of broader ones, lists are look-up
objects. Without any purposes listed, an agreement's words alone count.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Self

from policies.forms import expand, form_of, lookup, optional_lookup, read_form
from policies.yaml_lines import Place, YamlFile
from schemas.errors import ConfigurationError, MalformedIdentifier
from schemas.identifiers import MemberId

SHIPPED: Final = Path(__file__).with_name("national.yaml")
SCHEMA: Final = "national.schema.json"
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


def read_national(path: Path = SHIPPED) -> National:
    """Read a national policy file, YAML or JSON.

    Raises:
        ConfigurationError: it is wrong; names file, line and cure.
    """
    return _national(read_form(path, SCHEMA))


def parse_national(document: bytes, name: str = "the federation's national policy") -> National:
    """Read the national policy as the federation publishes it, JSON.

    Raises:
        ConfigurationError: it is wrong; names the member and the cure.
    """
    return _national(form_of(document, name, SCHEMA))


def _national(file: YamlFile) -> National:
    value = file.value
    _check(file)
    emergency = value.get("emergency")
    represented = value.get("represented_parties")
    return National(
        purposes=tuple(ListedPurpose(**item) for item in value.get("purposes", ())),
        legal_bases=tuple(
            LegalBasis(code, item["title"], item.get("dpv"), _codes(item, "purposes"))
            for code, item in value["legal_bases"].items()
        ),
        field_sets={name: tuple(fields) for name, fields in value.get("field_sets", {}).items()},
        categories=tuple(_read_category(*item) for item in value.get("special_categories", {}).items()),
        emergency=None
        if emergency is None
        else EmergencyRules(tuple(emergency["purposes"]), emergency["legal_basis"], emergency["max_days"]),
        represented_parties=None
        if represented is None
        else {member: tuple(parties) for member, parties in represented.items()},
        max_records=value.get("max_records"),
        retention_days=value.get("retention_days"),
    )


def _read_category(code: str, value: Mapping[str, Any]) -> Category:
    return Category(
        code=code,
        title=value["title"],
        fields={place: tuple(names) for place, names in value.get("fields", {}).items()},
        services=tuple(value.get("services", ())),
        relations=tuple(value.get("relations", ())),
        legal_bases=_codes(value, "legal_bases"),
        purposes=_codes(value, "purposes"),
        roles=_codes(value, "roles"),
        mask=value.get("mask"),
        retention_days=value.get("retention_days"),
        notify_subject=value.get("notify_subject", False),
    )


def _check(file: YamlFile) -> None:
    """What a schema cannot say: every word that is used was listed."""
    value = file.value
    purposes = _check_purposes(file)
    bases = value["legal_bases"].keys()
    for place, codes in _mentioned(value, "purposes"):
        _check_listed(file, place, codes, purposes, "a listed purpose")
    for place, codes in _mentioned(value, "legal_bases"):
        _check_listed(file, place, codes, bases, "a listed legal basis")
    emergency = value.get("emergency")
    if emergency is not None:
        _check_listed(
            file, ("emergency", "legal_basis"), [emergency["legal_basis"]], bases, "a listed legal basis"
        )
    for category, item in value.get("special_categories", {}).items():
        for where, names in item.get("fields", {}).items():
            try:
                expand(names, value.get("field_sets", {}))
            except KeyError as error:
                place = ("special_categories", category, "fields", where)
                raise file.error(
                    place, f"no field set {error.args[0]}; add it, or correct the name"
                ) from None
    for member, parties in (value.get("represented_parties") or {}).items():
        for identifier in (member, *parties):
            try:
                MemberId.parse(identifier)
            except MalformedIdentifier as error:
                raise file.error(("represented_parties", member), f"{error.detail}; correct it") from None


def _check_purposes(file: YamlFile) -> set[str] | None:
    """The listed codes, each once and after its parent, so that there is no circle; None without a list."""
    seen: set[str] = set()
    for position, purpose in enumerate(file.value.get("purposes", ())):
        place = ("purposes", position, "code")
        if purpose["code"] in seen:
            raise file.error(place, "stands twice; keep one")
        if purpose.get("parent") not in {None, *seen}:
            raise file.error(
                place, "stands before its parent, or the parent is missing; list the parent first"
            )
        seen.add(purpose["code"])
    return seen or None


def _mentioned(value: Mapping[str, Any], member: str) -> list[tuple[Place, list[str]]]:
    """Every place below the categories, legal bases and emergencies that names such codes."""
    holders: list[tuple[Place, Mapping[str, Any]]] = [
        (("special_categories", name), item) for name, item in value.get("special_categories", {}).items()
    ]
    holders += [(("legal_bases", name), item) for name, item in value["legal_bases"].items()]
    holders += [(("emergency",), value.get("emergency", {}))]
    return [((*place, member), item[member]) for place, item in holders if member in item]


def _check_listed(
    file: YamlFile, place: Place, codes: Iterable[str], listed: Iterable[str] | None, what: str
) -> None:
    known = None if listed is None else set(listed)
    for code in codes:
        if known is not None and code not in known:
            raise file.error(place, f"{code} is not {what}; list it, or correct it")


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


def _codes(value: Mapping[str, Any], member: str) -> tuple[str, ...] | None:
    codes = value.get(member)
    return None if codes is None else tuple(codes)
