"""XPath: values are variables, expressions are bounded, nothing outside the document is reachable."""

from __future__ import annotations

import pytest

from adapters.xml import find_all, parse_xml, texts_of
from adapters.xpath import UnfitXPath, compiled, variables

PEOPLE = parse_xml(b"<r><p><n>1</n></p><p><n>2</n></p></r>", max_bytes=1024)


@pytest.mark.parametrize(
    "value", ["' or '1'='1", '" or ""="', "1'] | //p | /x['", "$n", "string(//n)", "1 or true()"]
)
def test_find_all__xpath_injection_in_a_value__finds_nobody(value: str) -> None:
    """A variable is compared as a text, whatever stands in it."""
    assert find_all(PEOPLE, "/r/p[n = $n]", None, {"n": value}) == []


def test_find_all__a_number_is_compared_as_text__leading_zeros_count() -> None:
    """XPath would otherwise take `01` and 1 for equal."""
    assert len(find_all(PEOPLE, "/r/p[n = $n]", None, {"n": 1})) == 1
    assert find_all(PEOPLE, "/r/p[n = $n]", None, {"n": "01"}) == []


@pytest.mark.parametrize(
    ("xpath", "why"),
    [
        ("document('file:///etc/passwd')", "function"),
        ("re:test(n, 'a')", "function"),
        ("str:replace(n, 'a', 'b')", "function"),
        ("id('x')", "function"),
        ("unparsed-entity-uri('x')", "function"),
        ("//a//b", "whole tree"),
        ("//a[.//b]", "whole tree"),
        ("//a/descendant::b", "whole tree"),
        ("//a/following-sibling::b", "downwards"),
        ("//a/preceding::b", "downwards"),
        ("//a/../b", "downwards"),
        ("//a/parent::*", "downwards"),
        ("//a[/b]", "predicate"),
        ("//a[b or /c]", "predicate"),
        ("//p:a", "prefix"),
        ("//a[", "not an XPath"),
        ("/" + "a" * 600, "longer"),
    ],
)
def test_compiled__foreign_functions_and_costly_walks__are_refused(xpath: str, why: str) -> None:
    """What could reach out, or cost the square of a hostile document, is refused when a file is read."""
    with pytest.raises(UnfitXPath, match=why):
        compiled(xpath, {"re": "http://exslt.org/regular-expressions", "str": "http://exslt.org/strings"})


def test_compiled__signs_inside_a_literal__are_no_steps() -> None:
    """A literal is text."""
    assert texts_of(PEOPLE, "string(/r/p[n != '//..[document(1)]']/n)") == ["1"]


def test_compiled__a_variable_without_a_value__is_an_error_not_nobody() -> None:
    """An absent value must never look like a person who is not there."""
    with pytest.raises(UnfitXPath):
        find_all(PEOPLE, "/r/p[n = $n]")


def test_variables__names_outside_literals() -> None:
    """The variables a file must declare."""
    assert variables("//p[n = $nid and m != '$x']") == {"nid"}
