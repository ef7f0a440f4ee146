"""A real FHIR R4 server for the system tests: HAPI FHIR's REST layer (Smile Digital Health) on Jetty.

The jars come from Maven Central at the versions and SHA-256 of `jars.lock` (30 MB), into
`~/.cache/isthmus/fhir-<lock>/`; `FhirServer.java` is compiled beside them once. A server speaks plain HTTP on a
loopback port of its own choice and holds what one Bundle file says: Patient, Coverage, Observation and
QuestionnaireResponse, with the searches that the adapters' starter files use. Protocol, parsing, paging,
errors and the CapabilityStatement are HAPI's.

    with fhir_server([{"resourceType": "Patient", ...}], token="t", page_size=2) as base_url: ...
"""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.installing import from_maven

HERE = Path(__file__).parent
LOCK = HERE / "jars.lock"
SERVER = HERE / "FhirServer.java"


def home() -> Path:
    """The folder with the jars and the compiled server; made on first use."""
    return from_maven("fhir", LOCK, SERVER)


@contextmanager
def fhir_server(
    resources: Sequence[dict[str, Any]], *, token: str = "", page_size: int = 10, port: int = 0
) -> Iterator[str]:
    """A running server with these resources (each with an `id`); gives its base URL.

    `token` is the one bearer token it accepts; empty accepts everybody. `port` 0 chooses a free one.
    """
    folder = home()
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": r} for r in resources]}
    with tempfile.TemporaryDirectory() as scratch:
        place = Path(scratch) / "bundle.json"
        place.write_text(json.dumps(bundle), encoding="utf-8")
        command = ["java", "-Xmx192m", "-XX:TieredStopAtLevel=1", "-cp", f"{folder}/*:{folder}", "FhirServer"]
        command += [str(port), str(place), token, str(page_size)]
        with subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        ) as process:
            assert process.stdout is not None
            try:
                words = process.stdout.readline().split()
                if words[:1] != ["ready"]:
                    pytest.fail("the FHIR server did not start")
                yield f"http://127.0.0.1:{words[1]}/fhir"
            finally:
                process.terminate()
