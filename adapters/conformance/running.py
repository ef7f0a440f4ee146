"""Putting a source through the checks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from adapters.conformance.bench import Bench, Case
from adapters.conformance.checks import CHECKS
from adapters.conformance.stand_in import NewStandIn, exemptions_of, stand_in_of
from adapters.conformance.verdict import Check, Exempt, Failed, Report, Verdict
from adapters.fixtures import load_offline
from adapters.source import Source
from adapters.trying import check_source
from adapters.yaml_lines import load
from schemas.errors import ConfigurationError

SILENCE: Final = 15
"""The check that looks at all that was heard: it runs last."""

Progress = Callable[[Check], None]


async def examine_file(
    path: Path,
    progress: Progress | None = None,
    *,
    exempt: Mapping[int, str] | None = None,
    new_stand_in: NewStandIn | None = None,
) -> Report:
    """Put a source file through all checks, on its fixtures, without the live system.

    Raises:
        ConfigurationError: the file cannot be read, has no fixtures, or its kind no stand-in.
    """
    source = load_offline(path)
    fixtures = path.parent / "fixtures" / path.name
    if not fixtures.is_file():
        raise ConfigurationError(f"{path.name}: there are no fixtures; record cases in fixtures/{path.name}")
    document = load(path).value
    complaints = [str(found) for found in check_source(path) if found.level == "error"]
    claimed = {**document.get("conformance", {}).get("exempt", {}), **(exempt or {})}
    cases = load(fixtures).value["cases"]
    return await examine(
        source,
        cases,
        complaints=complaints,
        exempt={int(number): reason for number, reason in claimed.items()},
        new_stand_in=new_stand_in,
        progress=progress,
    )


async def examine(
    source: Source,
    cases: Sequence[Case],
    *,
    complaints: Sequence[str] = (),
    exempt: Mapping[int, str] | None = None,
    new_stand_in: NewStandIn | None = None,
    progress: Progress | None = None,
) -> Report:
    """Put a source through all checks. Errors as `examine_file`."""
    exemptions = {**exemptions_of(source.kind), **(exempt or {})}
    with TemporaryDirectory() as folder:
        stand_in = (new_stand_in or stand_in_of(source.kind))(source, Path(folder))
        await stand_in.start()
        try:
            bench = Bench(stand_in, cases, complaints)
            with bench.listening():
                verdicts = [
                    await _verdict(check, bench, exemptions.get(check.number), progress)
                    for check in sorted(CHECKS, key=lambda check: check.number == SILENCE)
                ]
        finally:
            await stand_in.stop()
    ordered = tuple(sorted(verdicts, key=lambda verdict: verdict.check.number))
    return Report(source.id, source.kind, source.path, ordered)


async def _verdict(check: Check, bench: Bench, reason: str | None, progress: Progress | None) -> Verdict:
    if progress is not None:
        progress(check)
    try:
        await check.run(bench)
    except Exempt as error:
        return Verdict(check, "exempt", reason or str(error))
    except Failed as error:
        return Verdict(check, "failed" if reason is None else "exempt", reason or str(error))
    except ConfigurationError as error:
        return Verdict(check, "failed", error.detail)
    except Exception as error:  # noqa: BLE001 - a stranger's adapter; the text may quote a value
        return Verdict(check, "failed", f"the check could not be run: {type(error).__name__}")
    # An exemption for a rule that is kept says something untrue about the source.
    return Verdict(check, "passed") if reason is None else Verdict(check, "exempt", reason, unfounded=True)
