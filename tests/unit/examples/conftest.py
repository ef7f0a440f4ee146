"""Fixtures: Lumeria generated once, each of its systems started once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import httpx
import pytest

from examples.lumeria.generate import generate
from tests.unit.examples.sandbox import PEOPLE, SEED, Sandbox, running


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Sandbox:
    """The generated country."""
    folder = tmp_path_factory.mktemp("lumeria")
    return Sandbox(folder, generate(PEOPLE, SEED, folder))


@pytest.fixture(scope="session")
def system(sandbox: Sandbox) -> Iterator[Callable[[str], httpx.Client]]:
    """A client of a system by its name; the system starts when first asked for."""
    clients: dict[str, httpx.Client] = {}
    with ExitStack() as stack:

        def client(name: str) -> httpx.Client:
            if name not in clients:
                clients[name] = stack.enter_context(running(name, sandbox.folder))
            return clients[name]

        yield client
