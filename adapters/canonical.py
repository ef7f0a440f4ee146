"""Canonical schemas: the shapes every source is mapped to (`schemas/canonical/*.schema.json`).

A schema's `$id` is its name and version (`person/1`). A question names some of its fields, so an
answer is checked against exactly those: each must be there, nothing else may be.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

import jsonschema_rs


@dataclass(frozen=True, slots=True)
class Canonical:
    """One canonical record: its name, title and the schema of each field."""

    name: str
    title: str
    fields: Mapping[str, Any]
    document: Mapping[str, Any]


@lru_cache(maxsize=1)
def canonicals() -> Mapping[str, Canonical]:
    """All canonical schemas by name."""
    folder = files("schemas") / "canonical"
    documents = [
        json.loads(entry.read_text(encoding="utf-8"))
        for entry in folder.iterdir()
        if entry.name.endswith(".schema.json")
    ]
    return {
        document["$id"]: Canonical(document["$id"], document["title"], document["properties"], document)
        for document in sorted(documents, key=lambda document: str(document["$id"]))
    }


@lru_cache(maxsize=512)
def validator(name: str, fields: tuple[str, ...]) -> jsonschema_rs.Draft202012Validator:
    """The compiled check of an answer that holds exactly these fields of a canonical record."""
    known = canonicals()[name].fields
    schema = {
        "type": "object",
        "properties": {field: known[field] for field in fields},
        "required": list(fields),
        "additionalProperties": False,
    }
    return jsonschema_rs.Draft202012Validator(schema, validate_formats=True)


def breach(name: str, fields: tuple[str, ...], record: Mapping[str, Any]) -> str | None:
    """Where a record breaks the schema, as a path without values; None when it does not."""
    error = next(iter(validator(name, tuple(sorted(fields))).iter_errors(dict(record))), None)
    if error is None:
        return None
    place = ".".join(str(step) for step in error.instance_path)
    # Only the rule's name is shown: the library's message quotes the value.
    rule = error.schema_path[-1] if error.schema_path else "schema"
    return f"{place or 'the record'} breaks `{rule}` of {name}"
