"""The table of reasons is the whole list, for Rego and Python alike."""

from __future__ import annotations

import re
from pathlib import Path

import policies
from policies.reasons import REASONS, client_visible
from policies.sources import load_sources

PACKAGE = Path(policies.__file__).parent


def test_reasons__codes_in_the_rego_files__are_all_in_the_table():
    """Every code that a policy file denies with has a visibility."""
    text = "\n".join(file.text for file in load_sources().files)
    codes = set(re.findall(r'deny contains "([^"]+)"', text))
    assert len(codes) >= 15
    assert codes <= REASONS.keys()


def test_reasons__codes_in_the_table__are_all_used():
    """No code is left behind that nothing says any more."""
    text = "\n".join(
        path.read_text()
        for pattern in ("*.rego", "*.py")
        for path in PACKAGE.rglob(pattern)
        if path.name != "reasons.py" and not path.name.endswith("_test.rego")
    )
    assert {code for code in REASONS if f'"{code}"' not in text} == {"policy.unavailable"}


def test_client_visible__consent_that_does_not_cover__looks_like_nobody():
    """An unconsented person is told apart in the log only."""
    assert client_visible(["consent.not_covering", "subject.unavailable"]) == ("subject.unavailable",)


def test_client_visible__unknown_code__is_kept_back():
    """What the table does not know is not told."""
    assert client_visible(["something.new"]) == ()


PAGES = PACKAGE.parent / "docs" / "reasons"


def test_pages__each_code__has_one_that_says_its_visibility():
    """One page per code: the rule, what would allow it, whom to ask, what the client sees."""
    assert {page.stem for page in PAGES.glob("*.md")} == REASONS.keys() | {"README"}
    for code, visibility in REASONS.items():
        text = (PAGES / f"{code}.md").read_text()
        assert text.startswith(f"# {code}\n\n`{visibility}`\n")
        for heading in ("Rule.", "What would allow it.", "Whom to ask.", "What the client sees."):
            assert f"**{heading}** " in text, code


def test_pages__index__names_every_code_with_its_visibility():
    """The index is the table of reasons, no more and no less."""
    rows = re.findall(
        r"^\| \[`(.+?)`\]\((.+?)\.md\) \| `(.+?)` \|", (PAGES / "README.md").read_text(), re.MULTILINE
    )
    assert {(code, page, shown) for code, page, shown in rows} == {(c, c, v) for c, v in REASONS.items()}
