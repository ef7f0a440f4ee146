"""What a check says about a source, and the three tiers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from adapters.conformance.bench import Bench

Tier = Literal["bronze", "silver", "gold"]
State = Literal["passed", "failed", "exempt"]
TIERS: Final[tuple[Tier, ...]] = ("bronze", "silver", "gold")


class Failed(Exception):
    """The source broke the rule of a check; the text says how, without values."""


class Exempt(Exception):
    """The check asks nothing of this source; the text says why."""


@dataclass(frozen=True, slots=True)
class Check:
    """One rule. `run` ends quietly when it is kept, else raises `Failed` or `Exempt`."""

    number: int
    name: str
    rule: str
    cure: str
    run: Callable[[Bench], Awaitable[None]] = field(repr=False)

    @property
    def tier(self) -> Tier:
        """Bronze 1 to 8, silver 9 to 15, gold 16 to 20."""
        return "bronze" if self.number <= 8 else "silver" if self.number <= 15 else "gold"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one check found. `why` is empty when it passed; `unfounded` marks an exemption that was
    claimed for a check that passes."""

    check: Check
    state: State
    why: str = ""
    unfounded: bool = False


@dataclass(frozen=True, slots=True)
class Report:
    """What all checks found about one source."""

    source: str
    kind: str
    path: Path | None
    verdicts: tuple[Verdict, ...]

    @property
    def tier(self) -> Tier | None:
        """The highest tier whose checks, and those of the tiers below it, all pass or are exempt."""
        reached: Tier | None = None
        for tier in TIERS:
            if any(one.state == "failed" for one in self.verdicts if one.check.tier == tier):
                break
            reached = tier
        return reached

    @property
    def failed(self) -> tuple[Verdict, ...]:
        """The rules that were broken."""
        return tuple(one for one in self.verdicts if one.state == "failed")
