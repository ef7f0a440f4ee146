"""The registrar: admits members, accepts their records, revokes, publishes (DESIGN section 6).

    with Registrar.open(folder) as registrar:
        registrar.admit(pin)              # signed by officers
        registrar.accept_record(record)   # signed by the member
        registrar.publish()

A lock makes it the single writer as long as it is open, so the command line and the heartbeat of a
running registrar take turns. Nothing is published before `publish`; `revoke` publishes by itself.
The keys lie in `keys/` beside `public/`, which suits a sandbox; a role without a key there is signed
elsewhere. All checks are `admission`'s, which every reader repeats.
"""

from __future__ import annotations

import fcntl
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from securesystemslib.signer import CryptoSigner  # type: ignore[attr-defined]  # re-exported there

from gateway.trust.federation.admission import (
    sign_pin,
    sign_reinstatement,
    verify_member,
    verify_pin,
)
from gateway.trust.federation.documents import Pin, Record
from gateway.trust.federation.errors import (
    Contradiction,
    MalformedDocument,
    RegistrarBusy,
    RolledBack,
    SignatureRejected,
)
from gateway.trust.federation.national import Policy, Revocations
from gateway.trust.federation.publication import Clock, Publication
from gateway.trust.federation.roles import INDEX, OFFICER, POLICY, REVOKED, ROLES, SANDBOX, Quorum
from gateway.trust.federation.signed import format_key, unverified_payload
from gateway.trust.federation.tree import Listing, build, tree_key, walk
from gateway.trust.pki import save_secret
from schemas.identifiers import MemberId

MAX_CLOCK_AHEAD_S: Final = 300
"""How far ahead of ours a member's clock may have been when it signed."""

PATIENCE_S: Final = 5.0
"""How long to wait for the lock: a heartbeat or a command takes far less."""

_LOCK_RETRY_S = 0.02


def _now() -> datetime:
    return datetime.now(UTC)


