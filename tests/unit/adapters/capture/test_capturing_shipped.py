"""Every shipped source can be captured: its own fixtures play the live system, and tell of nobody after."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from adapters.capture import capturing
from adapters.capture.capturing import Captured, capture
from adapters.fixtures import difference, load_offline, replayed
from adapters.kinds import package_of, replaying_of
from adapters.shipped import shipped_sources
from adapters.yaml_lines import load
from schemas.record import Subject

_TELLING = ("name", "surname", "given_names", "family_name", "full_name", "national_id", "birth_date")
_NOT_CAPTURED = frozenset({"oidc", "mosip-ida", "webhook", "feed", "ogc", "payments"})
"""Kinds whose answers are not about one person, or hold what cannot be replaced: outlines, sums."""


def cases() -> Iterator[Any]:
    """One match and one unknown subject of each shipped file."""
    for path in shipped_sources():
        document = yaml.safe_load(path.read_text("utf-8"))
        fixtures = yaml.safe_load((path.parent / "fixtures" / path.name).read_text("utf-8"))["cases"]
        if document["kind"] in _NOT_CAPTURED:
            continue
        for outcome in ("match", "not_found"):
            case = next((one for one in fixtures if one["expect"]["outcome"] == outcome), None)
            if case is not None:
                yield pytest.param(path, case, id=f"{path.parent.name}/{path.stem}-{outcome}")


async def captured(
    path: Path, case: Mapping[str, Any], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> Captured:
    """Capture what a fixture answers, as if it were a live system."""
    source = load_offline(path)
    _, kind = replaying_of(source.kind)(source, case, folder)
    monkeypatch.setattr(capturing, "new_kind", lambda _source: kind)
    document = load(path).value
    ((selector, value),) = case["given"].items()
    return await capture(
        source, document, case["service"], Subject(selector, value), "captured", load_offline(path)
    )


@pytest.mark.parametrize(("path", "case"), list(cases()))
async def test_capture__shipped_source__passes_offline_and_tells_nobody(path, case, tmp_path, monkeypatch):
    """The outcome is the same, the case passes, and no name or number of the person is in it."""
    made = await captured(path, case, tmp_path, monkeypatch)
    assert made.case["expect"]["outcome"] == case["expect"]["outcome"]
    assert difference(made.case["expect"], await replayed(load_offline(path), made.case)) == ""
    record = case["expect"].get("record", {})
    told = [record[name] for name in _TELLING if isinstance(record.get(name), str)]
    text = yaml.safe_dump(dict(made.case), allow_unicode=True)
    assert not [value for value in told if value.strip("0") and value in text]


@pytest.mark.parametrize("kind", ["sql", "file", "rest", "soap", "dci", "fhir", "xroad"])
def test_capture__kinds_that_answer_about_a_person__have_a_shipped_source(kind):
    """The test above has met each of these kinds."""
    assert package_of(kind)
    assert kind in {yaml.safe_load(path.read_text("utf-8"))["kind"] for path in shipped_sources()}
