"""A source: what one YAML file declares, as values (shape: DESIGN section 9).

Two forms of service live here: record services, which an adapter answers, and pass-through
services, which the gateway forwards (`adapters.upstream`). What stands in `connection` and `ask` is
its kind's affair (`kinds/<kind>/form.py`). Connections hold resolved secrets, so their text form
never shows them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from adapters.contract import Query
from adapters.crosswalk import Misses
from adapters.mapping import Rules
from adapters.selector import Selector
from schemas.catalogue import PassThroughForm, RecordForm, ServiceDescription, SubjectPlace
from schemas.errors import RequestMismatch, UnknownService
from schemas.identifiers import ServiceId, SubsystemId
from schemas.outcome import Shape
from schemas.record import Subject

Empty = Literal["not_found", "empty_list", "misbehaving"]


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one source. `max_rows` is of one answer, `max_bytes` of one body or record."""

    timeout_ms: int = 3000
    concurrency: int = 8
    max_rows: int = 100
    max_bytes: int = 1024 * 1024
    retries: int = 1

    @property
    def timeout_s(self) -> float:
        """The whole time for one question, retries included."""
        return self.timeout_ms / 1000


@dataclass(frozen=True, slots=True)
class RecordService:
    """A record service: which canonical record it gives, for which subjects, read how."""

    name: str
    title: str
    canonical: str
    subjects: Mapping[str, Selector]
    shape: Shape
    empty: Empty
    rules: Rules
    ask: object

    @property
    def fields(self) -> tuple[str, ...]:
        """The canonical fields it can answer, in the file's order."""
        return tuple(self.rules.fields)

    def subject_values(self, subject: Subject) -> Mapping[str, str | int]:
        """A subject's values as the source takes them, by part; of a plain selector `{type: value}`.

        Raises:
            RequestMismatch: the service does not know this type, or the value has not its form.
        """
        selector = self.subjects.get(subject.type)
        if selector is None:
            raise RequestMismatch("subject.type must be one of " + ", ".join(sorted(self.subjects)))
        return selector.values(subject.value)

    def subject_value(self, subject: Subject) -> str | int:
        """The one value of a plain selector; of a composite one its joined text. Raises RequestMismatch."""
        values = self.subject_values(subject)
        return next(iter(values.values())) if len(values) == 1 else subject.value

    def check(self, query: Query) -> None:
        """Refuse a question this service does not answer.

        Raises:
            RequestMismatch: subject type, its form, or a field is not of this service.
        """
        self.subject_values(query.subject)
        foreign = sorted(set(query.fields) - self.rules.fields.keys())
        if foreign:
            raise RequestMismatch("the service has no field " + ", ".join(foreign))


@dataclass(frozen=True, slots=True)
class PassThroughService:
    """An opaque REST service below `base_path`, forwarded as it stands."""

    name: str
    title: str
    methods: tuple[str, ...]
    paths: tuple[str, ...]
    subject: SubjectPlace | None
    base_path: str
    openapi: str | None


Service = RecordService | PassThroughService


@dataclass(frozen=True, slots=True)
class Trial:
    """One `tests:` line: a subject of the live system and the outcome it must give."""

    service: str
    subject_type: str
    value: str = field(repr=False)
    expect: str


@dataclass(frozen=True, slots=True)
class Source:
    """One configured system of a member. `misses` counts the codes that no list of its file knew."""

    id: str
    title: str
    kind: str
    owner: Mapping[str, str]
    subsystem: SubsystemId
    connection: object
    limits: Limits
    services: Mapping[str, Service]
    tests: tuple[Trial, ...] = ()
    path: Path | None = None
    misses: Misses = field(default_factory=Misses, compare=False)

    def service_id(self, name: str) -> ServiceId:
        """The identifier of one of its services."""
        at = self.subsystem
        return ServiceId(at.instance, at.member_class, at.member_code, at.subsystem, name)

    def record_service(self, name: str) -> RecordService:
        """The record service called `name`.

        Raises:
            UnknownService: there is none.
        """
        service = self.services.get(name)
        if not isinstance(service, RecordService):
            raise UnknownService(f"source {self.id} has no record service of this name")
        return service

    def descriptions(self) -> list[ServiceDescription]:
        """Its services as the catalogue shows them."""
        return [self._describe(service) for service in self.services.values()]

    def _describe(self, service: Service) -> ServiceDescription:
        form: RecordForm | PassThroughForm
        if isinstance(service, RecordService):
            form = RecordForm(service.canonical, service.fields, tuple(service.subjects))
            return ServiceDescription(self.service_id(service.name), service.title, form)
        form = PassThroughForm(service.methods, service.paths, service.subject)
        return ServiceDescription(self.service_id(service.name), service.title, form, service.openapi)
