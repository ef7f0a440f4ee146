"""The starter file for tax over SOAP, with a connection of a test's own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from adapters.fixtures import load_offline
from adapters.kinds.soap.form import SoapConnection
from adapters.source import Source

FILE = Path("adapters/tax/generic_soap.yaml")


def tax_source(connection: SoapConnection) -> Source:
    """The source; retries would only repeat what a test looks at."""
    source = load_offline(FILE)
    limits = replace(source.limits, retries=0)
    return replace(source, connection=connection, limits=limits)
