"""Past decisions made again: allowed, refused, under another policy, erased. Matrix and flows of the country."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from xml.etree import ElementTree as ET

import httpx
import pytest

from audit.entry import Entry
from audit.errors import NotLogged
from audit.pending import PendingEntry
from gateway.app.insight.archive import find_policy
from gateway.app.insight.drawing import draw
from gateway.app.insight.flows import Flow, flows
from gateway.app.insight.here import Here, changed_policy, look
from gateway.app.insight.matrix import Row, matrix
from gateway.app.insight.pages import matrix_page
from gateway.app.insight.register import COLUMNS, as_csv, names_of, register
from gateway.app.insight.replay import Replayed, replay_in
from gateway.app.insight.simulation import Simulated, simulate
from gateway.app.log_access import opened_store
from gateway.people.person import Role
from gateway.settings import load
from policies.regorus_engine import RegorusEngine
from schemas.exchange_id import new_exchange_id
from schemas.identifiers import MemberId
from tests.exchanges.test_xroad_door import CARD_TARGET, ask, ask_person
from tests.world import (
    ABSENT,
    CARD,
    IDENTITY,
    NAME,
    PERSON,
    PRESENT,
    PROVIDER,
    PURPOSE,
    RESTRICTED,
    WELFARE,
    World,
)


def replayed(world: World, exchange: str) -> Replayed:
    settings = load(world.sandbox.settings[PROVIDER])

    async def work() -> Replayed:
        async with opened_store(settings) as store:
            return await replay_in(world.node(PROVIDER).log, store, exchange)

    return world.run(work())


def receipt(reply) -> str:
    return str(reply.headers["isthmus-receipt"])


def outcome(world: World, exchange: str) -> Entry:
    return next(one for one in world.entries(PROVIDER, exchange, "answering") if one.kind == "outcome")


def here_of(world: World) -> Here:
    return asyncio.run(look(load(world.sandbox.settings[PROVIDER])))


def matrix_of(here: Here) -> list[Row]:
    return asyncio.run(matrix(here.asking, here.agreements, RegorusEngine(here.policy)))


def test_replay__allowed__the_same_decision_and_a_look_up(world):
    """Facts from the case, the policy of that version: the same fields leave; who looked is logged."""
    reply = ask_person(world, PRESENT, "birth_date", "sex")
    exchange = receipt(reply)
    before = world.log_size(PROVIDER)
    found = replayed(world, exchange)
    assert (found.verdict, found.allow, found.fields) == ("same", True, ("birth_date",))
    assert found.policy_version == world.node(PROVIDER).policy.policy_version
    logged = world.run(world.node(PROVIDER).log.reader.entry(before)).entry
    assert (logged.kind, logged.action) == ("lookup", "policy.replayed")


@pytest.mark.parametrize(
    ("subject", "members", "reason"),
    [
        (PRESENT, {"predicates": {"p": {"field": "birth_date", "op": "age_ge", "value": 17}}},
         "predicate.not_agreed"),
        (RESTRICTED, {}, "subject.unavailable"),
    ],
)  # fmt: skip
def test_replay__refused__for_the_same_reasons(world, subject, members, reason):
    """A refusal is replayed with every reason; one after the fetch from what the source said."""
    found = replayed(world, receipt(ask_person(world, subject, **members)))
    assert (found.verdict, found.allow, reason in found.reasons) == ("same", False, True)


def test_replay__absent_person_and_pass_through__decisions_all_the_same(world):
    """That nobody was found is no decision; a pass-through has one too."""
    assert replayed(world, receipt(ask_person(world, ABSENT))).verdict == "same"
    assert replayed(world, receipt(ask(world, CARD_TARGET))).verdict == "same"


def test_replay__facts_of_the_case__are_those_the_signed_statement_names(world):
    """The case keeps the facts before the fetch and what the source added, and no number or name."""
    exchange = receipt(ask_person(world, PRESENT, "birth_date"))
    logged = next(
        one
        for one in world.run(world.node(PROVIDER).log.reader.exchange(exchange))
        if one.entry.side == "answering"
    )
    case = world.run(world.node(PROVIDER).log.reader.case(logged.index))
    kept = case.decided
    assert kept["facts"]["subject"]["area"] is None
    assert kept["changed"]["subject"]["area"] == "canarydistrict"
    assert kept["decision"]["allow"] is True
    assert PRESENT not in str(kept)
    assert NAME not in str(kept)


def test_replay__case_erased__cannot_and_says_so(world):
    """With the case the facts are gone, on purpose."""
    exchange = receipt(ask_person(world))
    node = world.node(PROVIDER)
    logged = next(
        one for one in world.run(node.log.reader.exchange(exchange)) if one.entry.side == "answering"
    )
    erased = Entry(kind="erased", id=new_exchange_id(), ts=int(time.time()), action="case.erased")
    world.run(node.log.erase(logged.index, PendingEntry(erased)))
    found = replayed(world, exchange)
    assert found.verdict == "cannot"
    assert "erased" in (found.why or "")


def test_replay__policy_not_in_the_archive__cannot(world):
    """Without the policy nothing is made up."""
    exchange = receipt(ask_person(world))
    settings = load(world.sandbox.settings[PROVIDER])
    version = world.node(PROVIDER).policy.policy_version

    async def hide(name: str, back: str) -> None:
        async with opened_store(settings) as store:
            await store.execute("UPDATE policy_archive SET version = $1 WHERE version = $2", name, back)

    world.run(hide("elsewhere", version))
    try:
        found = replayed(world, exchange)
    finally:
        world.run(hide(version, "elsewhere"))
    assert (found.verdict, "archive" in (found.why or "")) == ("cannot", True)


def test_replay__archived_policy_tampered_with__is_refused(world):
    """What is kept under a version has to be that very policy."""
    exchange = receipt(ask_person(world))
    settings = load(world.sandbox.settings[PROVIDER])
    version = world.node(PROVIDER).policy.policy_version

    async def write(document: bytes) -> bytes:
        async with opened_store(settings) as store:
            ((kept,),) = await store.rows("SELECT document FROM policy_archive WHERE version = $1", version)
            await store.execute(
                "UPDATE policy_archive SET document = $1 WHERE version = $2", document, version
            )
            return bytes(kept)

    good = world.run(write(b'{"files": {}, "national": {}, "provider": {}}'))
    try:
        found = replayed(world, exchange)
    finally:
        world.run(write(good))
    assert (found.verdict, "another one" in (found.why or "")) == ("cannot", True)


def test_replay__unknown_exchange__is_named(world):
    """Only what this gateway answered can be replayed here."""
    with pytest.raises(NotLogged):
        replayed(world, new_exchange_id())


def test_archive__at_the_start__holds_the_policy_in_force(world):
    """The policy was kept before it decided, with an entry."""
    settings = load(world.sandbox.settings[PROVIDER])
    version = world.node(PROVIDER).policy.policy_version

    async def kept():
        async with opened_store(settings) as store:
            return await find_policy(store, version)

    sources = world.run(kept())
    assert sources is not None
    assert sources.version == version
    loaded = world.run(world.node(PROVIDER).log.reader.entries(kind="admin", limit=1000))
    assert ("policy.loaded", version) in {(one.entry.action, one.entry.policy_version) for one in loaded}


def simulated(world: World, provider: Path | None = None) -> Simulated:
    settings = load(world.sandbox.settings[PROVIDER])
    policy = changed_policy(settings, here_of(world).federation, provider=provider)

    async def work() -> Simulated:  # an engine belongs to the thread that made it
        return await simulate(world.node(PROVIDER).log, RegorusEngine(policy), 2)

    return world.run(work())


def test_simulate__provider_bars_a_field__what_would_differ(world, tmp_path):
    """Fewer fields for the one, refused for the other; nobody's data in it; the simulation is an entry."""
    narrower = receipt(ask_person(world, PRESENT, "full_name", "birth_date"))
    refused = receipt(ask_person(world, PRESENT, "full_name"))
    (tmp_path / "rules.yaml").write_text(
        f"member: LM/GOV/NIA\nservices:\n  {PERSON}: {{denied_fields: [full_name]}}\n"
    )
    found = simulated(world, tmp_path / "rules.yaml")
    assert {one.exchange: one.kind for one in found.differ} == {
        narrower: "fewer_fields",
        refused: "newly_denied",
    }
    assert found.counts == {"fewer_fields": 1, "newly_denied": 1}
    assert PRESENT not in str(found.as_json())
    assert NAME not in str(found.as_json())
    newest = world.run(world.node(PROVIDER).log.reader.entries(kind="admin", limit=1))[0].entry
    assert newest.action == "policy.simulated"


