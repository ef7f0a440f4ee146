"""An independent model of the policy in Python: Rego and model always agree.

Written from DESIGN section 7, not from the Rego files, and checked on questions that are mutated in
one to three places: never an allow without a matching agreement.
"""

from __future__ import annotations

import copy
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from policies.opa_engine import OpaEngine, OpaServer
from policies.regorus_engine import RegorusEngine
from tests.opa import opa_port  # noqa: F401
from tests.unit.policies.questions import GONE, as_question, document, golden_cases

REGORUS = RegorusEngine()
PLACES = [
    ("time",),
    *((name,) for name in ("client", "service", "purpose", "legal_basis", "agreement", "consent", "subject")),
    *((name,) for name in ("fields", "predicates", "usage")),
    ("client", "id"),
    *(("service", name) for name in ("id", "form", "method", "path")),
    *(("agreement", name) for name in document()["agreement"]),
    *(("subject", name) for name in ("relation", "restricted")),
    *(("usage", name) for name in ("quota_left", "repeats_left")),
]
MODELLED = {
    "agreement",
    "consent",
    "fields",
    "pass_through",
    "predicates",
    "purpose",
    "subject",
    "usage",
    "validity",
}
"""What the model knows: agreement and consent. The country's and the owner's rules are `test_narrowing`."""

PREDICATE = {"field": "income", "op": "lt", "value": 500}
VALUES: list[Any] = [
    *(GONE, None, True, False, 0, 1, 1.5, -1, 2**53, "", "x", [], {}, [None], ["x"], [[]], {"id": None}),
    *(1767225600, 1780000000, 1798761600, "2027-01-01", "active", "revoked", "consent", "public_task"),
    *("record", "pass_through", "GET", "/persons/1/card", "/persons/{id}/card", "//", "eligibility", "self"),
    *(["eligibility"], ["income_band"], ["income_band", "employer", "x"], ["consent"], ["GET"]),
    *(["/persons/{id}/card"], [PREDICATE], [{**PREDICATE, "value": 500.0}], [{**PREDICATE, "value": True}]),
    "LM/GOV/TAX/income/band",
]
BASES = [case["input"] for case in golden_cases() if case["case"].partition(":")[0] in MODELLED]


@st.composite
def inputs(draw: st.DrawFn) -> dict[str, Any]:
    """A golden input, changed in up to three places."""
    whole: dict[str, Any] = copy.deepcopy(draw(st.sampled_from(BASES)))
    for _ in range(draw(st.integers(0, 3))):
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


def allowed(whole: dict[str, Any]) -> bool:
    """What the model says: may anything leave at all."""
    agreement, service, subject = whole.get("agreement"), whole.get("service"), whole.get("subject")
    client, now = whole.get("client"), whole.get("time")
    if not (isinstance(agreement, dict) and isinstance(service, dict) and isinstance(client, dict)):
        return False
    start, end = agreement.get("valid_from"), agreement.get("valid_until")
    if not all(type(moment) is int for moment in (now, start, end)) or not start <= now < end:
        return False
    names = [client.get("id"), service.get("id"), agreement.get("provider")]
    if agreement.get("status") != "active" or not all(isinstance(name, str) for name in names):
        return False
    if names[:2] != [agreement.get("client"), agreement.get("service")]:
        return False
    purpose, basis = whole.get("purpose"), whole.get("legal_basis")
    return (
        names[1].startswith(f"{names[2]}/")
        and isinstance(purpose, str)
        and purpose in items(agreement.get("purposes"))
        and isinstance(basis, str)
        and basis in items(agreement.get("legal_bases"))
        and usage_left(whole)
        and (record_allowed if service.get("form") == "record" else pass_through_allowed)(whole, subject)
    )


def usage_left(whole: dict[str, Any]) -> bool:
    usage = whole.get("usage", GONE)
    if usage is None:
        return True
    return isinstance(usage, dict) and usage.get("quota_left") is True is usage.get("repeats_left")


