"""The consent's byte-level example: page, file and code say the same."""

from __future__ import annotations

import json
from pathlib import Path

import jwt

from gateway.consent.token import read, verify
from tests.vectors.make import private_key
from tests.vectors.make_consent import make_vectors

ROOT = Path(__file__).resolve().parents[4]
VECTORS = json.loads((ROOT / "tests" / "vectors" / "consent.json").read_text())


def test_vectors__are_what_the_code_makes() -> None:
    """Every byte can be made again."""
    assert make_vectors() == VECTORS


def test_vectors__stand_in_the_protocol() -> None:
    """The page shows the file's values."""
    page = (ROOT / "docs" / "protocol.md").read_text()
    for name in ("sub_tag", "header", "payload", "question", "answer"):
        assert VECTORS[name] in page
    assert VECTORS["token"] in page.replace("\n", "")


def test_vectors__verify_here_and_with_a_stock_library() -> None:
    """Two implementations agree on the token."""
    key = private_key().public_key()
    token = verify(read(VECTORS["token"]), lambda _: key)
    claims = jwt.decode(VECTORS["token"], key, algorithms=["ES256"], options={"verify_exp": False})
    assert claims == json.loads(VECTORS["payload"])
    assert (token.consent, token.sub_tag) == (claims["jti"], VECTORS["sub_tag"])
