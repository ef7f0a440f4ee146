"""What a page tells of a source: every field, no value, nothing that a browser would run."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from adapters.describing.drawing import draw
from adapters.describing.facts import facts
from adapters.describing.html import html
from adapters.describing.markdown import markdown
from adapters.describing.wording import columns_of, how
from adapters.shipped import shipped_sources

TAX = next(path for path in shipped_sources() if path.name == "lumeria.yaml" and path.parent.name == "tax")
HOSTILE = """id: evil
title: "Evil <script>alert(1)</script> | x"
kind: sql
owner: {contact: "<img src=x onerror=alert(1)>"}
subsystem: LM/GOV/X/y
connection: {dsn: "postgresql://u:${secret:PASS}@h/db?sslmode=verify-full"}
services:
  s:
    title: "</title><script>1</script>"
    canonical: person/1
    subject: {national_id: {pattern: "[0-9]{10}"}}
    from: v_x
    where: {nid: $national_id}
    map:
      national_id: nid
      sex: {from: "</text><script>", codes: {"<b>": male}, else: error}
tests:
  - {service: s, given: {national_id: "4711471147"}, expect: match}
"""


@pytest.mark.parametrize("path", list(shipped_sources()), ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_pages__every_shipped_source__names_each_mapped_field(path: Path) -> None:
    """No field leaves that the page does not name; the picture is XML."""
    source = facts(path)
    text, page = markdown(source), html([source])
    for service in source.services:
        for field in service.fields:
            assert field.name in text
            assert field.name in page
            assert field.meaning, f"{service.name}: {field.name} means nothing"
        picture = draw(service, source.title)
        if picture:
            ET.fromstring(picture)
    assert source.services


def test_pages__hostile_file__nothing_a_browser_would_run(tmp_path: Path) -> None:
    """A file's words are text in every page; no subject of its tests is told."""
    path = tmp_path / "evil.yaml"
    path.write_text(HOSTILE)
    source = facts(path)
    page = html([source])
    assert "<script" not in page
    assert "<img" not in page
    assert "default-src 'none'" in page
    assert "<script" not in markdown(source)
    assert "4711471147" not in page + markdown(source)


def test_facts__secrets__by_name_and_never_resolved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page can be printed and sent."""
    monkeypatch.setenv("ISTHMUS_SECRET_PASS", "canary-password")
    path = tmp_path / "evil.yaml"
    path.write_text(HOSTILE)
    source = facts(path)
    assert source.secrets == ("PASS",)
    assert "canary-password" not in html([source])


@pytest.mark.parametrize(
    ("rule", "columns", "words"),
    [
        ("nid", ("nid",), "as it stands"),
        ({"constant": "LMD"}, (), "always `LMD`"),
        ({"first_of": ["mobile", "landline"]}, ("mobile", "landline"), "the first that is known"),
        ({"find": "/a", "key": "k", "equals": "X", "take": "v"}, ("/a › v",), "the entry whose `k` is `X`"),
        (
            {"from": "s", "codes": {"M": "male"}, "else": "error"},
            ("s",),
            "codes M → male; any other code is refused",
        ),
        (
            {"from": "i", "bands": [{"below": "10", "is": "low"}, {"is": "high"}]},
            ("i",),
            "a band in place of the number: below 10 is low, else high",
        ),
    ],
)
def test_wording__rules__in_words(rule, columns, words):
    """Whoever reads no YAML reads these."""
    assert (columns_of(rule), how(rule)) == (columns, words)


def test_draw__same_file__same_bytes() -> None:
    """Two printings can be compared."""
    (service,) = facts(TAX).services
    assert draw(service, "Tax") == draw(service, "Tax")
    assert "income_band" in draw(service, "Tax")