class Registrar:
    """One instance's registrar, opened. Close it, or use it as a context manager."""

    def __init__(self, folder: Path, clock: Clock, patience_s: float) -> None:
        self._lock = _FolderLock(folder, patience_s)
        self._clock = clock
        keys = {role: _load_keys(folder, role) for role in (*ROLES, OFFICER)}
        self._officers = keys.pop(OFFICER)
        signers = {role: [CryptoSigner(key) for key in found] for role, found in keys.items()}
        self._publication = Publication(folder / "public", signers, clock)
        self._listings: dict[str, Listing] | None = None
        self._changed: set[str] = set()
        self._policy: Policy | None = None
        self._revocations: Revocations | None = None

    @classmethod
    def create(
        cls, folder: Path, policy: Policy, *, quorums: Mapping[str, Quorum] = SANDBOX, clock: Clock = _now
    ) -> Registrar:
        """Make a new instance: keys, an empty tree, first metadata. Where the policy names no
        officers, their keys are made too.

        Raises:
            RegistrarBusy: another process works in the folder.
            FileExistsError: there is an instance already.
        """
        folder.mkdir(parents=True, exist_ok=True)
        with closing(_FolderLock(folder, 0)):
            (folder / "keys").mkdir(mode=0o700)
            keys = {role: _make_keys(folder, role, quorum.keys) for role, quorum in quorums.items()}
            if not policy.officers:
                officers = tuple(format_key(key.public_key()) for key in keys[OFFICER])
                policy = replace(policy, officers=officers, officer_threshold=quorums[OFFICER].needed)
            signers = {role: [CryptoSigner(key) for key in keys[role]] for role in ROLES}
            Policy.parse(policy.format())
            tree = build({})
            targets = {POLICY: policy.format(), REVOKED: Revocations(0).format(), INDEX: tree.root}
            Publication.create(folder / "public", signers, quorums, targets, clock)
        return cls(folder, clock, PATIENCE_S)

    @classmethod
    def open(cls, folder: Path, *, clock: Clock = _now, patience_s: float = PATIENCE_S) -> Registrar:
        """Open an instance and take its lock, waiting a little for whoever has it.

        Raises:
            RegistrarBusy: another process keeps it open.
        """
        return cls(folder, clock, patience_s)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give the lock back; what was not published is forgotten."""
        self._lock.close()

    @property
    def policy(self) -> Policy:
        """The policy in force."""
        if self._policy is None:
            self._policy = Policy.parse(self._publication.target(POLICY))
        return self._policy

    @property
    def revocations(self) -> Revocations:
        """The revocations in force."""
        if self._revocations is None:
            self._revocations = Revocations.parse(self._publication.target(REVOKED))
        return self._revocations

    @property
    def snapshot_version(self) -> int:
        """The version of the published snapshot."""
        return self._publication.snapshot_version

    def first_root(self) -> bytes:
        """The root metadata that gateways are given to start from."""
        return self._publication.first_root()

    def listing(self, member: MemberId) -> Listing | None:
        """What the tree says of a member, changes not yet published included."""
        return self._tree().get(tree_key(member))

    def sign_pin(self, pin: Pin) -> bytes:
        """Sign a pin with the officers' keys in this folder (a sandbox's)."""
        return sign_pin(pin, self._officers)

    def admit(self, document: bytes) -> Pin:
        """Admit a member, or change its standing, by a pin that officers signed.

        Raises:
            MalformedDocument, SignatureRejected, Contradiction: it is not an officers' pin.
            RolledBack: its version does not follow the one in force.
        """
        member = Pin.parse(unverified_payload(document)).member
        pin = verify_pin(document, self.policy, member)
        old = self.listing(member)
        _check_next("the pin", 0 if old is None else old.pin_ver, pin.version)
        name = self._publication.write_blob(document)
        self._list(member, replace(old or Listing(0, ""), pin_ver=pin.version, pin_sha256=name))
        return pin

    def accept_record(self, document: bytes) -> Record:
        """Take a member's record: no officer's hand, no look at the content beyond its fit.

        Raises:
            MalformedDocument, SignatureRejected: it is not signed by an unrevoked key of the pin.
            Contradiction: no such member, gateways that no officer pinned, a certificate that does
                not hold, or a record from the future or the past.
            RolledBack: its version does not follow the one in force.
        """
        member = Record.parse(unverified_payload(document)).member
        old = self.listing(member)
        if old is None:
            raise Contradiction("a record of a member that was not admitted")
        policy, now = self.policy, self._clock().timestamp()
        pin = verify_pin(self._publication.blob(old.pin_sha256), policy, member)
        verified = verify_member(pin, document, policy, now)
        record = verified.record
        if record is None or verified.record_signers <= self.revocations.key_thumbprints:
            raise SignatureRejected("the record's key was revoked")
        _check_next("the record", old.rec_ver, record.version)
        if not record.signed_at - MAX_CLOCK_AHEAD_S <= now < record.not_after:
            raise Contradiction("a record from the future, or one that ran out")
        if len(verified.signing_keys) != len(record.signing_certificates):
            raise Contradiction("a signing certificate does not hold")
        if not {gateway.id for gateway in record.gateways} <= {gateway.id for gateway in pin.gateways}:
            raise Contradiction("a gateway that no officer pinned")
        name = self._publication.write_blob(document)
        self._list(member, replace(old, rec_ver=record.version, rec_sha256=name, rec_len=len(document)))
        return record

    def revoke(
        self,
        *,
        members: Iterable[MemberId] = (),
        key_thumbprints: Iterable[str] = (),
        certificates: Iterable[str] = (),
        min_record_ver: Mapping[MemberId, int] | None = None,
    ) -> None:
        """Revoke and publish at once. Thumbprints are unpadded base64url SHA-256."""
        old = self.revocations
        self._publish_revocations(
            replace(
                old,
                seq=old.seq + 1,
                members=old.members | set(members),
                key_thumbprints=old.key_thumbprints | set(key_thumbprints),
                cert_sha256=old.cert_sha256 | set(certificates),
                min_record_ver={**old.min_record_ver, **(min_record_ver or {})},
            )
        )

    def reinstate(
        self,
        *,
        members: Iterable[MemberId] = (),
        key_thumbprints: Iterable[str] = (),
        certificates: Iterable[str] = (),
    ) -> None:
        """Take revocations back, with the officers' signed word, and publish at once."""
        old = self.revocations
        word = Revocations(
            old.seq + 1, frozenset(members), frozenset(key_thumbprints), frozenset(certificates)
        )
        self._publish_revocations(
            replace(
                old,
                seq=word.seq,
                members=old.members - word.members,
                key_thumbprints=old.key_thumbprints - word.key_thumbprints,
                cert_sha256=old.cert_sha256 - word.cert_sha256,
                reinstatements=(*old.reinstatements, sign_reinstatement(word, self._officers)),
            )
        )

    def change_policy(self, policy: Policy) -> None:
        """Publish other national settings at once."""
        Policy.parse(policy.format())
        self._publication.commit({POLICY: policy.format()})
        self._policy = policy

    def publish_national(self, content: bytes) -> None:
        """Publish the country's policy data (JSON) at once: a blob that `policy.json` names."""
        self.change_policy(replace(self.policy, national_policy=self._publication.write_blob(content)))

    def publish(self) -> None:
        """Publish what was admitted and accepted; without changes, a heartbeat."""
        if not self._changed:
            self.heartbeat()
            return
        tree = build(self._tree())
        for content in tree.nodes.values():
            self._publication.write_blob(content)
        self._publication.commit({INDEX: tree.root})
        self._changed.clear()

    def heartbeat(self) -> None:
        """Sign the timestamp anew, and every role that is due."""
        self._publication.heartbeat()

    def _publish_revocations(self, revocations: Revocations) -> None:
        self._publication.commit({REVOKED: revocations.format()})
        self._revocations = revocations

    def _tree(self) -> dict[str, Listing]:
        """The published listings and the changes, read when first needed: a heartbeat never does."""
        if self._listings is None:
            blob = self._publication.blob
            root = self._publication.target(INDEX)
            self._listings = dict(walk(root, lambda names: {name: blob(name) for name in names}))
        return self._listings

    def _list(self, member: MemberId, listing: Listing) -> None:
        self._tree()[tree_key(member)] = listing
        self._changed.add(tree_key(member))


