"""Checkpoints: C2SP tlog-checkpoint v1.0.0. Origin, size and root, signed as a note.

The origin of a gateway's log is `isthmus/<gateway id>`, and is also the name of its log key. Two words, one
format: a *committed head* is signed after each group of entries, a *published checkpoint* now and then.
"""

from __future__ import annotations

from dataclasses import dataclass

from audit.errors import Malformed, VerificationFailed
from audit.merkle import HASH_SIZE
from audit.note import Signer, Verifier, decode64, encode64, verify_note

MAX_SIZE_DIGITS = 18


def origin_of(gateway: str) -> str:
    """Return the origin of a gateway's log, given the gateway's identifier."""
    return f"isthmus/{gateway}"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Origin, tree size and root hash of a log at one moment; extension lines are kept as they came."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    @classmethod
    def parse(cls, text: str) -> Checkpoint:
        """Read the text of a checkpoint note (without its signatures)."""
        lines = text.split("\n")
        if len(lines) < 4 or lines.pop() != "" or not all(lines):
            raise Malformed("not a checkpoint")
        origin, size, root, *extensions = lines
        checkpoint = cls(origin, _parse_size(size), decode64(root), tuple(extensions))
        if len(checkpoint.root) != HASH_SIZE:
            raise Malformed("the root is not one hash")
        return checkpoint

    def format(self) -> str:
        """Return the text to be signed."""
        extensions = "".join(line + "\n" for line in self.extensions)
        return f"{self.origin}\n{self.size}\n{encode64(self.root)}\n{extensions}"

    def sign(self, signer: Signer) -> str:
        """Return the signed note."""
        return signer.sign(self.format())


def verify_checkpoint(note: str, verifier: Verifier) -> Checkpoint:
    """Check the log's own signature and that the key's name is the origin; return what was signed."""
    checkpoint = Checkpoint.parse(verify_note(note, [verifier]).text)
    if checkpoint.origin != verifier.name:
        raise VerificationFailed("the checkpoint is of another log")
    return checkpoint


def _parse_size(text: str) -> int:
    """Read a decimal without leading zeros."""
    if not (text.isascii() and text.isdigit() and len(text) <= MAX_SIZE_DIGITS) or text != str(int(text)):
        raise Malformed("not a tree size")
    return int(text)
