"""A source file and all that belongs to it, on the way into a gateway's folder.

What it names beside itself travels along: an authority, a WSDL with its imports, certificates, an
OpenAPI description, code lists, its fixtures. What lies elsewhere stays where it is. A name that leads
out of the folder is refused, and so is a link: what is copied is what was looked at.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from adapters.crosswalk import SHIPPED, CodeLists, named_lists
from adapters.kinds import named_files_of
from adapters.yaml_lines import Document
from schemas.errors import ConfigurationError

FIXTURES: Final = "fixtures"
_MAX_BYTES: Final = 16 * 1024 * 1024


def luggage(document: Document, source_id: str, folder: Path) -> Mapping[Path, bytes]:
    """What must lie in a gateway's folder, by path: the file itself first.

    Raises:
        ConfigurationError: a named file is missing, a link, too long, or not beside the source file.
    """
    path = document.path
    found = {folder / f"{source_id}.yaml": _read(path)}
    for name in dict.fromkeys(_named(document)):
        plain = name.removeprefix("./")
        if Path(plain).is_absolute():
            continue
        if Path(plain).name != plain or plain in {"", ".", ".."}:
            raise ConfigurationError(f"{name} must stand beside the source file, or have an absolute path")
        found[folder / plain] = _read(path.parent / plain)
    for crosswalk in _crosswalks(document):
        found[folder / crosswalk.parent.name / crosswalk.name] = _read(crosswalk)
    fixtures = path.parent / FIXTURES / path.name
    if fixtures.exists():
        found[folder / FIXTURES / f"{source_id}.yaml"] = _read(fixtures)
    return found


def unpack(luggage: Mapping[Path, bytes]) -> list[Path]:
    """Write what is not there yet; gives what was written, so that it can be taken back.

    Raises:
        ConfigurationError: something else lies at one of the paths; nothing was written.
    """
    for path, content in luggage.items():
        if path.is_symlink() or (path.exists() and path.read_bytes() != content):
            raise ConfigurationError(f"{path} is there already; remove it first")
    made = [path for path in luggage if not path.exists()]
    for path in made:
        path.parent.mkdir(exist_ok=True)
        # Never writable for others, whatever the shell's mask: a source file decides what leaves.
        with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o644), "wb") as file:
            file.write(luggage[path])
    return made


def with_fingerprints(text: str, document: Document, fingerprints: Mapping[str, str]) -> str:
    """The file with the fingerprints of its views, below each `from:` that has a line of its own."""
    lines = text.splitlines(keepends=True)
    places = {
        document.line(("services", name, "from")): value
        for name, value in fingerprints.items()
        if "fingerprint" not in document.value["services"][name]
    }
    for number in sorted(places, reverse=True):
        line = lines[number - 1]
        bare = line.lstrip(" ")
        if bare.startswith("from:"):
            lines.insert(number, f"{line[: len(line) - len(bare)]}fingerprint: {places[number]}\n")
    return "".join(lines)


def _named(document: Document) -> Iterator[str]:
    """The files that a source file names."""
    value = document.value
    yield from named_files_of(value["kind"])(value["connection"], document.path.parent)
    for service in value["services"].values():
        if "openapi" in service:
            yield service["openapi"]


def _crosswalks(document: Document) -> list[Path]:
    lists = CodeLists(document.path.parent)
    named = {lists.find(reference).path for reference in named_lists(document.value["services"])}
    return sorted(path for path in named if path.parent != SHIPPED)


def _read(path: Path) -> bytes:
    """The bytes of a plain file; a link could lead to anything."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        raise ConfigurationError(
            f"{path}: no such file, or it is a link; put the file itself there"
        ) from None
    with os.fdopen(handle, "rb") as file:
        found = os.fstat(file.fileno())
        if not stat.S_ISREG(found.st_mode) or found.st_size > _MAX_BYTES:
            raise ConfigurationError(f"{path} is no plain file of at most {_MAX_BYTES} bytes")
        return file.read(_MAX_BYTES)
