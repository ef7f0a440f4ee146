"""The country whose national policy and owner's rules the golden cases are decided by."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from policies.national import National
from policies.national_file import read_national
from policies.provider import Provider, read_provider
from policies.sources import PolicySources, load_sources

FOLDER = Path(__file__).parent


@cache
def national() -> National:
    """Its national policy."""
    return read_national(FOLDER / "national.yaml")


@cache
def provider() -> Provider:
    """The rules of its revenue authority."""
    return read_provider(FOLDER / "provider.yaml", national())


@cache
def sources() -> PolicySources:
    """The shipped rules with both."""
    return load_sources(national=national(), provider=provider())
