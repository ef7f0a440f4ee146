"""Canonical schemas: each explains itself, and its reference is up to date."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import jsonschema_rs
import pytest

from adapters.canonical import Canonical, breach, canonicals
from adapters.canonical_reference import PAGE, reference

ALL = list(canonicals().values())
NAMES = {
    "person", "identifier", "name", "address", "civil_event", "civil_status", "household", "disability",
    "tax_status", "land_holding", "vehicle", "enrolment", "benefit", "payment", "coverage", "attendance",
    "school_enrolment", "health_programme", "social_service", "area", "alert", "grievance", "payment_status",
    "identity_check",
}  # fmt: skip


def every_schema(fields: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    """Every field and member by its path."""
    for name, schema in fields.items():
        yield above + name, schema
        members = schema.get("properties") or schema.get("items", {}).get("properties", {})
        yield from every_schema(members, f"{above}{name}.")


def test_canonicals__all_of_the_list__in_their_first_version():
    """The subjects that social protection asks about."""
    assert {name.partition("/")[0] for name in canonicals()} == NAMES
    assert {name.partition("/")[2] for name in canonicals()} == {"1"}


@pytest.mark.parametrize("canonical", ALL, ids=lambda one: one.name)
def test_canonical__examples__at_least_two_complete_and_valid(canonical: Canonical):
    """An example names every field, so a reader sees all of them, and holds in every one."""
    examples = canonical.document["examples"]

    assert len(examples) >= 2
    for example in examples:
        assert example.keys() == canonical.fields.keys()
        assert breach(canonical.name, tuple(canonical.fields), example) is None


@pytest.mark.parametrize("canonical", ALL, ids=lambda one: one.name)
def test_canonical__every_member__is_described_with_valid_examples(canonical: Canonical):
    """Down to the last member: what it means, and what it looks like."""
    for path, schema in every_schema(canonical.fields):
        assert schema["description"].endswith("."), path
        if "properties" in schema or "items" in schema:
            continue
        assert schema["examples"], path
        validator = jsonschema_rs.Draft202012Validator(schema, validate_formats=True)
        assert all(validator.is_valid(example) for example in schema["examples"]), path


@pytest.mark.parametrize("canonical", ALL, ids=lambda one: one.name)
def test_canonical__every_code__says_what_it_means(canonical: Canonical):
    """No code list without meanings, and none for codes that do not exist."""
    for path, schema in every_schema(canonical.fields):
        if "enum" in schema:
            assert [*schema["x-codes"], None] == schema["enum"], path


@pytest.mark.parametrize("canonical", ALL, ids=lambda one: one.name)
def test_canonical__key__is_the_only_field_that_must_have_a_value(canonical: Canonical):
    """What a source does not know is null; a record without its key is none."""
    [key] = canonical.document["required"]
    for name in canonical.fields:
        assert (breach(canonical.name, (name,), {name: None}) is None) == (name != key)


def test_canonical__decimals__are_text():
    """No amount, area or rate can become a float."""
    types = {
        kind
        for canonical in ALL
        for _, schema in every_schema(canonical.fields)
        for kind in schema.get("type", [])
    }
    assert "number" not in types


def test_disability__washington_group_and_icf__are_separate_vocabularies():
    """Neither scale is the other one moved by one: no rule may compute between them."""
    fields = canonicals()["disability/1"].fields
    answers = fields["severity"]["properties"]["seeing"]
    qualifier = fields["icf"]["items"]["properties"]["qualifier"]

    assert set(answers["x-codes"]) == {"1", "2", "3", "4"}
    assert set(qualifier["x-codes"]) == {"0", "1", "2", "3", "4", "8", "9"}
    assert breach("disability/1", ("icf",), {"icf": [{"category": "d450", "qualifier": 3}]}) is not None


@pytest.mark.parametrize(
    ("value", "fits"),
    [("1951", True), ("1951-07", True), ("1951-07-30", True), ("1951-13", False), ("51", False), ("", False)],
)
def test_birth_date_partial__year_month_or_day__nothing_between(value: str, fits: bool):
    """A year is a year, and is not turned into a day."""
    record = {"birth_date_partial": value}

    assert (breach("person/1", ("birth_date_partial",), record) is None) == fits


def test_reference__page_in_docs__is_what_the_schemas_say():
    """`python -m adapters.canonical_reference` was run after the last change."""
    assert PAGE.read_text(encoding="utf-8") == reference()
