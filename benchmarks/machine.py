"""This machine: which cores, which nginx, and what processes have used so far.

CPU is counted per process from `/proc/PID/stat` (user and system, all threads, ended ones too), and
over the whole tree of a process. Ticks are 10 ms: small beside two seconds.
"""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Final

_TICKS_PER_S: Final = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100
_LIBRARIES: Final = ("uvicorn", "uvloop", "httptools", "orjson", "jiter", "cryptography", "celine-regorus")


class Missing(Exception):
    """Something that a measurement needs is not here; the text says how to get it."""


@dataclass(frozen=True, slots=True)
class Cores:
    """Gateways and nginx pair on one core, generator and source on the other."""

    gateways: int
    generator: int

    @classmethod
    def choose(cls) -> Cores:
        """The first two cores this process may use; with one core both are the same."""
        if not hasattr(os, "sched_getaffinity"):
            raise Missing("the benchmarks pin processes to cores, which needs Linux")
        usable = sorted(os.sched_getaffinity(0))
        return cls(usable[0], usable[1] if len(usable) > 1 else usable[0])


def find_nginx() -> Path:
    """The nginx program; installed with apt-get when we are root.

    Raises:
        Missing: it is not here and cannot be installed; names the command that would.
    """
    found = _nginx()
    if found is None and os.geteuid() == 0 and shutil.which("apt-get"):
        subprocess.run(["apt-get", "update", "-q"], check=False, stdout=subprocess.DEVNULL)
        subprocess.run(
            ["apt-get", "install", "-q", "-y", "--no-install-recommends", "nginx-light"],
            check=False,
            stdout=subprocess.DEVNULL,
        )
        found = _nginx()
    if found is None:
        raise Missing("nginx is missing; install it with: sudo apt-get install nginx-light")
    return found


def _nginx() -> Path | None:
    found = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    return Path(found) if found else None


def tree(pid: int) -> list[int]:
    """A process and all its descendants."""
    found = [pid]
    for one in found:
        for task in Path(f"/proc/{one}/task").glob("*/children"):
            found += [int(child) for child in task.read_text().split()]
    return found


def cpu_s(pids: Iterable[int]) -> float:
    """Seconds of CPU that the trees of these processes have used since they began."""
    ticks = 0
    for pid in pids:
        for one in tree(pid):
            fields = Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
    return ticks / _TICKS_PER_S


def resident_mib(pid: int) -> float:
    """Resident memory of one process."""
    found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    return round(int(found.group(1)) / 1024, 1) if found else 0.0


def versions(nginx: Path) -> dict[str, str]:
    """Programs and libraries that were measured."""
    said = subprocess.run([nginx, "-v"], capture_output=True, text=True, check=True).stderr
    found = {"python": platform.python_version(), "nginx": said.strip().rpartition("/")[2]}
    for name in _LIBRARIES:
        found[name] = version(name)
    return found


def revision() -> str:
    """The commit that was measured, with `+` when the work tree differs from it."""
    root = Path(__file__).resolve().parents[1]
    try:
        head = _git(root, "rev-parse", "--short=10", "HEAD")
        return head + ("+" if _git(root, "status", "--porcelain", "--untracked-files=no") else "")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def _git(root: Path, *arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True, check=True)
    return done.stdout.strip()
