"""An owner's rules only narrow, whatever they are; and mutated inputs mean the same on both engines.

What is allowed with rules is allowed without them; fields are a subset; no duty vanishes, and each is
at least as strict. Rules and inputs are drawn at random, on regorus always and on OPA as a system test.
"""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from policies.opa_engine import OpaEngine, OpaServer
from policies.provider import Provider, ServiceRules
from policies.regorus_engine import RegorusEngine
from policies.sources import PolicySources, load_sources
from tests.opa import country_opa_port, opa_serving  # noqa: F401
from tests.unit.policies import country
from tests.unit.policies.questions import GONE, as_question, golden_cases

WITHOUT = RegorusEngine(load_sources(national=country.national()))
WITH = RegorusEngine(country.sources())
BASES = [case["input"] for case in golden_cases()]

FIELDS = ("income_band", "employer", "income", "birth_date", "phone", "diagnosis", "impairment")
PURPOSES = ("social-assistance", "eligibility", "review", "disaster-response", "humanitarian-response")
ROLES = ("clerk", "doctor", "auditor")
MASKS = ({"how": "redact"}, {"how": "hash"}, {"how": "year_only"}, {"how": "truncate", "keep": 2})


def some(values: tuple[str, ...]) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(values), unique=True, max_size=3).map(tuple)


@st.composite
def masks(draw: st.DrawFn) -> dict[str, Any]:
    """One mask of an owner."""
    return {
        "fields": draw(some(FIELDS)),
        **draw(st.sampled_from(MASKS)),
        "except_roles": draw(some(ROLES)),
        "except_purposes": draw(some(PURPOSES)),
    }


rules = st.builds(
    ServiceRules,
    denied_purposes=some(PURPOSES),
    denied_fields=some(FIELDS),
    masks=st.lists(masks(), max_size=3).map(tuple),
    roles=st.none() | some(ROLES),
    assurance=st.none() | st.just(("substantial", "high")),
    officer_area=st.booleans(),
    areas=st.none() | some(("LM", "LM-03", "LM-04")),
    represented_parties=st.none() | some(("LM/GOV/EDU", "LM/GOV/TAX")),
    max_records=st.none() | st.integers(1, 9),
    retention_days=st.none() | st.integers(1, 99),
    notify_subject=st.booleans(),
)


def with_rules(drawn: ServiceRules) -> PolicySources:
    """The country with these rules for every service of the golden cases."""
    services = {
        str(whole["service"]["id"]): drawn for whole in BASES if isinstance(whole.get("service"), dict)
    }
    return load_sources(national=country.national(), provider=Provider(services))


def assert_narrower(narrow: dict[str, Any], wide: dict[str, Any]) -> None:
    """The first decision discloses no more than the second."""
    if not narrow["allow"]:
        assert (narrow["fields"], narrow["predicates"], narrow["obligations"]) == ([], [], {})
        return
    assert wide["allow"]
    assert set(narrow["fields"]) <= set(wide["fields"])
    assert narrow["predicates"] == wide["predicates"]
    duties, fewer = narrow["obligations"], wide["obligations"]
    for name, mask in fewer.get("mask", {}).items():
        if name in narrow["fields"]:
            assert duties["mask"][name] in (mask, {"how": "redact"})
    for flag in ("notify_subject", "double_audit"):
        assert duties.get(flag, False) or not fewer.get(flag, False)
    if "max_records" in fewer:
        assert duties["max_records"] <= fewer["max_records"]
    still_touched = set(narrow["fields"]) == set(wide["fields"])
    if "retention" in fewer and still_touched:
        assert duties["retention"]["days"] <= fewer["retention"]["days"]


def raw(decision: Any) -> dict[str, Any]:
    return {
        "allow": decision.allow,
        "fields": list(decision.fields),
        "predicates": [predicate.as_json() for predicate in decision.predicates],
        "obligations": dict(decision.obligations),
    }


@settings(max_examples=150, deadline=None)
@given(drawn=rules, whole=st.sampled_from(BASES))
async def test_decide__any_rules_of_an_owner__only_narrow(drawn, whole):
    """Whatever an owner writes, nothing leaves that would not leave without it."""
    narrow = await RegorusEngine(with_rules(drawn)).decide(as_question(whole))
    assert_narrower(raw(narrow), raw(await WITHOUT.decide(as_question(whole))))


