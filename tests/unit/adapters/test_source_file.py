"""Source files: what is accepted, and errors that name file, line and cure."""

from __future__ import annotations

import traceback
from pathlib import Path

import pytest

from adapters.kinds.sql.form import SqlConnection
from adapters.secrets import EnvironmentSecrets
from adapters.source import PassThroughService
from adapters.source_file import load_source
from adapters.trying import check_source
from schemas.catalogue import PassThroughForm, RecordForm
from schemas.errors import ConfigurationError
from tests.unit.adapters.small_source import REST, SQL, TOKEN, Secrets, rest_source, sql_source, write

BROKEN = [
    # text, exchange, line, words of the complaint and its cure
    (SQL, ("title: Status", "title: Status\n    form2: x"), 12, "unknown member `form2`; did you mean `form`?"),
    (SQL, ("kind: sql", "kind: sq"), 3, "write one of sql, rest, dci"),
    (SQL, ("    from: v_status\n", ""), 10, "`status` has no `from`; write `from: a database view"),
    (SQL, ("from: v_status", "from: 'v; DROP TABLE x'"), 15, "a database view"),
    (SQL, ("else: error}", "otherwise: error}"), 21, "unknown member `otherwise`"),
    (SQL, (", else: error}", "}"), 21, "`codes` needs `else`; write `else: error`"),
    (SQL, ("certified_on:", "certified_in:"), 22, "`certified_in` is no field of disability/1; write one of"),
    (SQL, ("canonical: disability/1", "canonical: disability/9"), 12, "no canonical schema of this name"),
    (SQL, ("nid: $national_id", "nid: $passport"), 16, "no such selector under `subject`; write one of $national_id"),
    (SQL, ("where: {nid: $national_id}", "where: {nid: '1'}"), 16, "a selector such as $national_id"),
    (SQL, ('pattern: ".*"', 'pattern: "("'), 14, "not a regular expression"),
    (SQL, ("to: date}", "to: day}"), 22, "text, integer, decimal, boolean, date"),
    (SQL, ("to: date}", "to: text, format: '%d'}"), 22, "`format` belongs to `to: date`"),
    (SQL, ("LM/GOV/NDC/disability", "LM/GOV/NDC"), 5, "INSTANCE/CLASS/MEMBER/SUBSYSTEM"),
    (SQL, ("  status:\n    title", "  st_atus:\n    title"), 10, "the name `st_atus` is not allowed here"),
    (SQL, ("dsn: sqlite:///register.db", "dsn: ftp://h/d"), 7, "sqlite:///file, or postgresql"),
    (SQL, ("dsn: sqlite:///register.db", "dsn: postgresql://u:hunter2@h/d"), 7, "a password stands in the file"),
    (SQL, ("timeout_ms: 1000", "timeout_ms: 0"), 8, "milliseconds for one question"),
    (SQL, ("from: v_status", "from: v_status\n    shape: list"), 10, "a list service must say what no row means"),
    (SQL, ("from: v_status", "from: v_status\n    group: nid"), 16, "`group` is for `shape: list`"),
    (REST, ('token: "${secret:IDENTITY_TOKEN}"', "token: abc"), 8, "never the secret itself"),
    (REST, ("${secret:IDENTITY_TOKEN}", "${secret:lower}"), 8, "a reference such as ${secret:TAX_KEY}"),
    (REST, ('/persons/{national_id}"}', '/persons"}'), 16, "the request does not carry `national_id`"),
    (REST, ('/persons/{national_id}"}', '/persons/{nid}"}'), 16, "`{nid}` is no selector under `subject`"),
    (REST, ("json: /error, equals: unknown", "json: /error"), 18, "`json` and `equals` belong together"),
    (REST, ('/card"]', '", "/all"]'), 27, "the path does not name the subject once"),
    (REST, ("base_path: /api/v1", "base_path: /api/v1\n    openapi: ../x.json"), 30, "no such file beside this one"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "change", "line", "words"), BROKEN, ids=[row[3] for row in BROKEN])
def test_load_source__wrong_file__error_names_file_line_and_cure(
    tmp_path: Path, text: str, change: tuple[str, str], line: int, words: str
):
    """Every complaint begins with file and line, and ends with what to write."""
    path = write(tmp_path, text, change)

    with pytest.raises(ConfigurationError) as caught:
        load_source(path, Secrets(IDENTITY_TOKEN=TOKEN), {"IDENTITY_URL": "https://x.example"})

    assert words in caught.value.detail
    assert f"source.yaml:{line}: " in caught.value.detail
    assert "hunter2" not in caught.value.detail


@pytest.mark.parametrize(("text", "change", "line", "words"), BROKEN, ids=[row[3] for row in BROKEN])
def test_check_source__wrong_file__gives_the_same_findings_without_secrets(
    tmp_path: Path, text: str, change: tuple[str, str], line: int, words: str
):
    """Checking needs no secret and no variable."""
    findings = check_source(write(tmp_path, text, change))

    assert any(finding.line == line and words in str(finding) for finding in findings), findings


