"""Request templates: a value stays inside its place."""

from __future__ import annotations

from urllib.parse import quote, unquote

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from adapters.template import fill, fill_path, placeholders, unknown_escapers
from schemas.errors import RequestMismatch


@given(st.text(min_size=1, max_size=50).filter(lambda text: text.encode("utf-8", "ignore").decode() == text))
def test_fill_path__any_value__is_one_segment_that_decodes_to_it(value: str):
    """No value adds a segment, a query or a fragment."""
    assume(value.strip(".") != "")
    path = fill_path("/persons/{national_id}/card", {"national_id": value})

    head, segment, tail = path.rsplit("/", 2)
    assert (head, tail) == ("/persons", "card")
    assert unquote(segment) == value
    assert not set("?#") & set(path)


@pytest.mark.parametrize("value", [".", "..", "..."])
def test_fill_path__dots_only__refused(value: str):
    """No encoding makes `..` safe."""
    with pytest.raises(RequestMismatch):
        fill_path("/persons/{national_id}", {"national_id": value})


def test_fill__body__keeps_types_and_structure():
    """A lone placeholder keeps the value's type; a value with braces is not filled again."""
    template = {"id": "{n}", "text": "nid:{n}", "list": ["{n}", 1]}

    assert fill(template, {"n": 7}) == {"id": 7, "text": "nid:7", "list": [7, 1]}
    assert fill("{n}", {"n": "{n}"}) == "{n}"
    assert sorted(set(placeholders(template))) == ["n"]


@pytest.mark.parametrize(
    ("escaper", "value", "expected"),
    [
        ("dhis2", "a:b,c/d", "a/:b/,c//d"),
        ("fhir", "a$b,c|d\\e", "a\\$b\\,c\\|d\\\\e"),
        ("cql", "O'Brien' OR '1'='1", "O''Brien'' OR ''1''=''1"),
        ("jsonpath", "a'b\"c\\d", "a\\'b\\\"c\\\\d"),
    ],
)
def test_fill__named_escaper__value_cannot_end_its_place(escaper: str, value: str, expected: str):
    """Languages inside a text escape in their own way, before the place's own escaping."""
    assert fill(f"x:eq:{{nid|{escaper}}}", {"nid": value}) == f"x:eq:{expected}"
    assert fill_path(f"/p/{{nid|{escaper}}}", {"nid": value}) == "/p/" + quote(expected, safe="")


def test_unknown_escapers__in_any_place__are_named():
    """A mistyped escaper is found before anything is sent."""
    template = {"a": ["{nid|dhis3}"], "b": "{nid|dhis2}", "c": {"d": "{x|}"}}
    assert unknown_escapers(template) == ["", "dhis3"]
    assert set(placeholders(template)) == {"nid", "x"}
