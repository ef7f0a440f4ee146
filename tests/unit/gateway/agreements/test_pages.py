"""The memorandum and the draft: complete, escaped, and in order once the purposes are written."""

from __future__ import annotations

from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace

import pytest

from gateway.agreements.draft import draft
from gateway.agreements.expiry import ending_soon
from gateway.agreements.memorandum import memorandum
from policies.agreement_file import read_agreement
from schemas.catalogue import PassThroughForm, RecordForm, ServiceDescription
from schemas.errors import ConfigurationError, UnknownService
from schemas.identifiers import ServiceId, SubsystemId
from tests.unit.policies.test_agreement_diff import agreement

CLIENT, PROVIDER = SubsystemId.parse("LM/GOV/MSW/cash-transfer"), SubsystemId.parse("LM/GOV/TAX/income")
NOW = datetime(2026, 11, 22, tzinfo=UTC)


class Tags(HTMLParser):
    """The tags of a page, and its words."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.words = ""

    def handle_starttag(self, tag, attrs):
        """Note the tag; nothing may be fetched."""
        self.tags.append(tag)
        assert not {"src", "href"} & {name for name, _ in attrs}

    def handle_data(self, data):
        """Note the words."""
        self.words += data


def read(page: str) -> Tags:
    """Parse a page."""
    tags = Tags()
    tags.feed(page)
    return tags


def test_memorandum__signed__says_everything_and_fetches_nothing():
    """Terms in words, digest, signatures with time and certificate; no script, no link, no picture."""
    page = memorandum(
        agreement(title="Income bands", legal_reference="Act 7"), digest="the-digest", state="in_force",
        signatures=[("LM/GOV/MSW", 1_790_000_000, "thumb-1"), ("LM/GOV/TAX", 1_790_000_060, "thumb-2")],
    )  # fmt: skip
    found = read(page)
    for words in (
        "Income bands", "Act 7", "in force", "the-digest", "thumb-1", "thumb-2", "LM/GOV/TAX/income/band",
        "income_band, employer", "whether income is less than 500", "at most 1000 per day", "at most 3 per day",
        "21 September 2026",
    ):  # fmt: skip
        assert words in found.words, words
    assert not {"script", "img", "link", "iframe"} & set(found.tags)


def test_memorandum__markup_in_the_document__is_shown_and_not_obeyed():
    """Whatever a member wrote, it stays text."""
    hostile = "</td><script>alert(1)</script>"
    page = memorandum(
        agreement(title=hostile, legal_reference=hostile, contacts={"client": hostile, "provider": hostile}),
        digest="x", state=hostile, signatures=[(hostile, 1, hostile)], revocations=[(hostile, 1, hostile)],
    )  # fmt: skip
    found = read(page)
    assert "script" not in found.tags
    assert found.words.count("alert(1)") >= 6


def test_memorandum__draft__says_that_nobody_signed():
    """A file is not mistaken for a contract."""
    assert "Nobody has signed it" in memorandum(agreement(), digest=None, state="unsigned")


SERVICES = (
    ServiceDescription(ServiceId.parse(f"{PROVIDER}/band"), "Band\nof income", RecordForm("tax/1", ("income_band",), ("national_id",))),
    ServiceDescription(ServiceId.parse(f"{PROVIDER}/card"), "Card", PassThroughForm(("GET",), ("/c/{id}",), None)),
)  # fmt: skip


def federation(services=SERVICES):
    """As much of a federation as a draft reads."""
    return SimpleNamespace(
        subsystems=lambda: (CLIENT, PROVIDER), services=lambda: services, purposes={"eligibility": None}
    )


def test_draft__both_forms__in_order_once_purposes_are_written(tmp_path: Path):
    """Only what the two members have to decide is open; `check` says so."""
    path = tmp_path / "new.yaml"
    path.write_text(draft(federation(), CLIENT, PROVIDER, "msw-tax", NOW))
    with pytest.raises(ConfigurationError, match="at least one code"):
        read_agreement(path)
    path.write_text(
        path.read_text()
        .replace("purposes: []", "purposes: [x]")
        .replace("legal_bases: []", "legal_bases: [y]")
    )
    written = read_agreement(path)
    assert [terms.fields or terms.methods for terms in written.services] == [("income_band",), ("GET",)]
    assert (written.client, written.valid_from) == (CLIENT, int(NOW.timestamp()))


def test_draft__nothing_offered_or_unknown__told():
    """There is no agreement about nothing."""
    with pytest.raises(UnknownService):
        draft(federation(()), CLIENT, PROVIDER, "x", NOW)
    with pytest.raises(UnknownService):
        draft(federation(), SubsystemId.parse("LM/GOV/MSW/other"), PROVIDER, "x", NOW)


def test_ending_soon__thirty_days__the_first_to_end_first():
    """Neither what has ended nor what has time."""
    now = agreement().valid_until - 10 * 86_400
    late, early = agreement(id="late"), agreement(id="early", valid_until="2026-12-30")
    over, far = agreement(id="over", valid_until="2026-12-01"), agreement(id="far", valid_until="2027-06-01")
    revoked = agreement(id="revoked", status="revoked")
    assert ending_soon([late, over, far, early, revoked], now) == ["early", "late"]