def test_load_source__several_errors__all_are_reported(tmp_path: Path):
    """One run shows everything the schema finds."""
    path = write(tmp_path, SQL, ("to: date", "to: day"), ("kind: sql\n", "kind: sql\nfoo: 1\n"))

    with pytest.raises(ConfigurationError) as caught:
        load_source(path)

    assert [line.split(" ")[0] for line in caught.value.detail.splitlines()] == [
        "source.yaml:4:",
        "source.yaml:23:",
    ]


def test_check_source__right_file_without_tests__only_warns(tmp_path: Path):
    """A warning does not keep a source from loading."""
    findings = check_source(write(tmp_path, SQL))

    assert [finding.level for finding in findings] == ["warning"]


def test_check_source__plain_http_to_another_host__warns(tmp_path: Path):
    """Unencrypted connections are for one machine."""
    path = write(tmp_path, REST, ("${env:IDENTITY_URL}", "http://identity.example"))

    assert any("not encrypted" in finding.what for finding in check_source(path))


def test_load_source__missing_secret__is_named_and_nothing_else(tmp_path: Path):
    """The error says which secret, and where it would be looked for."""
    path = write(tmp_path, REST)

    with pytest.raises(ConfigurationError) as caught:
        load_source(path, Secrets(OTHER="CANARY"), {"IDENTITY_URL": "https://x.example"})

    assert caught.value.detail.startswith("source.yaml:6: secret IDENTITY_TOKEN is missing")
    assert "CANARY" not in caught.value.detail


def test_load_source__missing_variable__is_named(tmp_path: Path):
    """The same for variables."""
    with pytest.raises(ConfigurationError, match="environment variable IDENTITY_URL is not set"):
        load_source(write(tmp_path, REST), Secrets(IDENTITY_TOKEN=TOKEN), {})


@pytest.mark.parametrize("value", ["a\r\nX-Evil: 1", "schön", "\x00"])
def test_load_source__secret_unfit_for_a_header__refused(tmp_path: Path, value: str):
    """A secret cannot add a header."""
    with pytest.raises(ConfigurationError, match="cannot stand in an HTTP header") as caught:
        load_source(
            write(tmp_path, REST), Secrets(IDENTITY_TOKEN=value), {"IDENTITY_URL": "https://x.example"}
        )

    assert value not in caught.value.detail


@pytest.mark.parametrize("url", ["ftp://x", "https://u:p@x.example", "https://x.example/?a", "x.example"])
def test_load_source__variable_is_no_base_url__refused(tmp_path: Path, url: str):
    """A variable is checked as a literal would be."""
    with pytest.raises(ConfigurationError, match="base_url is not"):
        load_source(write(tmp_path, REST), Secrets(IDENTITY_TOKEN=TOKEN), {"IDENTITY_URL": url})


def test_load_source__right_file__describes_both_forms(tmp_path: Path):
    """Descriptions are what the catalogue shows."""
    source = rest_source(tmp_path, "https://x.example")

    person, card = source.descriptions()

    assert str(person.id) == "LM/GOV/NIA/identity/person"
    assert person.form == RecordForm("person/1", ("national_id", "family_name"), ("national_id",))
    assert isinstance(card.form, PassThroughForm)
    assert isinstance(source.services["card"], PassThroughService)
    assert card.form.paths == ("/persons/{national_id}/card",)


def test_source__shown__hides_connection_secrets(tmp_path: Path):
    """Neither repr nor str of a source shows a secret."""
    source = rest_source(tmp_path, "https://x.example")

    assert TOKEN not in f"{source!r} {source.connection!r}"
    assert "hunter2" not in repr(SqlConnection("postgresql://u:hunter2@h/d"))


def test_sqlite_path__relative__starts_at_the_file(tmp_path: Path):
    """A source file and its database may move together."""
    source = sql_source(tmp_path)

    assert source.connection == SqlConnection(f"sqlite:///{tmp_path}/register.db")


def test_environment_secrets__variable_then_file_then_nothing(tmp_path: Path):
    """The environment wins over the directory; a trailing newline of a file is not the secret."""
    (tmp_path / "A").write_text("from-file\n")
    secrets = EnvironmentSecrets({"ISTHMUS_SECRET_B": "from-variable"}, tmp_path)

    assert secrets.get("A") == "from-file"
    assert secrets.get("B") == "from-variable"
    assert secrets.get("C") is None
    assert "from-variable" not in repr(secrets)


def test_secrets__file_that_is_no_text__refused_by_name_without_quoting_it(tmp_path: Path):
    """A key in bytes, or in another encoding, is an error that shows nothing of it."""
    (tmp_path / "SIGNING").write_bytes(b"CANARY\xff\xfe")
    with pytest.raises(ConfigurationError, match="SIGNING") as caught:
        EnvironmentSecrets({}, tmp_path).get("SIGNING")
    shown = "".join(traceback.format_exception(caught.value))
    assert "CANARY" not in shown
    assert "0xff" not in shown
    assert caught.value.__suppress_context__
