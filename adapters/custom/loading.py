"""Finding an author's class: by entry point, or in a file beside the source file.

A Python file runs with the gateway's rights and a ministry's credentials, so it is refused unless the
operator allows it (`allow_python_files`) and the source file names the digest of what it was when
somebody read it. The bytes that were measured are the bytes that run.
"""

from __future__ import annotations

import os
import stat
import sys
from hashlib import sha256
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType
from typing import Final

from adapters.custom.adapter import SourceAdapter
from adapters.python_files import files_are_allowed
from schemas.errors import ConfigurationError

GROUP: Final = "isthmus.adapters"
MAX_BYTES: Final = 1024 * 1024


def installed(name: str) -> type[SourceAdapter]:
    """The class an installed package offers under a name.

    Raises:
        ConfigurationError: none or several packages do, or it is no `SourceAdapter`.
    """
    found = list(entry_points(group=GROUP, name=name))
    if len(found) != 1:
        known = ", ".join(sorted(entry_points(group=GROUP).names)) or "none is installed"
        raise ConfigurationError(
            f"{'no package' if not found else 'more than one package'} offers an adapter `{name}`; "
            f"install the one that does (known here: {known})"
        )
    try:
        loaded = found[0].load()
    except (Exception, SystemExit) as error:  # noqa: BLE001 - a stranger's module
        raise ConfigurationError(f"adapter `{name}` cannot be loaded: {type(error).__name__}") from None
    if not (isinstance(loaded, type) and issubclass(loaded, SourceAdapter)):
        raise ConfigurationError(f"what is installed as `{name}` is no SourceAdapter")
    return loaded


def of_file(folder: Path, name: str, digest: str) -> type[SourceAdapter]:
    """The one `SourceAdapter` that a file beside the source file defines.

    Raises:
        ConfigurationError: files are not allowed here, this one may be changed by others, it is not
            the one that was read (`digest`, SHA-256 in hex), or it does not define one class.
    """
    if not files_are_allowed():
        raise ConfigurationError(
            f"{name}: Python files are off here; set `allow_python_files: true` in the settings, or "
            f"install it as a package with the entry point group {GROUP}"
        )
    code = _read(folder, name)
    measured = sha256(code).hexdigest()
    if measured != digest.lower():
        raise ConfigurationError(
            f"{name} is not the file that was read: its SHA-256 is {measured}; read it again, then write that"
        )
    return _only_class(_run(code, folder / name, f"isthmus_python_{measured[:32]}"), name)


def _read(folder: Path, name: str) -> bytes:
    """The bytes of a file nobody else may change; opened once, and looked at while open."""
    if Path(name).name != name.removeprefix("./"):
        raise ConfigurationError(f"{name}: the Python file stands beside the source file; write its name")
    try:
        handle = os.open(folder / name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        raise ConfigurationError(f"{name}: no such file beside the source file, or it is a link") from None
    with os.fdopen(handle, "rb") as file:
        found = os.fstat(file.fileno())
        if not stat.S_ISREG(found.st_mode) or found.st_size > MAX_BYTES:
            raise ConfigurationError(f"{name}: not a plain file of at most {MAX_BYTES} bytes")
        if found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            raise ConfigurationError(f"{name} can be changed by others; run: chmod go-w {name}")
        return file.read(MAX_BYTES + 1)


def _run(code: bytes, path: Path, module_name: str) -> ModuleType:
    if module_name in sys.modules:
        return sys.modules[module_name]
    module = ModuleType(module_name)
    module.__file__ = str(path)
    sys.modules[module_name] = module  # pydantic looks a class's module up here
    try:
        exec(compile(code, str(path), "exec"), module.__dict__)  # noqa: S102 - allowed and measured above
    except (Exception, SystemExit) as error:  # noqa: BLE001 - a stranger's module
        del sys.modules[module_name]
        raise ConfigurationError(f"{path.name} cannot be run: {type(error).__name__}") from None
    return module


def _only_class(module: ModuleType, name: str) -> type[SourceAdapter]:
    classes = [value for value in vars(module).values() if isinstance(value, type)]
    found = [one for one in classes if issubclass(one, SourceAdapter) and one.__module__ == module.__name__]
    if len(found) != 1:
        raise ConfigurationError(f"{name} defines {len(found)} classes of SourceAdapter; it must define one")
    return found[0]