class _FolderLock:
    """An exclusive lock on the registrar's folder; the kernel frees it if the process dies."""

    def __init__(self, folder: Path, patience_s: float) -> None:
        self._file = (folder / "lock").open("w")
        give_up = time.monotonic() + patience_s
        while not self._try():
            if time.monotonic() >= give_up:
                self._file.close()
                raise RegistrarBusy("another process has the registrar open")
            time.sleep(_LOCK_RETRY_S)

    def _try(self) -> bool:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def close(self) -> None:
        self._file.close()


def _check_next(what: str, old: int, new: int) -> None:
    if new != old + 1:
        raise RolledBack(f"{what} must have version {old + 1}, not {new}")


def _make_keys(folder: Path, role: str, count: int) -> list[Ed25519PrivateKey]:
    keys = [Ed25519PrivateKey.generate() for _ in range(count)]
    for number, key in enumerate(keys, 1):
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        save_secret(folder / "keys" / f"{role}-{number}.pem", pem)
    return keys


def _load_keys(folder: Path, role: str) -> Sequence[Ed25519PrivateKey]:
    keys = []
    for path in sorted((folder / "keys").glob(f"{role}-*.pem")):
        key = load_pem_private_key(path.read_bytes(), None)
        if not isinstance(key, Ed25519PrivateKey):
            raise MalformedDocument(f"{path.name} is not an Ed25519 key")
        keys.append(key)
    return keys
