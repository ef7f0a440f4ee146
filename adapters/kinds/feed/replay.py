"""Recorded feeds (`adapters.http.replay`): the index, and each document under its `asks`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from adapters.http.replay import replaying_network, without_login
from adapters.kinds import Kind
from adapters.kinds.feed.form import FeedConnection
from adapters.kinds.feed.reader import Feed
from adapters.source import Source


def replaying(source: Source, case: Mapping[str, Any], folder: Path) -> tuple[Source, Kind]:
    """As `Replaying`."""
    del folder
    if isinstance(source.connection, FeedConnection):
        offline = replace(source.connection, http=without_login(source.connection.http))
        source = replace(source, connection=offline)
    return source, Feed(source, replaying_network(case))
