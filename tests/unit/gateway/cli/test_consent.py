"""`isthmus consent`: the operator of the machine as an assisting clerk."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.settings import load
from tests.unit.gateway.cli.conftest import MEMBER, Isthmus, Ministry

OFFER = "msw-msw~household~social-assistance.eligibility"
PERSON, MOTHER = "national_id=7310000021", "national_id=7310000022"


@pytest.fixture
def settings(isthmus: Isthmus, running: Ministry, copied: Path) -> Path:
    """A gateway whose member is a listed issuer, with an agreement that rests on consent too."""
    listed = isthmus("federation", "consent-issuers", running.sandbox.registrar, "--add", MEMBER, "--json")
    assert listed.code == 0, listed.err
    folder = load(copied).agreements
    assert folder is not None
    agreement = folder / "msw-msw.yaml"
    own = copied.parent / "agreements"
    own.mkdir(exist_ok=True)
    text = agreement.read_text("utf-8").replace("[public_task]", "[public_task, consent]")
    (own / agreement.name).write_text(text, "utf-8")
    copied.write_text(f"{_without(copied.read_text('utf-8'), 'agreements')}\nagreements: {own}\n", "utf-8")
    return copied


def _without(text: str, member: str) -> str:
    return "\n".join(line for line in text.splitlines() if not line.startswith(f"{member}:"))


def granted(isthmus: Isthmus, settings: Path, person: str = PERSON, *more: str) -> dict:
    """Read the notice out, then record the consent."""
    command = ("consent", "grant", settings, person, "--offer", OFFER, "--language", "ar", *more, "--json")
    notice = isthmus(*command)
    assert notice.code == 0, notice.out + notice.err
    said = isthmus(*command, "--notice", notice.json["notice"])
    assert said.code == 0, said.out + said.err
    return said.json


def test_consent__from_the_offer_to_the_withdrawal(isthmus: Isthmus, settings: Path, tmp_path: Path):
    """Offers, notice, grant, list, show, slip, token, renew, withdraw: each by one command."""
    offers = isthmus("consent", "offers", settings, "--json").json["offers"]
    assert OFFER in {one["id"] for one in offers}
    first = isthmus("consent", "grant", settings, PERSON, "--offer", OFFER)
    assert "Nothing is recorded yet" in first.out
    assert isthmus("consent", "list", settings, PERSON, "--json").json["consents"] == []
    consent = granted(isthmus, settings)
    assert (consent["state"], consent["method"], consent["issuer"]) == ("granted", "assisted", MEMBER)
    page = tmp_path / "slip.html"
    said = isthmus("consent", "slip", settings, consent["id"], "--language", "ar", "--out", page)
    assert said.code == 0, said.err
    assert '<html lang="ar" dir="rtl">' in page.read_text("utf-8")
    assert isthmus("consent", "token", settings, consent["id"]).out.strip().count(".") == 2
    renew = ("consent", "renew", settings, consent["id"], "--days", "700", "--json")
    renewed = isthmus(*renew, "--notice", isthmus(*renew).json["notice"]).json
    assert renewed["version"] == 2
    assert isthmus("consent", "withdraw", settings, consent["id"], "--json").json["state"] == "withdrawn"
    shown = isthmus("consent", "show", settings, consent["id"], "--json").json
    assert [one["state"] for one in shown["history"]] == ["granted", "superseded", "granted", "withdrawn"]
    assert PERSON.partition("=")[2] not in str(shown)


def test_consent__every_act_is_an_entry(isthmus: Isthmus, settings: Path):
    """The log says what was done at this machine, and no more."""
    consent = granted(isthmus, settings)
    isthmus("consent", "token", settings, consent["id"])
    isthmus("consent", "withdraw", settings, consent["id"])
    entries = isthmus("audit", "list", settings, "--json").json["entries"]
    acts = [one.get("action") for one in entries][:3]
    assert acts == ["consent.withdraw", "consent.token", "consent.grant"]


def test_represent__a_guardian_consents_until_it_is_ended(isthmus: Isthmus, settings: Path):
    """A guardian at the desk consents for the child, and no longer once the clerk has ended it."""
    made = isthmus("consent", "represent", settings, MOTHER, "--of", PERSON, "--days", "30", "--json")
    assert made.code == 0, made.out + made.err
    consent = granted(isthmus, settings, MOTHER, "--representation", made.json["id"])
    assert (consent["capacity"], consent["ends_at"]) == ("guardian", made.json["until"])
    ended = isthmus("consent", "end-representation", settings, made.json["id"], "--json").json
    assert ended["withdrawn"] == 1
    refused = isthmus(
        "consent", "grant", settings, MOTHER, "--offer", OFFER, "--representation", made.json["id"]
    )
    assert refused.code == 2
    assert "no representation in force" in refused.err


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("withdraw", "0198c0de-0000-7000-8000-000000000000"), "no such consent"),
        (("grant", PERSON, "--offer", "none"), "no such offer"),
        (("grant", PERSON, "--offer", OFFER, "--language", "xx"), "ar, en, fr"),
        (("grant", PERSON, "--offer", OFFER, "--issuer", "LM/GOV/TAX"), "issues no consents here"),
        (("grant", PERSON, "--offer", OFFER, "--often", "always"), "once or continuous"),
    ],
)
def test_consent__a_mistake__names_the_cure(isthmus: Isthmus, settings: Path, arguments, word: str):
    """What is wrong is said in words, with exit code 2."""
    said = isthmus("consent", arguments[0], settings, *arguments[1:])
    assert said.code == 2
    assert word in said.err
