"""What goes into the log and what comes back: pending entries, replay rows, committed entries and heads."""

from __future__ import annotations

from dataclasses import dataclass

from audit.case import Case, CaseSealer, SealedCase
from audit.checkpoint import Checkpoint
from audit.entry import Entry
from audit.merkle import Tree, leaf_hash
from audit.note import Signer


@dataclass(frozen=True, slots=True)
class ReplayRow:
    """One use of a message identifier, remembered until `expires` (epoch seconds).

    `digest` tells the request from another with the same identifier (take it over what was signed, since a
    signature itself is malleable); `answer` is the answer JWS, empty while there is none. The first entry
    that carries a row *claims* the identifier; when that was an `accepted` entry, its `outcome` carries
    the same row with the answer and `claimed=True`, which completes the row instead of colliding with it.
    """

    iss: str
    id: str
    digest: bytes
    answer: str
    expires: int
    claimed: bool = False


@dataclass(frozen=True, slots=True)
class PendingEntry:
    """An entry to be appended, with what belongs to it in the same transaction.

    `erases` is the index of the entry whose case key and salt are destroyed by this one.
    """

    entry: Entry
    case: Case | None = None
    replay: ReplayRow | None = None
    erases: int | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """A pending entry as the bytes and columns a store writes."""

    ts: int
    kind: str
    side: str | None
    exchange: str
    leaf_hash: bytes
    record: bytes
    sealed: SealedCase | None = None
    replay: ReplayRow | None = None
    erases: int | None = None

    @classmethod
    def of(cls, pending: PendingEntry, sealer: CaseSealer) -> Row:
        """Seal the case, commit to it in the entry, and encode the entry."""
        entry = pending.entry
        sealed = None if pending.case is None else sealer.seal(pending.case)
        record = entry.encode(None if sealed is None else sealed.commitment)
        hashed = leaf_hash(record)
        return cls(
            entry.ts, entry.kind, entry.side, entry.id, hashed, record, sealed, pending.replay, pending.erases
        )


@dataclass(frozen=True, slots=True)
class Group:
    """What a store committed: the new tree, and for each row its index, or what had been logged before it."""

    tree: Tree
    places: list[int | ReplayRow]


@dataclass(frozen=True, slots=True)
class Head:
    """A committed head: size and root, and `note`, the signed note that says so.

    The signature is made when somebody reads it: it is deterministic and of what is committed already,
    and of the many heads of a busy second few are ever shown.
    """

    size: int
    root: bytes
    signer: Signer

    @property
    def note(self) -> str:
        """The head as a signed checkpoint."""
        return Checkpoint(self.signer.verifier.name, self.size, self.root).sign(self.signer)


@dataclass(frozen=True, slots=True)
class Committed:
    """An entry that is durable: its index, its leaf hash, and the head that includes it."""

    index: int
    leaf_hash: bytes
    head: Head
