"""Reading the national policy: a YAML or JSON file, or the federation's document.

    national = read_national(path)            # the shipped one without a path
    national = parse_national(document)       # what the federation publishes, JSON

`national.schema.json` is its form; what a schema cannot say is checked here: every word that is used
was listed, and no purpose stands before its parent.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from policies.forms import expand, form_of, read_form
from policies.national import Category, EmergencyRules, LegalBasis, ListedPurpose, National
from policies.yaml_lines import Place, YamlFile
from schemas.errors import MalformedIdentifier
from schemas.identifiers import MemberId

SHIPPED: Final = Path(__file__).with_name("national.yaml")
SCHEMA: Final = "national.schema.json"


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


def _codes(value: Mapping[str, Any], member: str) -> tuple[str, ...] | None:
    codes = value.get(member)
    return None if codes is None else tuple(codes)
