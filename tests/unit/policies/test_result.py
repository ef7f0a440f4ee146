"""Reading a result: whatever is not exactly a permitted decision is a refusal."""

from __future__ import annotations

import pytest

from policies.result import read_decision
from schemas.decision import Decision, Predicate
from tests.unit.policies.questions import good_result, question

ASKED = {"field": "income", "op": "lt", "value": 500}
UNAVAILABLE = Decision.refuse("policy.unavailable", policy_version="local")


def read(result, **changes):
    return read_decision(result, question(**changes), "local")


def test_read_decision__good_allow__is_the_decision():
    """A well-formed result is taken as it is, with the version it names."""
    assert read(good_result(obligations={"max_records": 1})) == Decision(
        True, (), ("income_band",), (), {"max_records": 1}, "v1"
    )


def test_read_decision__good_refusal__grants_nothing():
    """A refusal keeps its reasons, sorted, and nothing else."""
    refusal = good_result(allow=False, reasons=["b", "a"])
    assert read(refusal) == Decision.refuse("a", "b", policy_version="v1")


def test_read_decision__predicate_of_equal_number__is_answered_in_the_askers_words():
    """An engine may write 500.0 as 500; the asker's form is what counts."""
    decision = read(good_result(predicates=[ASKED]), predicates=[{**ASKED, "value": 500.0}])
    assert decision.predicates == (Predicate("income", "lt", 500.0),)


WRONG_RESULTS = {
    "undefined": None,
    "regorus' word for undefined": "<undefined>",
    "true alone": True,
    "a list": [good_result()],
    "an empty object": {},
    "allow as text": good_result(allow="true"),
    "allow as 1": good_result(allow=1),
    "allow as null": good_result(allow=None),
    "no allow": {name: value for name, value in good_result().items() if name != "allow"},
    "no obligations": {name: value for name, value in good_result().items() if name != "obligations"},
    "a member too many": good_result(mask=["income_band"]),
    "allow with reasons": good_result(reasons=["purpose.not_agreed"]),
    "refusal without reasons": good_result(allow=False),
    "reasons as text": good_result(allow=False, reasons="purpose.not_agreed"),
    "reasons that are numbers": good_result(allow=False, reasons=[1]),
    "fields as an object": good_result(fields={"income_band": True}),
    "a field that is no text": good_result(fields=[None]),
    "a field not asked": good_result(fields=["employer"]),
    "a field not agreed": good_result(fields=["tax_number"]),
    "predicates as an object": good_result(predicates={}),
    "a predicate not asked": good_result(predicates=[ASKED]),
    "a predicate that is text": good_result(predicates=["income"]),
    "an unknown obligation": good_result(obligations={"notify": True}),
    "an obligation that is no number": good_result(obligations={"max_records": "1"}),
    "an obligation that is true": good_result(obligations={"max_records": True}),
    "obligations as a list": good_result(obligations=[]),
    "no policy version": good_result(policy_version=""),
    "a version that is no text": good_result(policy_version=1),
}


@pytest.mark.parametrize("result", WRONG_RESULTS.values(), ids=WRONG_RESULTS.keys())
def test_read_decision__untrustworthy_result__is_refused(result):
    """Undefined, ill-typed, over-generous or unknown: never an allow."""
    assert read(result) == UNAVAILABLE


def test_read_decision__field_asked_but_not_agreed__is_refused():
    """Policy cannot grant what the members did not sign."""
    assert read(good_result(fields=["tax_number"]), fields=["tax_number"]) == UNAVAILABLE


def test_read_decision__predicate_asked_but_not_agreed__is_refused():
    """Nor can it answer a question with another constant."""
    other = {**ASKED, "value": 501}
    assert read(good_result(predicates=[other]), predicates=[other]) == UNAVAILABLE


def test_read_decision__true_for_one__is_refused():
    """JSON's true is not the number 1."""
    assert (
        read(good_result(predicates=[{**ASKED, "value": True}]), predicates=[{**ASKED, "value": 1}])
        == UNAVAILABLE
    )
