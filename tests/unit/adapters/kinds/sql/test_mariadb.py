"""Kind `sql` on a real MariaDB: exact matches under its forgiving collations, and its own oddities."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from adapters.contract import Adapter
from adapters.kinds import new_kind
from adapters.opening import open_source
from adapters.source import Source
from adapters.source_file import load_source
from schemas.errors import ConfigurationError
from schemas.outcome import Ambiguous, DeniedBySource, Match, Misbehaving, NotFound, Unavailable
from tests.mariadb import MariadbServer, mariadb_server  # noqa: F401  fixture
from tests.unit.adapters.kinds.sql.injections import INJECTIONS
from tests.unit.adapters.small_source import SQL, ask, write

pytestmark = pytest.mark.system

FIELDS = ("national_id", "status", "certified_on")
REGISTER = """
DROP DATABASE IF EXISTS sp; CREATE DATABASE sp DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci; USE sp;
CREATE TABLE t_status (nid VARCHAR(40), status CHAR(4), since DATE, protected TINYINT(1), refreshed DATETIME,
                       number BIGINT, amount DECIMAL(20,4), bits BIT(1));
SET sql_mode = '';
INSERT INTO t_status VALUES
  ('1000000017', 'A', '2022-02-01', 0, '2026-01-01', 12, 12345678901234.5678, b'1'),
  ('1000000025', 'A', '2022-02-01', 0, '2026-01-01', 1, 1, b'0'),
  ('1000000025', 'P', '2022-02-01', 0, '2026-01-01', 1, 1, b'0'),
  ('abc', 'A', '2022-02-01', 0, '2026-01-01', 1, 1, b'0'),
  ('12abc', 'A', '2022-02-01', 0, '2026-01-01', 1, 1, b'0'),
  ('trail ', 'A', '2022-02-01', 0, '2026-01-01', 1, 1, b'0'),
  ('zero', 'A', '0000-00-00', 0, '2026-01-01', 1, 1, b'0'),
  ('شهادة-٧', 'A', '2022-02-01', 1, '2026-01-01', 1, 1, b'0');
CREATE TABLE t_latin (nid VARCHAR(40) CHARACTER SET latin1, status CHAR(4), since DATE, protected BIT(1),
                      refreshed TIMESTAMP);
SET time_zone = '+03:00';
INSERT INTO t_latin VALUES ('Peña', 'A', '2022-02-01', b'1', '2026-01-01 03:00:00');
CREATE VIEW v_status AS SELECT * FROM t_status;
CREATE VIEW v_latin AS SELECT * FROM t_latin;
CREATE VIEW v_slow AS SELECT t.* FROM t_status t WHERE SLEEP(20) = 0;
CREATE VIEW v_huge AS SELECT nid, REPEAT(status, 20000000) AS status, since, protected, refreshed FROM t_status;
CREATE VIEW v_words AS SELECT nid AS `Select`, status AS `ORDER`, since AS `key`, protected, refreshed FROM t_status;
DELIMITER //
CREATE FUNCTION spoil() RETURNS CHAR(4) BEGIN DELETE FROM t_status; RETURN 'A'; END//
DELIMITER ;
CREATE VIEW v_spoil AS SELECT nid, spoil() AS status, since, protected, refreshed FROM t_status;
CREATE OR REPLACE USER reader; GRANT SELECT ON sp.v_status TO reader; GRANT SELECT (nid) ON sp.v_latin TO reader;
"""


@pytest.fixture
def register(mariadb_server: MariadbServer) -> MariadbServer:  # noqa: F811
    """The register, as new."""
    mariadb_server.run(REGISTER)
    return mariadb_server


def source_of(folder: Path, dsn: str, view: str = "v_status", *changes: tuple[str, str]) -> Source:
    """The small source over MariaDB."""
    text = ("dsn: sqlite:///register.db", 'dsn: "${env:DSN}"')
    path = write(folder, SQL, text, ("from: v_status", f"from: {view}"), *changes)
    return load_source(path, environment={"DSN": dsn})


@asynccontextmanager
async def opened(source: Source) -> AsyncIterator[Adapter]:
    """An adapter between open and close."""
    adapter = open_source(source)
    await adapter.open()
    try:
        yield adapter
    finally:
        await adapter.close()


async def test_mariadb__match_not_found_ambiguous(tmp_path: Path, register: MariadbServer):
    """The same outcomes as on SQLite, with MariaDB's own types; an account with the view alone is enough."""
    async with opened(source_of(tmp_path, register.dsn("reader"))) as adapter:
        match = await adapter.fetch(ask("status", "1000000017", *FIELDS))
        absent = await adapter.fetch(ask("status", "1000000099", *FIELDS))
        several = await adapter.fetch(ask("status", "1000000025", *FIELDS))
        assert await adapter.health() is None

    assert match == Match(
        {"national_id": "1000000017", "status": "approved", "certified_on": "2022-02-01"}, 1767225600, False
    )
    assert isinstance(absent, NotFound)
    assert several == Ambiguous(2, 1767225600)


