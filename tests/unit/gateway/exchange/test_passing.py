"""Pass-through requests: who they are about."""

from __future__ import annotations

import pytest

from gateway.exchange.passing import check_target, find_subject, match_template
from schemas.catalogue import PassThroughForm, SubjectPlace
from schemas.errors import MethodNotAllowed, RequestMismatch, UnknownService
from schemas.wire import RequestHead


def _head(path="/p/1", query="", method="GET"):
    return RequestHead(method, path, query, (), None)


BY_PATH = PassThroughForm(("GET",), ("/p/{id}", "/{id}/p"), SubjectPlace("national_id", "path", "id"))
BY_QUERY = PassThroughForm(("GET",), ("/p",), SubjectPlace("national_id", "query", "id"))


@pytest.mark.parametrize(
    ("template", "path", "values"),
    [
        ("/p/{id}", "/p/1", {"id": "1"}), ("/p/{id}", "/p/a%20b", {"id": "a b"}), ("/p/{id}", "/p/", None),
        ("/p/{id}", "/p/1/2", None), ("/p/{id}", "/q/1", None), ("/p", "/p", {}), ("/p", "/p/", None),
        ("/{a}/{b}", "/1/2", {"a": "1", "b": "2"}),
    ],
)  # fmt: skip
def test_template__match__decoded_values(template, path, values):
    """One name, one segment."""
    assert match_template(template, path) == values


def test_target__not_offered__refused():
    """Method first, then path."""
    with pytest.raises(MethodNotAllowed):
        check_target(BY_PATH, _head(method="POST"))
    with pytest.raises(UnknownService):
        check_target(BY_PATH, _head("/p/1/2"))


def test_subject__one_candidate__found():
    """In the path or in the query."""
    assert find_subject(BY_PATH, _head()).value == "1"
    assert find_subject(BY_QUERY, _head("/p", "id=1&x=2")).value == "1"


@pytest.mark.parametrize(
    ("form", "path", "query"),
    [
        (BY_QUERY, "/p", ""), (BY_QUERY, "/p", "id="), (BY_QUERY, "/p", "id=1&id=2"),
        (BY_QUERY, "/p", "id=1&id=1"), (BY_QUERY, "/p", "id=1&%69d=2"), (BY_QUERY, "/p", "id=1;id=2"),
        (BY_QUERY, "/p", "id=1&ID=2"), (BY_QUERY, "/p", "id=1;x=2"), (BY_QUERY, "/p", "id=1&id[]=2"),
    ],
)  # fmt: skip
def test_subject__none_or_several_candidates__refused(form, path, query):
    """Whatever a source could take for another candidate denies."""
    with pytest.raises(RequestMismatch):
        find_subject(form, _head(path, query))


def test_subject__two_templates__agree_or_deny():
    """Two templates that match with one value are one candidate; with two values they deny."""
    assert find_subject(BY_PATH, _head("/p/p")).value == "p"
    form = PassThroughForm(("GET",), ("/{id}/{x}", "/{x}/{id}"), SubjectPlace("national_id", "path", "id"))
    with pytest.raises(RequestMismatch):
        find_subject(form, _head("/1/2"))


def test_subject__nobody_in_particular__none():
    """Some services are about nobody."""
    assert find_subject(PassThroughForm(("GET",), ("/p",), None), _head("/p")) is None
