"""Drafts from documents that somebody wrote to do harm: patterns, references, texts."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.drafting.drafting import Drafted, draft_source
from adapters.drafting.patterns import MOST_VARYING, usable
from adapters.drafting.text import Heading
from adapters.kinds.rest.draft import drafted as drafted_of
from adapters.kinds.rest.openapi import load
from adapters.yaml_lines import parse
from schemas.errors import ConfigurationError
from tests.unit.adapters.small_source import Secrets

HEADING = Heading("people", "People", "LM/GOV/NIA/identity", {"contact": "registry office"})
NASTY = "x\n# \x1b[31m\u2028id: evil\r\n'\"{}[]: &a *b !!python/object:os.system ${secret:OTHER}"


def openapi(pattern: str = "^[0-9]{10}$", text: str = "T", **members: Any) -> bytes:
    """A document with one service."""
    person = {"properties": {"nid": {"type": "string", "title": text}, "family_name": {"type": "string"}}}
    answer = {"description": text, "content": {"application/json": {"schema": person}}}
    wanted = {"name": "nid", "in": "path", "required": True, "schema": {"type": "string", "pattern": pattern}}
    operation = {"summary": text, "parameters": [wanted], "responses": {"200": answer}}
    root = {
        "openapi": "3.0.0",
        "info": {"title": text},
        "servers": [{"url": "https://people.example"}],
        "paths": {"/people/{nid}": {"get": operation}},
    }
    return json.dumps(root | members).encode()


async def drafted(folder: Path, document: bytes) -> Drafted:
    """The draft from a document."""
    path = folder / "openapi.json"
    path.write_bytes(document)
    return await draft_source(str(path), "rest", HEADING, "national_id", Secrets())


@pytest.mark.parametrize(
    ("pattern", "taken"),
    [
        ("^[0-9]{10}$", "[0-9]{10}"),
        (r"\d{4}-\d{4}", "[0-9]{4}-[0-9]{4}"),
        (r"[A-Z\d]{8}", "[A-Z0-9]{8}"),
        ("LM-?[0-9]{1,9}", "LM-?[0-9]{1,9}"),
        (r"[A-Z]{2}\.[0-9]+", r"[A-Z]{2}\.[0-9]+"),
        (r"^\p{L}+$", None),
        (r"\i\c*", None),
        ("[a-z-[aeiou]]+", None),
        ("(0+)+x", None),
        ("(a|aa)+", None),
        ("0*0*0*0*x", None),
        ("[0-9]{0,99}" * 4, None),
        ("(?i)a", None),
        ("a" * 300, None),
        ("a$|b", None),
        ("[b-a]", None),
        ("", None),
        (None, None),
    ],
)
def test_usable__pattern__only_what_is_read_alike_and_matched_at_once(pattern: str | None, taken: str | None):
    """Dialects and traps are left to a person; a row of bounded classes is taken over."""
    assert usable(pattern) == taken


@given(st.text(alphabet=r"0aZ[]{}()+*?\^$|-.,d1", max_size=30))
def test_usable__any_pattern__can_be_used_or_is_none(pattern: str):
    """What is taken is a pattern of Python's, with few pieces of varying length."""
    taken = usable(pattern)
    if taken is not None:
        re.compile(taken)
        assert len(re.findall(r"[+*?]|\{[0-9]+,", re.sub(r"\[[^\]]*\]|\\.", "x", taken))) <= MOST_VARYING


@pytest.mark.parametrize("pattern", [r"^\p{L}+$", "(0+)+x", "("])
async def test_draft__pattern_that_is_a_trap_or_foreign__left_out(tmp_path: Path, pattern: str):
    """A document's pattern neither stops the draft nor stands in the file."""
    found = await drafted(tmp_path, openapi(pattern))
    assert pattern.strip("^$") not in found.text
    assert not [finding for finding in found.findings if finding.level == "error"]


