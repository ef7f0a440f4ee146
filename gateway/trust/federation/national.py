"""The instance's own documents: `policy.json` and `revoked.json`.

| document | says | signed by |
|---|---|---|
| `policy.json` | authorities, purposes, officers, consent issuers, ages | TUF role `targets` |
| `revoked.json` | what no longer counts, whatever else says | TUF role `revocation` |

TSAs, the policy bundle and the witness quorum join `policy.json` when they are built.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from gateway.trust.federation.errors import MalformedDocument
from gateway.trust.federation.forms import VERSION, Form
from schemas.identifiers import MemberId
from schemas.strict_json import canonical

MAX_POLICY_BYTES: Final = 1024 * 1024
_SHA256 = re.compile("[0-9a-f]{64}")
MAX_REVOKED_BYTES: Final = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Purpose:
    """One purpose of the national list; `parent` is the broader one, `dpv` its W3C DPV concept."""

    code: str
    title: str
    parent: str | None = None
    dpv: str | None = None


@dataclass(frozen=True, slots=True)
class Policy:
    """`policy.json`. `cas` and `officers` are PEM texts; all ages are seconds.

    `grace_s` counts from the timestamp's expiry and is for peers already in the copy: from an
    expired one nothing new is learned, so a new peer has none. After `stale_after_s` without a
    verified timestamp the copy's age is an alarm.
    """

    instance: str
    cas: tuple[str, ...]
    purposes: tuple[Purpose, ...]
    officers: tuple[str, ...]
    officer_threshold: int = 1
    grace_s: int = 72 * 3600
    stale_after_s: int = 60
    poll_s: int = 20
    mirrors: tuple[str, ...] = ()
    consent_issuers: tuple[MemberId, ...] = ()
    national_policy: str | None = None
    """SHA-256 (hexadecimal) of the blob with the country's policy data, if it publishes some."""
    """The members whose consent tokens count; they sign them with their keys for statements."""

    @classmethod
    def parse(cls, data: bytes) -> Policy:
        """Read `policy.json`; raises `MalformedDocument`."""
        form = Form.document(data, "policy.json", max_bytes=MAX_POLICY_BYTES)
        policy = cls(
            instance=form.text("instance"),
            cas=form.texts("cas"),
            purposes=tuple(
                Purpose(
                    item.text("code"),
                    item.text("title"),
                    item.optional_text("parent"),
                    item.optional_text("dpv"),
                )
                for item in form.forms("purposes")
            ),
            officers=form.texts("officers"),
            officer_threshold=form.whole("officer_threshold"),
            grace_s=form.whole("grace_s"),
            stale_after_s=form.whole("stale_after_s"),
            poll_s=form.whole("poll_s"),
            mirrors=form.texts("mirrors"),
            consent_issuers=form.optional_ids("consent_issuers", MemberId.parse),
            national_policy=form.optional_text("national_policy"),
        )
        if not 1 <= policy.officer_threshold <= len(set(policy.officers)):
            raise MalformedDocument("policy.json: the officers cannot reach their threshold")
        _check_tree(policy.purposes)
        if policy.national_policy is not None and not _SHA256.fullmatch(policy.national_policy):
            raise MalformedDocument("policy.json: national_policy is no SHA-256")
        return policy

    def format(self) -> bytes:
        """The canonical bytes."""
        return canonical(
            {
                "v": VERSION,
                "instance": self.instance,
                "cas": list(self.cas),
                "purposes": [
                    {"code": item.code, "title": item.title, "parent": item.parent, "dpv": item.dpv}
                    for item in self.purposes
                ],
                "officers": list(self.officers),
                "officer_threshold": self.officer_threshold,
                "grace_s": self.grace_s,
                "stale_after_s": self.stale_after_s,
                "poll_s": self.poll_s,
                "mirrors": list(self.mirrors),
                "consent_issuers": [str(member) for member in self.consent_issuers],
                **({"national_policy": self.national_policy} if self.national_policy else {}),
            }
        )


@dataclass(frozen=True, slots=True)
class Revocations:
    """`revoked.json`: it wins over everything else, and `seq` must rise.

    Keys and certificates are named by thumbprint (unpadded base64url SHA-256). `min_record_ver` bars
    a member's records below a version. Lists only grow, except by a reinstatement: a document that
    officers signed, kept here for good (`admission`).
    """

    seq: int
    members: frozenset[MemberId] = frozenset()
    key_thumbprints: frozenset[str] = frozenset()
    cert_sha256: frozenset[str] = frozenset()
    min_record_ver: Mapping[MemberId, int] = field(default_factory=dict)
    reinstatements: tuple[str, ...] = ()

    @classmethod
    def parse(cls, data: bytes) -> Revocations:
        """Read `revoked.json`; raises `MalformedDocument`."""
        return cls._read(Form.document(data, "revoked.json", max_bytes=MAX_REVOKED_BYTES))

    @classmethod
    def _read(cls, form: Form) -> Revocations:
        members = form.ids("members", MemberId.parse)
        barred = form.wholes("min_record_ver")
        return cls(
            seq=form.whole("seq"),
            members=frozenset(members),
            key_thumbprints=frozenset(form.texts("key_thumbprints")),
            cert_sha256=frozenset(form.texts("cert_sha256")),
            min_record_ver={_member(text): version for text, version in barred.items()},
            reinstatements=form.texts("reinstatements"),
        )

    def format(self) -> bytes:
        """The canonical bytes."""
        return canonical(
            {
                "v": VERSION,
                "seq": self.seq,
                "members": sorted(map(str, self.members)),
                "key_thumbprints": sorted(self.key_thumbprints),
                "cert_sha256": sorted(self.cert_sha256),
                "min_record_ver": {str(member): version for member, version in self.min_record_ver.items()},
                "reinstatements": list(self.reinstatements),
            }
        )


def _member(text: str) -> MemberId:
    return Form({"member": text}, "revoked.json").id("member", MemberId.parse)


def _check_tree(purposes: tuple[Purpose, ...]) -> None:
    """Every purpose once, its parent listed before it: so there is no circle."""
    seen: set[str] = set()
    for purpose in purposes:
        if purpose.code in seen or (purpose.parent is not None and purpose.parent not in seen):
            raise MalformedDocument("policy.json: a purpose stands twice, or before its parent")
        seen.add(purpose.code)
