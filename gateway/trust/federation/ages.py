"""How old the copy is, and what that allows (federation layout, stale policy). Pure.

    fresh     a timestamp was verified a moment ago, and its version keeps rising
    stale     the registrar has not been heard lately: an alarm, and within the grace all goes on
    frozen    revocations ran out while a timestamp was fresh: somebody withholds them; all is refused
    expired   the grace is over, or there never was a copy: all is refused

A frozen copy stays frozen until fresh revocations arrive, also when its timestamp runs out: else
whoever froze it would only have to cut the line to win the grace. Honest absence looks different,
since revocations outlive the last timestamp by hours.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Final, Literal, Self

from gateway.trust.federation.forms import VERSION, Form
from gateway.trust.federation.national import Policy
from gateway.trust.federation.roles import HEARTBEAT_S
from schemas.strict_json import canonical

Freshness = Literal["fresh", "stale", "frozen", "expired"]
_MAX_BYTES: Final = 4096


@dataclass(frozen=True, slots=True)
class Ages:
    """Moments in epoch seconds. `verified_at` is when a whole poll last succeeded, `risen_at` when
    the timestamp's version last rose; the expiries are those of the latest verified signatures."""

    timestamp_version: int
    timestamp_expires: int
    risen_at: int
    revocation_expires: int = 0
    verified_at: int = 0
    snapshot_version: int = 0

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Read what `format` wrote."""
        form = Form.document(data, "ages", max_bytes=_MAX_BYTES)
        return cls(
            timestamp_version=form.whole("timestamp_version"),
            timestamp_expires=form.whole("timestamp_expires"),
            risen_at=form.whole("risen_at"),
            revocation_expires=form.whole("revocation_expires"),
            verified_at=form.whole("verified_at"),
            snapshot_version=form.whole("snapshot_version"),
        )

    def format(self) -> bytes:
        """The canonical bytes."""
        return canonical({"v": VERSION, **asdict(self)})

    @property
    def withheld(self) -> bool:
        """Whether revocations run out before the timestamp does: they were not renewed in time."""
        return self.revocation_expires < self.timestamp_expires

    def serve_until(self, policy: Policy) -> int:
        """The moment from which all is refused, if nothing new arrives."""
        return self.revocation_expires if self.withheld else self.timestamp_expires + policy.grace_s

    def freshness(self, policy: Policy, now: float) -> Freshness:
        """What the copy's age allows at a moment."""
        if now >= self.serve_until(policy):
            return "frozen" if self.withheld else "expired"
        unheard = now - self.verified_at > policy.stale_after_s
        not_rising = now - self.risen_at > 2 * HEARTBEAT_S
        return "stale" if unheard or not_rising or now >= self.timestamp_expires else "fresh"
