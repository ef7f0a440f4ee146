"""One agreement as a document: a YAML file, or the JSON that both members signed.

`agreement.schema.json` is the form of both. A file is checked whole, and every complaint names line and
cure. A document that was signed had been checked so before: it is only built, which is cheap enough for
ten thousand at a start.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, TypeVar

from jsonschema import Draft202012Validator
from jsonschema.exceptions import relevance

from policies.yaml_lines import Place, YamlFile, read_yaml
from schemas.agreement import PERIODS, AgreedService, Agreement, Allowance, Memo
from schemas.decision import Predicate
from schemas.errors import ConfigurationError, ExchangeError, MalformedIdentifier
from schemas.identifiers import ServiceId, SubsystemId
from schemas.record import parse_predicate

_Id = TypeVar("_Id", SubsystemId, ServiceId)


@dataclass(frozen=True, slots=True)
class AgreementFile:
    """A document that was read, with its lines, and the agreement that it states."""

    file: YamlFile
    agreement: Agreement


def read_agreement(path: Path) -> Agreement:
    """Read one agreement file.

    Raises:
        ConfigurationError: the file is wrong; names file, line and cure.
    """
    return read_agreement_file(path).agreement


def read_agreement_file(path: Path) -> AgreementFile:
    """As `read_agreement`, with the document and its lines."""
    return check_document(read_yaml(path))


def check_document(file: YamlFile) -> AgreementFile:
    """Check a document's form and meaning, and build the agreement. Raises ConfigurationError."""
    _check_form(file)
    return AgreementFile(file, _build(file))


def build_agreement(document: Mapping[str, Any], name: str) -> Agreement:
    """The agreement of a document whose form was checked when it was signed. Raises ConfigurationError."""
    try:
        return _build(YamlFile(Path(name), document, {}))
    except (KeyError, TypeError, AttributeError):
        raise ConfigurationError(f"{name}: is not an agreement's document") from None


def _build(file: YamlFile) -> Agreement:
    value = file.value
    provider = _identifier(file, ("provider",), SubsystemId)
    valid_from, valid_until = _moment(file, "valid_from"), _moment(file, "valid_until")
    if valid_from >= valid_until:
        raise file.error(("valid_until",), "not after valid_from; write a later day")
    terms = tuple(_terms(file, position, provider) for position in range(len(value["services"])))
    for position, one in enumerate(terms):
        if one.service in {other.service for other in terms[:position]}:
            raise file.error(("services", position, "service"), "stands twice; merge the two")
    return Agreement(
        id=value["id"],
        version=value["version"],
        client=_identifier(file, ("client",), SubsystemId),
        provider=provider,
        status=value["status"],
        valid_from=valid_from,
        valid_until=valid_until,
        services=terms,
        absence=value.get("absence", "hidden"),
        memo=_memo(value),
    )


def _memo(value: Mapping[str, Any]) -> Memo:
    contacts = value.get("contacts", {})
    return Memo(
        value.get("title"), value.get("legal_reference"), contacts.get("client"), contacts.get("provider")
    )


def _terms(file: YamlFile, position: int, provider: SubsystemId) -> AgreedService:
    place: Place = ("services", position)
    value = file.value["services"][position]
    _check_allowances(file, place, value)
    service = _identifier(file, (*place, "service"), ServiceId)
    if service.provider != provider:
        raise file.error((*place, "service"), f"not a service of {provider}; correct one of the two")
    for default, listed in (("default_purpose", "purposes"), ("default_legal_basis", "legal_bases")):
        if default in value and value[default] not in value[listed]:
            raise file.error((*place, default), f"not among the {listed}; add it, or choose one of them")
    return AgreedService(
        service=service,
        purposes=_texts(value["purposes"]),
        legal_bases=_texts(value["legal_bases"]),
        fields=_texts(value.get("fields", ())),
        predicates=_predicates(file, place, value.get("predicates", [])),
        methods=_texts(value.get("methods", ())),
        paths=_texts(value.get("paths", ())),
        default_purpose=value.get("default_purpose"),
        default_legal_basis=value.get("default_legal_basis"),
        quota=tuple(_allowance(one) for one in value.get("quota", ())),
        repeats=_allowance(value["repeats"]) if "repeats" in value else None,
    )


def _texts(values: Iterable[str]) -> tuple[str, ...]:
    """Agreements repeat each other: what is equal is kept once."""
    return _shared(tuple(sys.intern(text) for text in values))


@lru_cache(maxsize=4096)
def _shared(texts: tuple[str, ...]) -> tuple[str, ...]:
    return texts


@lru_cache(maxsize=256)
def _kept(limit: int, period: str) -> Allowance:
    return Allowance(limit, PERIODS[period])


def _allowance(value: Mapping[str, Any]) -> Allowance:
    return _kept(value["at_most"], value["per"])


def _check_allowances(file: YamlFile, place: Place, value: Mapping[str, Any]) -> None:
    """One allowance for each period."""
    periods = [one["per"] for one in value.get("quota", ())]
    for position, period in enumerate(periods):
        if period in periods[:position]:
            raise file.error(
                (*place, "quota", position), f"a second allowance per {period}; keep one of them"
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
