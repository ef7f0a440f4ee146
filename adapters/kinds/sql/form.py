"""How a `sql` source is written."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from adapters.kinds import Complaint
from adapters.kinds.sql.address import address, with_folder
from adapters.selector import part_names
from adapters.yaml_lines import Place

if TYPE_CHECKING:
    from adapters.kinds.sql.dialects.dialect import Dialect
    from adapters.source import Limits

PLACEHOLDER: Final = "sqlite:///unused.db"


@dataclass(frozen=True, slots=True)
class SqlConnection:
    """A database, by its URL (`adapters.kinds.sql.address`)."""

    dsn: str = field(repr=False)

    def dialect(self, limits: Limits) -> Dialect:
        """What speaks to the database. Raises ConfigurationError as `new_dialect`."""
        from adapters.kinds.sql.dialects import new_dialect  # a gateway that opens none loads none

        return new_dialect(self.dsn, limits)


@dataclass(frozen=True, slots=True)
class SqlAsk:
    """A database view; which column must equal which value of the subject; and the `sha256:…` of
    the columns it was written for, if the file says so."""

    view: str
    where: Mapping[str, str]
    fingerprint: str | None = None


def connection(settings: Mapping[str, Any], folder: Path) -> SqlConnection:
    """As `Form.connection`; a relative path in the URL is relative to the source file."""
    dsn = with_folder(settings["dsn"], folder)
    address(dsn)
    return SqlConnection(dsn)


def ask(service: Mapping[str, Any]) -> SqlAsk:
    """As `Form.ask`."""
    where = {column: part.removeprefix("$") for column, part in service["where"].items()}
    return SqlAsk(service["from"], where, service.get("fingerprint"))


def connection_warnings(settings: Mapping[str, Any]) -> Iterator[Complaint]:
    """As `Form.connection_warnings`: what is sent may be read, or answered by somebody else."""
    dsn = settings["dsn"]
    for mode in ("sslmode=disable", "sslmode=require"):
        if mode in dsn:
            cure = "write sslmode=verify-full, with sslrootcert=FILE for an authority of your own"
            yield ("connection", "dsn"), f"{mode}: the database is not verified", cure


def named_files(settings: Mapping[str, Any], _folder: Path) -> Iterator[str]:
    """As `adapters.kinds.named_files_of`: the authority that the URL names."""
    found = re.search(r"[?&]sslrootcert=([^&]+)", settings["dsn"])
    if found is not None:
        yield found[1]


def service_complaints(service: Mapping[str, Any], place: Place) -> Iterator[Complaint]:
    """As `Form.service_complaints`: selectors and columns name each other."""
    parts = part_names(service["subject"])
    known = [part for names in parts.values() for part in names]
    used = {selector.removeprefix("$") for selector in service["where"].values()}
    for column, selector in service["where"].items():
        if selector.removeprefix("$") not in known:
            cure = "write one of " + ", ".join(f"${name}" for name in known)
            yield (*place, "where", column), "no such selector under `subject`", cure
    for name in sorted(set(known) - used):
        yield (*place, "where"), f"nothing compares with `{name}`", f"write a column: ${name}"
