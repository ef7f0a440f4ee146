"""`docs/conformance.md` lists the checks as the code has them."""

from __future__ import annotations

from pathlib import Path

from adapters.conformance.checks import CHECKS

PAGE = (Path(__file__).parents[4] / "docs" / "conformance.md").read_text("utf-8")


def test_page__table__is_the_code() -> None:
    """Number, tier, name and rule of every check stand in the page, in their order."""
    rows = [line for line in PAGE.splitlines() if line.startswith("| ") and line.split(" ")[1].isdecimal()]
    assert rows == [f"| {one.number} | {one.tier} | {one.name} | {one.rule} |" for one in CHECKS]
