"""YAML with lines: JSON's values only, and every complaint names its place."""

from __future__ import annotations

import pytest

from policies.yaml_lines import MAX_FILE_BYTES, read_yaml
from schemas.errors import ConfigurationError


def read(tmp_path, text):
    path = tmp_path / "a.yaml"
    path.write_text(text)
    return read_yaml(path)


def test_read_yaml__plain_file__values_and_lines(tmp_path):
    """Dates and `no` stay words; every place knows its line."""
    file = read(tmp_path, "a: 1\nday: 2026-01-31\nno: no\nlist:\n  - true\n  - {x: '1', y: 1.5, z:}\n")
    assert file.value == {
        "a": 1,
        "day": "2026-01-31",
        "no": "no",
        "list": [True, {"x": "1", "y": 1.5, "z": None}],
    }
    assert file.lines[("list", 1, "y")] == 6
    assert str(file.error(("list", 1, "y", "missing"), "m")).endswith("a.yaml:6: list.1.y.missing: m")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", 1),
        ("a: 1\na: 2\n", 2),
        ("a: &x 1\nb: *x\n", 1),
        ("a: 1\nb: !!python/object:os.system x\n", 2),
        ("a: 1\nb: [1\n", 3),
        ("a: 1\n? [x]\n: 2\n", 2),
        ("a: 1\n---\nb: 2\n", 2),
        ("a:\n" + "".join("  " * n + f"  b{n}:\n" for n in range(20)), 17),
        ("[" * 100_000, 1),
        ("a: " + "x" * MAX_FILE_BYTES, 1),
        ("a: \x00", 1),
    ],
)
def test_read_yaml__not_the_strict_subset__is_refused_with_its_line(tmp_path, text, line):
    """Anchors, tags, duplicates, depth, size, broken syntax: each is named."""
    with pytest.raises(ConfigurationError, match=rf"a\.yaml:{line}: "):
        read(tmp_path, text)


def test_read_yaml__no_such_file__is_refused(tmp_path):
    """A file that cannot be read is a configuration error."""
    with pytest.raises(ConfigurationError):
        read_yaml(tmp_path / "b.yaml")
