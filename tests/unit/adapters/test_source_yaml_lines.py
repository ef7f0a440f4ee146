"""YAML with lines: the safe subset, and nothing that unfolds or surprises."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.yaml_lines import load, parse
from schemas.errors import ConfigurationError

PATH = Path("x.yaml")


def test_parse__nested_values__every_place_has_its_line():
    """A member stands on its name's line, a list entry on its own."""
    document = parse(b"a: 1\nb:\n  - x\n  - c: 2\n", PATH)

    assert document.value == {"a": 1, "b": ["x", {"c": 2}]}
    assert document.line(("b",)) == 2
    assert document.line(("b", 1, "c")) == 4
    assert document.line(("b", 1, "c", "absent")) == 4


def test_parse__dates_and_leading_zeros__stay_text():
    """Nothing in a source file becomes a date by itself."""
    assert parse(b"a: 2020-01-01\nb: '0017'\n", PATH).value == {"a": "2020-01-01", "b": "0017"}


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"a: 1\na: 2\n", "x.yaml:2: member `a` stands twice"),
        (b"a: &x 1\nb: *x\n", "x.yaml:2: aliases are not allowed"),
        (b"a: !!python/object:os.system 1\n", "x.yaml:1: not a plain value"),
        (b"a: [1\n", "x.yaml:2: not YAML"),
        (b"a: 1\n---\nb: 2\n", "not YAML"),
        (b"\xff\xfe\x00", "x.yaml:1: not YAML in UTF-8"),
        (b"? [a]\n: 1\n", "a member's name must be plain text"),
        (b"[" * 40 + b"]" * 40, "nested deeper than 32 levels"),
        (b"[" * 5000, "x.yaml:"),
    ],
)
def test_parse__outside_the_subset__refused_with_line(data: bytes, words: str):
    """Every refusal is a configuration error of this file."""
    with pytest.raises(ConfigurationError) as caught:
        parse(data, PATH)

    assert words in caught.value.detail


@given(st.binary(max_size=200))
def test_parse__any_bytes__a_document_or_a_configuration_error(data: bytes):
    """No other error leaves the parser."""
    with suppress(ConfigurationError):
        assert parse(data, PATH).path == PATH


def test_load__absent_or_huge_file__refused(tmp_path: Path):
    """Reading is bounded."""
    huge = tmp_path / "huge.yaml"
    huge.write_bytes(b"a" * 600_000)

    for path in (tmp_path / "none.yaml", huge):
        with pytest.raises(ConfigurationError, match=path.name):
            load(path)
