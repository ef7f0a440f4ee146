"""The picture of flows: always well-formed, whatever names hold; the same for the same flows; for readers too."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from gateway.app.insight.drawing import draw
from gateway.app.insight.flows import Flow
from gateway.app.insight.register import as_csv

SVG = "{http://www.w3.org/2000/svg}"
words = st.text(st.characters(codec="utf-8", exclude_categories=("C",)), min_size=1, max_size=12)
some_flows = st.lists(
    st.builds(
        Flow, words, words, words, words, st.just("answering"),
        answered=st.integers(0, 10**7), refused=st.integers(0, 9), fields=st.lists(words, max_size=2).map(tuple),
    ),
    max_size=8,
)  # fmt: skip


@given(some_flows, words)
def test_draw__any_names__well_formed_and_every_band_has_its_words(found: list[Flow], title: str) -> None:
    """Names cannot become markup; each band says in its title what it is; all of it lies within the picture."""
    root = ET.fromstring(draw(found, title))
    assert root.find(f"{SVG}title").text == title  # type: ignore[union-attr]
    assert len(root.findall(f"{SVG}path/{SVG}title")) == len(found)
    height = float(root.attrib["height"])
    assert all(float(box.attrib.get("y", 0)) <= height for box in root.iter(f"{SVG}rect"))
    assert draw(found, title) == draw(found, title)


def test_draw__no_flows__is_a_picture_all_the_same() -> None:
    """An empty log has an empty picture, which says so."""
    root = ET.fromstring(draw([], "Flows"))
    assert root.find(f"{SVG}desc").text == "No exchanges."  # type: ignore[union-attr]


def test_as_csv__a_cell_that_a_spreadsheet_would_run__is_inert() -> None:
    """A name beginning with = + - or @ stays a name."""
    assert "'=1+1" in as_csv([("=1+1", "a")])
