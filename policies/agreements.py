"""Agreements as files: one YAML file each, in one folder (`agreement.schema.json` is their form).

Reading is all or nothing: a wrong file is named with line and cure, and on `reload` the last good
set stays in force. One client has at most one agreement about one service, so that which one counts
is never a question. Signing agreements and exchanging them is the agreement service's work.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, Self, TypeVar

from jsonschema import Draft202012Validator
from jsonschema.exceptions import relevance

from policies.yaml_lines import Place, YamlFile, read_yaml
from schemas.agreement import AgreedService, Agreement
from schemas.decision import Predicate
from schemas.errors import ConfigurationError, ExchangeError, MalformedIdentifier
from schemas.identifiers import ServiceId, SubsystemId
from schemas.record import parse_predicate

_Key = tuple[SubsystemId, ServiceId]
_Id = TypeVar("_Id", SubsystemId, ServiceId)


class Agreements:
    """All agreements of one folder, found by client and service.

    `revision` rises by one each time `reload` brought a change: decisions cached under an older
    revision are void.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.revision = 0
        self._all: tuple[Agreement, ...] = ()
        self._by_key: dict[_Key, Agreement] = {}
        self._services: dict[SubsystemId, tuple[tuple[ServiceId, Agreement], ...]] = {}

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read every `*.yaml` file of the folder.

        Raises:
            ConfigurationError: the folder is missing, or a file is wrong; names file, line and cure.
        """
        agreements = cls(folder)
        agreements.reload()
        return agreements

    def __iter__(self) -> Iterator[Agreement]:
        return iter(self._all)

    def __len__(self) -> int:
        return len(self._all)

    def reload(self) -> bool:
        """Read the folder again; True if anything changed.

        Raises:
            ConfigurationError: a file is wrong; the last good set stays in force.
        """
        if not self.folder.is_dir():
            raise ConfigurationError(f"{self.folder}: no such folder; create it, or correct the settings")
        files = [_read(path) for path in sorted(self.folder.glob("*.yaml"))]
        by_key = _index(files)
        everything = tuple(file.agreement for file in files)
        if everything == self._all:
            return False
        services: dict[SubsystemId, list[tuple[ServiceId, Agreement]]] = {}
        for (client, service), agreement in by_key.items():
            services.setdefault(client, []).append((service, agreement))
        self._all, self._by_key = everything, by_key
        self._services = {client: tuple(items) for client, items in services.items()}
        self.revision += 1
        return True

    def find(self, client: SubsystemId, service: ServiceId) -> Agreement | None:
        """The agreement between this client and this service, whatever its status and validity."""
        return self._by_key.get((client, service))

    def visible_services(self, client: SubsystemId, *, at: int | None = None) -> tuple[ServiceId, ...]:
        """The services that the client may know of: those of its active agreements, sorted.

        `at` (epoch seconds) also asks that the agreement is valid at that moment.
        """
        found = (
            service
            for service, agreement in self._services.get(client, ())
            if agreement.status == "active"
            and (at is None or agreement.valid_from <= at < agreement.valid_until)
        )
        return tuple(sorted(found, key=str))


@dataclass(frozen=True, slots=True)
class _AgreementFile:
    file: YamlFile
    agreement: Agreement


def read_agreement(path: Path) -> Agreement:
    """Read one agreement file.

    Raises:
        ConfigurationError: the file is wrong; names file, line and cure.
    """
    return _read(path).agreement


def _index(files: list[_AgreementFile]) -> dict[_Key, Agreement]:
    """By client and service; two agreements about the same are refused, naming both files."""
    owners: dict[_Key, _AgreementFile] = {}
    names: dict[str, YamlFile] = {}
    for item in files:
        twin = names.setdefault(item.agreement.id, item.file)
        if twin is not item.file:
            raise item.file.error(("id",), f"{twin.path} has the same id; give each agreement its own")
        for position, terms in enumerate(item.agreement.services):
            key = (item.agreement.client, terms.service)
            owner = owners.setdefault(key, item)
            if owner is not item:
                raise item.file.error(
                    ("services", position, "service"),
                    f"{owner.file.path} is already an agreement of {key[0]} about {key[1]}; keep one of them",
                )
    return {key: item.agreement for key, item in owners.items()}


def _read(path: Path) -> _AgreementFile:
    file = read_yaml(path)
    _check_form(file)
    value = file.value
    provider = _identifier(file, ("provider",), SubsystemId)
    valid_from, valid_until = _moment(file, "valid_from"), _moment(file, "valid_until")
    if valid_from >= valid_until:
        raise file.error(("valid_until",), "not after valid_from; write a later day")
    terms = tuple(_terms(file, position, provider) for position in range(len(value["services"])))
    for position, one in enumerate(terms):
        if one.service in {other.service for other in terms[:position]}:
            raise file.error(("services", position, "service"), "stands twice; merge the two")
    agreement = Agreement(
        id=value["id"],
        version=value["version"],
        client=_identifier(file, ("client",), SubsystemId),
        provider=provider,
        status=value["status"],
        valid_from=valid_from,
        valid_until=valid_until,
        services=terms,
        absence=value.get("absence", "hidden"),
    )
    return _AgreementFile(file, agreement)


def _terms(file: YamlFile, position: int, provider: SubsystemId) -> AgreedService:
    place: Place = ("services", position)
    value = file.value["services"][position]
    service = _identifier(file, (*place, "service"), ServiceId)
    if service.provider != provider:
        raise file.error((*place, "service"), f"not a service of {provider}; correct one of the two")
    for default, listed in (("default_purpose", "purposes"), ("default_legal_basis", "legal_bases")):
        if default in value and value[default] not in value[listed]:
            raise file.error((*place, default), f"not among the {listed}; add it, or choose one of them")
    return AgreedService(
        service=service,
        purposes=tuple(value["purposes"]),
        legal_bases=tuple(value["legal_bases"]),
        fields=tuple(value.get("fields", ())),
        predicates=_predicates(file, place, value.get("predicates", [])),
        methods=tuple(value.get("methods", ())),
        paths=tuple(value.get("paths", ())),
        default_purpose=value.get("default_purpose"),
        default_legal_basis=value.get("default_legal_basis"),
    )


def _predicates(file: YamlFile, place: Place, values: list[Any]) -> tuple[Predicate, ...]:
    predicates = []
    for position, value in enumerate(values):
        try:
            predicates.append(parse_predicate(value))
        except ExchangeError as error:
            raise file.error((*place, "predicates", position), error.detail) from None
    return tuple(predicates)


def _identifier(file: YamlFile, place: Place, kind: type[_Id]) -> _Id:
    value = file.value
    for part in place:
        value = value[part]
    try:
        return kind.parse(value)
    except MalformedIdentifier as error:
        raise file.error(place, f"{error.detail}; correct it") from None


def _moment(file: YamlFile, member: str) -> int:
    """Epoch seconds of `2026-01-31` (its first moment, UTC) or `2026-01-31T12:00:00Z`."""
    try:
        moment = datetime.fromisoformat(file.value[member])
    except ValueError:
        raise file.error((member,), "no such day or time; correct it") from None
    return int(moment.replace(tzinfo=UTC).timestamp())


def _check_form(file: YamlFile) -> None:
    errors = sorted(_validator().iter_errors(file.value), key=relevance)
    if errors:
        worst = errors[-1]
        cure = worst.schema.get("description", "") if isinstance(worst.schema, dict) else ""
        raise file.error(tuple(worst.absolute_path), f"{_complaint(worst)}. {cure}".strip())


def _complaint(error: Any) -> str:
    """The sentence of jsonschema, without what stands in the file: it goes into an operator's log."""
    if error.validator in {"oneOf", "anyOf", "not"}:
        return "the members do not fit together"
    return str(error.message).replace(repr(error.instance), "this")[:200]


@cache
def _validator() -> Draft202012Validator:
    schema = json.loads(Path(__file__).with_name("agreement.schema.json").read_bytes())
    return Draft202012Validator(schema)
