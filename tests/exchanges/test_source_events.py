"""A system pushes into a running gateway: over its client port, into its database, and out of it again."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import UTC, datetime

import yaml

from tests.exchanges.raw_http import Reply, request, send
from tests.exchanges.test_what_is_kept import _dump, _found
from tests.world import NAME, PRESENT, PROVIDER, WELFARE, World

SECRET = "hook-secret-of-the-test"
SOURCE = {
    "id": "pushed", "title": "Births", "kind": "webhook", "owner": {"ministry": "Interior"},
    "subsystem": "LM/GOV/NIA/identity",
    "connection": {
        "verify": {"kind": "hmac", "header": "X-Signature", "secret": SECRET},
        "event": {"id": "/id", "at": "/at"},
    },
    "services": {"births": {
        "title": "Births", "canonical": "person/1", "subject": {"national_id": {"pattern": ".+"}},
        "where": {"nid": "$national_id"}, "map": {"national_id": "nid", "full_name": "name"},
    }},
}  # fmt: skip
TARGET = "/v1/sources/pushed/events"


def push(world: World, body: bytes, signature: str) -> Reply:
    """One call at the client port, with a client's certificate."""
    headers = {"Content-Type": "application/json", "X-Signature": signature}
    data = request("POST", TARGET, headers, body)
    return send(world.ports[PROVIDER].client, data, world.client_tls(WELFARE))


def test_push__signed_event__kept_sealed_by_a_running_gateway(world, monkeypatch):
    """204 once it is in the database, where no canary stands; forged ones are refused and counted."""
    monkeypatch.setenv("ISTHMUS_SECRET_PUSHED", SECRET)
    source = json.loads(json.dumps(SOURCE).replace(SECRET, "${secret:PUSHED}"))
    path = world.home(PROVIDER) / "sources" / "pushed.yaml"
    path.write_text(yaml.safe_dump(source), encoding="utf-8")
    try:
        world.restart(PROVIDER)
        now = datetime.now(UTC).isoformat()
        body = json.dumps({"id": "e-1", "at": now, "nid": PRESENT, "name": NAME, "other": NAME}).encode()
        signature = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
        assert push(world, body, "0" * 64).status == 401
        assert push(world, body, signature).status == 204
        assert push(world, body, signature).status == 204
        assert b"pushed" in (kept := _dump(world, PROVIDER))
        assert not _found(kept)
        metrics = world.metrics(PROVIDER)
        for result in ("refused", "accepted", "duplicate"):
            assert f'isthmus_source_events_total{{result="{result}",source="pushed"}} 1.0' in metrics
    finally:
        path.unlink()
        world.restart(PROVIDER)
