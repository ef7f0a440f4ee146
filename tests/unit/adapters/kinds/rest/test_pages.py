"""The pages about sources over HTTP: whoever copies from them has something that works."""

from __future__ import annotations

import re
from pathlib import Path

from adapters.http.auth.form import FORWARDED
from adapters.source_checks import check_document
from adapters.source_schema import source_schema
from adapters.template import ESCAPERS
from adapters.yaml_lines import load

PAGES = Path(__file__).parents[5] / "docs/adapters"


def test_rest_page__source_file__is_in_order(tmp_path: Path):
    """The file on the page has no finding."""
    (example,) = re.findall(r"```yaml\n(id: .*?)```", (PAGES / "rest.md").read_text("utf-8"), re.DOTALL)
    path = tmp_path / "tax.yaml"
    path.write_text(example, "utf-8")
    assert check_document(load(path)) == []


def test_rest_page__escapers__are_all_there():
    """Every way to escape a value is on the page, and no other."""
    shown = re.findall(r"`\{x\\\|(\w+)\}`", (PAGES / "rest.md").read_text("utf-8"))
    assert set(shown) == set(ESCAPERS)


def test_http_page__kinds_of_auth_and_pages__are_all_there():
    """The tables name what the schema accepts, word for word."""
    text = (PAGES / "http.md").read_text("utf-8")
    defs = source_schema()["$defs"]
    first_cells = set(re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE))
    kinds, ways = defs["auth"]["properties"]["kind"]["enum"], defs["page"]["properties"]["by"]["enum"]
    members = defs["http_connection"]["properties"].keys()
    assert first_cells - {"kind", "by"} == {*kinds, *ways, *members}
    assert set(kinds) > FORWARDED
