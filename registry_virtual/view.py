"""A view: the declaration of a virtual record (DESIGN section 10).

It names attributes, where each comes from by priority, which rule applies when sources disagree and
how old an answer may be. A view holds no data and no permission: what its sources answer is for
their owners to decide. Reading one from YAML is `view_file`'s task.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from schemas.errors import RequestMismatch
from schemas.identifiers import ServiceId

ConflictRule = Literal["first", "all_equal"]
"""`first`: the first source by priority that answers counts; a later one is asked only when those
before it gave no fresh value. `all_equal`: all are asked, and values that differ are a conflict."""


@dataclass(frozen=True, slots=True)
class Via:
    """A hop: the source is asked about somebody else, whose identifier is the value of another
    attribute of the view. `type` is that identifier's type, `relation` what the other is to the
    enquiry's subject, so that the owner's policy can tell a relative from the applicant."""

    attribute: str
    type: str
    relation: str


@dataclass(frozen=True, slots=True)
class Origin:
    """One place an attribute may come from: a field of a record service, reached by a hop or not."""

    service: ServiceId
    field: str
    via: Via | None = None


@dataclass(frozen=True, slots=True)
class Attribute:
    """One attribute: its sources by priority, and how their answers become one.

    `max_age_s` is how old, in seconds, the moment a source vouches for may be before the value counts
    as stale; None means any age. `is_list` marks a value whose order has no meaning.
    """

    name: str
    title: str
    origins: tuple[Origin, ...]
    conflict: ConflictRule = "first"
    max_age_s: int | None = None
    is_list: bool = False

    def as_json(self) -> dict[str, Any]:
        """The attribute as the catalogue shows it."""
        return {
            "title": self.title,
            "sources": [str(origin.service) for origin in self.origins],
            "conflict": self.conflict,
            "max_age_s": self.max_age_s,
            "list": self.is_list,
        }


@dataclass(frozen=True, slots=True)
class View:
    """One view in one version. The first of `purposes` is the default; `definitions` says in words
    what a claim such as `household` means here; `deadline_ms` bounds the whole assembly."""

    name: str
    version: int
    title: str
    description: str
    purposes: tuple[str, ...]
    subject_types: tuple[str, ...]
    definitions: Mapping[str, str]
    attributes: Mapping[str, Attribute]
    deadline_ms: int

    def purpose_for(self, declared: str | None) -> str:
        """The declared purpose, or the view's default.

        Raises:
            RequestMismatch: the view was not made for this purpose.
        """
        if declared is not None and declared not in self.purposes:
            raise RequestMismatch(
                f"the view {self.name} is for the purposes: {', '.join(self.purposes)}",
                reasons=("view.purpose",),
            )
        return declared or self.purposes[0]

    def as_json(self) -> dict[str, Any]:
        """The view as `GET /v1/views/{view}` shows it."""
        return {
            "name": self.name,
            "version": self.version,
            "title": self.title,
            "description": self.description,
            "purposes": list(self.purposes),
            "default_purpose": self.purposes[0],
            "subject_types": list(self.subject_types),
            "definitions": dict(self.definitions),
            "attributes": {name: attribute.as_json() for name, attribute in self.attributes.items()},
        }
