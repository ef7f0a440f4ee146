"""XML from sources: every classical trick, refused for its own reason; what is accepted, read exactly."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.xml import UnfitXml, find_all, parse_xml, record_of, serialise, texts_of

KIB = 1024
XSI = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'


def refused(data: bytes, max_bytes: int = 64 * KIB) -> str:
    """Why a document is refused."""
    with pytest.raises(UnfitXml) as caught:
        parse_xml(data, max_bytes=max_bytes)
    return str(caught.value)


def parsed(text: str) -> object:
    """The record of a document."""
    return record_of(parse_xml(text.encode(), max_bytes=64 * KIB))


def test_parse__billion_laughs__is_refused_for_its_document_type() -> None:
    """No document type, so no entity can grow."""
    levels = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    laughs = f'<?xml version="1.0"?><!DOCTYPE z [<!ENTITY l0 "ha">{levels}]><z>&l9;</z>'
    assert "document type" in refused(laughs.encode())


def test_parse__quadratic_blowup__is_refused_for_its_document_type() -> None:
    """One long entity used often is no way round either."""
    bomb = f'<!DOCTYPE z [<!ENTITY a "{"x" * 9000}">]><z>{"&a;" * 1000}</z>'
    assert "document type" in refused(bomb.encode())


@pytest.mark.parametrize(
    "external",
    [
        '<!DOCTYPE z [<!ENTITY x SYSTEM "file:///etc/passwd">]><z>&x;</z>',
        '<!DOCTYPE z [<!ENTITY % p SYSTEM "http://127.0.0.1:9/x"> %p;]><z/>',
        '<!DOCTYPE z SYSTEM "http://127.0.0.1:9/x.dtd"><z/>',
        '<!DOCTYPE z PUBLIC "-//A//B" "http://127.0.0.1:9/x.dtd"><z/>',
        "<?a?><!-- <z> --> <?b ?> <!DOCTYPE z><z/>",
    ],
)
def test_parse__external_entities_and_subsets__are_refused(external: str) -> None:
    """Nothing outside a document is ever looked at, wherever the document type hides."""
    assert "document type" in refused(external.encode())


def test_parse__endless_instructions_before_the_root__work_grows_with_the_document_only() -> None:
    """Each of them is stepped over where it stands; copying what follows would take most of a minute."""
    document = b" <?a?>" * 40_000 + b"<z>" + b"x" * 3_500_000 + b"</z>"
    assert record_of(parse_xml(document, max_bytes=8 * KIB * KIB))["#text"].startswith("x")


def test_parse__an_entity_nobody_declared__is_refused() -> None:
    """Only the five entities of XML exist."""
    assert "well-formed" in refused(b"<z>&nbsp;</z>")


def test_parse__words_of_a_document_type_inside_text__are_text() -> None:
    """Only before the root element can a document type stand."""
    assert parsed("<z><![CDATA[<!DOCTYPE z>]]></z>") == {"#text": "<!DOCTYPE z>"}


def test_parse__deep_nesting__is_refused() -> None:
    """64 levels and not one more; very deep documents never become a tree."""
    assert parse_xml(b"<a>" * 64 + b"</a>" * 64, max_bytes=KIB) is not None
    assert "deeper" in refused(b"<a>" * 65 + b"</a>" * 65)
    assert "deep" in refused(b"<a>" * 5000 + b"</a>" * 5000)


def test_parse__floods__are_refused() -> None:
    """Bytes, elements and attributes are counted."""
    attributes = " ".join(f'a{n}=""' for n in range(65))
    assert "attributes" in refused(f"<a {attributes}/>".encode())
    assert "longer" in refused(b"<a>" + b"x" * 64 * KIB + b"</a>")
    assert "50000" in refused(b"<a>" + b"<b/>" * 50_000 + b"</a>", max_bytes=KIB * KIB)
    assert "50000" in refused(b"<?a?>" * 110_000 + b"<a/>", max_bytes=KIB * KIB)


@pytest.mark.parametrize("name", ["UTF-7", "utf-32", "ebcdic-cp-us", "cp037", "utf-16", "no-such", "idna"])
def test_parse__encodings_that_hide_signs__are_refused(name: str) -> None:
    """UTF-7 could write `<` as `+ADw-`; EBCDIC and others could hide a document type."""
    assert "encoding" in refused(f'<?xml version="1.0" encoding="{name}"?><a>+ADw-b+AD4-</a>'.encode())


def test_parse__utf_16__only_with_its_byte_order_mark_and_checked_alike() -> None:
    """A document type is found in UTF-16 too."""
    assert record_of(parse_xml("<a>é</a>".encode("utf-16"), max_bytes=KIB)) == {"#text": "é"}
    assert "document type" in refused("<!DOCTYPE a><a/>".encode("utf-16"))
    assert refused("<a/>".encode("utf-16-le"))


def test_parse__bytes_against_the_declared_encoding__are_refused() -> None:
    """No letter is guessed: a name is either read right or not at all."""
    assert "encoding" in refused("<a>é</a>".encode("latin-1"))
    latin = '<?xml version="1.0" encoding="ISO-8859-1"?><a>é</a>'.encode("latin-1")
    assert record_of(parse_xml(latin, max_bytes=KIB)) == {"#text": "é"}
    assert record_of(parse_xml("<a>é</a>".encode("latin-1"), max_bytes=KIB, charset="iso-8859-1"))


def test_parse__a_comment_in_the_middle_of_a_value__cuts_nothing_off() -> None:
    """The classic of forged identities: `admin<!-- -->.attacker` is one text."""
    assert parsed("<a><id>12<!-- x -->34<?p?>56</id></a>") == {"id": "123456"}


def test_record_of__attributes_leaves_lists_and_nil__as_the_rules_read_them() -> None:
    """Local names, `@name`, `#text`, lists for what is repeated, None for xsi:nil."""
    record = parsed(
        f'<r xmlns="urn:a" {XSI} kind="x"><one>1</one><two/><two>b</two><none xsi:nil="true"/>'
        f'<sum cur="LMD" xsi:type="d">5</sum><deep><one>2</one></deep></r>'
    )
    assert record == {
        "@kind": "x",
        "one": "1",
        "two": ["", "b"],
        "none": None,
        "sum": {"@cur": "LMD", "#text": "5"},
        "deep": {"one": "2"},
    }


def test_record_of__the_same_name_in_two_namespaces__is_a_list() -> None:
    """A second `id` from elsewhere never takes the place of the first."""
    assert parsed('<r xmlns:a="urn:a" xmlns:b="urn:b"><a:id>1</a:id><b:id>2</b:id></r>') == {"id": ["1", "2"]}
    assert parsed('<r xmlns:a="urn:a" xmlns:b="urn:b" a:id="1" b:id="2"/>') == {"@id": ["1", "2"]}


@given(st.text(st.characters(min_codepoint=32, exclude_categories=("Cs", "Cn")), max_size=40))
def test_serialise__any_text__comes_back_as_one_leaf(text: str) -> None:
    """Writing and reading are inverse, and a value never becomes an element."""
    root = parse_xml(b"<r><v/></r>", max_bytes=KIB)
    root[0].text = text
    again = parse_xml(serialise(root), max_bytes=KIB)
    assert len(again) == 1
    assert record_of(again) == {"v": text}


def test_find_all__namespaces_and_variables__find_elements() -> None:
    """Prefixes are the file's, so a source may write its own."""
    root = parse_xml(
        b'<x:r xmlns:x="urn:a"><x:p><x:n>1</x:n></x:p><x:p><x:n>2</x:n></x:p></x:r>', max_bytes=KIB
    )
    found = find_all(root, "//q:p[q:n = $n]", {"q": "urn:a"}, {"n": "2"})
    assert [record_of(element) for element in found] == [{"n": "2"}]
    assert texts_of(root, "count(//q:p)", {"q": "urn:a"}) == ["2.0"]
