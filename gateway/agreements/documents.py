"""What is signed and sent: an agreement's document, a revocation, and the message that carries one.

A document is canonical JSON (sorted keys, no blanks, UTF-8): both members sign these very bytes. It travels
as a text inside the message, so that nobody has to build the bytes again. Its members are those of an
agreement file (`policies/agreement.schema.json`); a signed one is always `active`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, Literal, Self, get_args

from policies.agreement_file import check_document
from policies.yaml_lines import YamlFile
from schemas.agreement import Agreement
from schemas.encoding import b64url
from schemas.errors import ConfigurationError, MalformedRequest
from schemas.identifiers import MemberId, SubsystemId
from schemas.strict_json import canonical, parse_object

AGREEMENT_CTY: Final = "isthmus-agreement+json"
REVOCATION_CTY: Final = "isthmus-agreement-revocation+json"
MAX_DOCUMENT_BYTES: Final = 256 * 1024
MAX_REASON_LENGTH: Final = 500

Type = Literal["proposal", "acceptance", "revocation"]


@dataclass(frozen=True, slots=True)
class Key:
    """One agreement as one hosted member holds it: `holder` is hosted here, `counterpart` the other party."""

    holder: MemberId
    counterpart: MemberId
    id: str

    @property
    def parties(self) -> frozenset[MemberId]:
        """Both members; a single one where two subsystems of one member agree."""
        return frozenset({self.holder, self.counterpart})


def parties(agreement: Agreement) -> frozenset[MemberId]:
    """The members that have to sign."""
    return frozenset({agreement.client.member, agreement.provider.member})


def key_of(agreement: Agreement, holder: MemberId) -> Key:
    """The agreement as one of its parties holds it."""
    client, provider = agreement.client.member, agreement.provider.member
    return Key(holder, provider if holder == client else client, agreement.id)


def digest(document: str) -> str:
    """SHA-256 of a document, unpadded base64url: how people compare it over the telephone."""
    return b64url(sha256(document.encode()).digest())


def write_document(value: Mapping[str, Any]) -> str:
    """An agreement file's content as the bytes to be signed."""
    return canonical(dict(value)).decode()


def read_document(document: str) -> Agreement:
    """Read and check an agreement's document, as it came from another member.

    Raises:
        MalformedRequest: it is none, or not in canonical form.
    """
    value = _canonical_object(document, "the agreement")
    try:
        return check_document(YamlFile(Path("agreement"), value, {})).agreement
    except ConfigurationError as error:
        raise MalformedRequest(error.detail) from None


@dataclass(frozen=True, slots=True)
class Revocation:
    """One member's word that all versions of an agreement up to `version` are over. `at` in epoch seconds."""

    id: str
    version: int
    client: SubsystemId
    provider: SubsystemId
    by: MemberId
    at: int
    reason: str

    def write(self) -> str:
        """The document to be signed."""
        return canonical(
            {
                "typ": "revocation", "id": self.id, "version": self.version, "client": str(self.client),
                "provider": str(self.provider), "by": str(self.by), "at": self.at, "reason": self.reason,
            }
        ).decode()  # fmt: skip

    @classmethod
    def read(cls, document: str) -> Self:
        """Read a revocation's document. Raises MalformedRequest."""
        value = _canonical_object(document, "the revocation")
        texts = ("typ", "id", "client", "provider", "by", "reason")
        if value.keys() != {*texts, "version", "at"} or value["typ"] != "revocation":
            raise MalformedRequest("the revocation has a missing or an unknown member")
        well_typed = all(isinstance(value[name], str) for name in texts) and all(
            type(value[name]) is int and value[name] > 0 for name in ("version", "at")
        )
        if not well_typed or len(value["reason"]) > MAX_REASON_LENGTH:
            raise MalformedRequest("the revocation has an ill-typed member")
        return cls(
            value["id"], value["version"], SubsystemId.parse(value["client"]),
            SubsystemId.parse(value["provider"]), MemberId.parse(value["by"]), value["at"], value["reason"],
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Message:
    """What one gateway sends to the other member's reserved service `agreement`."""

    typ: Type
    document: str
    signatures: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """The question's JSON object."""
        return {"v": 1, "typ": self.typ, "document": self.document, "signatures": list(self.signatures)}

    @classmethod
    def read(cls, value: Mapping[str, Any]) -> Self:
        """Read a question. Raises MalformedRequest."""
        if value.keys() != {"v", "typ", "document", "signatures"} or value["v"] != 1:
            raise MalformedRequest("an agreement's message has v (1), typ, document and signatures")
        typ, document, signatures = value["typ"], value["document"], value["signatures"]
        if typ not in get_args(Type) or not isinstance(document, str) or not isinstance(signatures, list):
            raise MalformedRequest("an agreement's message has an ill-typed member")
        if not 1 <= len(signatures) <= 2 or not all(isinstance(one, str) for one in signatures):
            raise MalformedRequest("an agreement's message has one or two signatures")
        return cls(typ, document, tuple(signatures))


def _canonical_object(document: str, what: str) -> dict[str, Any]:
    encoded = document.encode()
    value = parse_object(encoded, max_bytes=MAX_DOCUMENT_BYTES, what=what)
    if canonical(value) != encoded:
        raise MalformedRequest(f"{what} is not in canonical form")
    return value
