"""Independent programs for the system tests, installed once at pinned versions and digests.

Each goes into `~/.cache/isthmus/<name>-<lock>/`, by its ecosystem's own client, so that no registry's
host is named here and a machine's own mirrors are used: `pip` into an environment of its own, `npm`, and
Maven, whose jars are compared with the SHA-256 of `jars.lock` (`<digest> <group/path>/<artifact>/<version>/<file>`).
"""

from __future__ import annotations

import shutil
import subprocess
import venv
from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path

import pytest

_POM = """<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>isthmus</groupId><artifactId>tests</artifactId><version>1</version><packaging>pom</packaging>
<dependencies>{}</dependencies></project>"""
_COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies"


def from_pip(name: str, lock: Path, *options: str) -> Path:
    """An environment with the packages of a `requirements.lock`."""

    def install(folder: Path) -> None:
        venv.create(folder, with_pip=True, clear=True)
        pip = [str(folder / "bin/python"), "-m", "pip", "install", "-q", "--disable-pip-version-check"]
        _done([*pip, "--require-hashes", *options, "-r", str(lock)], folder)

    return _once(name, lock.read_bytes(), install)


def from_npm(name: str, lock: Path) -> Path:
    """A folder with the packages of a `package-lock.json` and the `package.json` beside it."""

    def install(folder: Path) -> None:
        npm = _program("npm", "nodejs npm")
        _program("node", "nodejs npm")
        folder.mkdir(parents=True, exist_ok=True)
        for file in ("package.json", lock.name):
            shutil.copy(lock.with_name(file), folder)
        _done([npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], folder)

    return _once(name, lock.read_bytes(), install)


def from_maven(name: str, lock: Path, server: Path) -> Path:
    """A folder with the jars of a `jars.lock`, and the Java program `server` compiled beside them."""

    def install(folder: Path) -> None:
        javac = _program("javac", "openjdk-17-jdk-headless")
        maven = _program("mvn", "maven")
        folder.mkdir(parents=True, exist_ok=True)
        pinned = [line.split() for line in lock.read_text(encoding="utf-8").splitlines()]
        pom = folder / "pom.xml"
        pom.write_text(_POM.format("".join(_dependency(path) for _, path in pinned)), encoding="utf-8")
        _done(
            [
                maven,
                "-q",
                "-B",
                "-f",
                str(pom),
                _COPY,
                f"-DoutputDirectory={folder}",
                "-Dmdep.prependGroupId=false",
            ],
            folder,
        )
        for digest, path in pinned:
            if sha256((folder / Path(path).name).read_bytes()).hexdigest() != digest:
                pytest.fail(f"{path} is not the pinned one")
        _done([javac, "-cp", f"{folder}/*", "-d", str(folder), str(server)], folder)

    return _once(name, lock.read_bytes() + server.read_bytes(), install)


def _once(name: str, pinned: bytes, install: Callable[[Path], None]) -> Path:
    folder = Path.home() / ".cache" / "isthmus" / f"{name}-{sha256(pinned).hexdigest()[:12]}"
    if not (folder / "installed").exists():
        install(folder)
        (folder / "installed").touch()
    return folder


def _dependency(path: str) -> str:
    """One jar without what it would bring: everything is pinned by itself."""
    *group, artifact, version, file = path.split("/")
    classifier = file.removesuffix(".jar").removeprefix(f"{artifact}-{version}").removeprefix("-")
    return (
        f"<dependency><groupId>{'.'.join(group)}</groupId><artifactId>{artifact}</artifactId>"
        f"<version>{version}</version>"
        + (f"<classifier>{classifier}</classifier>" if classifier else "")
        + "<exclusions><exclusion><groupId>*</groupId><artifactId>*</artifactId></exclusion></exclusions></dependency>"
    )


def _program(name: str, packages: str) -> str:
    found = shutil.which(name)
    if found is None:
        pytest.fail(f"{name} is missing; install it with: sudo apt-get install {packages}")
    return found


def _done(command: Sequence[str], folder: Path) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.fail(
            f"installing failed in {folder}: {' '.join(command[:4])}\n{(done.stderr or done.stdout)[-2000:]}"
        )
