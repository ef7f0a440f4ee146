"""WS-Security 1.0: UsernameToken, Timestamp, X.509 signatures of what we send and of what we get.

We sign Body and Timestamp, with the certificate as BinarySecurityToken (SHA-256; RSA or ECDSA,
exclusive canonical XML). Of a signed answer only what the signature covers is used: the Body that
the verifier gives back, never the one found in the message (signature wrapping), and its Timestamp
must be covered and fresh. The answering certificate is pinned in the source's file; what a message
says about its own key counts for nothing. Not here: encryption, SAML, certificate chains, SHA-1.
"""

from __future__ import annotations

import os
from base64 import b64encode
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha1
from pathlib import Path
from typing import Any, Final, Literal

from lxml import etree

from adapters.kinds.soap.envelope import Message
from adapters.kinds.soap.names import (
    BASE64,
    DS,
    ENVELOPE,
    PASSWORD_DIGEST,
    PASSWORD_TEXT,
    WSSE,
    WSU,
    X509V3,
    Version,
)
from adapters.xml import Element
from schemas.errors import ConfigurationError
from schemas.outcome import Misbehaving

CLOCK_SKEW: Final = timedelta(seconds=60)
OLDEST: Final = timedelta(seconds=300)
_EXCLUSIVE: Final = "http://www.w3.org/2001/10/xml-exc-c14n#"
_PREFIXES: Final = {"wsse": WSSE, "wsu": WSU}
_TOKEN, _STAMP, _BODY = "isthmus-token", "isthmus-timestamp", "isthmus-body"


@dataclass(frozen=True, slots=True)
class Username:
    """A UsernameToken; `digest` sends the password's digest in place of the password."""

    user: str
    password: str = field(repr=False)
    type: Literal["text", "digest"] = "text"


@dataclass(frozen=True, slots=True)
class Signing:
    """The key that signs (PEM), and the file of its certificate."""

    key: str = field(repr=False)
    certificate: Path


@dataclass(frozen=True, slots=True)
class Security:
    """`security:` of a connection. `verify` is the file of the certificate that must have signed
    answers; None takes answers as TLS brings them."""

    username: Username | None = None
    timestamp_s: int | None = None
    signing: Signing | None = None
    verify: Path | None = None


class Seal:
    """Puts a connection's security to requests and takes it off answers; reads keys once.

    Raises:
        ConfigurationError: a key or certificate cannot be read.
    """

    def __init__(self, version: Version, security: Security) -> None:
        self._version, self._security = version, security
        self._signer = None if security.signing is None else _Signer(security.signing)
        self._verify = None if security.verify is None else _certificate(security.verify)

    def header(self, now: datetime) -> Element | None:
        """The Security header block of a request, not yet signed; None when nothing is configured."""
        security = self._security
        if (security.username, security.timestamp_s, self._signer) == (None, None, None):
            return None
        block = etree.Element(f"{{{WSSE}}}Security", nsmap=_PREFIXES)
        block.set(f"{{{ENVELOPE[self._version]}}}mustUnderstand", "1" if self._version == "1.1" else "true")
        if self._signer is not None:
            block.append(self._signer.token())
        if security.timestamp_s is not None or self._signer is not None:
            block.append(_timestamp(now, security.timestamp_s or int(OLDEST.total_seconds())))
        if security.username is not None:
            block.append(_username(security.username, now))
        return block

    def sign(self, message: Element) -> None:
        """Sign a whole request, when that is configured; it gets its signature."""
        if self._signer is not None:
            uri = ENVELOPE[self._version]
            message[-1].set(f"{{{WSU}}}Id", _BODY)
            block = message.find(f"{{{uri}}}Header/{{{WSSE}}}Security")
            if block is not None:
                block.append(self._signer.signature(message))

    def opened(self, message: Message, now: datetime) -> Message | Misbehaving:
        """The message with the Body that may be trusted."""
        stamps = message.envelope.iterfind(f"{{*}}Header/{{{WSSE}}}Security/{{{WSU}}}Timestamp")
        if not all(_is_fresh(stamp, now) for stamp in stamps):
            return Misbehaving("the answer's timestamp is not of this moment")
        if self._verify is None:
            return message
        return self._verified(message, now)

    def _verified(self, message: Message, now: datetime) -> Message | Misbehaving:
        from cryptography.exceptions import InvalidSignature
        from signxml.exceptions import SignXMLException
        from signxml.verifier import SignatureConfiguration, XMLVerifier

        uri = ENVELOPE[message.version]
        config = SignatureConfiguration(
            location=f"./{{{uri}}}Header/{{{WSSE}}}Security/", expect_references=True, require_x509=True
        )
        if not _is_plain(message.envelope):
            return Misbehaving("the answer has no signature of the pinned certificate")
        try:
            # WS-Security puts into signatures what their schema does not list, so it is not validated.
            found = XMLVerifier().verify(
                message.envelope, x509_cert=self._verify, expect_config=config, validate_schema=False
            )
        except (SignXMLException, InvalidSignature, ValueError, TypeError, KeyError, etree.LxmlError):
            return Misbehaving("the answer has no signature of the pinned certificate")
        parts: list[Any] = [one.signed_xml for one in (found if isinstance(found, list) else [found])]
        bodies = [part for part in parts if part is not None and part.tag == f"{{{uri}}}Body"]
        stamps = [part for part in parts if part is not None and part.tag == f"{{{WSU}}}Timestamp"]
        if len(bodies) != 1 or len(stamps) != 1 or not _is_fresh(stamps[0], now):
            return Misbehaving("the answer's signature does not cover its Body and a timestamp of now")
        return Message(message.version, message.envelope, bodies[0])


