"""Record services' question and answer."""

from __future__ import annotations

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.decision import Predicate
from schemas.errors import MalformedRequest, TooLarge
from schemas.record import MAX_REQUEST_BYTES, OPERATORS, RecordAnswer, RecordRequest, Subject

NAMES = st.from_regex(r"[a-z][a-z0-9_]{0,10}", fullmatch=True)
VALUES = st.text(min_size=1, max_size=40).filter(lambda text: text.isprintable())
JSON = (
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
    | st.lists(st.integers(0, 9), max_size=3)
)
PREDICATES = st.dictionaries(
    NAMES, st.builds(Predicate, NAMES, st.sampled_from(sorted(OPERATORS)), JSON), max_size=4
)


@given(st.builds(Subject, NAMES, VALUES, NAMES), st.lists(NAMES, unique=True, max_size=5), PREDICATES)
def test_request__of_what_was_written__the_same(subject, fields, predicates):
    """Writing and reading are inverse."""
    request = RecordRequest(subject, tuple(fields), predicates)
    assert RecordRequest.from_bytes(request.to_bytes()) == request


@given(st.sampled_from(["ok", "not_found", "ambiguous"]), st.dictionaries(NAMES, JSON, max_size=4),
       st.dictionaries(NAMES, st.sampled_from(["yes", "no", "unknown"]), max_size=3), st.integers(0, 2**53))  # fmt: skip
def test_answer__of_what_was_written__the_same(status, record, predicates, as_of):
    """Writing and reading are inverse."""
    answer = RecordAnswer(status, record, predicates, as_of)
    assert RecordAnswer.from_bytes(answer.to_bytes(), max_bytes=1 << 20) == answer


def test_subject__shown__without_its_value():
    """It may stand in a traceback."""
    assert "731" not in repr(Subject("national_id", "7310000001"))


GOOD = {"subject": {"type": "national_id", "value": "1"}, "fields": ["a"], "predicates": {}}
BAD = [
    {"subject": None}, {"subject": {}}, {"subject": {"type": "national_id"}}, {"subject": {"type": "N", "value": "1"}},
    {"subject": {"type": "a", "value": ""}}, {"subject": {"type": "a", "value": 1}}, {"subject": {"type": "a", "value": "a\nb"}},
    {"subject": {"type": "a", "value": "x" * 257}}, {"subject": {"type": "a", "value": "1", "relation": "X"}},
    {"subject": {"type": "a", "value": "1", "extra": 1}}, {"subject": {"type": ["a"], "value": "1"}},
    {"fields": "a"}, {"fields": ["A"]}, {"fields": ["a.b"]}, {"fields": ["../a"]}, {"fields": ["a", "a"]}, {"fields": [1]},
    {"fields": ["a"] * 65}, {"fields": None}, {"fields": ["a" * 65]}, {"extra": 1}, {"predicates": []},
    {"predicates": {"P": {"field": "a", "op": "eq", "value": 1}}}, {"predicates": {"p": None}},
    {"predicates": {"p": {"field": "a", "op": "like", "value": 1}}}, {"predicates": {"p": {"field": "a", "op": [], "value": 1}}},
    {"predicates": {"p": {"field": "a", "op": {}, "value": 1}}}, {"predicates": {"p": {"field": [], "op": "eq"}}},
    {"predicates": {"p": {"field": "a", "op": "eq", "value": 1, "x": 1}}}, {"predicates": {"p": {"op": "eq"}}},
    {"predicates": {f"p{n}": {"field": "a", "op": "eq"} for n in range(33)}},
]  # fmt: skip


@pytest.mark.parametrize("changes", BAD, ids=lambda changes: repr(changes)[:50])
def test_request__against_a_rule__refused(changes):
    """Bounded values, plain names, known operators; never another error than ours."""
    with pytest.raises(MalformedRequest):
        RecordRequest.from_bytes(orjson.dumps({**GOOD, **changes}))


def test_request__too_long__refused():
    """At most 64 KiB."""
    with pytest.raises(TooLarge):
        RecordRequest.from_bytes(b" " * (MAX_REQUEST_BYTES + 1))


@pytest.mark.parametrize(
    "changes",
    [{"status": "maybe"}, {"status": []}, {"record": []}, {"predicates": {"p": "perhaps"}}, {"predicates": {"p": []}},
     {"as_of": "now"}, {"as_of": None}, {"as_of": True}, {"as_of": 1.5}, {"extra": 1}],
    ids=repr,
)  # fmt: skip
def test_answer__against_a_rule__refused(changes):
    """What a provider sends is read as strictly."""
    good = {"status": "ok", "record": {}, "predicates": {}, "as_of": 1}
    with pytest.raises(MalformedRequest):
        RecordAnswer.from_bytes(orjson.dumps({**good, **changes}), max_bytes=1000)


def test_subject__a_token__may_be_longer_than_a_number():
    """The bound is raised for the one type that needs it."""
    token = RecordRequest(Subject("access_token", "t" * 4096), (), {})
    assert RecordRequest.from_bytes(token.to_bytes()) == token
    for subject in (Subject("access_token", "t" * 4097), Subject("national_id", "1" * 257)):
        with pytest.raises(MalformedRequest):
            RecordRequest.from_bytes(RecordRequest(subject, (), {}).to_bytes())
