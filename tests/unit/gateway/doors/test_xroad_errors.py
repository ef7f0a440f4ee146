"""X-Road's error form: for every error class its type, from every place where it can have failed."""

from __future__ import annotations

import json

import pytest

from gateway.doors.xroad_errors import error_response, error_type
from gateway.exchange.problems import KINDS
from schemas.errors import ExchangeError, Refused

HERE, PROVIDER, EXCHANGE = "LM/GOV/MSW/gw1", "LM/GOV/NIA/gw1", "0190a1b2-0000-7000-8000-000000000001"

# By slug: X-Road's code, and the prefix when it failed here.
TABLE = {
    "gateway-failed": ("InternalError", "Server.ClientProxy"),
    "malformed-request": ("BadRequest", "Client"),
    "malformed-identifier": ("InvalidIdentifier", "Client"),
    "unauthenticated": ("AuthenticationFailed", "Client"),
    "refused": ("AccessDenied", "Client"),
    "not-permitted": ("InternalError", "Client"),
    "unknown-service": ("UnknownService", "Client"),
    "method-not-allowed": ("MethodNotAllowed", "Client"),
    "request-timeout": ("InternalError", "Client"),
    "replayed": ("InternalError", "Client"),
    "conflict": ("InternalError", "Client"),
    "too-large": ("RequestTooLarge", "Client"),
    "request-mismatch": ("BadRequest", "Client"),
    "source-misbehaved": ("ServiceFailed.InvalidResponse", "Server.ClientProxy"),
    "bad-answer": ("InvalidSignatureValue", "Server.ClientProxy"),
    "source-unavailable": ("ServiceFailed.NetworkError", "Server.ClientProxy"),
    "peer-unavailable": ("NetworkError", "Server.ClientProxy"),
    "source-too-slow": ("ServiceFailed.NetworkError", "Server.ClientProxy"),
    "policy-unavailable": ("InternalError", "Server.ClientProxy"),
    "audit-unavailable": ("LoggingFailed", "Server.ClientProxy"),
    "federation-unavailable": ("OutdatedGlobalConf", "Server.ClientProxy"),
    "configuration": ("InternalError", "Server.ClientProxy"),
}
ROWS = pytest.mark.parametrize(
    ("kind", "code", "prefix"), [(KINDS[slug], *row) for slug, row in TABLE.items()], ids=TABLE
)


def _failed(kind: type[ExchangeError], hop: str | None, detail: str = "") -> ExchangeError:
    error = kind(detail)
    error.hop = hop
    return error


def test_table__names_every_error_class():
    """An error that is added later has to say what X-Road calls it."""
    assert KINDS.keys() == TABLE.keys()


@ROWS
def test_type__failed_here__client_or_our_own_proxy(kind, code, prefix):
    """Whether this gateway is named or nobody is: the client's fault, or ours."""
    for hop in (None, HERE):
        assert error_type(_failed(kind, hop), HERE) == f"{prefix}.{code}"


@ROWS
def test_type__failed_at_the_provider__the_servers_proxy(kind, code, prefix):
    """The client's software shall see that it was not its own gateway, whatever failed there."""
    assert error_type(_failed(kind, PROVIDER), HERE) == f"Server.ServerProxy.{code}"


@ROWS
def test_type__signed_by_the_provider_on_this_gateway__the_servers_proxy(kind, code, prefix):
    """Where one gateway hosts both sides, its name tells them not apart; the signature does."""
    for hop in (None, HERE, PROVIDER):
        assert error_type(_failed(kind, hop), HERE, by_provider=True) == f"Server.ServerProxy.{code}"


@ROWS
@pytest.mark.parametrize("hop", [None, PROVIDER], ids=["here", "there"])
def test_response__of_every_error__400_or_500_and_the_header(kind, code, prefix, hop):
    """X-Road knows two statuses; header and body say the same, and the whole problem comes with them."""
    status, headers, body = error_response(_failed(kind, hop, "why"), HERE, EXCHANGE)
    fields, document = dict(headers), json.loads(body)
    assert status == (400 if fields["X-Road-Error"].startswith("Client.") else 500)
    assert fields["content-type"] == "application/json"
    assert document["type"] == fields["X-Road-Error"]
    assert (document["message"], document["detail"]) == (f"{kind.title}: why", EXCHANGE)
    assert document["problem"]["type"] == f"/problems/{kind.slug}"
    assert document["problem"]["status"] == kind.status
    assert document["problem"]["hop"] == (hop or HERE)


def test_response__no_words_of_its_own__the_title_once():
    """`Title: Title` helps nobody."""
    _, _, body = error_response(Refused(), HERE, None)
    assert json.loads(body)["message"] == Refused.title


def test_response__before_any_exchange__no_detail():
    """There is no receipt to ask for."""
    _, _, body = error_response(Refused(), HERE, None)
    document = json.loads(body)
    assert document["detail"] is None
    assert "instance" not in document["problem"]


@pytest.mark.parametrize("kind", sorted(set(KINDS.values()), key=lambda kind: kind.__name__))
def test_type__is_a_header_value(kind: type[ExchangeError]):
    """ASCII letters and dots: it stands in a header."""
    assert error_type(kind(), HERE).replace(".", "").isalpha()
    assert error_type(kind(), HERE).isascii()