def _is_plain(envelope: Element) -> bool:
    """One signature with one of each of its parts, so that no two readers can mean different ones."""
    signatures = list(envelope.iter(f"{{{DS}}}Signature"))
    return len(signatures) == 1 and all(
        len(list(signatures[0].iter(f"{{{DS}}}{part}"))) == 1
        for part in ("SignedInfo", "SignatureValue", "CanonicalizationMethod", "SignatureMethod")
    )


class _Signer:
    """Our key and certificate, read once."""

    def __init__(self, signing: Signing) -> None:
        from cryptography.hazmat.primitives.serialization import load_pem_private_key

        try:
            self._key = load_pem_private_key(signing.key.encode(), None)
        except (ValueError, TypeError):
            raise ConfigurationError("security.sign: the key is not an unencrypted PEM key") from None
        self._certificate = _certificate(signing.certificate)

    def token(self) -> Element:
        """The certificate as BinarySecurityToken."""
        from cryptography.hazmat.primitives.serialization import Encoding

        token = etree.Element(f"{{{WSSE}}}BinarySecurityToken", EncodingType=BASE64, ValueType=X509V3)
        token.set(f"{{{WSU}}}Id", _TOKEN)
        token.text = b64encode(self._certificate.public_bytes(Encoding.DER)).decode()
        return token

    def signature(self, message: Element) -> Element:
        """The signature over Body and Timestamp, which names the token."""
        from signxml.algorithms import SignatureConstructionMethod
        from signxml.signer import XMLSigner

        info = etree.Element(f"{{{DS}}}KeyInfo", nsmap={"ds": DS})
        reference = etree.SubElement(info, f"{{{WSSE}}}SecurityTokenReference", nsmap=_PREFIXES)
        etree.SubElement(reference, f"{{{WSSE}}}Reference", URI=f"#{_TOKEN}", ValueType=X509V3)
        signer = XMLSigner(
            method=SignatureConstructionMethod.detached,
            signature_algorithm="ecdsa-sha256" if "ec." in type(self._key).__module__ + "." else "rsa-sha256",
            digest_algorithm="sha256",
            c14n_algorithm=_EXCLUSIVE,
        )
        key: Any = self._key
        return signer.sign(message, key=key, reference_uri=[f"#{_BODY}", f"#{_STAMP}"], key_info=info)


def _certificate(path: Path) -> Any:
    from cryptography.x509 import load_pem_x509_certificate

    try:
        return load_pem_x509_certificate(path.read_bytes())
    except (OSError, ValueError):
        raise ConfigurationError(f"security: {path.name} is not the PEM file of a certificate") from None


def _timestamp(now: datetime, seconds: int) -> Element:
    stamp = etree.Element(f"{{{WSU}}}Timestamp", nsmap={"wsu": WSU})
    stamp.set(f"{{{WSU}}}Id", _STAMP)
    etree.SubElement(stamp, f"{{{WSU}}}Created").text = _moment(now)
    etree.SubElement(stamp, f"{{{WSU}}}Expires").text = _moment(now + timedelta(seconds=seconds))
    return stamp


def _username(username: Username, now: datetime) -> Element:
    """UsernameToken Profile 1.0, section 3.1: digest = SHA-1(nonce + created + password)."""
    token = etree.Element(f"{{{WSSE}}}UsernameToken", nsmap=_PREFIXES)
    etree.SubElement(token, f"{{{WSSE}}}Username").text = username.user
    nonce, created = os.urandom(16), _moment(now)
    password = etree.SubElement(token, f"{{{WSSE}}}Password")
    if username.type == "digest":
        password.set("Type", PASSWORD_DIGEST)
        digest = sha1(nonce + created.encode() + username.password.encode()).digest()  # noqa: S324 - profile
        password.text = b64encode(digest).decode()
    else:
        password.set("Type", PASSWORD_TEXT)
        password.text = username.password
    etree.SubElement(token, f"{{{WSSE}}}Nonce", EncodingType=BASE64).text = b64encode(nonce).decode()
    etree.SubElement(token, f"{{{WSU}}}Created").text = created
    return token


def _is_fresh(stamp: Element, now: datetime) -> bool:
    """Whether it was made lately and has not run out; one of another form is not fresh."""
    try:
        created = _read_moment(stamp.findtext(f"{{{WSU}}}Created") or "")
        expires = stamp.findtext(f"{{{WSU}}}Expires")
        late = expires is not None and _read_moment(expires) + CLOCK_SKEW < now
    except ValueError:
        return False
    return not late and now - OLDEST - CLOCK_SKEW <= created <= now + CLOCK_SKEW


def _read_moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text.strip())
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"
