"""What every kind provides for the kit: a system of its protocol that answers and misbehaves.

It stands in `adapters/kinds/<kind>/stand_in.py`, as `stand_in(source, folder) -> StandIn`. Kinds over
HTTP subclass `adapters.http.stand_in.HttpStandIn` and say only what is their own. Others write the
whole: a database in a temporary file, an SFTP server, whatever speaks the protocol for real. The
stand-in runs where a blocked event loop cannot stop it (a thread or a process of its own), so that an
adapter that blocks fails a check instead of hanging the kit.

What cannot happen with a kind is said in `cannot`, fault by fault, with a reason a reader accepts:
it appears in the report. What a whole check cannot ask of a kind is said in the kind's `form.py`:

    EXEMPTIONS: Final[Mapping[int, str]] = {16: "a database view has no pages"}
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, cast

from adapters.conformance.faults import Fault
from adapters.kinds import package_of
from schemas.errors import ConfigurationError

if TYPE_CHECKING:
    from adapters.source import Source

Asked = Mapping[str, Any]
"""One question as the system understands it, decoded: mappings, lists and scalars.

    HTTP    {"method": "GET", "path": ["persons", "1000000017"], "query": {"x": ["…"]}, "body": …}
    SQL     {"statement": "SELECT …", "parameters": ["1000000017"]}

The injection check asks twice, for a plain value and for a hostile one: the two questions must be
the same in everything but the one text that holds the value. Headers are left out."""


class StandIn(Protocol):
    """A system that one source points at, from `start` to `stop`."""

    cannot: Mapping[Fault, str]
    """Faults that this system cannot show, and why."""

    @property
    def source(self) -> Source:
        """The source, pointing at this system; known once started. Its limits and services are those
        it was made with."""

    asked: list[Asked]
    """Every question for records since `forget`, sign-ins and health left out, in their order;
    each attempt and each page is one."""

    most_at_once: int
    """How many questions were being worked on at the same time, at most, since `forget`."""

    broken_off: int
    """How many questions were given up by the client before their answer ended, since `forget`:
    a closed connection, a cancelled statement."""

    sign_ins: int
    """How often somebody signed in since `forget`; 0 where there is no sign-in."""

    async def start(self) -> None:
        """Begin to answer; with nothing recorded, every question finds nobody."""

    async def stop(self) -> None:
        """End, and give everything back. Stopping twice is allowed."""

    async def play(self, case: Mapping[str, Any]) -> None:
        """Answer what a fixture case recorded from now on, whatever is asked. Ends a fault."""

    async def behave(self, fault: Fault | None) -> None:
        """Misbehave from now on; None ends it. Only faults that are not in `cannot`. The played case
        stays, for faults that bend it. Connections that were kept alive feel it too."""

    def forget(self) -> None:
        """Set all counts to nothing."""

    def pages(self, case: Mapping[str, Any]) -> bool:
        """Whether the answer to a case comes in pages, so that `REPEATED_CURSOR` can be shown on it."""
        return len(case.get("answers", ())) > 1

    def written_as(self, value: str) -> frozenset[str]:
        """How a value may rightly stand in a question (an escape of the protocol), besides as it is."""


class NewStandIn(Protocol):
    """`stand_in` of a kind's `stand_in.py`."""

    def __call__(self, source: Source, folder: Path) -> StandIn:
        """A system for a source that was loaded offline; `folder` is empty, to work in, gone afterwards."""


def stand_in_of(kind: str) -> NewStandIn:
    """How the system behind a kind is stood in for.

    Raises:
        ConfigurationError: no such kind, or it has no stand-in.
    """
    name = package_of(kind) + ".stand_in"
    if find_spec(name) is None:
        raise ConfigurationError(f"kind `{kind}` cannot be tested: it has no stand-in")
    module: Any = import_module(name)
    return cast("NewStandIn", module.stand_in)


def exemptions_of(kind: str) -> Mapping[int, str]:
    """What the checks cannot ask of a kind: number of the check, reason."""
    form: Any = import_module(package_of(kind) + ".form")
    return cast("Mapping[int, str]", getattr(form, "EXEMPTIONS", {}))
