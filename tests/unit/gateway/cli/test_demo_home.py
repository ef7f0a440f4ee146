"""The demonstration's folder: made anew, shared with nobody, and never at the cost of somebody's files."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest

from gateway.cli.demo.home import demo_home
from schemas.errors import ConfigurationError


def test_demo_home__second_start__replaces_the_country_and_keeps_what_stands_beside_it(
    tmp_path: Path,
) -> None:
    """What a user wrote beside the country outlives a restart."""
    with demo_home(tmp_path / "lumeria") as home:
        (home / "country").mkdir()
        (home / "country" / "old").touch()
        (home / "evidence.zip").touch()
        (home / "mine").mkdir()
        (home / "mine" / "meals.yaml").write_text("id: meals", encoding="utf-8")
    with demo_home(home):
        assert not (home / "country").exists()
        assert not (home / "evidence.zip").exists()
        assert (home / "mine" / "meals.yaml").read_text(encoding="utf-8") == "id: meals"


def test_demo_home__start_that_was_interrupted_at_once__may_be_repeated(tmp_path: Path) -> None:
    """A folder with half a country is still a demo's folder."""
    with suppress(KeyboardInterrupt), demo_home(tmp_path) as home:
        (home / "data").mkdir()
        raise KeyboardInterrupt
    with demo_home(tmp_path):
        assert not (tmp_path / "data").exists()


def test_demo_home__folder_with_other_files__is_refused_untouched(tmp_path: Path) -> None:
    """A folder that no demo made is never cleared."""
    (tmp_path / "country").mkdir()
    with pytest.raises(ConfigurationError, match="not a demo's folder"), demo_home(tmp_path):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["country"]


def test_demo_home__another_demo_runs_there__is_refused_untouched(tmp_path: Path) -> None:
    """Nobody's country is deleted while it runs."""
    with demo_home(tmp_path) as home:
        (home / "country").mkdir()
        with pytest.raises(ConfigurationError, match="another demo runs"), demo_home(tmp_path):
            pass
        assert (home / "country").is_dir()
