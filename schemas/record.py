"""Record services: the question and the answer.

Request body: `{"subject": {"type", "value"}, "fields": [...], "predicates": {name: {field, op,
value}}}`. Answer body: `{"record": {field: value}, "predicates": {name: "yes"|"no"|"unknown"},
"as_of": epoch seconds, "status": "ok"|"not_found"|"ambiguous"}`, with `"masked": {field: how}` if something
is. Values are bounded; a field is a
plain name of the service's canonical schema, never a path.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from schemas.decision import Predicate
from schemas.errors import MalformedRequest
from schemas.strict_json import dump, parse_object

MAX_REQUEST_BYTES: Final = 64 * 1024
MAX_FIELDS: Final = 64
MAX_PREDICATES: Final = 32
MAX_VALUE_LENGTH: Final = 256
ACCESS_TOKEN: Final = "access_token"  # noqa: S105 - a name
"""The subject type of a citizen who is present: the value is their own token, longer than any number
of a person. It is used for one question and kept nowhere; a log holds only its keyed digest."""
MAX_TOKEN_LENGTH: Final = 4096

OPERATORS: Final = frozenset(
    {"lt", "le", "eq", "ne", "ge", "gt", "in", "between", "age_ge", "age_lt", "count_ge", "exists"}
)
Verdict = Literal["yes", "no", "unknown"]
_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom the data is about: an identifier type such as `national_id`, its value, and what this
    person is to the one the enquiry is about (`self`, `child`, `household_member`, …)."""

    type: str
    value: str
    relation: str = "self"

    def __repr__(self) -> str:
        return f"Subject(type={self.type!r}, value=<withheld>, relation={self.relation!r})"

    def as_json(self) -> dict[str, str]:
        """The form of the request body; `relation` is left out when it is `self`."""
        document = {"type": self.type, "value": self.value}
        return document if self.relation == "self" else {**document, "relation": self.relation}


@dataclass(frozen=True, slots=True)
class RecordRequest:
    """One question to a record service."""

    subject: Subject
    fields: tuple[str, ...]
    predicates: Mapping[str, Predicate]

    def to_bytes(self) -> bytes:
        """The request body."""
        return dump(
            {
                "subject": self.subject.as_json(),
                "fields": list(self.fields),
                "predicates": {name: asked.as_json() for name, asked in self.predicates.items()},
            }
        )

    @classmethod
    def from_bytes(cls, data: bytes) -> RecordRequest:
        """Read a request body.

        Raises:
            TooLarge, MalformedRequest: it is not a request for a record.
        """
        document = parse_object(data, max_bytes=MAX_REQUEST_BYTES, what="the request body")
        foreign = document.keys() - {"subject", "fields", "predicates"}
        if foreign:
            raise MalformedRequest("the request body has members other than subject, fields, predicates")
        return cls(
            parse_subject(document.get("subject")),
            parse_fields(document.get("fields", [])),
            parse_predicates(document.get("predicates", {})),
        )


@dataclass(frozen=True, slots=True)
class RecordAnswer:
    """One answer of a record service; `record` holds granted fields only, `masked` says which of them
    (or which part, as `field.member`) are not what the source has, and how they were masked."""

    status: Literal["ok", "not_found", "ambiguous"]
    record: Mapping[str, Any]
    predicates: Mapping[str, Verdict]
    as_of: int
    masked: Mapping[str, str] = field(default_factory=dict)

    def to_bytes(self) -> bytes:
        """The answer body."""
        document: dict[str, Any] = {
            "status": self.status,
            "record": dict(self.record),
            "predicates": dict(self.predicates),
            "as_of": self.as_of,
        }
        if self.masked:
            document["masked"] = dict(self.masked)
        return dump(document)

    @classmethod
    def from_bytes(cls, data: bytes, *, max_bytes: int) -> RecordAnswer:
        """Read an answer body.

        Raises:
            TooLarge, MalformedRequest: it is not an answer of a record service.
        """
        document = parse_object(data, max_bytes=max_bytes, what="the answer body")
        status, as_of = document.get("status"), document.get("as_of")
        record, predicates = document.get("record"), document.get("predicates")
        masked = document.get("masked", {})
        well_formed = (
            document.keys() - {"masked"} == {"status", "record", "predicates", "as_of"}
            and status in ("ok", "not_found", "ambiguous")
            and isinstance(record, dict)
            and isinstance(predicates, dict)
            and all(verdict in ("yes", "no", "unknown") for verdict in predicates.values())
            and isinstance(as_of, int)
            and not isinstance(as_of, bool)
            and isinstance(masked, dict)
            and all(isinstance(how, str) for how in masked.values())
        )
        if not well_formed:
            raise MalformedRequest("the answer body is not {status, record, predicates, as_of}")
        return cls(status, record, predicates, as_of, masked)  # type: ignore[arg-type]


def parse_subject(value: Any) -> Subject:
    """Read `{"type", "value"}`; MalformedRequest otherwise."""
    if not isinstance(value, dict) or not {"type", "value"} <= value.keys() <= {"type", "value", "relation"}:
        raise MalformedRequest('subject must be {"type": ..., "value": ...}')
    kind, text, relation = value["type"], value["value"], value.get("relation", "self")
    for name in (kind, relation):
        if not isinstance(name, str) or _NAME.fullmatch(name) is None:
            raise MalformedRequest("subject.type and subject.relation must be names such as national_id")
    most = MAX_TOKEN_LENGTH if kind == ACCESS_TOKEN else MAX_VALUE_LENGTH
    if not isinstance(text, str) or not 0 < len(text) <= most or not text.isprintable():
        raise MalformedRequest(f"subject.value must be 1 to {most} printable characters")
    return Subject(kind, text, relation)


def parse_fields(value: Any) -> tuple[str, ...]:
    """Read a list of distinct field names; MalformedRequest otherwise."""
    if not isinstance(value, list) or len(value) > MAX_FIELDS:
        raise MalformedRequest(f"fields must be a list of at most {MAX_FIELDS} names")
    if not all(isinstance(name, str) and _NAME.fullmatch(name) for name in value):
        raise MalformedRequest("fields must be names in lower case with underscores")
    if len(set(value)) != len(value):
        raise MalformedRequest("fields must not repeat a name")
    return tuple(value)


def parse_predicates(value: Any) -> Mapping[str, Predicate]:
    """Read `{name: {field, op, value}}`; MalformedRequest otherwise."""
    if not isinstance(value, dict) or len(value) > MAX_PREDICATES:
        raise MalformedRequest(f"predicates must be an object of at most {MAX_PREDICATES} members")
    return {_check_name(name): parse_predicate(asked) for name, asked in value.items()}


def parse_predicate(value: Any) -> Predicate:
    """Read one `{field, op, value}`; MalformedRequest otherwise."""
    if not isinstance(value, dict) or not {"field", "op"} <= value.keys() <= {"field", "op", "value"}:
        raise MalformedRequest('a predicate must be {"field": ..., "op": ..., "value": ...}')
    field, op = value["field"], value["op"]
    if not isinstance(field, str) or _NAME.fullmatch(field) is None:
        raise MalformedRequest("a predicate's field must be a field name")
    if not isinstance(op, str) or op not in OPERATORS:
        raise MalformedRequest("a predicate's op must be one of " + " ".join(sorted(OPERATORS)))
    return Predicate(field, op, value.get("value"))


def _check_name(name: str) -> str:
    if _NAME.fullmatch(name) is None:
        raise MalformedRequest("a predicate's name must be lower case with underscores")
    return name
