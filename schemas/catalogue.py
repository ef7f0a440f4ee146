"""Service descriptions: what a provider offers, and in which of the two forms.

A *record service* turns a subject into a record of a canonical schema; policy filters its fields.
A *pass-through service* is an opaque REST service; policy sees method, canonical path and purpose,
so its description says where the subject's identifier stands in the request.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from schemas.identifiers import ServiceId


@dataclass(frozen=True, slots=True)
class SubjectPlace:
    """Where a pass-through request carries the subject: a `{name}` of the path template, or a
    query parameter. `type` is the identifier's type, such as `national_id`."""

    type: str
    place: Literal["path", "query"]
    name: str


@dataclass(frozen=True, slots=True)
class RecordForm:
    """A record service: `canonical` names its schema (`person/1`), `fields` what it can answer,
    `subject_types` how a subject may be named."""

    canonical: str
    fields: tuple[str, ...]
    subject_types: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PassThroughForm:
    """A pass-through service: methods and path templates (`/persons/{national_id}/card`)."""

    methods: tuple[str, ...]
    paths: tuple[str, ...]
    subject: SubjectPlace | None


@dataclass(frozen=True, slots=True)
class ServiceDescription:
    """One service as its provider declares it. `openapi` is the document's text, if there is one."""

    id: ServiceId
    title: str
    form: RecordForm | PassThroughForm
    openapi: str | None = None

    @property
    def form_name(self) -> Literal["record", "pass_through"]:
        """The form as policy and the catalogue name it."""
        return "record" if isinstance(self.form, RecordForm) else "pass_through"
