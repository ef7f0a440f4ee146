"""Recorded events: a case's `events` arrive, already verified, before its question is put."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

from adapters.kinds import Kind
from adapters.kinds.webhook.reader import Webhook
from adapters.source import Source


def replaying(source: Source, case: Mapping[str, Any], folder: Path) -> tuple[Source, Kind]:
    """As `Replaying`."""
    del folder
    return source, Webhook(source, arrived=[orjson.dumps(event) for event in case.get("events", ())])
