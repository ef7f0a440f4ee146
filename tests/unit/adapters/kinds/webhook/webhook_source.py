"""A small webhook source, made as a file makes it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from adapters.secrets import EnvironmentSecrets
from adapters.source import Source
from adapters.source_file import load_source

SECRET = "hook-secret-7f"
HMAC = {"kind": "hmac", "header": "X-Signature", "prefix": "sha256=", "secret": "${secret:HOOK}"}


def webhook_source(folder: Path, connection: dict[str, Any] | None = None, **service: Any) -> Source:
    """A source of births; `connection` and `service` replace members."""
    births: dict[str, Any] = {
        "title": "Births", "canonical": "civil_event/1", "subject": {"national_id": {"pattern": "(?s).*"}},
        "types": ["birth"], "records": "/data", "where": {"nid": "$national_id"}, "shape": "list",
        "empty": "not_found",
        "map": {"national_id": "nid", "events": {"each": {"registration_number": "number"}}}, **service,
    }  # fmt: skip
    event = {"id": "/id", "at": "/at", "type": "/type"}
    document = {
        "id": "crvs", "title": "Civil registry", "kind": "webhook", "owner": {"ministry": "Interior"},
        "subsystem": "LM/GOV/CRO/crvs", "limits": {"max_bytes": 4096},
        "connection": {"verify": HMAC, "event": event, "keep_days": 30, **(connection or {})},
        "services": {"births": {name: value for name, value in births.items() if value is not None}},
    }  # fmt: skip
    path = folder / "crvs.yaml"
    path.write_text(yaml.safe_dump(document), encoding="utf-8")
    return load_source(path, EnvironmentSecrets({"ISTHMUS_SECRET_HOOK": SECRET}), {})
