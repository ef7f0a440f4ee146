"""From a system to a registered gold source in five commands and no code: the pages, run as they stand."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import yaml

from examples.lumeria.generate import generate
from tests.unit.examples.sandbox import SECRETS, running
from tests.walks.page import Part, commands, edit, parts

ROOT = Path(__file__).parents[2]
PAGES = sorted(page for page in (ROOT / "docs" / "walks").glob("*.md") if page.name != "README.md")
PEOPLE, SEED = 500, 7
MOST_COMMANDS = 5


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The ministries' files."""
    folder = tmp_path_factory.mktemp("lumeria")
    generate(PEOPLE, SEED, folder)
    return folder


class Reader:
    """Somebody who follows a page in an empty folder."""

    def __init__(self, folder: Path, data: Path, stack: ExitStack) -> None:
        self._folder, self._data, self._stack = folder, data, stack
        self._addresses: dict[str, str] = {}
        self._shell = ""
        self._said = ""

    def follow(self, part: Part) -> None:
        """Do what one part says."""
        match part.kind:
            case "task":
                self._prepare(part.text)
            case "sh":
                self._type(self._here(part.text))
            case "diff":
                edit(self._folder, self._here(part.text))
            case "text":
                for line in part.text.splitlines():
                    assert " ".join(line.split()) in " ".join(self._said.split()), f"{line}\n{self._said}"

    def isthmus(self, *arguments: str) -> str:
        """One more command, after the page."""
        self._type("isthmus " + " ".join(arguments))
        return self._said

    def _prepare(self, task: str) -> None:
        match task.split():
            case ["run", system, "at", address]:
                client = self._stack.enter_context(running(system, self._data))
                self._addresses[address] = str(client.base_url).rstrip("/")
            case ["put", source, "as", name]:
                place = (
                    self._data / source.removeprefix("data/") if source.startswith("data/") else ROOT / source
                )
                (self._folder / name).parent.mkdir(exist_ok=True, parents=True)
                shutil.copy(place, self._folder / name)
                if place.suffix in {".wsdl", ".yaml"}:
                    text = (self._folder / name).read_text(encoding="utf-8")
                    (self._folder / name).write_text(self._here(text), encoding="utf-8")
            case ["secret", secret, "as", name]:
                (self._folder / name).write_text(SECRETS[secret] + "\n")
            case ["gateway", "of", subsystem]:
                write_settings(self._folder / "gateway.yaml", subsystem)
            case _:
                raise AssertionError(task)

    def _here(self, text: str) -> str:
        for address, actual in self._addresses.items():
            text = text.replace(address, actual)
        return text

    def _type(self, box: str) -> None:
        """Run a box in the shell of the page: variables set before are set still."""
        mark = "@@ this box @@"
        script = f"set -euo pipefail\n{self._shell}\necho '{mark}'\n{box}"
        done = subprocess.run(
            ["bash", "-c", script],
            cwd=self._folder,
            env=surroundings(self._folder),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{box}\n{done.stdout}\n{done.stderr}"
        self._said = done.stdout.partition(mark)[2]
        self._shell += "\n".join(line for line in box.splitlines() if line.startswith("export "))


def surroundings(home: Path) -> dict[str, str]:
    """The variables of a fresh terminal."""
    return {
        "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
        "HOME": str(home),
        "PYTHONPATH": os.pathsep.join(sys.path),
        "COLUMNS": "200",
    }


def write_settings(path: Path, subsystem: str) -> None:
    """A gateway's settings, as far as a source needs them."""
    member = subsystem.rpartition("/")[0]
    nowhere = {"certificate": "x.pem", "key": "x.key"}
    listener = {"host": "127.0.0.1", "port": 0}
    (path.parent / "sources").mkdir()
    settings = {
        "gateway": f"{member}/gw1",
        "members": [{"id": member, **nowhere, "subsystems": [subsystem]}],
        "database": "sqlite:///gateway.db",
        "case_key": "case.key",
        "log_key": "log.key",
        "tls": nowhere,
        "federation": {"root": "root.json", "urls": ["http://127.0.0.1:1"], "store": "federation"},
        **dict.fromkeys(("client", "peer", "admin"), listener),
        "sources": "sources",
        "staging": "staging",
        "secrets": "secrets",
    }
    path.write_text(yaml.safe_dump(settings))


@pytest.fixture
def reader(tmp_path: Path, data: Path) -> Iterator[Reader]:
    """A reader with an empty folder."""
    with ExitStack() as stack:
        yield Reader(tmp_path, data, stack)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_walk__every_box_as_it_stands__a_registered_gold_source(
    page: Path, reader: Reader, tmp_path: Path
) -> None:
    """The boxes work one after the other, and what the gateway has then is gold."""
    for part in parts(page):
        reader.follow(part)
    (source,) = (tmp_path / "sources").glob("*.yaml")
    found = json.loads(reader.isthmus("source", "test", str(source), "--json"))
    assert [file["tier"] for file in found["files"]] == ["gold"]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_walk__commands__five_at_most(page: Path) -> None:
    """It stays as short as it was promised."""
    assert 4 <= commands(page) <= MOST_COMMANDS


def test_walks__the_first_four_kinds__have_a_page() -> None:
    """The kinds that a ministry has."""
    assert {"sql", "rest", "file", "soap"} <= {page.stem for page in PAGES}


def test_getting_started__a_system_of_your_own__drafted_captured_and_gold(tmp_path: Path) -> None:
    """The newcomer's page does the same, with the words of the clone."""
    page = (ROOT / "docs" / "getting-started.md").read_text(encoding="utf-8")
    section = page.partition("## 5. Connect a system of your own")[2].partition("\n## 6.")[0]
    boxes = re.findall(r"^```sh\n(.*?)^```$", section, re.DOTALL | re.MULTILINE)
    script = "set -euo pipefail\nNID=3127297534\n" + "\n".join(boxes).replace("./run isthmus", "isthmus")
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=tmp_path,
        env=surroundings(tmp_path),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "outcome: match" in done.stdout
    assert "gold" in done.stdout
