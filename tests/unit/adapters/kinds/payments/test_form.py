"""Kind `payments`: what a file gets wrong, with its line and the cure."""

from __future__ import annotations

from pathlib import Path

import pytest

import adapters
from adapters.trying import check_source

STARTERS = Path(adapters.__file__).parent / "payments"


@pytest.mark.parametrize(
    ("starter", "old", "new", "what"),
    [
        (
            "lumeria.yaml",
            'by: {batchId: "{batch_id}"}',
            'by: {batch: "{batch_id}"}',
            "`batch` is not asked by",
        ),
        (
            "lumeria.yaml",
            'by: {batchId: "{batch_id}"}',
            'by: {batchId: "{batch}"}',
            "is no part under `subject`",
        ),
        ("govstack.yaml", "of: batch", "of: payment", "this profile tells nothing of it"),
        ("mojaloop_sdk.yaml", "profile: mojaloop-sdk", "profile: phee", "`transferId` is not asked by"),
        ("iso20022_files.yaml", "    sent: orders", "    sent: order", "no such file under `connection`"),
        (
            "iso20022_files.yaml",
            "where: {end_to_end_id: $payment_id}",
            "where: {end_to_end_id: $payment}",
            "no such selector",
        ),
        (
            "iso20022_files.yaml",
            "as_of: name, max_age_h: 96",
            "as_of: manifest, max_age_h: 96",
            "there is no manifest",
        ),
    ],
)
def test_check__file_is_wrong__says_what(tmp_path: Path, starter: str, old: str, new: str, what: str):
    """Every mistake is named before anybody is asked."""
    text = (STARTERS / starter).read_text("utf-8")
    assert old in text
    path = tmp_path / starter
    path.write_text(text.replace(old, new, 1), "utf-8")

    found = [one for one in check_source(path) if one.level == "error"]
    assert any(what in one.what for one in found), found
    assert all(one.cure for one in found)
