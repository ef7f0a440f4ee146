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
