"""The lint: each thing it refuses, with file and line."""

from __future__ import annotations

import time

import pytest

from policies.lint import check_sources
from policies.sources import PolicyFile, load_sources
from schemas.errors import ConfigurationError

HEAD = "# METADATA\n# title: t\n# description: d\npackage isthmus.x\n\nimport rego.v1\n\n"
"""Seven lines; the body begins on line 8."""

REFUSED = {
    "http.send": "a if http.send({})",
    "http.send under not": "a if not http.send({})",
    "a clock in a function": "f(x) := x\n\na if f(time.now_ns())",
    "chance in a comprehension": 'a if count([y | y := rand.intn("a", 3)]) > 0',
    "a default from the environment": "default a := opa.runtime()",
    "a uuid in an else": 'a if { input.fields } else := uuid.rfc4122("k")',
    "walk": "a if walk(input.subject, [p, v])",
    "print": "a if print(1)",
    "metadata at run time": "a := rego.metadata.rule()",
    "a function by its import's alias": "a if fields.f(1)",
    "the exchange's id": "a if input.exchange.id",
    "its cid in brackets": 'a if input["exchange"]["cid"]',
    "any member of the exchange": "a if {\n\tsome k\n\tinput.exchange[k]\n}",
    "the exchange as a whole": "a if { x := input.exchange; x.id }",
    "every member of it": 'a if { every k in input.exchange { k == "x" } }',
    "the id in a rule's head": "a contains input.exchange.id if true",
    "the id as a key": "a := {input.exchange.id: 1}",
    "the id as an index": "a if input.fields[input.exchange.id]",
    "the input as a whole": "a if { x := input; x.exchange.id }",
    "the input as an argument": 'a if object.get(input, "exchange", {}).id',
    "any member of the input": "a if input[_].id",
    "an input of its own": "a if b with input as {}",
    "an import of input": "import input.exchange as e\n\na if e.id",
    "an import of other data": "import data.secrets\n\na if secrets.x",
    "an import of a package of ours": "import data.isthmus.fields\n\na if fields.granted",
    "a reference inside another under not": "a if not data.national.x[input.purpose]",
    "a reference as an argument under not": "f(x) := x\n\na if not f(input.purpose)",
    "deep nesting": "a := " + "[" * 9 + "]" * 9,
    "no Rego": "a if {",
    "old Rego": "a { true }",
}


def check(body: str, head: str = HEAD) -> None:
    check_sources([PolicyFile("x/x.rego", f"{head}{body}\n")])


@pytest.mark.parametrize("body", REFUSED.values(), ids=REFUSED.keys())
def test_check_sources__forbidden__is_refused_with_its_place(body):
    """Each is refused before it is loaded, naming the file."""
    with pytest.raises(ConfigurationError, match=r"^x/x\.rego:"):
        check(body)


def test_check_sources__forbidden__names_the_line():
    """The line is that of the offence."""
    with pytest.raises(ConfigurationError, match=r"^x/x\.rego:11: calls http\.send"):
        check("a if {\n\tinput.time > 1\n\n\thttp.send({})\n}")


PERMITTED = {
    "built-ins": 'a if startswith(lower(input.purpose), "x")',
    "its own functions": "f(x) := x + 1\n\na if f(input.time) > 2",
    "another package's by its whole path": "a if data.isthmus.fields.f(1)",
    "retry and unsafe": "a if {\n\tinput.exchange.retry\n\tinput.exchange.unsafe\n}",
    "brackets in texts and comments": 'a := "[[[[[[[[[[[[" # ((((((((((((\n\nb := `{{{{{{{{{{{{`',
}


@pytest.mark.parametrize("body", PERMITTED.values(), ids=PERMITTED.keys())
def test_check_sources__ordinary_rego__is_taken(body):
    """The lint is no obstacle to plain rules."""
    check(body)


@pytest.mark.parametrize(
    ("head", "complaint"),
    [
        ("package isthmus.x\n\nimport rego.v1\n\n", "METADATA"),
        (HEAD.replace("# description: d\n", ""), "METADATA"),
        (HEAD.replace("# title: t", "# title: ["), "METADATA"),
        (HEAD.replace("import rego.v1", ""), r"import rego\.v1"),
    ],
)
def test_check_sources__head_is_incomplete__is_refused(head, complaint):
    """Each file says what it is for, and in which language."""
    with pytest.raises(ConfigurationError, match=complaint):
        check("a := 1", head)


def test_check_sources__exponential_nesting__is_refused_at_once():
    """The parser, which would take minutes, never sees it."""
    begin = time.monotonic()
    with pytest.raises(ConfigurationError, match="nested deeper"):
        check("a := " + "[" * 40 + "]" * 40)
    assert time.monotonic() - begin < 1


def test_check_sources__the_products_own_files__pass():
    """Our own files keep our own rules."""
    check_sources(load_sources().files)