@pytest.mark.parametrize("value", ["ABC", "abc ", "abç", "áBc", "trail", "trail  ", "12", "0", "ABÇ"])
async def test_mariadb__collation_matches_another__nobody_is_found(
    tmp_path: Path, register: MariadbServer, value: str
):
    """Case, accents, trailing spaces and numbers in front of text never make one person another."""
    async with opened(source_of(tmp_path, register.dsn())) as adapter:
        assert isinstance(await adapter.fetch(ask("status", value, *FIELDS)), NotFound)


@pytest.mark.parametrize("value", ["abc", "12abc", "trail ", "شهادة-٧"])
async def test_mariadb__the_very_value__is_found(tmp_path: Path, register: MariadbServer, value: str):
    """Exactness loses nobody, in any script."""
    async with opened(source_of(tmp_path, register.dsn())) as adapter:
        assert isinstance(await adapter.fetch(ask("status", value, "status")), Match)


@pytest.mark.parametrize("value", [*INJECTIONS, "\\' OR 1=1 -- ", "%s", "%(x)s", "縗' OR 1=1 -- "])
async def test_mariadb__injection__finds_nobody(tmp_path: Path, register: MariadbServer, value: str):
    """A value is hexadecimal digits in the statement, whatever it holds."""
    async with opened(source_of(tmp_path, register.dsn())) as adapter:
        assert isinstance(await adapter.fetch(ask("status", value, *FIELDS)), NotFound)

    assert register.run("SELECT count(*) FROM sp.t_status") == "8"


async def test_mariadb__latin_1_column__found_and_read_as_unicode(tmp_path: Path, register: MariadbServer):
    """A code page stays at the database; a timestamp is UTC, and BIT(1) a boolean."""
    async with opened(source_of(tmp_path, register.dsn(), "v_latin")) as adapter:
        match = await adapter.fetch(ask("status", "Peña", "national_id"))
        absent = await adapter.fetch(ask("status", "Pena", "national_id"))

    assert match == Match({"national_id": "Peña"}, 1767225600, restricted=True)
    assert isinstance(absent, NotFound)


async def test_mariadb__number_column_and_text_selector__refused(tmp_path: Path, register: MariadbServer):
    """MariaDB would find 12 when asked about `12abc`."""
    source = source_of(
        tmp_path, register.dsn(), "v_status", ("{nid: $national_id}", "{number: $national_id}")
    )

    with pytest.raises(ConfigurationError, match=r"column `number` is bigint\(20\), its selector text"):
        await open_source(source).open()


async def test_mariadb__text_column_and_number_selector__refused(tmp_path: Path, register: MariadbServer):
    """MariaDB would find `12abc` when asked about 12."""
    change = ('{pattern: ".*"}', '{pattern: ".*", to: integer}')

    with pytest.raises(ConfigurationError, match="column `nid` is varchar"):
        await open_source(source_of(tmp_path, register.dsn(), "v_status", change)).open()


async def test_mariadb__zero_date__never_becomes_nothing(tmp_path: Path, register: MariadbServer):
    """`0000-00-00` is not silently "no date": the file must say what it means."""
    async with opened(source_of(tmp_path, register.dsn())) as adapter:
        outcome = await adapter.fetch(ask("status", "zero", "certified_on"))

    assert outcome == Misbehaving("certified_on: not a date of the declared format")


