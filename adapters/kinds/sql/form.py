"""How a `sql` source is written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from adapters.kinds import Complaint
from adapters.yaml_lines import Place
from schemas.errors import ConfigurationError

PLACEHOLDER: Final = "sqlite:///unused.db"
_SQLITE: Final = "sqlite:///"


@dataclass(frozen=True, slots=True)
class SqlConnection:
    """A database. `dsn` is a SQLAlchemy URL of dialect sqlite or postgresql."""

    dsn: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class SqlAsk:
    """A database view, and which column each selector is compared with."""

    view: str
    where: Mapping[str, str]


def connection(settings: Mapping[str, Any], folder: Path) -> SqlConnection:
    """As `Form.connection`; a relative SQLite path is relative to the source file."""
    dsn = settings["dsn"]
    if dsn.startswith(_SQLITE):
        return SqlConnection(_SQLITE + str((folder / dsn.removeprefix(_SQLITE)).absolute()))
    if not dsn.startswith("postgresql://"):
        raise ConfigurationError("the dsn is neither sqlite:///… nor postgresql://…")
    return SqlConnection(dsn)


def ask(service: Mapping[str, Any]) -> SqlAsk:
    """As `Form.ask`."""
    where = {selector.removeprefix("$"): column for column, selector in service["where"].items()}
    return SqlAsk(service["from"], where)


def connection_warnings(settings: Mapping[str, Any]) -> Iterator[Complaint]:
    """As `Form.connection_warnings`: none."""
    del settings
    yield from ()


def service_complaints(service: Mapping[str, Any], place: Place) -> Iterator[Complaint]:
    """As `Form.service_complaints`: selectors and columns name each other."""
    used = {selector.removeprefix("$") for selector in service["where"].values()}
    subjects = service["subject"].keys()
    for column, selector in service["where"].items():
        if selector.removeprefix("$") not in subjects:
            cure = "write one of " + ", ".join(f"${name}" for name in subjects)
            yield (*place, "where", column), "no such selector under `subject`", cure
    for name in sorted(subjects - used):
        yield (*place, "where"), f"nothing compares with `{name}`", f"write a column: ${name}"
