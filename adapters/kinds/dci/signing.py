"""Signatures of DCI messages: the profiles that are deployed, since the standard defines none.

`draft-cavage-ed25519`, as OpenSPP signs: over created, expires and the SHA-256 of the message's JSON
with sorted keys. `jws-embedded-rs256`, as OpenCRVS's bridge signs: a compact JWS that holds the whole
message. Both sign `{header, message}` as sent, after encryption. A verifier gets the keys its source
file registered; nothing in a message ever names another one. Pure: no network, no clock of its own.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256

SignatureProfile = Literal["none", "draft-cavage-ed25519", "jws-embedded-rs256"]
PublicKey = Ed25519PublicKey | RSAPublicKey

LIFETIME_S: Final = 300
SKEW_S: Final = 60
LONGEST_S: Final = 3600
"""A signature that vouches for longer is refused: it could be shown again for as long."""
_MAX_SIGNATURE: Final = 8 * 1024 * 1024
_PARAMETER: Final = re.compile(r'([A-Za-z]+)="([^"]*)"')
_COVERED: Final = "(created) (expires) digest"


class Unverified(Exception):
    """A signature that does not hold; the text is safe to show."""


class Signer(Protocol):
    """Signs what we send."""

    def sign(self, header: Mapping[str, Any], message: Mapping[str, Any], now: int) -> str:
        """The text of `signature`; `now` is epoch seconds."""


class Verifier(Protocol):
    """Checks what we get."""

    def key_id(self, signature: str) -> str | None:
        """Which of the peer's keys a signature says it was made with; None when it does not."""

    def verify(
        self, signature: str, header: Any, message: Any, keys: Mapping[str, PublicKey], now: int
    ) -> None:
        """Accept a signature over these two members, or raise Unverified; `keys` by their names."""


@dataclass(frozen=True, slots=True)
class CavageSigner:
    """Signs with Ed25519 in the style of the draft-cavage HTTP signatures."""

    key: Ed25519PrivateKey = field(repr=False)
    sender_id: str
    key_name: str

    def sign(self, header: Mapping[str, Any], message: Mapping[str, Any], now: int) -> str:
        """As `Signer.sign`."""
        expires = now + LIFETIME_S
        made = self.key.sign(_signing_string(now, expires, header, message))
        return (
            f'namespace="dci", kidId="{self.sender_id}|{self.key_name}|ed25519", algorithm="ed25519", '
            f'created="{now}", expires="{expires}", headers="{_COVERED}", '
            f'signature="{base64.b64encode(made).decode()}"'
        )


class CavageVerifier:
    """Checks signatures of `CavageSigner`'s form."""

    def key_id(self, signature: str) -> str | None:
        """As `Verifier.key_id`: all of `kidId`, as OpenSPP's key set names its keys."""
        return dict(_PARAMETER.findall(signature)).get("kidId")

    def verify(
        self, signature: str, header: Any, message: Any, keys: Mapping[str, PublicKey], now: int
    ) -> None:
        """As `Verifier.verify`."""
        pairs = _PARAMETER.findall(signature)
        given = dict(pairs)
        if len(given) != len(pairs):
            raise Unverified("the signature names a parameter twice")
        if given.get("algorithm") != "ed25519" or given.get("headers") != _COVERED:
            raise Unverified("the signature is not of the profile draft-cavage-ed25519")
        created, expires = _moment(given.get("created")), _moment(given.get("expires"))
        if created > now + SKEW_S or expires < now - SKEW_S or expires - created > LONGEST_S:
            raise Unverified("the signature is not valid at this time")
        key = _key(keys, given.get("kidId"))
        try:
            made = base64.b64decode(given.get("signature", ""), validate=True)
            if not isinstance(key, Ed25519PublicKey):
                raise Unverified("the registered key is not an Ed25519 key")
            key.verify(made, _signing_string(created, expires, header, message))
        except (binascii.Error, InvalidSignature):
            raise Unverified("the signature does not fit the message") from None


