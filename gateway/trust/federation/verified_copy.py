"""The verified copy: what a reader believes, and how it changes (federation layout, rules 1 to 6).

TUF proves who published a file and when; these rules hold even where its online keys were stolen:

1. a version never falls, and never stands for two contents, per member, for good
2. pins and records that their own signers did not sign are refused
3. a member missing from the tree is an alarm and keeps its last state, unless its pin says `left`
4. a new pin judges the record anew, also an unchanged one
5. tree, pin and record name the same member
6. revocations come first, and do not vanish

A rule that is broken for one member changes nothing for the others: it keeps its last state, and an
alarm says so. No network, no files, no clock: the caller brings documents, blobs and the moment.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from gateway.trust.federation.admission import check_version, succeed, verify_member, verify_pin
from gateway.trust.federation.errors import Contradiction, DocumentMissing, FederationError
from gateway.trust.federation.national import Policy, Revocations
from gateway.trust.federation.snapshot import FederationSnapshot, VerifiedMember, build_snapshot
from gateway.trust.federation.tree import Listing, checked_blob, digest, path_to, tree_key, walk
from schemas.errors import MalformedIdentifier
from schemas.identifiers import MemberId

MEMBER_MISSING: Final = "federation.member_missing"
REVOCATION_DROPPED: Final = "federation.revocation_dropped"

LoadBlobs = Callable[[list[str]], Mapping[str, bytes]]
"""From digests to contents; what cannot be had is left out."""


@dataclass(frozen=True, slots=True)
class Alarm:
    """Something an operator must look at: a stable code, and the member or document it is about."""

    code: str
    about: str


@dataclass(frozen=True, slots=True)
class HeldMember:
    """The highest listing accepted, and what it proved; None while the present policy or blobs do
    not bear it out."""

    listing: Listing
    verified: VerifiedMember | None


class VerifiedCopy:
    """One reader's belief, made of a policy and revocations; the index comes by `apply_index`.
    `revision` rises with every change, so that the reader knows when to build a snapshot."""

    def __init__(self, policy: bytes, listings: Mapping[str, Listing] | None = None) -> None:
        self.policy: Policy = Policy.parse(policy)
        self.policy_sha256 = digest(policy)
        self.revoked = Revocations(0)
        self.revoked_seen: tuple[int, str] = (0, "")
        self.index_sha256 = ""
        self.national: bytes | None = None
        self.revision = 0
        self.nodes: set[str] = set()
        self._members = {name: HeldMember(listing, None) for name, listing in (listings or {}).items()}
        self._alarms: dict[str, str] = {}

    @property
    def alarms(self) -> tuple[Alarm, ...]:
        """What stands, by member or document."""
        return tuple(Alarm(code, about) for about, code in sorted(self._alarms.items()))

    @property
    def listings(self) -> dict[str, Listing]:
        """The highest listing accepted of every member, to be kept for good."""
        return {name: held.listing for name, held in self._members.items()}

    @property
    def blobs_in_use(self) -> set[str]:
        """Nodes, pins and records that the copy stands on."""
        held = {sha for entry in self.listings.values() for sha in _named(entry)}
        named = self.policy.national_policy
        return held | self.nodes | ({named} if named else set())

    def snapshot(self, version: int, at: float) -> FederationSnapshot:
        """The copy as exchanges see it."""
        members = [held.verified for held in self._members.values() if held.verified is not None]
        return build_snapshot(
            self.policy, self.revoked, members, version=version, at=at, national_policy=self.national
        )

    def apply_policy(self, content: bytes, load: LoadBlobs, at: float) -> None:
        """Take a new policy and judge every member under it: whom it no longer bears out, falls."""
        self.policy, self.policy_sha256 = Policy.parse(content), digest(content)
        self.rejudge(load, at)

    def apply_national(self, load: LoadBlobs) -> None:
        """Take the country's policy data that the policy names.

        Raises:
            DocumentMissing: it cannot be had; what was there before stays.
        """
        named = self.policy.national_policy
        if named is None:
            found = None
        else:
            found = load([named]).get(named)
            if found is None:
                raise DocumentMissing("the national policy could not be fetched")
        if found != self.national:
            self.national = found
            self.revision += 1

    def apply_revocations(self, content: bytes) -> None:
        """Take new revocations; whatever somebody tried to drop silently stays in force.

        Raises:
            RolledBack, MalformedDocument: nothing changes.
        """
        offered = Revocations.parse(content)
        seen = (offered.seq, digest(content))
        if self.revoked_seen[1]:
            check_version("revoked.json", self.revoked_seen, seen)
        self.revoked = succeed(self.revoked, offered, self.policy)
        self.revoked_seen = seen
        self.revision += 1
        self._set_alarm("revoked.json", None if self.revoked == offered else REVOCATION_DROPPED)

    def rejudge(self, load: LoadBlobs, at: float) -> None:
        """Judge the listings already accepted again: at a restart, or under another policy."""
        self.revision += 1
        blobs = load(sorted({sha for entry in self.listings.values() for sha in _named(entry)}))
        for name, held in self._members.items():
            verified: VerifiedMember | None = None
            try:
                judged, code = self._judge(name, held.listing, None, blobs, at)
            except FederationError as error:
                code = error.code
            else:
                verified = judged.verified
            self._members[name] = HeldMember(held.listing, verified)
            self._set_alarm(name, code)

    def apply_index(self, root: bytes, load: LoadBlobs, at: float) -> None:
        """Take a new tree. Members that break a rule keep their last state, with an alarm.

        Raises:
            MalformedDocument, Contradiction, DocumentMissing: the tree itself is broken or not
                wholly there; nothing changes.
        """
        nodes = {digest(root)}

        def load_nodes(names: list[str]) -> Mapping[str, bytes]:
            nodes.update(names)
            found = load(names)
            if not found.keys() >= set(names):
                raise DocumentMissing("a node of the tree could not be fetched")
            return found

        offered = dict(walk(root, load_nodes))
        changed = {name: new for name, new in offered.items() if not self._unchanged(name, new)}
        wanted = {sha for new in changed.values() for sha in (new.pin_sha256, new.rec_sha256) if sha}
        blobs = load(sorted(wanted))
        for name in self._members.keys() | offered.keys():
            if name not in changed:
                self._set_alarm(name, MEMBER_MISSING if self._is_missed(name, offered) else None)
                continue
            try:
                judged, code = self._judge(name, changed[name], self._members.get(name), blobs, at)
            except FederationError as error:
                code = error.code
            else:
                self._members[name] = judged
            self._set_alarm(name, code)
        # While a blob is missing the tree counts as not yet applied, so that the next poll tries again.
        self.nodes = nodes
        self.revision += 1
        self.index_sha256 = digest(root) if blobs.keys() >= wanted else ""

    def proof_of(
        self, member: MemberId, root: bytes, load: Callable[[str], bytes | None]
    ) -> dict[str, bytes]:
        """The blobs, as `b/<sha256>`, that lead from the root to a member's pin and record."""
        name = tree_key(member)
        blobs = {digest(node): node for node in path_to(name, root, load)}
        held = self._members.get(name)
        for sha in (held.listing.pin_sha256, held.listing.rec_sha256) if held is not None else ():
            content = load(sha)
            if content is not None:
                blobs[sha] = content
        return {f"b/{sha}": content for sha, content in blobs.items()}

    def _unchanged(self, name: str, listing: Listing) -> bool:
        held = self._members.get(name)
        return held is not None and held.listing == listing and held.verified is not None

    def _is_missed(self, name: str, offered: Mapping[str, Listing]) -> bool:
        held = self._members[name]
        left = held.verified is not None and held.verified.pin.status == "left"
        return name not in offered and not left

    def _judge(
        self, name: str, listing: Listing, held: HeldMember | None, blobs: Mapping[str, bytes], at: float
    ) -> tuple[HeldMember, str | None]:
        """What a member's listing proves, and the alarm where that is less than it claims; raises
        `FederationError` where it proves nothing."""
        member = _member_of(self.policy.instance, name)
        if held is not None:
            last = held.listing
            check_version("a pin", (last.pin_ver, last.pin_sha256), (listing.pin_ver, listing.pin_sha256))
            check_version("a record", (last.rec_ver, last.rec_sha256), (listing.rec_ver, listing.rec_sha256))
        pin = verify_pin(_blob(listing.pin_sha256, blobs), self.policy, member)
        if pin.version != listing.pin_ver:
            raise Contradiction("a pin's version is not the listed one")
        try:
            record = _blob(listing.rec_sha256, blobs) if listing.rec_ver else None
            verified = verify_member(pin, record, self.policy, at)
            if verified.record is not None and verified.record.version != listing.rec_ver:
                raise Contradiction("a record's version is not the listed one")
        except FederationError as error:
            if held is not None and listing.pin_ver == held.listing.pin_ver:
                raise
            # Officers spoke: their pin counts at once, and the record that it does not bear out, not.
            seen = held.listing if held is not None else Listing(0, "")
            taken = replace(seen, pin_ver=listing.pin_ver, pin_sha256=listing.pin_sha256)
            return HeldMember(taken, VerifiedMember(pin, None, frozenset(), ())), error.code
        return HeldMember(listing, verified), None

    def _set_alarm(self, about: str, code: str | None) -> None:
        if code is None:
            self._alarms.pop(about, None)
        else:
            self._alarms[about] = code


def _named(listing: Listing) -> tuple[str, ...]:
    """The blobs that a listing names."""
    return tuple(sha for sha in (listing.pin_sha256, listing.rec_sha256) if sha)


def _member_of(instance: str, name: str) -> MemberId:
    try:
        member = MemberId.parse(f"{instance}/{name}")
    except MalformedIdentifier as error:
        raise Contradiction(f"the tree lists no member's name: {error.detail}") from None
    if str(member) != f"{instance}/{name}":
        raise Contradiction("the tree lists a member under another spelling of its name")
    return member


def _blob(name: str, blobs: Mapping[str, bytes]) -> bytes:
    if name not in blobs:
        raise DocumentMissing("a pin or record could not be fetched")
    return checked_blob(name, blobs[name])
