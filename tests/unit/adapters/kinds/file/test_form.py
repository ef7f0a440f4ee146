"""How a `file` source is written: what cannot work is refused with its cure, before anything is read."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import adapters
from adapters.kinds.file.names import Said, pattern
from adapters.trying import check_source
from tests.unit.adapters.kinds.file.dropping import CSV, FILE
from tests.unit.adapters.small_source import write

PAGE = Path(adapters.__file__).parent.parent / "docs" / "adapters" / "file.md"


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (("people_{date:%Y%m%d}.csv", "people.csv"), "the names hold no date; write {date:%Y%m%d} into them"),
        (("{date:%Y%m%d}", "{date:%A}"), "`%A` cannot stand in a date"),
        (("{date:%Y%m%d}", "{day}"), "a brace without its meaning"),
        (("as_of: name", "as_of: manifest"), "there is no manifest; write `finished: manifest`"),
        (
            ("as_of: name", 'as_of: {line: 1, text: "as of {date:%Y}"}'),
            "the line is no line before the header",
        ),
        (("as_of: name", 'as_of: name\n      delta: "d_{date:%Y%m%d}.csv"'), "deltas need a `key`"),
        (
            ("as_of: name", 'as_of: name\n      key: [NID]\n      delta: "d_{sequence}_{date:%Y}.csv"'),
            "the order of files is not known",
        ),
        (("from: people", "from: peoples\n    empty: nobody"), "`empty` is not as it must be"),
        (("{NID: $national_id}", "{NID: $passport}"), "no such selector under `subject`"),
        (
            ("from: people\n", "from: peoples\n"),
            "no such file under connection, `files`; write one of people",
        ),
        (('{pattern: "(?s:.*)"}', '{pattern: "[0-9]+", to: integer}'), "files are compared as text"),
        (("encoding: utf-8, ", ""), "`format` is not as it must be"),
        (("encoding: utf-8", "encoding: guess"), "is not as it must be"),
        (("people_{date", "../people_{date"), "is not as it must be"),
    ],
)
def test_check__cannot_work__named_with_its_cure(tmp_path: Path, change: tuple[str, str], what: str):
    """Every complaint says line and cure."""
    findings = [str(one) for one in check_source(write(tmp_path, FILE, change)) if one.level == "error"]

    assert any(what in one for one in findings), findings


@pytest.mark.parametrize(
    "secret", ["password: literal", 'key: "-----BEGIN"', "password: ${env:DROP_PASSWORD}"]
)
def test_check__secret_of_sftp_stands_in_the_file__refused(tmp_path: Path, secret: str):
    """Keys and passwords are references to secrets."""
    place = f'{{sftp: {{host: h.example, user: u, host_key: "ssh-ed25519 AAAA", {secret}}}}}'

    assert any(one.level == "error" for one in check_source(write(tmp_path, FILE, ("{folder: drop}", place))))


def test_check__sftp_without_a_host_key__refused(tmp_path: Path):
    """No first use is trusted."""
    place = '{sftp: {host: h.example, user: u, key: "${secret:K}"}}'
    findings = check_source(write(tmp_path, FILE, ("{folder: drop}", place)))

    assert any("host_key" in str(one) for one in findings)


def test_check__no_max_age__warned(tmp_path: Path):
    """Old data for ever is a choice to be made knowingly."""
    findings = check_source(write(tmp_path, FILE))

    assert any("max_age_h" in str(one) for one in findings if one.level == "warning")


def test_page__example__is_in_order(tmp_path: Path):
    """Whoever copies the page's source has a good one."""
    (example,) = re.findall(r"```yaml\n(id: .*?)```", PAGE.read_text("utf-8"), re.DOTALL)

    assert check_source(write(tmp_path, example)) == []


@pytest.mark.parametrize(
    ("form", "name", "said"),
    [
        ("a_{date:%Y%m%d}.csv", "a_20260101.csv", Said(1767225600)),
        ("a_{date:%Y%m%d}.csv", "a_20260231.csv", None),
        ("a_{date:%Y%j}_{sequence}.csv", "a_2026001_0042.csv", Said(1767225600, 42)),
        ("a*.csv", "a/../b.csv", None),
        ("a.csv", "axcsv", None),
        ("a_{sequence}.csv", "a_٣.csv", None),
    ],
)
def test_pattern__names__read_or_not(form: str, name: str, said: Said | None):
    """A name has the pattern's form, or says nothing."""
    assert pattern(form).read(name) == said


def test_small_source__is_itself_right(tmp_path: Path):
    """The tests' own source has no error."""
    assert CSV in FILE
    assert [one for one in check_source(write(tmp_path, FILE)) if one.level == "error"] == []
