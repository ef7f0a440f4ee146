"""What a kind found when it looked at a system.

`draft.py` of a kind's folder offers

    async def draft(origin: str, secrets: Secrets) -> Draft

`origin` is what stood after `--from`: a database URL, a path or an HTTPS address of an OpenAPI
document, a WSDL, a CSV file, a CapabilityStatement. Looking never changes the system, and a draft
holds no value of any person: only names, types and, for code lists, the codes of short lists.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

ColumnType = Literal["text", "integer", "decimal", "boolean", "date", "moment", "unknown"]


@dataclass(frozen=True, slots=True)
class Column:
    """Something a record holds. `place` is what `from:` of a rule would say: a name, or a JSON
    Pointer. `codes` are the values of a short closed list, when the system declares or plainly uses one;
    `format` is the strptime format of dates that are not ISO 8601."""

    place: str
    type: ColumnType
    title: str = ""
    codes: tuple[str, ...] = ()
    pattern: str | None = None
    format: str | None = None


@dataclass(frozen=True, slots=True)
class DraftService:
    """A possible record service. `own` are the kind's own members of the service, ready for YAML;
    where a selector stands in them, it is written `{selector}` or `$selector` as the kind writes it.
    `selectors` are the places that look like identifiers of people, the likeliest first."""

    name: str
    title: str
    columns: tuple[Column, ...]
    selectors: tuple[str, ...]
    own: Mapping[str, Any]
    as_of: str | None = None


@dataclass(frozen=True, slots=True)
class Draft:
    """All that was found. `connection` is ready for YAML, with secrets as references; `secrets`
    tells what each reference must hold; `remarks` are for the person who reads the file, such as
    tables that were left out because they are no views."""

    kind: str
    title: str
    connection: Mapping[str, Any]
    services: tuple[DraftService, ...]
    secrets: Mapping[str, str] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()
