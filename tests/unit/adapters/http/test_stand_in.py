"""The stand-in of sources over HTTP signs clients in as the file's credentials need it."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters.conformance.running import examine_file

STARTER = Path(__file__).parents[4] / "adapters" / "national_id" / "generic_rest.yaml"
FIXTURES = STARTER.parent / "fixtures" / STARTER.name
AUTH = 'auth: {kind: bearer, token: "${secret:NATIONAL_ID_TOKEN}"}'


@pytest.mark.parametrize(
    "auth",
    [
        '{kind: oauth2_cc, token_url: /oauth/token, client_id: a, client_secret: "${secret:S}"}',
        '{kind: private_key_jwt, token_url: /oauth/token, client_id: a, key: "${secret:K}", algorithm: ES256}',
        (
            '{kind: session_login, request: {url: /login, body: {user: a, password: "${secret:S}"}}, '
            'token: /token, header: Authorization, value: "Token {token}"}'
        ),
    ],
    ids=["oauth2_cc", "private_key_jwt", "session_login"],
)
async def test_sign_in__token_expires__is_renewed_once_and_the_source_is_gold(
    auth: str, tmp_path: Path
) -> None:
    """Credentials that fetch a token are put through check 13, not exempt from it."""
    text = STARTER.read_text()
    assert AUTH in text
    (tmp_path / "fixtures").mkdir()
    (tmp_path / "fixtures" / STARTER.name).write_text(FIXTURES.read_text())
    (tmp_path / STARTER.name).write_text(text.replace(AUTH, f"auth: {auth}"))
    report = await examine_file(tmp_path / STARTER.name)
    assert report.failed == ()
    assert report.verdicts[12].state == "passed"
