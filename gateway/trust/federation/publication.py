"""The registrar's public folder: a TUF repository, changed atomically.

    public/metadata/<n>.<role>.json, timestamp.json    signed metadata, consistent snapshots
    public/targets/<sha256>.<target>                   policy.json, revoked.json, index.json
    public/b/<sha256>                                  nodes, pins, records
    public/archive/timestamp/<n>.json                  every timestamp ever published

Everything but `timestamp.json` is immutable and stays. Files are written in the order in which they
name each other, made durable, and only then does the rename of `timestamp.json` publish them; what a
crash leaves behind is unreferenced, and its version numbers are never used again. Holds no lock: the
registrar does.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from securesystemslib.signer import Signer  # type: ignore[attr-defined]  # re-exported there
from tuf.api.metadata import (  # type: ignore[attr-defined]  # re-exported there
    DelegatedRole,
    Delegations,
    Metadata,
    MetaFile,
    Root,
    Snapshot,
    TargetFile,
    Targets,
    Timestamp,
)

from gateway.trust.federation.errors import DocumentMissing, SignatureRejected
from gateway.trust.federation.roles import (
    DELEGATED_PATHS,
    LISTED_ROLES,
    ROLE_OF_TARGET,
    ROLES,
    Quorum,
)
from gateway.trust.federation.tree import digest

Clock = Callable[[], datetime]
Signers = Mapping[str, Sequence[Signer]]
_AnyRole = TypeVar("_AnyRole", Root, Timestamp, Snapshot, Targets)


class Publication:
    """The published state and the keys to change it. One writer at a time."""

    def __init__(self, folder: Path, signers: Signers, clock: Clock) -> None:
        self._folder = folder
        self._signers = signers
        self._clock = clock
        self._written: list[Path] = []

    @classmethod
    def create(
        cls,
        folder: Path,
        signers: Signers,
        quorums: Mapping[str, Quorum],
        targets: Mapping[str, bytes],
        clock: Clock,
    ) -> Publication:
        """Make a repository with its first root and targets, and publish it."""
        publication = cls(folder, signers, clock)
        for part in ("metadata", "targets", "b", "archive/timestamp"):
            (folder / part).mkdir(parents=True)
        root = Root(expires=publication._expiry("root"))
        for role in ("root", "targets", "snapshot", "timestamp"):
            for signer in signers[role]:
                root.add_key(signer.public_key, role)
            root.roles[role].threshold = quorums[role].needed
        publication._write_role("root", Metadata(root))
        roles = {role: Targets() for role in LISTED_ROLES}
        roles["targets"].delegations = _delegations(signers, quorums)
        publication._publish(roles, Snapshot(), Timestamp(), targets)
        return publication

    @property
    def snapshot_version(self) -> int:
        """The version of the snapshot that the timestamp names."""
        return self._timestamp().snapshot_meta.version

    def first_root(self) -> bytes:
        """The root that gateways may pin; later ones are reached from it."""
        return (self._folder / "metadata" / "1.root.json").read_bytes()

    def target(self, name: str) -> bytes:
        """A published target's content."""
        entry = self._role(ROLE_OF_TARGET[name]).targets[name]
        return (self._folder / "targets" / f"{entry.hashes['sha256']}.{name}").read_bytes()

    def blob(self, name: str) -> bytes:
        """A published blob's content.

        Raises:
            DocumentMissing: there is none of that name.
        """
        try:
            return (self._folder / "b" / name).read_bytes()
        except FileNotFoundError:
            raise DocumentMissing(f"no blob {name}") from None

    def write_blob(self, content: bytes) -> str:
        """Put a blob down for the next commit; its name is its digest."""
        name = digest(content)
        path = self._folder / "b" / name
        if not path.exists():
            self._write(path, content)
        return name

    def commit(self, targets: Mapping[str, bytes]) -> None:
        """Publish new contents of targets, and with them everything due for renewal."""
        changed = {ROLE_OF_TARGET[name] for name in targets}
        self._renew_root()
        roles = {
            role: current
            for role in LISTED_ROLES
            for current in (self._role(role),)
            if role in changed or self._due(role, current.expires)
        }
        snapshot = self._snapshot()
        if roles or self._due("snapshot", snapshot.expires):
            self._publish(roles, snapshot, self._timestamp(), targets)
        else:
            self._stamp(self._timestamp())

    def heartbeat(self) -> None:
        """Sign the timestamp anew, and whatever else is due."""
        self.commit({})

    def _publish(
        self,
        roles: Mapping[str, Targets],
        snapshot: Snapshot,
        timestamp: Timestamp,
        contents: Mapping[str, bytes],
    ) -> None:
        for name, content in contents.items():
            entry = TargetFile.from_data(name, content, ["sha256"])
            self._write(self._folder / "targets" / f"{entry.hashes['sha256']}.{name}", content)
            roles[ROLE_OF_TARGET[name]].targets[name] = entry
        for role, signed in roles.items():
            version, content = self._renew(role, signed)
            snapshot.meta[f"{role}.json"] = MetaFile.from_data(version, content, ["sha256"])
        version, content = self._renew("snapshot", snapshot)
        timestamp.snapshot_meta = MetaFile.from_data(version, content, ["sha256"])
        self._stamp(timestamp)

    def _stamp(self, timestamp: Timestamp) -> None:
        """Make everything durable, then publish by one rename."""
        timestamp.version = self._unused("timestamp", timestamp.version)
        timestamp.expires = self._expiry("timestamp")
        content = self._signed("timestamp", Metadata(timestamp))
        self._write(self._archived(timestamp.version), content)
        fresh = self._folder / "metadata" / "timestamp.json.new"
        self._write(fresh, content)
        self._make_durable()
        fresh.replace(self._folder / "metadata" / "timestamp.json")
        _sync(self._folder / "metadata")

    def _renew(self, role: str, signed: _AnyRole) -> tuple[int, bytes]:
        signed.version = self._unused(role, signed.version)
        signed.expires = self._expiry(role)
        return signed.version, self._write_role(role, Metadata(signed))

    def _renew_root(self) -> None:
        root = self._root()
        if self._due("root", root.expires):
            self._renew("root", root)

    def _write_role(self, role: str, metadata: Metadata[_AnyRole]) -> bytes:
        content = self._signed(role, metadata)
        self._write(self._folder / "metadata" / f"{metadata.signed.version}.{role}.json", content)
        return content

    def _signed(self, role: str, metadata: Metadata[_AnyRole]) -> bytes:
        if not self._signers.get(role):
            raise SignatureRejected(f"the key of the role {role} is not here")
        for signer in self._signers[role]:
            metadata.sign(signer, append=True)
        return metadata.to_bytes()

    def _due(self, role: str, expires: datetime) -> bool:
        """Whether to sign anew; a role whose key is with its custodian is theirs to renew."""
        terms = ROLES[role]
        return bool(self._signers.get(role)) and expires - terms.lifetime + terms.renew_after <= self._clock()

    def _expiry(self, role: str) -> datetime:
        return self._clock().replace(microsecond=0) + ROLES[role].lifetime

    def _unused(self, role: str, version: int) -> int:
        """The next version that no file has, published or left behind by a crash."""
        metadata = self._folder / "metadata"
        path = self._archived if role == "timestamp" else lambda number: metadata / f"{number}.{role}.json"
        while path(version).exists():
            version += 1
        return version

    def _archived(self, version: int) -> Path:
        return self._folder / "archive" / "timestamp" / f"{version}.json"

    def _root(self) -> Root:
        version = self._unused("root", 1) - 1
        return Metadata[Root].from_bytes(self._read(f"{version}.root.json")).signed

    def _timestamp(self) -> Timestamp:
        return Metadata[Timestamp].from_bytes(self._read("timestamp.json")).signed

    def _snapshot(self) -> Snapshot:
        return Metadata[Snapshot].from_bytes(self._read(f"{self.snapshot_version}.snapshot.json")).signed

    def _role(self, role: str) -> Targets:
        version = self._snapshot().meta[f"{role}.json"].version
        return Metadata[Targets].from_bytes(self._read(f"{version}.{role}.json")).signed

    def _read(self, name: str) -> bytes:
        return (self._folder / "metadata" / name).read_bytes()

    def _write(self, path: Path, content: bytes) -> None:
        """Write whole or not at all; durable only after `_make_durable`."""
        part = path.with_name(f".{path.name}.part")
        part.write_bytes(content)
        part.replace(path)
        self._written.append(path)

    def _make_durable(self) -> None:
        paths: Collection[Path] = {*self._written, *(path.parent for path in self._written)}
        for path in paths:
            _sync(path)
        self._written.clear()


def _delegations(signers: Signers, quorums: Mapping[str, Quorum]) -> Delegations:
    keys = {role: [signer.public_key for signer in signers[role]] for role in DELEGATED_PATHS}
    roles = {
        role: DelegatedRole(
            role, [key.keyid for key in keys[role]], quorums[role].needed, terminating=True, paths=paths
        )
        for role, paths in DELEGATED_PATHS.items()
    }
    return Delegations({key.keyid: key for found in keys.values() for key in found}, roles)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
