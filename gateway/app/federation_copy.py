"""Looking at a federation without being a gateway: for evidence, and for people at a command line.

A running gateway's copy belongs to its process. So a copy of one's own is made in a temporary folder,
from the gateway's last verified documents where they are at hand, then from the network. Everything
authenticates itself, so it does not matter where it came from. The registrar's own folder is read as
it was published.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tuf.api.metadata import Metadata, Timestamp  # type: ignore[attr-defined]  # re-exported there

from gateway.settings import Settings
from gateway.trust.federation.errors import DocumentMissing, FederationError
from gateway.trust.federation.publication import Publication
from gateway.trust.federation.refresh import Refresher
from gateway.trust.federation.roles import INDEX, POLICY, REVOKED
from gateway.trust.federation.snapshot import FederationSnapshot
from gateway.trust.federation.tree import Listing, tree_key
from gateway.trust.federation.verified_copy import VerifiedCopy
from schemas.errors import ConfigurationError, FederationUnavailable

_COPY = "copy.sqlite"


@dataclass(frozen=True, slots=True)
class Directory:
    """The federation at one moment: snapshot, versions by member, and how long the newest timestamp
    counts (epoch seconds). `age_s` is None where nothing was polled."""

    snapshot: FederationSnapshot
    listings: Mapping[str, Listing]
    timestamp: int
    timestamp_expires: int
    age_s: int | None

    def as_json(self) -> dict[str, Any]:
        """Members, gateways and services with their versions, as `isthmus federation show` prints them."""
        snapshot = self.snapshot
        return {
            "instance": snapshot.instance,
            "snapshot": snapshot.version,
            "timestamp": self.timestamp,
            "timestamp_expires": self.timestamp_expires,
            "age_s": self.age_s,
            "purposes": list(snapshot.purposes),
            "members": [
                {"id": str(entry.id), "name": entry.name, "active": entry.active, **self._versions(entry.id)}
                for entry in sorted(snapshot.members(), key=lambda entry: str(entry.id))
            ],
            "gateways": [
                {"id": str(entry.id), "url": entry.url, "log_keys": list(entry.log_vkeys)}
                for entry in sorted(snapshot.gateways(), key=lambda entry: str(entry.id))
            ],
            "services": [
                {"id": str(service.id), "title": service.title, "form": service.form_name}
                for service in sorted(snapshot.services(), key=lambda service: str(service.id))
            ],
        }

    def _versions(self, member: Any) -> dict[str, int]:
        listing = self.listings.get(tree_key(member), Listing(0, ""))
        return {"pin": listing.pin_ver, "record": listing.rec_ver}


@contextmanager
def federation_of(settings: Settings) -> Iterator[Refresher]:
    """A gateway's federation, read afresh; its last verified copy counts where no address answers.

    Raises:
        FederationError: there is neither a copy nor an address that answers.
    """
    with _refresher(settings.federation.root.read_bytes(), settings.federation.store) as refresher:
        try:
            refresher.poll(settings.federation.urls, time.time())
        except FederationError:
            if refresher.copy is None:
                raise
        yield refresher


def read_published(urls: Sequence[str], root: Path) -> Directory:
    """The federation as its addresses publish it, trusted by a pinned root.

    Raises:
        FederationError: no address could be read and verified.
    """
    with _refresher(_root(root), None) as refresher:
        refresher.poll(urls, time.time())
        copy, ages = refresher.copy, refresher.ages
        if copy is None or ages is None:
            raise FederationUnavailable("the federation could not be read")
        now = time.time()
        snapshot = copy.snapshot(ages.snapshot_version, now)
        age_s = max(0, int(now) - ages.verified_at)
        return Directory(snapshot, copy.listings, ages.timestamp_version, ages.timestamp_expires, age_s)


def read_folder(folder: Path) -> Directory:
    """The federation as the registrar's folder holds it; signatures of members are checked again.

    Raises:
        ConfigurationError: the folder is not a registrar's.
    """
    public = folder / "public"
    publication = Publication(public, {}, lambda: datetime.now(UTC))
    try:
        timestamp = Metadata[Timestamp].from_file(str(public / "metadata" / "timestamp.json")).signed
        copy = VerifiedCopy(publication.target(POLICY))
    except OSError:
        raise ConfigurationError(
            f"{folder}: is not a registrar's folder; make one with `isthmus federation create`"
        ) from None

    def load(names: list[str]) -> Mapping[str, bytes]:
        return {name: _blob(publication, name) for name in names}

    now = time.time()
    copy.apply_revocations(publication.target(REVOKED))
    copy.apply_index(publication.target(INDEX), load, now)
    snapshot = copy.snapshot(publication.snapshot_version, now)
    expires = int(timestamp.expires.timestamp())
    return Directory(snapshot, copy.listings, timestamp.version, expires, None)


def snapshot_of(refresher: Refresher) -> FederationSnapshot:
    """What a refresher holds, as exchanges see it; FederationUnavailable when it holds nothing."""
    if refresher.copy is None or refresher.ages is None:
        raise FederationUnavailable("there is no copy of the federation")
    return refresher.copy.snapshot(refresher.ages.snapshot_version, time.time())


@contextmanager
def _refresher(root: bytes, store: Path | None) -> Iterator[Refresher]:
    with TemporaryDirectory() as name:
        folder = Path(name)
        if store is not None and (store / _COPY).is_file():
            _copy_database(store / _COPY, folder / _COPY)
        refresher = Refresher(root, folder)
        try:
            refresher.load(time.time())
            yield refresher
        finally:
            refresher.close()


def _copy_database(source: Path, target: Path) -> None:
    """A consistent copy of a database that another process may be writing."""
    address = f"{source.absolute().as_uri()}?mode=ro"
    with closing(sqlite3.connect(address, uri=True)) as old, closing(sqlite3.connect(target)) as new:
        old.backup(new)


def _root(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be read ({error.strerror})") from None


def _blob(publication: Publication, name: str) -> bytes:
    try:
        return publication.blob(name)
    except OSError:
        raise DocumentMissing(f"no blob {name}") from None