@dataclass(frozen=True, slots=True)
class EmbeddedSigner:
    """Signs with RS256; `key_name` is the RFC 7638 thumbprint unless the file says another."""

    key: RSAPrivateKey = field(repr=False)
    key_name: str

    def sign(self, header: Mapping[str, Any], message: Mapping[str, Any], now: int) -> str:
        """As `Signer.sign`; the form knows no time."""
        del now
        protected = _b64url(json.dumps({"alg": "RS256", "kid": self.key_name}).encode())
        payload = _b64url(json.dumps({"header": header, "message": message}).encode())
        signed = f"{protected}.{payload}"
        return f"{signed}.{_b64url(self.key.sign(signed.encode(), PKCS1v15(), SHA256()))}"


class EmbeddedVerifier:
    """Checks a compact JWS and that it holds the very message it came with."""

    def key_id(self, signature: str) -> str | None:
        """As `Verifier.key_id`: the protected `kid`."""
        try:
            name = _protected(signature).get("kid")
        except Unverified:
            return None
        return name if isinstance(name, str) else None

    def verify(
        self, signature: str, header: Any, message: Any, keys: Mapping[str, PublicKey], now: int
    ) -> None:
        """As `Verifier.verify`; only RS256, whatever the signature says."""
        del now
        protected = _protected(signature)
        if protected.get("alg") != "RS256" or "crit" in protected:
            raise Unverified("the signature is not of the profile jws-embedded-rs256")
        key = _key(keys, protected.get("kid"))
        if not isinstance(key, RSAPublicKey):
            raise Unverified("the registered key is not an RSA key")
        signed, _, made = signature.rpartition(".")
        try:
            key.verify(_unb64url(made), signed.encode(), PKCS1v15(), SHA256())
            held = json.loads(_unb64url(signed.partition(".")[2]))
        except (InvalidSignature, ValueError, RecursionError):
            raise Unverified("the signature does not fit the message") from None
        if not _same(held, {"header": header, "message": message}):
            raise Unverified("the signature holds another message")


def verifier_of(profile: SignatureProfile) -> Verifier | None:
    """The verifier of a profile; None of `none`."""
    match profile:
        case "draft-cavage-ed25519":
            return CavageVerifier()
        case "jws-embedded-rs256":
            return EmbeddedVerifier()
        case _:
            return None


def _signing_string(created: int, expires: int, header: Any, message: Any) -> bytes:
    # Python's default escapes of non-ASCII text are part of this profile.
    text = json.dumps({"header": header, "message": message}, sort_keys=True, separators=(",", ":"))
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return f"(created): {created}\n(expires): {expires}\ndigest: {digest}".encode()


def _moment(text: str | None) -> int:
    if text is None or re.fullmatch(r"[0-9]{1,12}", text) is None:
        raise Unverified("the signature does not say how long it is valid")
    return int(text)


def _key(keys: Mapping[str, PublicKey], name: Any) -> PublicKey:
    """The registered key of this name; a key that the file registered without a name serves any."""
    if isinstance(name, str) and name in keys:
        return keys[name]
    if "" in keys:
        return keys[""]
    raise Unverified("the signature is by a key that is not registered")


def _protected(signature: str) -> Mapping[str, Any]:
    if len(signature) > _MAX_SIGNATURE or signature.count(".") != 2:
        raise Unverified("the signature is no compact JWS")
    try:
        protected = json.loads(_unb64url(signature.partition(".")[0]))
    except (ValueError, RecursionError):
        raise Unverified("the signature is no compact JWS") from None
    if not isinstance(protected, Mapping):
        raise Unverified("the signature is no compact JWS")
    return protected


def _same(one: Any, other: Any) -> bool:
    """Equal JSON; `True == 1` in Python, not in JSON."""
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


def _b64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _unb64url(text: str) -> bytes:
    if re.fullmatch(r"[A-Za-z0-9_-]*", text) is None:
        raise ValueError("not base64url")
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