async def test_mariadb__decimal__exact(tmp_path: Path, register: MariadbServer):
    """No amount becomes a float."""
    change = ("{from: status, codes: {A: approved, P: pending}, else: error}", "{from: amount, to: decimal}")
    source = source_of(tmp_path, register.dsn(), "v_status", change)
    kind = new_kind(source)
    await kind.open()
    rows = await kind.read(source.record_service("status"), ask("status", "1000000017").subject, ("status",))
    await kind.close()

    assert str(rows[0]["amount"]) == "12345678901234.5678"  # type: ignore[index]


async def test_mariadb__base_table__refused(tmp_path: Path, register: MariadbServer):
    """As on SQLite."""
    with pytest.raises(ConfigurationError, match="is not a database view"):
        await open_source(source_of(tmp_path, register.dsn(), "t_status")).open()


async def test_mariadb__view_that_writes__refused_by_the_read_only_transaction(
    tmp_path: Path, register: MariadbServer
):
    """Not even a view's function can change a register."""
    with pytest.raises(ConfigurationError, match="`v_spoil` is not a database view"):
        await open_source(
            source_of(tmp_path, register.dsn(), "v_spoil")
        ).open()  # not even its columns are told

    assert register.run("SELECT count(*) FROM sp.t_status") == "8"


async def test_mariadb__slow_view__stopped_at_the_server(tmp_path: Path, register: MariadbServer):
    """The deadline holds, and nothing goes on running at the server."""
    async with opened(source_of(tmp_path, register.dsn(), "v_slow")) as adapter:
        outcome = await adapter.fetch(ask("status", "1000000017", "status"))

    assert isinstance(outcome, Unavailable)
    assert outcome.timeout
    register.run("SELECT SLEEP(0.5)")
    assert (
        register.run(
            "SELECT count(*) FROM information_schema.PROCESSLIST WHERE INFO LIKE '%v_slow%LIMIT%'"
            " AND ID <> CONNECTION_ID()"
        )
        == "0"
    )


async def test_mariadb__huge_value__measured_at_the_server_and_not_sent(
    tmp_path: Path, register: MariadbServer
):
    """What does not fit into `max_bytes` never reaches the gateway."""
    async with opened(
        source_of(tmp_path, register.dsn(), "v_huge", ("timeout_ms: 1000", "timeout_ms: 9000"))
    ) as adapter:
        outcome = await adapter.fetch(ask("status", "1000000017", "status"))

    assert outcome == Misbehaving("the answer is longer than 1048576 bytes")


async def test_mariadb__reserved_words_as_columns__read(tmp_path: Path, register: MariadbServer):
    """Names are quoted; upper and lower case are found as the database has them."""
    changes = (
        ("{nid: $national_id}", "{select: $national_id}"),
        ("{from: nid, to: text}", "{from: select, to: text}"),
        ("{from: status, codes", "{from: order, codes"),
        ("{from: since, to: date}", "{from: key, to: date}"),
    )
    async with opened(source_of(tmp_path, register.dsn(), "v_words", *changes)) as adapter:
        assert isinstance(await adapter.fetch(ask("status", "1000000017", *FIELDS)), Match)


async def test_mariadb__rights_missing__denied(tmp_path: Path, register: MariadbServer):
    """A missing right and a wrong password are refusals, not absence."""
    with pytest.raises(ConfigurationError, match=r"has no column protected, .* or grant this account SELECT"):
        await open_source(source_of(tmp_path, register.dsn("reader"), "v_latin")).open()
    async with opened(source_of(tmp_path, register.dsn("nobody"))) as adapter:
        no_account = await adapter.fetch(ask("status", "1000000017", "status"))

    assert isinstance(no_account, DeniedBySource)


async def test_mariadb__tls_asked_and_not_offered__refused_before_the_password(
    tmp_path: Path, register: MariadbServer
):
    """The driver would go on in plain text, as somebody in between wishes."""
    dsn = f"mariadb://reader@127.0.0.1:{register.port}/sp"
    async with opened(source_of(tmp_path, f"{dsn}?sslmode=require")) as adapter:
        refused = await adapter.fetch(ask("status", "1000000017", "status"))
    async with opened(source_of(tmp_path, dsn)) as adapter:
        plain = await adapter.fetch(ask("status", "1000000017", "status"))

    assert refused == Unavailable("the database offers no TLS")
    assert isinstance(plain, Match)
