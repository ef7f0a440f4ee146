"""`isthmus source register`: what is refused, what travels along, what is said."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.unit.gateway.cli.conftest import SOURCE, Isthmus, Ministry

Written = Callable[..., Path]


@pytest.fixture
def written(tmp_path: Path) -> Written:
    """A copy of the source, changed, with its fixtures unless told otherwise."""

    def write(old: str = "", new: str = "", *, fixtures: bool = True) -> Path:
        text = SOURCE.read_text()
        assert old in text
        mine = tmp_path / "mine.yaml"
        mine.write_text(text.replace(old, new) if old else text)
        if fixtures:
            (tmp_path / "fixtures").mkdir()
            shutil.copy(SOURCE.parent / "fixtures" / SOURCE.name, tmp_path / "fixtures" / mine.name)
        return mine

    return write


@pytest.fixture
def empty(copied: Path) -> Path:
    """A gateway without any source."""
    (copied.parent / "sources" / "programme_mis.yaml").unlink()
    return copied


def registered(settings: Path) -> list[str]:
    """What lies in a gateway's folder."""
    folder = settings.parent / "sources"
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_register__gold_source__fingerprint_and_fixtures_come_along(
    isthmus: Isthmus, empty: Path, written: Written
) -> None:
    """The columns of today are pinned, and the gateway can test the source again."""
    said = isthmus("source", "register", written(), empty, "--json")
    assert said.code == 0, said.err
    assert (said.json["tier"], said.json["offline"]) == ("gold", False)
    beside = ["fixtures/cash-transfer.tested.json", "fixtures/cash-transfer.yaml"]
    assert registered(empty) == ["cash-transfer.yaml", *beside]
    assert "fingerprint: sha256:" in (empty.parent / "sources" / "cash-transfer.yaml").read_text()


def test_register__without_fixtures__refused_with_the_next_step(
    isthmus: Isthmus, empty: Path, written: Written
) -> None:
    """What nobody tested is not served."""
    said = isthmus("source", "register", written(fixtures=False), empty)
    assert said.code == 4
    assert "isthmus source capture" in said.err
    assert registered(empty) == []


def test_register__below_gold__refused_unless_a_tier_is_allowed(
    isthmus: Isthmus, empty: Path, written: Written
) -> None:
    """A fixture that fails is not passed over by any tier; a missing case of gold is, when somebody says so."""
    mine = written()
    fixtures = mine.parent / "fixtures" / "mine.yaml"
    fixtures.write_text(fixtures.read_text().replace("outcome: not_found", "outcome: ambiguous"))
    said = isthmus("source", "register", mine, empty, "--allow-tier", "bronze")
    assert said.code == 4
    assert "isthmus source test" in said.err
    assert registered(empty) == []


def test_register__system_down_by_plan__loudly_and_without_fingerprint(
    isthmus: Isthmus, empty: Path, written: Written, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """`--allow-offline` is for silence alone, and everybody hears of it."""
    mine = written()
    monkeypatch.setenv("LUMERIA_CASH_TRANSFER_DSN", f"sqlite:///{tmp_path / 'gone.db'}")
    refused = isthmus("source", "register", mine, empty)
    assert refused.code == 3
    assert "--allow-offline" in refused.err
    said = isthmus("source", "register", mine, empty, "--allow-offline")
    assert said.code == 0, said.err
    assert "WARNING" in said.out
    assert "fingerprint" not in (empty.parent / "sources" / "cash-transfer.yaml").read_text()


def test_register__missing_secrets__all_named_before_anything_is_asked(
    isthmus: Isthmus, empty: Path, written: Written
) -> None:
    """One round, not one for each secret."""
    dsn = "postgresql://${secret:MIS_USER}:${secret:MIS_PASSWORD}@127.0.0.1:1/${env:MIS_NAME}?sslmode=verify-full"
    mine = written("${env:LUMERIA_CASH_TRANSFER_DSN}", dsn)
    said = isthmus("source", "register", mine, empty)
    assert said.code == 4
    assert all(name in said.err for name in ("MIS_USER", "MIS_PASSWORD", "MIS_NAME"))
    assert registered(empty) == []


@pytest.mark.parametrize("name", ["../ca.pem", "certs/ca.pem", "..", "./../../ca.pem"])
def test_register__named_file_outside_the_folder__refused(
    isthmus: Isthmus, empty: Path, written: Written, name: str
) -> None:
    """A name never leads elsewhere."""
    dsn = f"postgresql://127.0.0.1:1/mis?sslmode=verify-full&sslrootcert={name}"
    said = isthmus("source", "register", written("${env:LUMERIA_CASH_TRANSFER_DSN}", dsn), empty)
    assert said.code == 4
    assert "beside the source file" in said.err
    assert registered(empty) == []


def test_register__named_file_is_a_link__refused(
    isthmus: Isthmus, ministry: Ministry, empty: Path, written: Written, tmp_path: Path
) -> None:
    """A link beside the file could bring a key of this machine into the gateway's folder."""
    dsn = "postgresql://127.0.0.1:1/mis?sslmode=verify-full&sslrootcert=ca.pem"
    mine = written("${env:LUMERIA_CASH_TRANSFER_DSN}", dsn)
    (tmp_path / "ca.pem").symlink_to(ministry.settings)
    said = isthmus("source", "register", mine, empty)
    assert said.code == 4
    assert "link" in said.err
    assert registered(empty) == []