async def test_decide__an_assertion_that_sees__a_wider_decision_is_noticed():
    """The assertion above would fail for a policy that widens."""
    wide = {"allow": True, "fields": ["a"], "predicates": [], "obligations": {"mask": {"a": {"how": "hash"}}}}
    assert_narrower(copy.deepcopy(wide), wide)
    for changes in (
        {"fields": ["a", "b"]},
        {"obligations": {}},
        {"obligations": {"mask": {"a": {"how": "x"}}}},
    ):
        with pytest.raises((AssertionError, KeyError)):
            assert_narrower({**wide, **changes}, wide)


PLACES = [
    *((name,) for name in ("purpose", "legal_basis", "user", "represents", "subject", "emergency", "fields")),
    *((name,) for name in ("predicates", "client", "service", "agreement", "time")),
    *(("user", name) for name in ("role", "area", "assurance")),
    *(("subject", name) for name in ("relation", "restricted", "area")),
    *(("emergency", name) for name in ("purposes", "areas", "valid_from", "valid_until")),
    *(("service", name) for name in ("id", "form")),
    *(("agreement", name) for name in ("purposes", "legal_bases", "fields", "predicates")),
    *(("client", name) for name in ("instance", "class", "member")),
]
VALUES: list[Any] = [
    *(GONE, None, True, False, 0, 1, 1.5, "", "x", [], {}, [None], ["x"], [[]], [1], {"field": "x"}),
    *("review", "review.deep", "disaster-response", "social-assistance", "vital_interest", "contract"),
    *("clerk", "doctor", "auditor", "LM-03", "LM-04-1", "low", "child", "LM/GOV/EDU", "pass_through"),
    *("LM/GOV/TAX/income/narrowed", "LM/GOV/TAX/income/masked", "LM/GOV/TAX/income/clinic", "a/b"),
    *(list(FIELDS), ["diagnosis"], ["social-assistance"], ["disaster-response"], ["LM-03"]),
    *([{"field": "diagnosis"}], [{"field": "employer"}], [{"op": "lt"}], {"purposes": ["review"]}),
]


@st.composite
def inputs(draw: st.DrawFn) -> dict[str, Any]:
    """A golden input, changed in up to four places."""
    whole: dict[str, Any] = copy.deepcopy(draw(st.sampled_from(BASES)))
    for _ in range(draw(st.integers(0, 4))):
        *above, last = draw(st.sampled_from(PLACES))
        value = draw(st.sampled_from(VALUES))
        target: Any = whole
        for name in above:
            target = target.get(name) if isinstance(target, dict) else None
        if isinstance(target, dict):
            if value is GONE:
                target.pop(last, None)
            else:
                target[last] = copy.deepcopy(value)
    return whole


@settings(max_examples=400, deadline=None)
@given(inputs())
async def test_evaluate__mutated_question__gives_a_decision_and_never_fails(whole):
    """No type in any place makes the rules fail: they refuse with their reasons."""
    decision = await WITH.evaluate(orjson.dumps(whole))
    assert decision["allow"] == (decision["reasons"] == [])


@pytest.mark.system
@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(whole=inputs())
async def test_evaluate__mutated_question__opa_and_regorus_agree(country_opa_port, whole):  # noqa: F811
    """The whole raw result, reasons and duties included, is the same on both engines."""
    engine = OpaEngine(OpaServer(port=country_opa_port, deadline_s=2))
    try:
        on_opa = await engine.evaluate(orjson.dumps(whole))
    finally:
        await engine.close()
    assert on_opa == await WITH.evaluate(orjson.dumps(whole))


@pytest.mark.system
@pytest.mark.parametrize("number", range(5))
def test_opa__rules_of_an_owner__only_narrow(number, tmp_path):
    """The same property on a real OPA, for some sets of rules and every golden input."""
    import asyncio

    drawn = replace(
        ServiceRules(),
        denied_fields=FIELDS[number::3],
        denied_purposes=PURPOSES[number : number + 1],
        masks=({"fields": FIELDS[number:], **MASKS[number % 4]},),
        roles=(None, ("clerk",))[number % 2],
        areas=(None, ("LM-03",))[number % 2],
        max_records=number + 1,
    )

    async def compare(port: int) -> None:
        engine = OpaEngine(OpaServer(port=port, deadline_s=2))
        try:
            for whole in BASES:
                narrow = await engine.decide(as_question(whole))
                assert_narrower(raw(narrow), raw(await WITHOUT.decide(as_question(whole))))
        finally:
            await engine.close()

    with opa_serving(with_rules(drawn), tmp_path) as port:
        asyncio.run(compare(port))
