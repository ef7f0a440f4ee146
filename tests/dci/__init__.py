"""What OpenCRVS's DCI bridge signs and encrypts with: panva's `jose` on Node.js, as one of its packages.

It is installed already, at a pinned version: the OpenID provider of the system tests (`tests.oidc`) is
built on it.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.oidc import home

SCRIPT = Path(__file__).parent / "jose.mjs"


@contextmanager
def jose() -> Iterator[Callable[..., Any]]:
    """`call(act, **arguments)` of `jose.mjs`; raises ValueError with jose's own code when it refuses."""
    environment = {**os.environ, "JOSE_HOME": str(home())}
    with subprocess.Popen(
        ["node", str(SCRIPT)], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:

        def call(act: str, **arguments: Any) -> Any:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(json.dumps({"do": act, **arguments}) + "\n")
            process.stdin.flush()
            answer = json.loads(process.stdout.readline())
            if "error" in answer:
                raise ValueError(answer["error"])
            return answer["value"]

        try:
            yield call
        finally:
            process.terminate()
