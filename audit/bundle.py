"""Reading an evidence bundle: a zip from a stranger, so all sizes are bounded before anything is unpacked."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import orjson
from cryptography import x509

from audit.errors import Malformed
from audit.evidence import LOG_KEYS

_WORD = re.compile("[a-z0-9]+")

MAX_FILES = 10_000
MAX_FILE = 4 * 1024 * 1024
MAX_TOTAL = 256 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Bundle:
    """The bundle's files: per exchange, certificates and federation; and what those two say."""

    exchanges: Mapping[str, Mapping[str, bytes]]
    certificates: tuple[x509.Certificate, ...]
    authorities: tuple[x509.Certificate, ...]
    log_keys: Mapping[str, str]

    @classmethod
    def read(cls, path: Path) -> Bundle:
        """Read the zip at `path`, or raise `Malformed`."""
        folders = _folders(path)
        certificates = folders.pop("certificates", {})
        federation = folders.pop("federation", {})
        folders.pop("", None)
        if not folders:
            raise Malformed("the bundle holds no exchange")
        return cls(
            folders,
            _certificates(certificates, authorities=False),
            _certificates(certificates, authorities=True),
            _log_keys(federation.get(LOG_KEYS, b"{}")),
        )


def _folders(path: Path) -> dict[str, dict[str, bytes]]:
    """Return the files of each top-level folder; deeper paths keep their remainder as the name."""
    folders: dict[str, dict[str, bytes]] = {}
    try:
        with zipfile.ZipFile(path) as bundle:
            members = [member for member in bundle.infolist() if not member.is_dir()]
            _check_sizes(members)
            for member in members:
                folder, name = _cut(member.filename)
                if name in folders.setdefault(folder, {}):
                    raise Malformed("the bundle holds a file twice")
                folders[folder][name] = bundle.read(member)
    except (zipfile.BadZipFile, OSError, NotImplementedError, RuntimeError) as error:
        raise Malformed("the bundle is not a readable zip file") from error
    return folders


def _cut(path: str) -> tuple[str, str]:
    """Cut a path behind its first folder; a file at the top stands in the folder without a name."""
    folder, slash, name = path.partition("/")
    return (folder, name) if slash else ("", folder)


def _check_sizes(members: list[zipfile.ZipInfo]) -> None:
    """Refuse bombs before anything is unpacked (the zip reader holds files to their declared sizes)."""
    sizes = [member.file_size for member in members]
    if len(sizes) > MAX_FILES or sum(sizes) > MAX_TOTAL or max(sizes, default=0) > MAX_FILE:
        raise Malformed("the bundle is larger than any evidence")


def _certificates(pems: Mapping[str, bytes], *, authorities: bool) -> tuple[x509.Certificate, ...]:
    """Read the certificates of all files that are, or are not, an authority's (`ca.pem`, `lm-ca.pem`)."""
    found: list[x509.Certificate] = []
    for name, pem in pems.items():
        if ("ca" in _WORD.findall(name.lower())) == authorities:
            try:
                found += x509.load_pem_x509_certificates(pem)
            except ValueError as error:
                raise Malformed("a certificate file is not PEM") from error
    return tuple(found)


def _log_keys(encoded: bytes) -> dict[str, str]:
    """Read `log-keys.json`."""
    try:
        keys = orjson.loads(encoded)
    except orjson.JSONDecodeError as error:
        raise Malformed("log-keys.json is not JSON") from error
    if not isinstance(keys, dict) or not all(isinstance(key, str) for key in keys.values()):
        raise Malformed("log-keys.json is not {gateway id: vkey}")
    return keys
