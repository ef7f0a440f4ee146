"""A provider's own rules: what its member decides beyond country and agreement (`provider.schema.json`).

    rules = read_provider(path, national)     # one YAML or JSON file, or a folder with one per member
    rules.as_data(national)                   # `data.provider` of the rules

Every rule narrows: it refuses, leaves a field out, or adds a duty. None can grant anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeVar

from policies.forms import expand, lookup, optional_lookup, read_form
from policies.national import National
from policies.yaml_lines import Place, YamlFile
from schemas.errors import ConfigurationError, MalformedIdentifier
from schemas.identifiers import MemberId, ServiceId

SCHEMA: Final = "provider.schema.json"

ASSURANCE: Final = ("low", "substantial", "high")
"""How surely a person was identified, weakest first (eIDAS, article 8)."""

_Id = TypeVar("_Id", MemberId, ServiceId)


@dataclass(frozen=True, slots=True)
class ServiceRules:
    """One service's rules. None does not limit; `masks` are `{fields, how, …}` of the schema, field sets
    written out.

    `assurance` lists the levels that are enough. `officer_area`: the officer's area must cover the person's.
    """

    denied_purposes: tuple[str, ...] = ()
    denied_fields: tuple[str, ...] = ()
    masks: tuple[Mapping[str, Any], ...] = ()
    roles: tuple[str, ...] | None = None
    assurance: tuple[str, ...] | None = None
    officer_area: bool = False
    areas: tuple[str, ...] | None = None
    represented_parties: tuple[str, ...] | None = None
    max_records: int | None = None
    retention_days: int | None = None
    notify_subject: bool = False

    def as_data(self, national: National) -> dict[str, Any]:
        """As the rules read it, with every narrower purpose written out."""
        return {
            "denied_purposes": national.with_narrower(self.denied_purposes),
            "denied_fields": lookup(self.denied_fields),
            "masks": [{"fields": lookup(mask["fields"]), **national.as_mask(mask)} for mask in self.masks],
            "roles": optional_lookup(self.roles),
            "assurance": optional_lookup(self.assurance),
            "officer_area": self.officer_area,
            "areas": optional_lookup(self.areas),
            "represented_parties": optional_lookup(self.represented_parties),
            "max_records": self.max_records,
            "retention_days": self.retention_days,
            "notify_subject": self.notify_subject,
        }


@dataclass(frozen=True, slots=True)
class Provider:
    """The rules of every service that has some, by service identifier."""

    services: Mapping[str, ServiceRules] = field(default_factory=dict)

    def as_data(self, national: National) -> dict[str, Any]:
        """`data.provider` as the rules read it."""
        return {"services": {service: rules.as_data(national) for service, rules in self.services.items()}}


def read_provider(path: Path, national: National) -> Provider:
    """Read a file, or every `*.yaml` and `*.json` file of a folder; field sets are the national ones.

    Raises:
        ConfigurationError: one is wrong; names file, line and cure.
    """
    if path.is_dir():
        paths = sorted((*path.glob("*.yaml"), *path.glob("*.json")))
    elif path.is_file():
        paths = [path]
    else:
        raise ConfigurationError(f"{path}: no such file or folder; create it, or correct the settings")
    services: dict[str, ServiceRules] = {}
    for one in paths:
        file = read_form(one, SCHEMA)
        for service, rules in _services(file, national).items():
            if service in services:
                raise file.error(
                    ("services", service), "another file has rules for it; keep them in one place"
                )
            services[service] = rules
    return Provider(services)


def _services(file: YamlFile, national: National) -> dict[str, ServiceRules]:
    member = _identifier(file, ("member",), file.value["member"], MemberId)
    found = {}
    for service, value in file.value["services"].items():
        place: Place = ("services", service)
        if _identifier(file, place, service, ServiceId).member != member:
            raise file.error(place, f"not a service of {member}; write it into its own member's file")
        found[service] = _rules(file, place, value, national)
    return found


def _rules(file: YamlFile, place: Place, value: Mapping[str, Any], national: National) -> ServiceRules:
    def fields(names: list[str], where: Place) -> tuple[str, ...]:
        try:
            return expand(names, national.field_sets)
        except KeyError as error:
            raise file.error(where, f"no national field set {error.args[0]}; name the fields") from None

    for party in value.get("represented_parties", ()):
        _identifier(file, (*place, "represented_parties"), party, MemberId)
    level = value.get("assurance")
    return ServiceRules(
        denied_purposes=tuple(value.get("denied_purposes", ())),
        denied_fields=fields(value.get("denied_fields", []), (*place, "denied_fields")),
        masks=tuple(
            {**mask, "fields": fields(mask["fields"], (*place, "masks", position))}
            for position, mask in enumerate(value.get("masks", ()))
        ),
        roles=_codes(value, "roles"),
        assurance=None if level is None else ASSURANCE[ASSURANCE.index(level) :],
        officer_area=value.get("officer_area", False),
        areas=_codes(value, "areas"),
        represented_parties=_codes(value, "represented_parties"),
        max_records=value.get("max_records"),
        retention_days=value.get("retention_days"),
        notify_subject=value.get("notify_subject", False),
    )


def _identifier(file: YamlFile, place: Place, text: str, kind: type[_Id]) -> _Id:
    try:
        return kind.parse(text)
    except MalformedIdentifier as error:
        raise file.error(place, f"{error.detail}; correct it") from None


def _codes(value: Mapping[str, Any], member: str) -> tuple[str, ...] | None:
    codes = value.get(member)
    return None if codes is None else tuple(codes)
