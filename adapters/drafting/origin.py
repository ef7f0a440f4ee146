"""What stands after `--from`: which kind can look at it.

A database URL tells by its scheme, a file by its ending and its first members. An address on the
web tells nothing, so the kind must be said.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any, Final

from adapters.drafting.draft import Draft
from adapters.kinds import package_of
from adapters.secrets import Secrets
from schemas.errors import ConfigurationError

DRAFTED: Final = ("sql", "rest", "soap", "fhir", "file")
"""The kinds that can draft."""

_DATABASES: Final = frozenset({"postgresql", "mysql", "mariadb", "sqlite", "mssql", "oracle"})
_FILES: Final = frozenset({".csv", ".tsv", ".txt", ".xlsx", ".jsonl", ".ndjson"})
_HEAD_BYTES: Final = 64 * 1024


def kind_of(origin: str) -> str:
    """The kind for an origin.

    Raises:
        ConfigurationError: it cannot be told; says how to say it.
    """
    scheme, separator, _ = origin.partition("://")
    if separator and scheme.partition("+")[0] in _DATABASES:
        return "sql"
    if separator:
        raise ConfigurationError(
            f"what is at an address cannot be told beforehand; add --kind, one of {', '.join(DRAFTED)}"
        )
    path = Path(origin)
    if not path.is_file():
        raise ConfigurationError(f"{origin} is neither a file nor a database URL such as postgresql://…")
    if path.suffix.lower() in _FILES:
        return "file"
    return _kind_of_text(path)


def _kind_of_text(path: Path) -> str:
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES).decode("utf-8", "replace")
    if "schemas.xmlsoap.org/wsdl" in head:
        return "soap"
    if "CapabilityStatement" in head:
        return "fhir"
    if "openapi" in head or "swagger" in head:
        return "rest"
    raise ConfigurationError(
        f"{path.name} is no OpenAPI document, WSDL, CapabilityStatement or data file; add --kind if it is"
    )


async def draft_of(kind: str, origin: str, secrets: Secrets) -> Draft:
    """Let a kind look at an origin.

    Raises:
        ConfigurationError: the kind cannot draft, or the origin is not what it must be.
        SourceUnavailable: the system cannot be reached.
    """
    if kind not in DRAFTED:
        raise ConfigurationError(f"kind `{kind}` cannot draft; one of {', '.join(DRAFTED)} can")
    module: Any = import_module(package_of(kind) + ".draft")
    found = await module.draft(origin, secrets)
    if not isinstance(found, Draft):
        raise ConfigurationError(f"kind `{kind}` did not give a draft")
    return found
