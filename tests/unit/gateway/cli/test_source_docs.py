"""`isthmus source docs`: Markdown on the terminal, a page for printing, facts as JSON."""

from __future__ import annotations

from pathlib import Path

from tests.unit.gateway.cli.conftest import SOURCE, Isthmus


def test_docs__three_forms__the_same_fields(isthmus: Isthmus, tmp_path: Path) -> None:
    """Whoever reads it, and however, sees every field that can leave."""
    page = tmp_path / "page.html"
    shown = isthmus("source", "docs", SOURCE).out
    assert isthmus("source", "docs", SOURCE, "--html", page).code == 0
    (source,) = isthmus("source", "docs", SOURCE, "--json").json["sources"]
    fields = [field["name"] for service in source["services"] for field in service["fields"]]
    assert fields
    assert all(name in shown and name in page.read_text(encoding="utf-8") for name in fields)
    assert "<svg" in page.read_text(encoding="utf-8")


def test_docs__wrong_file__said_and_nothing_written(isthmus: Isthmus, tmp_path: Path) -> None:
    """A page tells only of files that could serve."""
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(SOURCE.read_text().replace("kind: sql", "kind: sequel"))
    said = isthmus("source", "docs", wrong, "--html", tmp_path / "page.html")
    assert said.code == 4
    assert "`kind` is not as it must be" in said.err
    assert not (tmp_path / "page.html").exists()
