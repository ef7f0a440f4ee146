"""The regorus library: loaded when needed, and missed with a cure."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from schemas.errors import ConfigurationError

if TYPE_CHECKING:
    from regorus import Engine


def new_engine() -> Engine:
    """An empty regorus Engine; it belongs to the calling thread.

    Raises:
        ConfigurationError: this platform has no regorus.
    """
    # regorus brings mimalloc, which asks for huge pages: 2 MiB more in a process that needs 0.3.
    os.environ.setdefault("MIMALLOC_ALLOW_THP", "0")
    try:
        import regorus
    except ImportError:
        raise ConfigurationError(
            "the embedded policy engine (regorus) exists for Linux on x86-64 and for macOS only;"
            " run an OPA server, and set the policy engine to opa"
        ) from None
    return regorus.Engine()
