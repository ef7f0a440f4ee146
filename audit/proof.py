"""Proof files: C2SP tlog-proof@v1, the form of every receipt.

c2sp.org/tlog-proof@v1
[extra <base64>]
index <n>
<base64 hash>            one line each, leaf to root
                         (empty line)
<checkpoint, with all its signatures>
"""

from __future__ import annotations

from dataclasses import dataclass

from audit.checkpoint import Checkpoint, verify_checkpoint
from audit.errors import Malformed
from audit.merkle import HASH_SIZE, leaf_hash, verify_inclusion
from audit.note import Note, Verifier, decode64, encode64

FIRST_LINE = "c2sp.org/tlog-proof@v1"
MAX_HASHES = 63


@dataclass(frozen=True, slots=True)
class Proof:
    """Index of an entry, its inclusion proof, and the signed checkpoint (as text) that it leads to."""

    index: int
    hashes: tuple[bytes, ...]
    checkpoint: str
    extra: bytes | None = None

    @classmethod
    def parse(cls, text: str) -> Proof:
        """Read a proof file; raise `Malformed` when it is not one. Verifies nothing."""
        head, blank, checkpoint = text.partition("\n\n")
        lines = head.split("\n")
        if not blank or lines.pop(0) != FIRST_LINE:
            raise Malformed("not a tlog-proof")
        extra = (
            decode64(lines.pop(0).removeprefix("extra ")) if lines and lines[0].startswith("extra ") else None
        )
        index = lines.pop(0).removeprefix("index ") if lines and lines[0].startswith("index ") else ""
        hashes = tuple(map(decode64, lines))
        if not (index.isascii() and index.isdigit() and len(index) <= 18) or index != str(int(index)):
            raise Malformed("not an index")
        if len(hashes) > MAX_HASHES or any(len(hashed) != HASH_SIZE for hashed in hashes):
            raise Malformed("not an inclusion proof")
        Checkpoint.parse(Note.parse(checkpoint).text)
        return cls(int(index), hashes, checkpoint, extra)

    def format(self) -> str:
        """Return the proof file."""
        extra = "" if self.extra is None else f"extra {encode64(self.extra)}\n"
        hashes = "".join(encode64(hashed) + "\n" for hashed in self.hashes)
        return f"{FIRST_LINE}\n{extra}index {self.index}\n{hashes}\n{self.checkpoint}"

    def verify(self, entry: bytes, verifier: Verifier) -> Checkpoint:
        """Check that `entry` is in the log of `verifier`, or raise `VerificationFailed`; return the head."""
        checkpoint = verify_checkpoint(self.checkpoint, verifier)
        verify_inclusion(leaf_hash(entry), self.index, checkpoint.size, checkpoint.root, self.hashes)
        return checkpoint
