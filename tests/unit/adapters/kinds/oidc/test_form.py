"""Kind `oidc`: what a file gets wrong, with its line and the cure."""

from __future__ import annotations

from pathlib import Path

import pytest

import adapters
from adapters.trying import check_source

STARTERS = Path(adapters.__file__).parent / "national_id"


@pytest.mark.parametrize(
    ("starter", "old", "new", "what"),
    [
        ("esignet.yaml", "    empty: misbehaving", "    empty: not_found", "userinfo never says"),
        (
            "esignet.yaml",
            "access_token: {pattern",
            "national_id: {pattern",
            "the subject is an `access_token`",
        ),
        (
            "esignet.yaml",
            "  client_id: ${env:ESIGNET_CLIENT_ID}\n",
            "",
            "signed userinfo is made for somebody",
        ),
        (
            "esignet.yaml",
            "auth: {kind: none}",
            'auth: {kind: bearer, token: "${secret:T}"}',
            "not with `bearer` credentials",
        ),
        (
            "generic_oidc.yaml",
            "clients: [citizen-portal]",
            "client_id: citizen-portal",
            "`client_id` is for signed userinfo",
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