def record_allowed(whole: dict[str, Any], subject: Any) -> bool:
    agreement, asked = whole["agreement"], whole.get("predicates")
    if not isinstance(subject, dict) or subject.get("restricted", True) not in (None, False):
        return False
    if type(subject.get("restricted")) is int or not isinstance(asked, list):
        return False
    covered = None
    if whole["legal_basis"] == "consent":
        consent = whole.get("consent")
        if not consent_covers(whole, consent, subject):
            return False
        covered = consent["fields"]
    agreed = [repr_json(item) for item in items(agreement.get("predicates"))]
    for predicate in asked:
        if not isinstance(predicate, dict) or not isinstance(predicate.get("field"), str):
            return False
        if repr_json(predicate) not in agreed or (covered is not None and predicate["field"] not in covered):
            return False
    return bool(asked) or bool(granted(whole, covered))


def granted(whole: dict[str, Any], covered: list[str] | None) -> list[str]:
    agreed = [name for name in items(whole["agreement"].get("fields")) if isinstance(name, str)]
    asked = [name for name in items(whole.get("fields")) if isinstance(name, str)]
    return [name for name in asked if name in agreed and (covered is None or name in covered)]


def consent_covers(whole: dict[str, Any], consent: Any, subject: dict[str, Any]) -> bool:
    return (
        isinstance(consent, dict)
        and consent.get("verified") is True
        and consent["client"] == whole["client"]["id"]
        and consent["provider"] == whole["agreement"]["provider"]
        and consent["purpose"] == whole["purpose"]
        and subject.get("relation") == "self"
        and consent["valid_from"] <= whole["time"] < consent["valid_until"]
    )


def pass_through_allowed(whole: dict[str, Any], subject: Any) -> bool:
    service, agreement = whole["service"], whole["agreement"]
    available = "subject" in whole and subject is None
    if isinstance(subject, dict):
        available = subject.get("restricted", GONE) is None or subject.get("restricted") is False
    return (
        service.get("form") == "pass_through"
        and available
        and whole["legal_basis"] != "consent"
        and whole.get("fields") == [] == whole.get("predicates")
        and isinstance(service.get("method"), str)
        and service["method"] in items(agreement.get("methods"))
        and isinstance(service.get("path"), str)
        and any(fits(template, service["path"]) for template in items(agreement.get("paths")))
    )


def fits(template: Any, path: str) -> bool:
    if not isinstance(template, str):
        return False
    pairs = list(zip(template.split("/"), path.split("/"), strict=False))
    return template.count("/") == path.count("/") and all(
        segment not in ("", ".", "..")
        if expected[:1] == "{" and expected[-1:] == "}"
        else expected == segment
        for expected, segment in pairs
    )


def items(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def repr_json(value: Any) -> str:
    """Equal texts for equal JSON values of our cases: 500.0 is 500, true is not 1."""
    if isinstance(value, dict):
        return repr(sorted((name, repr_json(item)) for name, item in value.items()))
    return repr(int(value)) if isinstance(value, float) and value.is_integer() else repr(value)


@settings(max_examples=400, deadline=None)
@given(inputs())
async def test_decide__mutated_question__is_decided_as_the_model_says(whole):
    """Never an allow without a matching agreement; never a refusal that the model cannot explain."""
    if type(whole.get("time")) is not int:
        return  # a DecisionInput's time is an int by type
    decision = await REGORUS.decide(as_question(whole))
    assert decision.allow == allowed(whole)
    if decision.allow:
        covered = whole["consent"]["fields"] if whole["legal_basis"] == "consent" else None
        expected = granted(whole, covered) if whole["service"]["form"] == "record" else []
        assert list(decision.fields) == expected


@pytest.mark.system
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(whole=inputs())
async def test_evaluate__mutated_question__opa_and_regorus_agree(opa_port, whole):  # noqa: F811
    """The whole raw result, reasons included, is the same on both engines."""
    engine = OpaEngine(OpaServer(port=opa_port, deadline_s=2))
    try:
        on_opa = await engine.evaluate(orjson.dumps(whole))
    finally:
        await engine.close()
    assert on_opa == await REGORUS.evaluate(orjson.dumps(whole))
