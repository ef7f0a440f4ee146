"""One small Lumeria for the tests here: its files, its truth, and its running systems."""

from __future__ import annotations

import json
import socket
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import uvicorn

from examples.lumeria.generate import Lumeria
from examples.lumeria.servers.serving import build

PEOPLE, SEED = 2000, 7
SECRETS = {
    "LUMERIA_NATIONAL_ID_TOKEN": "nia-test",
    "LUMERIA_CIVIL_REGISTRY_TOKEN": "cro-test",
    "LUMERIA_CRVS_SECRET": "cro-secret-test",
    "LUMERIA_TAX_PASSWORD": "tax-password-test",
    "LUMERIA_INSURANCE_PASSWORD": "ssf-test",
    "LUMERIA_CADASTRE_KEY": "lnd-test",
    "LUMERIA_EDUCATION_PASSWORD": "edu-test",
    "LUMERIA_HEALTH_TOKEN": "d2pat_test",
    "LUMERIA_GRIEVANCE_KEY": "msw-test",
    "LUMERIA_PAYMENTS_TOKEN": "pay-test",
}


@dataclass(frozen=True)
class Sandbox:
    """The generated files, and the truth they came from."""

    folder: Path
    lumeria: Lumeria

    @property
    def story(self) -> dict[str, Any]:
        """The content of `story.json`."""
        return json.loads((self.folder / "story.json").read_text(encoding="utf-8"))  # type: ignore[no-any-return]

    @property
    def labels(self) -> list[dict[str, Any]]:
        """The content of `labels.jsonl`."""
        lines = (self.folder / "labels.jsonl").read_text(encoding="utf-8").splitlines()
        return [json.loads(line) for line in lines]

    def rows(self, registry: str, query: str, *values: object) -> list[dict[str, Any]]:
        """Rows of a ministry's database."""
        with closing(sqlite3.connect(self.folder / f"{registry}.db")) as database:
            database.row_factory = sqlite3.Row
            return [dict(row) for row in database.execute(query, values)]


@contextmanager
def running(name: str, folder: Path) -> Iterator[httpx.Client]:
    """Run a system on a free port of loopback, in a thread, and open a client of it."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(
        uvicorn.Config(build(name, folder, SECRETS), log_level="warning", access_log=False)
    )
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        while not server.started:
            time.sleep(0.01)
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        with httpx.Client(base_url=url, trust_env=False) as client:
            yield client
    finally:
        server.should_exit = True
        thread.join(timeout=10)
        listener.close()