def test_simulate__same_policy__nothing_differs(world):
    """The facts are those of their time, so the same policy decides the same."""
    ask_person(world)
    ask_person(world, RESTRICTED)
    found = simulated(world)
    assert (found.counts, found.differ) == ({"same": 2}, ())


def test_matrix__decided_by_the_engine__agreed_fields_leave_and_no_others(world):
    """Every field of the service is asked; what leaves is what the agreement and policy let."""
    rows = {(row.client, row.service): row for row in matrix_of(here_of(world))}
    person = rows[WELFARE, PERSON]
    assert set(person.fields) == {"full_name", "birth_date", "sex", "district"}
    assert set(person.leaves) == {"full_name", "birth_date"}
    assert person.predicates == ("birth_date age_ge 18",)
    assert rows[WELFARE, CARD].whole
    expired = next(row for row in rows.values() if "pension" in row.client)
    assert (expired.leaves, expired.reasons) == ((), ("agreement.expired",))


def test_matrix_page__is_self_contained_and_escaped(world):
    """One table for each service, headers with scope, nothing from elsewhere, no markup from names."""
    rows = matrix_of(here_of(world))
    hostile = Row("a", "<script>x</script>", PERSON, "p&q", "law", ("full_name",), ("full_name",))
    text = matrix_page(PROVIDER, "v", [*rows, hostile])
    assert "<script" not in text
    assert "&lt;script&gt;" in text
    assert "p&amp;q" in text
    assert text.count("<table>") == 2
    assert "http://" not in text.replace("http-equiv", "")
    assert "https://" not in text


