"""Kind `soap` on a service that another stack runs from its WSDL: from the draft to every outcome."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import pytest

from adapters.contract import Query
from adapters.drafting.drafting import draft_source
from adapters.drafting.text import Heading
from adapters.opening import open_source
from adapters.source_file import load_source
from schemas.outcome import Ambiguous, DeniedBySource, Match, Misbehaving, NotFound, Outcome, Unavailable
from schemas.record import Subject
from tests.soap_node import PASSWORD, USER, WSDL, wsdl_server
from tests.unit.adapters.small_source import Secrets

pytestmark = pytest.mark.system

HEADING = Heading("tax", "Tax", "LM/GOV/TAX/register", {"contact": "revenue authority"})
Version = Literal["1.1", "1.2"]


@pytest.fixture(scope="module", params=["1.1", "1.2"])
def version(request: pytest.FixtureRequest) -> Version:
    """A version of SOAP."""
    found: Version = request.param
    return found


@pytest.fixture(scope="module")
def wsdl(version: Version, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The service's WSDL, bound to that version."""
    path = tmp_path_factory.mktemp("wsdl") / "tax.wsdl"
    text = WSDL.read_text(encoding="utf-8")
    path.write_text(text.replace("wsdl/soap/", "wsdl/soap12/") if version == "1.2" else text)
    return path


@pytest.fixture(scope="module")
def url(wsdl: Path, version: Version) -> Iterator[str]:
    """The service, open to everybody."""
    with wsdl_server(wsdl, "open", version) as found:
        yield found


async def drafted(folder: Path, wsdl: Path, url: str, security: str = "") -> Path:
    """The file that `source new` writes, with the place where the service runs now."""
    made = await draft_source(str(wsdl), "soap", HEADING, "tax", Secrets(), subject="national_id")
    assert not [finding for finding in made.findings if finding.level == "error"], made.findings
    text = made.text.replace("http://127.0.0.1:1", url).replace("retries: 1", "retries: 0")
    file = folder / "tax.yaml"
    file.write_text(text.replace("connection:\n", f"connection:\n{security}"))
    return file


async def ask(file: Path, person: str) -> Outcome:
    """One question by the drafted file."""
    source = load_source(file, Secrets(SOAP_PASSWORD=PASSWORD, WRONG="wrong"), {})
    adapter = open_source(source)
    (service,) = source.services.values()
    await adapter.open()
    try:
        return await adapter.fetch(
            Query(service.name, Subject("national_id", person), ("income_band", "tax_year"))
        )
    finally:
        await adapter.close()


@pytest.mark.parametrize(
    ("person", "expected"),
    [
        ("1000000001", Match),
        ("1000000002", Ambiguous),
        ("1000000003", Unavailable),
        ("1000000004", Misbehaving),
        ("1000000005", Unavailable),
        ("1000000006", Unavailable),
        ("1000000009", NotFound),
    ],
    ids=["one", "two", "server's fault", "client's fault", "fault in HTTP 200", "a bug", "nobody"],
)
async def test_draft_of_its_wsdl__asked_at_once__its_outcomes(
    tmp_path: Path, wsdl: Path, url: str, person: str, expected: type
) -> None:
    """A draft from the WSDL, unchanged, gives what the service says, and its faults are told apart."""
    outcome: Any = await ask(await drafted(tmp_path, wsdl, url), person)
    assert isinstance(outcome, expected), outcome
    if expected is Match:
        assert dict(outcome.record) == {"income_band": "low", "tax_year": 2025}
    assert person not in getattr(outcome, "cause", "")


@pytest.mark.parametrize("form", ["text", "digest"])
async def test_username_token__right_or_wrong__match_or_denied(
    tmp_path: Path, wsdl: Path, version: Version, form: Literal["text", "digest"]
) -> None:
    """Its own reading of the UsernameToken accepts ours, and refuses a wrong password."""
    with wsdl_server(wsdl, form, version) as url:
        for secret, expected in (("SOAP_PASSWORD", Match), ("WRONG", DeniedBySource)):
            told = f"{{user: {USER}, password: '${{secret:{secret}}}', type: {form}}}"
            file = await drafted(tmp_path, wsdl, url, f"  security: {{username: {told}}}\n")
            outcome = await ask(file, "1000000001")
            assert isinstance(outcome, expected), outcome
