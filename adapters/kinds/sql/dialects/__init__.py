"""The databases that kind `sql` reads, each one file: how it is spoken to, and nothing else.

A driver is imported when a source on its database is opened, so a gateway loads none that it does
not use; SQL Server's and Oracle's are extras of the installation.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any, Final, cast

from adapters.kinds.sql.address import Address, address
from adapters.kinds.sql.dialects.dialect import Dialect
from adapters.source import Limits
from schemas.errors import ConfigurationError

_MODULES: Final = {
    "sqlite": "sqlite",
    "postgresql": "postgresql",
    "mysql": "mysql",
    "mariadb": "mysql",
    "mssql": "mssql",
    "oracle": "oracle",
}
_INSTALL: Final = {
    "mssql": "install Microsoft's ODBC driver 18 and unixODBC, then: pip install 'isthmus[mssql]'",
    "oracle": "run: pip install 'isthmus[oracle]'",
}


def new_dialect(dsn: str, limits: Limits) -> Dialect:
    """What speaks to the database of a URL.

    Raises:
        ConfigurationError: the URL is wrong, or the database's driver is not installed.
    """
    at: Address = address(dsn)
    name = _MODULES[at.system]
    try:
        module: Any = import_module(f"adapters.kinds.sql.dialects.{name}")
    except ImportError:
        cure = _INSTALL.get(name, "install Isthmus anew")
        raise ConfigurationError(f"the driver for {at.system} is not installed; {cure}") from None
    return cast("Dialect", module.new(at, limits))
