"""One poll: TUF's client first, then the members' rules; and the same from disk, without a network.

Order, each step made durable before the next: the timestamp's and the revocations' expiries (a freeze
must be seen even when the rest fails), policy, revocations, index with the changed nodes, pins and
records only. Synchronous; the reader runs it in a thread, one at a time. A new TUF updater is made for
each poll, as its interface demands.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from tuf.api.exceptions import DownloadError, RepositoryError
from tuf.api.metadata import Metadata
from tuf.ngclient.updater import Updater

from gateway.trust.federation.ages import Ages
from gateway.trust.federation.documents import MAX_RECORD_BYTES
from gateway.trust.federation.errors import DocumentMissing, FederationError
from gateway.trust.federation.fetch import DeadlineFetcher
from gateway.trust.federation.national import Revocations
from gateway.trust.federation.roles import INDEX, POLICY, REVOKED
from gateway.trust.federation.store import CopyStore
from gateway.trust.federation.tree import checked_blob, digest
from gateway.trust.federation.verified_copy import VerifiedCopy
from schemas.identifiers import MemberId

POLL_DEADLINE_S: Final = 10.0
FIRST_DEADLINE_S: Final = 120.0
"""The first copy is the whole country; later polls fetch what changed."""

_PARALLEL = 8
_BATCH = 256
_MAX_BLOB_BYTES = 2 * MAX_RECORD_BYTES
_METADATA = ("root", "timestamp", "snapshot", "targets", "revocation", "directory")


class Refresher:
    """Polls registrars and mirrors into one folder. Not for two threads or processes at once."""

    def __init__(self, root: bytes, folder: Path) -> None:
        self._root = root
        self._metadata = folder / "metadata"
        self._targets = folder / "targets"
        for path in (folder, self._metadata, self._targets):
            path.mkdir(parents=True, exist_ok=True)
        self._store = CopyStore(folder / "copy.sqlite")
        self._fetcher = DeadlineFetcher()
        self.copy: VerifiedCopy | None = None
        self.ages: Ages | None = None

    @property
    def requests(self) -> int:
        """How many requests were sent since the start."""
        return self._fetcher.requests

    def close(self) -> None:
        """Close the store."""
        self._store.close()

    def load(self, now: float) -> None:
        """Take up the copy that a former run verified, if there is one, and judge it again.

        Raises:
            FederationError: what lies there is not what was written.
        """
        ages, policy = self._store.document("ages"), self._store.document(POLICY)
        self.ages = None if ages is None else Ages.parse(ages)
        if policy is None:
            return
        copy = VerifiedCopy(policy, self._store.listings())
        revoked, effective = self._store.document(REVOKED), self._store.document("revoked-in-force")
        if revoked is not None and effective is not None:
            copy.apply_revocations(revoked)
            copy.revoked = Revocations.parse(effective)
        copy.rejudge(self._stored, now)
        with suppress(DocumentMissing):  # the next poll fetches it
            copy.apply_national(self._stored)
        root = self._store.document(INDEX)
        if root is not None:
            copy.apply_index(root, self._stored, now)
        self.copy = copy

    def poll(self, urls: Sequence[str], now: float) -> None:
        """Bring the copy up to date from the first address that can do it.

        Raises:
            FederationError: none could; the copy holds whatever was verified before the failure.
        """
        deadline = FIRST_DEADLINE_S if self.copy is None or not self.copy.index_sha256 else POLL_DEADLINE_S
        failure: Exception = DocumentMissing("no address to poll")
        with self._fetcher.deadline(deadline):
            for url in urls:
                try:
                    self._poll(url.rstrip("/"), now)
                except (DownloadError, RepositoryError, FederationError) as error:
                    failure = error
                else:
                    return
        if isinstance(failure, FederationError):
            raise failure
        raise FederationError(f"{type(failure).__name__}: {failure}") from failure

    def metadata_files(self, members: Iterable[MemberId]) -> dict[str, bytes]:
        """The signed files that prove what the copy says of these members, for a court: TUF metadata,
        the three targets, the tree's nodes on the way, pins and records."""
        files = self._store.documents("metadata/")
        for name in (POLICY, REVOKED, INDEX):
            content = self._store.document(name)
            if content is not None:
                files[name] = content
        copy, root = self.copy, files.get(INDEX)
        if copy is not None and root is not None:
            for member in members:
                files.update(copy.proof_of(member, root, self._store.blob))
        return files

    def _poll(self, url: str, now: float) -> None:
        updater = Updater(
            str(self._metadata),
            f"{url}/metadata/",
            str(self._targets),
            f"{url}/targets/",
            self._fetcher,
            bootstrap=self._root,
        )
        # The updater has no parameter for the moment at which expiries are judged.
        updater._trusted_set.reference_time = datetime.fromtimestamp(now, UTC)  # noqa: SLF001
        updater.refresh()
        self._note_timestamp(now)
        policy = self._target(updater, POLICY)
        load = self._loader(url)
        if self.copy is None or digest(policy) != self.copy.policy_sha256:
            self._apply_policy(policy, load, now)
        self._held_copy().apply_national(load)
        self._apply_revocations(updater)
        self._apply_index(updater, load, now)

    def _note_timestamp(self, now: float) -> None:
        """Remember the timestamp before anything else can fail: it is how a freeze shows."""
        timestamp = self._signed("timestamp")
        old, expires = self.ages, int(timestamp.expires.timestamp())
        if old is None:
            old = Ages(0, expires, int(now))
        risen_at = int(now) if timestamp.version > old.timestamp_version else old.risen_at
        self._note(
            replace(old, timestamp_version=timestamp.version, timestamp_expires=expires, risen_at=risen_at)
        )

    def _apply_policy(self, policy: bytes, load: _Loader, now: float) -> None:
        if self.copy is None:
            self.copy = VerifiedCopy(policy)
        else:
            self.copy.apply_policy(policy, load, now)
        self._store.save({POLICY: policy})

    def _apply_revocations(self, updater: Updater) -> None:
        revoked, copy, ages = self._target(updater, REVOKED), self._held_copy(), self._held_ages()
        if copy.revoked_seen[1] != digest(revoked):
            copy.apply_revocations(revoked)
            self._store.save({REVOKED: revoked, "revoked-in-force": copy.revoked.format()})
        self._note(replace(ages, revocation_expires=int(self._signed("revocation").expires.timestamp())))

    def _apply_index(self, updater: Updater, load: _Loader, now: float) -> None:
        root, copy = self._target(updater, INDEX), self._held_copy()
        version = self._signed("snapshot").version
        changed = copy.index_sha256 != digest(root)
        if changed:
            copy.apply_index(root, load, now)
        ages = replace(self._held_ages(), verified_at=int(now), snapshot_version=version)
        if not changed and version == self._held_ages().snapshot_version:
            self._note(ages)
            return
        documents = {f"metadata/{name}": content for name, content in self._metadata_now().items()}
        self.ages = ages
        self._store.save({**documents, INDEX: root, "ages": ages.format()}, copy.listings, copy.blobs_in_use)

    def _note(self, ages: Ages) -> None:
        if ages != self.ages:
            self._store.save({"ages": ages.format()})
            self.ages = ages

    def _target(self, updater: Updater, name: str) -> bytes:
        """A target's content, from disk where it is still the same."""
        entry = updater.get_targetinfo(name)
        if entry is None:
            raise DocumentMissing(f"{name} is not published")
        path = updater.find_cached_target(entry) or updater.download_target(entry)
        return Path(path).read_bytes()

    def _loader(self, url: str) -> _Loader:
        return _Loader(url, self._fetcher, self._store)

    def _stored(self, names: list[str]) -> Mapping[str, bytes]:
        found = ((name, self._store.blob(name)) for name in names)
        return {name: content for name, content in found if content is not None}

    def _signed(self, role: str) -> Any:
        return Metadata.from_bytes((self._metadata / f"{role}.json").read_bytes()).signed

    def _metadata_now(self) -> dict[str, bytes]:
        """All six roles as verified; the root by all its versions, so that a chain leads to it."""
        files = {f"{role}.json": (self._metadata / f"{role}.json").read_bytes() for role in _METADATA}
        history = self._metadata / "root_history"
        return files | {path.name: path.read_bytes() for path in sorted(history.glob("*.root.json"))}

    def _held_copy(self) -> VerifiedCopy:
        if self.copy is None:
            raise DocumentMissing("there is no copy yet")
        return self.copy

    def _held_ages(self) -> Ages:
        if self.ages is None:
            raise DocumentMissing("there is no timestamp yet")
        return self.ages


