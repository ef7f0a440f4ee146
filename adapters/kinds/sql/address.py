"""A database's URL, read into what a driver is told (docs/adapters/sql.md).

The words of TLS are libpq's, for every database on a network: `sslmode=verify-full` (the default),
`require` (encrypted, the server not verified) or `disable`, and `sslrootcert` for an authority of
one's own. What could be talked out of encryption (`prefer`, `allow`) is refused. A loopback address
and a Unix socket need none.
"""

from __future__ import annotations

import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal
from urllib.parse import parse_qs, unquote

from schemas.errors import ConfigurationError

Tls = Literal["verify-full", "require", "disable"]

DATABASES: Final[Mapping[str, frozenset[str]]] = {
    "sqlite": frozenset(),
    "postgresql": frozenset({"host", "search_path"}),
    "mysql": frozenset({"unix_socket"}),
    "mariadb": frozenset({"unix_socket"}),
    "mssql": frozenset({"driver"}),
    "oracle": frozenset({"service_name", "sid"}),
}
"""The schemes of a URL, and what may stand after its `?` beside the two words of TLS."""

_TLS: Final[Mapping[str, Tls]] = {
    "verify-full": "verify-full",
    "verify-ca": "verify-full",
    "require": "require",
    "disable": "disable",
}
_URL: Final = re.compile(
    r"(?P<system>[a-z]+)://"
    r"(?:(?P<user>[^:/@?]*)(?::(?P<password>.*))?@)?"  # a password may hold anything, `@` too
    r"(?:\[(?P<address>[0-9a-fA-F:.]+)\]|(?P<host>[^/:@?\[\]]*))(?::(?P<port>[0-9]{1,5}))?"
    r"(?:/(?P<database>[^?]*))?(?:\?(?P<query>.*))?",
    re.DOTALL,
)
_SWALLOWED: Final = re.compile(
    r"[?&](sslmode|sslrootcert|host|search_path|unix_socket|driver|service_name|sid)="
)
"""An option inside the password: with an `@` after it, what follows would be taken for the host."""
_NEAR: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_PORTS: Final = {"postgresql": 5432, "mysql": 3306, "mariadb": 3306, "mssql": 1433, "oracle": 1521}


@dataclass(frozen=True, slots=True)
class Address:
    """Where a database is and as whom to sign in. `options` are those of `DATABASES`."""

    system: str
    host: str
    port: int
    user: str
    password: str = field(repr=False)
    database: str
    tls: Tls
    ca_file: str | None
    options: Mapping[str, str]

    def ssl_context(self) -> ssl.SSLContext | None:
        """What TLS needs; None without TLS.

        Raises:
            ConfigurationError: the authority's certificate cannot be read.
        """
        if self.tls == "disable":
            return None
        try:
            context = ssl.create_default_context(cafile=self.ca_file)
        except (OSError, ssl.SSLError):
            raise ConfigurationError("`sslrootcert` is not a file of certificates in PEM") from None
        if self.tls == "require":
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context


def address(dsn: str) -> Address:
    """Read a database URL.

    Raises:
        ConfigurationError: what is wrong with it, without quoting it.
    """
    url = _URL.fullmatch(dsn)
    if url is None:
        raise ConfigurationError(
            "the dsn is no database URL; write postgresql://user:${secret:NAME}@host/database"
        )
    if _SWALLOWED.search(url["password"] or "") is not None:
        raise ConfigurationError("the dsn holds an `@` after `?`; write %40 in its place")
    system = url["system"]
    if system not in DATABASES:
        raise ConfigurationError(
            "the dsn begins with none of " + ", ".join(f"{name}://" for name in DATABASES)
        )
    query = _options(url["query"] or "")
    mode, ca_file = query.pop("sslmode", None), query.pop("sslrootcert", None)
    if query.keys() - DATABASES[system]:
        raise ConfigurationError(
            "the dsn holds something after `?` that is not known here; see docs/adapters/sql.md"
        )
    # The host behind `?` is the one that is called, so it decides whether TLS is needed.
    host = query.get("host") or url["address"] or url["host"] or "localhost"
    near = host in _NEAR or "unix_socket" in query or host.startswith("/")
    return Address(
        system=system,
        host=host,
        port=int(url["port"] or _PORTS.get(system, 0)),
        user=unquote(url["user"] or ""),
        password=unquote(url["password"] or ""),
        database=url["database"] or "",
        tls=_tls(mode, near=near or system == "sqlite"),
        ca_file=ca_file,
        options=query,
    )


def _options(text: str) -> dict[str, str]:
    """What stands after `?`, each word once."""
    values = parse_qs(text, keep_blank_values=True)
    if any(len(value) > 1 for value in values.values()):
        raise ConfigurationError("the dsn says something twice after `?`; leave one")
    return {name: value for name, (value, *_) in values.items()}


def _tls(mode: str | None, *, near: bool) -> Tls:
    if mode is None:
        return "disable" if near else "verify-full"
    if mode not in _TLS:
        raise ConfigurationError(
            "`sslmode` is verify-full, require or disable; others may fall back to plain text"
        )
    return _TLS[mode]


def with_folder(dsn: str, folder: Path) -> str:
    """A SQLite path or `sslrootcert` that is relative becomes one of the source file's folder."""
    if dsn.startswith("sqlite:///"):
        return "sqlite:///" + str((folder / dsn.removeprefix("sqlite:///")).absolute())
    head, word, tail = dsn.partition("sslrootcert=")
    if not word:
        return dsn
    path, more, rest = tail.partition("&")
    return head + word + str((folder / path).absolute()) + more + rest
