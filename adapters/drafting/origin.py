"""What stands after `--from`: which kind can look at it.

A database URL tells by its scheme, a file by its ending and its first members. An address on the
web tells nothing, so the kind must be said.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from adapters.drafting.draft import Draft
from adapters.kinds import package_of
from adapters.secrets import Secrets, references
from schemas.errors import ConfigurationError

DRAFTED: Final = ("sql", "rest", "soap", "fhir", "file")
"""The kinds that can draft."""

_DATABASES: Final = frozenset({"postgresql", "mysql", "mariadb", "sqlite", "mssql", "oracle"})
_FILES: Final = frozenset({".csv", ".tsv", ".txt", ".xlsx", ".jsonl", ".ndjson"})
_ADDRESSES: Final = frozenset({"SOURCE_URL", "SOAP_URL", "FHIR_URL"})
"""Variables that stand in a draft where a document does not say where the system is."""
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
        ConfigurationError: the kind cannot draft, or the origin is not what it must be; or what it says
            of the connection names a secret of somebody else's, which would be sent to it.
        SourceUnavailable: the system cannot be reached.
    """
    if kind not in DRAFTED:
        raise ConfigurationError(f"kind `{kind}` cannot draft; one of {', '.join(DRAFTED)} can")
    module: Any = import_module(package_of(kind) + ".draft")
    found = await module.draft(origin, secrets)
    if not isinstance(found, Draft):
        raise ConfigurationError(f"kind `{kind}` did not give a draft")
    own = {("secret", name) for name in found.secrets} | {("env", name) for name in _ADDRESSES}
    if set(_references(found.connection)) - own - set(references(origin)):
        raise ConfigurationError("the document names secrets or variables, which is for a source file to do")
    return found


def _references(value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield from references(value)
    elif isinstance(value, Mapping):
        for name, item in value.items():
            yield from _references(str(name))
            yield from _references(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _references(item)