class _Loader:
    """Blobs from the store, else from one address, several at once; each is checked and kept."""

    def __init__(self, url: str, fetcher: DeadlineFetcher, store: CopyStore) -> None:
        self._url = url
        self._fetcher = fetcher
        self._store = store

    def __call__(self, names: list[str]) -> Mapping[str, bytes]:
        found = {name: self._store.blob(name) for name in names}
        blobs = {name: content for name, content in found.items() if content is not None}
        missing = [name for name in names if name not in blobs]
        for start in range(0, len(missing), _BATCH):
            fetched = self._fetch_all(missing[start : start + _BATCH])
            self._store.add_blobs(fetched)
            blobs.update(fetched)
        return blobs

    def _fetch_all(self, names: list[str]) -> dict[str, bytes]:
        if len(names) == 1:
            contents = [self._fetch(names[0])]
        else:
            with ThreadPoolExecutor(min(_PARALLEL, len(names))) as pool:
                contents = list(pool.map(self._fetch, names))
        return {name: content for name, content in zip(names, contents, strict=True) if content is not None}

    def _fetch(self, name: str) -> bytes | None:
        """A blob, or None: whoever needs it says what its absence means."""
        try:
            return checked_blob(name, self._fetcher.download_bytes(f"{self._url}/b/{name}", _MAX_BLOB_BYTES))
        except (DownloadError, FederationError):
            return None
