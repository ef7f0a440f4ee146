"""Identifiers: one text for one value, safe as a path segment."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import MalformedIdentifier
from schemas.identifiers import (
    GatewayId,
    MemberId,
    ServiceId,
    SubsystemId,
    check_part,
    format_part,
    parse_part,
)

ALPHABET = "ABCxyz019'()+,-.=?"
PARTS = st.text(ALPHABET, min_size=1, max_size=20).filter(lambda text: text.strip(".") != "")


@given(st.lists(PARTS, min_size=3, max_size=6))
def test_parse__of_what_format_wrote__the_same_value(parts):
    """Formatting and parsing are inverse, for every number of parts."""
    kind = {3: MemberId, 4: SubsystemId, 5: ServiceId, 6: ServiceId}[len(parts)]
    identifier = kind(*parts)
    assert kind.parse(str(identifier)) == identifier
    assert str(identifier).count("/") == len(parts) - 1


@given(PARTS)
def test_parse__needlessly_encoded__the_canonical_value(part):
    """Every character may arrive encoded; it leaves in one form."""
    encoded = "".join(f"%{ord(character):02x}" for character in part)
    assert parse_part(encoded) == part
    assert parse_part(format_part(part)) == part


@given(st.text(max_size=12))
def test_parse__any_text__a_part_that_is_safe_or_an_error(text):
    """Whatever comes, a parsed part holds no slash, no percent sign, no control character."""
    try:
        part = parse_part(text)
    except MalformedIdentifier:
        return
    assert check_part(part) == part
    assert not set(part) & set("/\\%:;#& \x00\r\n")
    assert part.strip(".")


@pytest.mark.parametrize(
    "text",
    [
        "", ".", "..", "...", "%2e%2e", "%2E.", "a%2fb", "a/b", "a\\b", "a%5cb", "%252e", "a%2", "a%zz", "a%00",
        "a%0ab", "a\nb", "a b", "a%20b", "ä", "%c3%a4", "%ff", "%c0%ae", "a:b", "a;b", "a#b", "a_b", "a" * 256,
    ],
)  # fmt: skip
def test_parse_part__foreign__refused(text):
    """Traversal, double encoding, slashes, controls, and what X-Road's strict mode leaves out."""
    with pytest.raises(MalformedIdentifier):
        parse_part(text)


@pytest.mark.parametrize(
    "text", ["", "LM", "LM/GOV", "LM/GOV/", "/LM/GOV/NIA", "LM//NIA", "LM/GOV/NIA/", "a/b/c/d"]
)
def test_parse__wrong_number_of_parts__refused(text):
    """A member has three parts."""
    with pytest.raises(MalformedIdentifier):
        MemberId.parse(text)


def test_parse__too_long__refused():
    """At most 2048 characters, before anything is decoded."""
    with pytest.raises(MalformedIdentifier):
        ServiceId.parse("/".join(["%41" * 255] * 5))


def test_gateway__its_names__derived():
    """URI and log origin, as certificates and checkpoints carry them."""
    gateway = GatewayId.parse("LM/GOV/NIA/gw1")
    assert (gateway.uri, gateway.log_origin) == ("isthmus://LM/GOV/NIA/gw1", "isthmus/LM/GOV/NIA/gw1")