def test_flows__counted_from_the_log__drawn_and_registered(world):
    """Volumes of answered and refused, fields of the matrix, an SVG that parses, a register with names."""
    ask_person(world)
    here = here_of(world)
    rows = matrix_of(here)

    async def count() -> list[Flow]:
        async with opened_store(load(world.sandbox.settings[PROVIDER])) as store:
            return await flows(store, 0, rows)

    found = world.run(count())
    flow = next(one for one in found if (one.client, one.service) == (WELFARE, PERSON))
    assert (flow.purpose, flow.side) == (PURPOSE, "answering")
    assert flow.answered >= 1
    assert set(flow.fields) == {"full_name", "birth_date"}
    assert flow.first <= flow.last
    picture = ET.fromstring(draw(found, "Flows"))
    assert picture.find("{http://www.w3.org/2000/svg}title") is not None
    lines = register(rows, found, here.agreements, names_of(here))
    mine = next(line for line in lines if line[2:4] == (WELFARE, PERSON) and "6(1)(e)" in line[5])
    assert len(mine) == len(COLUMNS)
    assert "National Identity Authority" in mine[0]
    assert "Ministry of Social Welfare" in mine[1]
    assert int(mine[-1]) == flow.answered
    assert as_csv(lines).startswith("controller,")
    assert not any("pension" in line[2] for line in lines)


def test_dry_run__officer_of_the_provider__hears_why_and_is_logged(world):
    """The endpoint says what would be decided and which rule stops it; other people and members may not."""
    node = world.node(PROVIDER)
    question = {"client": WELFARE, "service": PERSON, "fields": ["full_name"], "purpose": "taxation"}

    def asked(by: str | None, document: dict) -> httpx.Response:
        headers = {"Authorization": f"Bearer {by}"} if by else {}
        url = f"http://127.0.0.1:{world.ports[PROVIDER].admin}/v1/admin/policy/dry-run"
        return httpx.post(url, json=document, headers=headers)

    officer = token_of(world, Role.agreement_officer)
    clerk = token_of(world, Role.consent_clerk)
    size = world.log_size(PROVIDER)
    reply = asked(officer, question)
    assert reply.status_code == 200
    document = reply.json()
    assert document["decision"]["reasons"] == ["purpose.not_agreed"]
    rules = {rule["rule"]: rule for one in document["questions"] for rule in one["rules"]}
    assert rules["data.isthmus.purpose.agreed"]["stopped"][0]["facts"]["input.purpose"] == "taxation"
    logged = world.run(node.log.reader.entry(size)).entry
    assert (logged.kind, logged.action) == ("admin", "policy.dry_run")
    assert world.run(node.log.reader.case(size)).user is not None
    allowed = asked(officer, {**question, "purpose": PURPOSE}).json()
    assert allowed["decision"]["fields"] == ["full_name"]
    assert asked(clerk, question).status_code == 403
    assert asked(None, question).status_code == 401
    assert asked(officer, {**question, "service": "LM/GOV/TAX/income/band"}).status_code == 403
    assert asked(officer, {**question, "unknown": 1}).status_code == 422
    assert asked(officer, {**question, "service": f"{IDENTITY}/nothing"}).status_code == 404


def token_of(world: World, role: Role) -> str:
    """An API token of somebody who holds the role for the provider's member."""
    member, people = MemberId.parse("LM/GOV/NIA"), world.node(PROVIDER).people
    owner = f"somebody-{role}"
    world.run(people.grants.grant(owner, role, member, "the test"))
    _, text = world.run(people.tokens.create(owner, "dry run", {member: frozenset({role})}, 1, owner))
    return text


def test_explain__the_same_question__has_the_verdict_of_the_exchange(world):
    """What `explain` says of a question is what the gateway decided about it."""
    from gateway.app.insight.explaining import explain
    from gateway.app.insight.question import Question
    from schemas.identifiers import ServiceId, SubsystemId

    here = here_of(world)
    for fields, area in ((("birth_date", "sex"), None), (("sex",), None)):
        exchange = receipt(ask_person(world, PRESENT, *fields))
        question = Question(SubsystemId.parse(WELFARE), ServiceId.parse(PERSON), fields=fields, area=area)
        explanation = asyncio.run(explain(here.policy, here.asking.facts(question)))
        found = replayed(world, exchange)
        assert explanation.decision.allow == found.allow
        assert explanation.decision.fields == found.fields
        assert explanation.decision.reasons == found.reasons
