"""People sign in at a whole running gateway: with the development provider, and with a certified one over TLS."""

from __future__ import annotations

import re
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import urljoin

import httpx
import pytest
import uvicorn
import yaml

from gateway.app.development_provider import (
    DevelopmentProvider,
    check_development,
    development_api,
    fictional_persons,
)
from gateway.cli.demo.country import free_ports
from gateway.people.person import Role
from gateway.people.pseudonym import pseudonym
from gateway.settings import load
from gateway.trust.pki import SandboxAuthority
from schemas.identifiers import MemberId
from schemas.record import Subject
from tests.exchanges.test_what_is_kept import _dump as dump
from tests.oidc import SECRET, openid_provider
from tests.world import CONSUMER, World, _ended, _serving, keep

MEMBER = MemberId.parse("LM/GOV/MSW")
NATIONAL_ID = "7310000001"
CALLBACK = "/v1/admin/sign-in/callback"


@contextmanager
def signing_in(world: World, settings: Mapping[str, Any]) -> Iterator[str]:
    """The consumer's gateway with these `sign_in` settings; yields where its admin port is."""
    path = world.sandbox.settings[CONSUMER]
    restore = keep(path, world.folder / "gateway.yaml.kept")
    document = yaml.safe_load(path.read_text())
    document["sign_in"] = {"client_id": "isthmus", "citizen_claim": "national_id", **settings}
    path.write_text(yaml.safe_dump(document))
    try:
        world.restart(CONSUMER)
        yield f"http://127.0.0.1:{world.ports[CONSUMER].admin}"
    finally:
        restore()
        world.restart(CONSUMER)


def test_development_provider__operator_signs_in__acts_and_is_logged(world: World) -> None:
    """The way a newcomer takes: choose somebody on the page, be them, grant a role, see it in the log."""
    (port,) = free_ports(1)
    issuer = f"http://127.0.0.1:{port}"
    with signing_in(world, {"issuer": issuer, "development": True}) as admin:
        settings = load(world.sandbox.settings[CONSUMER])
        persons = fictional_persons(settings, [NATIONAL_ID])
        app = development_api(DevelopmentProvider(check_development(settings, "127.0.0.1"), persons))
        config = uvicorn.Config(
            app, host="127.0.0.1", port=port, ws="none", access_log=False, log_config=None
        )
        server, task = world.run(_serving(uvicorn.Server(config)))
        people = world.node(CONSUMER).people
        operator = pseudonym(people.key, issuer, f"first-operator@{MEMBER}")
        try:
            world.run(people.grants.grant(operator, Role.operator, MEMBER, "the test"))
            with httpx.Client(base_url=admin) as browser:
                _choose(browser, f"first operator of {MEMBER}")
                me = browser.get("/v1/admin/me").json()
                assert me["id"] == operator
                granted = browser.post(
                    "/v1/admin/people/grant",
                    json={
                        "person": f"{issuer}#first-auditor@{MEMBER}",
                        "role": "auditor",
                        "member": str(MEMBER),
                    },
                    headers={"isthmus-csrf": me["csrf"]},
                )
                assert granted.json()["state"] == "granted"
            with httpx.Client(base_url=admin) as browser:
                _choose(browser, f"citizen {NATIONAL_ID}")
                session = browser.cookies["isthmus-session"]
                assert world.run(people.sessions.person(session)).citizen == Subject(
                    "national_id", NATIONAL_ID
                )
            kept = dump(world, CONSUMER)
            assert all(
                name not in kept for name in (NATIONAL_ID.encode(), b"first-operator", session.encode())
            )
            newest = world.run(world.node(CONSUMER).log.reader.entries(kind="admin", limit=2))
            assert [one.entry.action for one in newest] == ["person.signed_in", "role.granted"]
        finally:
            server.should_exit = True
            world.run(_ended(task))


@pytest.mark.system
@pytest.mark.parametrize(
    ("algorithm", "method"),
    [
        ("ES256", "client_secret_basic"),
        ("PS256", "client_secret_post"),
        ("RS256", "client_secret_basic"),
        ("EdDSA", "none"),
    ],
)
def test_certified_provider__whole_code_flow__a_session(world: World, algorithm: str, method: str) -> None:
    """`oidc-provider` (OpenID certified) over TLS, with its own pages, discovery, keys and PKCE check."""
    (port,) = free_ports(1)
    authority = SandboxAuthority.create()
    authority.issue_tls("isthmus://LM/GOV/NIA/provider").save(world.folder, f"provider-{port}")
    ca = world.folder / f"provider-{port}-ca.pem"
    ca.write_bytes(authority.credential.certificate_pem)
    secret = world.folder / f"provider-{port}.secret"
    secret.write_text(SECRET)
    secret.chmod(0o600)
    admin = f"http://127.0.0.1:{world.ports[CONSUMER].admin}"
    certificate, key = (world.folder / f"provider-{port}.{ending}" for ending in ("crt", "key"))
    settings = {"issuer": f"https://127.0.0.1:{port}", "ca": str(ca)}
    if method != "none":
        settings["client_secret"] = str(secret)
    with (
        openid_provider(port, admin + CALLBACK, certificate, key, alg=algorithm, method=method),
        signing_in(world, settings),
        httpx.Client(base_url=admin, verify=ssl.create_default_context(cafile=str(ca))) as browser,
    ):
        finished = _sign_in(browser, NATIONAL_ID)
        assert finished.status_code == 303, finished.text
        me = browser.get("/v1/admin/me").json()
        people = world.node(CONSUMER).people
        assert me["id"] == pseudonym(people.key, settings["issuer"], NATIONAL_ID)
        assert me["citizen"] is True
        session = browser.cookies["isthmus-session"]
        assert world.run(people.sessions.person(session)).citizen == Subject("national_id", NATIONAL_ID)
        assert NATIONAL_ID not in world.log_file.read_text()


def _choose(browser: httpx.Client, label: str) -> None:
    """Sign in at the development provider by the link with this label."""
    begun = browser.get("/v1/admin/sign-in", follow_redirects=True)
    (link,) = re.findall(rf'href="([^"]+)">{re.escape(label)}</a>', begun.text)
    there = urljoin(str(begun.url), link.replace("&amp;", "&"))
    finished = browser.get(there, follow_redirects=True)
    assert finished.status_code == 200, finished.text


def _sign_in(browser: httpx.Client, login: str) -> httpx.Response:
    """Walk through the provider's pages; return the answer of our own callback."""
    answer = browser.get("/v1/admin/sign-in")
    for _ in range(12):
        if answer.is_redirect:
            there = urljoin(str(answer.url), answer.headers["location"])
            answer = browser.get(there)
            if CALLBACK in there:
                return answer
            continue
        (action,) = re.findall(r'action="([^"]+)"', answer.text)
        (prompt,) = re.findall(r'name="prompt" value="([^"]+)"', answer.text)
        form = (
            {"prompt": prompt, "login": login, "password": "any"} if prompt == "login" else {"prompt": prompt}
        )
        answer = browser.post(urljoin(str(answer.url), action), data=form)
    pytest.fail(f"no way through the provider's pages: {answer.status_code}")
