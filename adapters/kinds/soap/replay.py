"""Recorded SOAP answers (`adapters.http.replay`): bodies are whole envelopes, sent as XML.

Keys are left out: a fixture runs without secrets, and a recorded signature would not be of this
moment.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from adapters.http.replay import replaying_network, without_login
from adapters.kinds import Kind
from adapters.kinds.soap.form import SoapConnection
from adapters.kinds.soap.reader import Soap
from adapters.source import Source
from schemas.errors import ConfigurationError


def replaying(source: Source, case: Mapping[str, Any], folder: Path) -> tuple[Source, Kind]:
    """As `Replaying`."""
    del folder
    connection = source.connection
    if not isinstance(connection, SoapConnection):
        raise ConfigurationError(f"source {source.id} has no SOAP connection")
    offline = replace(without_keys(connection), http=without_login(connection.http))
    network = replaying_network(as_xml(case, connection))
    return replace(source, connection=offline), Soap(offline, source.limits, network)


def without_keys(connection: SoapConnection) -> SoapConnection:
    """The connection without signatures."""
    return replace(connection, security=replace(connection.security, signing=None, verify=None))


def as_xml(case: Mapping[str, Any], connection: SoapConnection) -> dict[str, Any]:
    """A case whose answers are SOAP messages, where they do not say otherwise."""
    media = "text/xml; charset=utf-8" if connection.version == "1.1" else "application/soap+xml"

    def marked(answer: Mapping[str, Any]) -> dict[str, Any]:
        return {**answer, "headers": {"Content-Type": media, **answer.get("headers", {})}}

    changed = dict(case)
    if "answer" in case:
        changed["answer"] = marked(case["answer"])
    if "answers" in case:
        changed["answers"] = [marked(answer) for answer in case["answers"]]
    return changed