@pytest.mark.parametrize(
    "members",
    [
        {"servers": [{"url": "https://evil.example/${secret:NATIONAL_DB}"}]},
        {"servers": [{"url": "https://evil.example/${env:AWS_SECRET_ACCESS_KEY}"}]},
        {
            "components": {
                "securitySchemes": {"a": {"type": "apiKey", "in": "header", "name": "${secret:NATIONAL_DB}"}}
            }
        },
    ],
)
async def test_draft__document_names_a_secret__refused(tmp_path: Path, members: dict[str, Any]):
    """A document cannot have the gateway send it a secret that the gateway has for another system."""
    with pytest.raises(ConfigurationError, match="names secrets"):
        await drafted(tmp_path, openapi(**members))


async def test_draft__texts_that_look_like_yaml__stay_texts(tmp_path: Path):
    """Titles and descriptions add no line and no member to the file."""
    found = await drafted(tmp_path, openapi(text=NASTY))
    document = parse(found.text.encode(), Path("people.yaml")).value
    assert document["id"] == "people"
    assert "\x1b" not in found.text
    assert "\u2028" not in found.text


async def test_draft__objects_that_unfold_without_a_leaf__end(tmp_path: Path):
    """Empty objects in objects hold no column, and must be counted all the same."""
    schemas: dict[str, Any] = {"S4": {"properties": {}}}
    for number in range(4):
        inner = {"$ref": f"#/components/schemas/S{number + 1}"}
        schemas[f"S{number}"] = {"properties": {f"p{one}": inner for one in range(60)}}
    document = json.loads(openapi(components={"schemas": schemas}))
    answer = document["paths"]["/people/{nid}"]["get"]["responses"]["200"]["content"]["application/json"]
    answer["schema"]["properties"]["more"] = {"$ref": "#/components/schemas/S0"}
    found = await drafted(tmp_path, json.dumps(document).encode())
    assert found.proposals


def places(value: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place of a JSON document below its root."""
    named = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, item in named:
        yield (*above, name)
        yield from places(item, (*above, name))


def with_at(value: Any, place: tuple[Any, ...], other: Any) -> Any:
    """A copy with another value at a place."""
    if not place:
        return other
    made = value.copy()
    made[place[0]] = with_at(value[place[0]], place[1:], other)
    return made


@pytest.mark.parametrize(
    "other", [None, 0, 1.5, True, "x", [], ["x"], [[]], [None], {}, {"x": 1}, {"$ref": 5}]
)
def test_drafted__a_part_of_another_type__nothing_breaks(other: Any):
    """Documents are written by hand: what is not as OpenAPI says is left out, or refused in words."""
    schemes = {"a": {"type": "oauth2", "flows": {"clientCredentials": {"tokenUrl": "https://a.example/t"}}}}
    whole = {"allOf": [{"properties": {"born": {"enum": ["x"], "type": ["string", "null"]}}}]}
    document = json.loads(openapi(components={"securitySchemes": schemes, "schemas": {"P": whole}}))
    document["servers"][0]["variables"] = {"v": {"default": "x"}}
    fixed = {"name": "q", "in": "query", "required": True, "schema": {"enum": ["1"]}}
    document["paths"]["/people/{nid}"]["get"]["parameters"].append(fixed)
    wanted = {"schema": {"properties": {"national_id": {"type": "string"}}, "required": ["national_id"]}}
    rows = {"schema": {"type": "array", "items": {"$ref": "#/components/schemas/P"}}}
    answers = {"200": {"content": {"application/json": rows}}, "404": {}}
    asked = {"requestBody": {"content": {"application/json": wanted}}, "responses": answers}
    document["paths"]["/find"] = {"post": asked}
    for place in places(document):
        try:
            found = drafted_of(load(json.dumps(with_at(document, place, other)).encode(), "openapi.json"))
        except ConfigurationError:
            continue
        assert len(found.services) <= 2
