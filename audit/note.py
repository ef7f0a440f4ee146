"""Signed notes: C2SP signed-note v1.0.0, with Ed25519 keys (signature type 0x01).

A note is text ending in a newline, an empty line, and lines `— <name> <base64(key id ‖ signature)>`.
Verification ignores signatures of unknown keys, but a bad signature by a known key rejects the whole note.
Other signature types (witness cosignatures 0x04, 0x06) are carried, not checked, here.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from audit.errors import Malformed, VerificationFailed

ED25519 = b"\x01"
MAX_NOTE_SIZE = 64 * 1024
MAX_SIGNATURES = 64
_CONTROL = re.compile("[\x00-\x09\x0b-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature line: the signer's name, the 4-byte key id, and the signature's bytes."""

    name: str
    key_id: bytes
    signature: bytes

    def format(self) -> str:
        """Return the line, newline included."""
        return f"— {self.name} {encode64(self.key_id + self.signature)}\n"


@dataclass(frozen=True, slots=True)
class Note:
    """A text (ending in a newline) and the signatures below it. Parsing checks the form, no signature."""

    text: str
    signatures: tuple[Signature, ...]

    @classmethod
    def parse(cls, note: str) -> Note:
        """Read a note; raise `Malformed` when it is not one."""
        if len(note) > MAX_NOTE_SIZE or _CONTROL.search(note):
            raise Malformed("not a signed note")
        head, blank, tail = note.rpartition("\n\n")
        lines = tail.split("\n")
        if not blank or lines.pop() != "" or not 0 < len(lines) <= MAX_SIGNATURES:
            raise Malformed("not a signed note")
        return cls(head + "\n", tuple(map(_parse_signature, lines)))

    def format(self) -> str:
        """Return the note as text."""
        return self.text + "\n" + "".join(signature.format() for signature in self.signatures)


@dataclass(frozen=True, slots=True)
class Verifier:
    """A name with an Ed25519 public key: what a vkey says."""

    name: str
    public_key: bytes

    def __post_init__(self) -> None:
        """Refuse names the format forbids and keys of the wrong length."""
        if (
            not self.name
            or "+" in self.name
            or any(c.isspace() for c in self.name)
            or _CONTROL.search(self.name)
        ):
            raise Malformed("not a key name")
        if len(self.public_key) != 32:
            raise Malformed("not an Ed25519 public key")

    @property
    def key_id(self) -> bytes:
        """First four bytes of SHA-256(name ‖ newline ‖ type ‖ key)."""
        return sha256(self.name.encode() + b"\n" + ED25519 + self.public_key).digest()[:4]

    @classmethod
    def parse(cls, vkey: str) -> Verifier:
        """Read `name+hex8(key id)+base64(type ‖ key)`; the key id must fit."""
        name, _, rest = vkey.partition("+")
        key_id, _, encoded = rest.partition("+")
        key = decode64(encoded)
        if key[:1] != ED25519:
            raise Malformed("only Ed25519 note keys are understood")
        verifier = cls(name, key[1:])
        if verifier.key_id.hex() != key_id:
            raise Malformed("the key id does not belong to the name and key")
        return verifier

    def format(self) -> str:
        """Return the vkey."""
        return f"{self.name}+{self.key_id.hex()}+{encode64(ED25519 + self.public_key)}"

    def holds(self, text: str, signature: bytes) -> bool:
        """Tell whether this is our signature of the text."""
        try:
            Ed25519PublicKey.from_public_bytes(self.public_key).verify(signature, text.encode())
        except InvalidSignature:
            return False
        return True


class Signer:
    """A name with an Ed25519 private key. Signatures are deterministic: any worker may sign a text again."""

    def __init__(self, name: str, key: Ed25519PrivateKey) -> None:
        self.verifier = Verifier(name, key.public_key().public_bytes_raw())
        self._key = key
        self._key_id = self.verifier.key_id

    def sign(self, text: str) -> str:
        """Return the note: the text (ending in a newline) and our signature."""
        if not text.endswith("\n"):
            raise Malformed("the text of a note ends in a newline")
        signature = Signature(self.verifier.name, self._key_id, self._key.sign(text.encode()))
        return f"{text}\n{signature.format()}"


def verify_note(note: str, verifiers: Iterable[Verifier]) -> Note:
    """Check a note: at least one known key has signed it, and no known key's signature is bad."""
    parsed = Note.parse(note)
    known = {(verifier.name, verifier.key_id): verifier for verifier in verifiers}
    signed = False
    for signature in parsed.signatures:
        verifier = known.get((signature.name, signature.key_id))
        if verifier is None:
            continue
        if not verifier.holds(parsed.text, signature.signature):
            raise VerificationFailed(f"the signature of {signature.name} does not hold")
        signed = True
    if not signed:
        raise VerificationFailed("no known key has signed the note")
    return parsed


def encode64(raw: bytes) -> str:
    """Return standard base64, padded."""
    return base64.b64encode(raw).decode()


def decode64(text: str) -> bytes:
    """Read standard base64, padded, with nothing else in it."""
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Malformed("not base64") from error
    if encode64(raw) != text:
        raise Malformed("not canonical base64")
    return raw


def _parse_signature(line: str) -> Signature:
    """Read one signature line without its newline."""
    dash, _, rest = line.partition(" ")
    name, _, encoded = rest.partition(" ")
    raw = decode64(encoded)
    if dash != "—" or not name or "+" in name or any(c.isspace() for c in name) or len(raw) < 5:
        raise Malformed("not a signature line")
    return Signature(name, raw[:4], raw[4:])
