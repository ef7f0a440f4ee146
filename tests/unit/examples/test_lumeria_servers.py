"""The systems over HTTP: their answers, their refusals, and that their processes start small and on loopback."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
import yaml
from jsonschema import Draft202012Validator

from examples.lumeria import cli
from examples.lumeria.country import SYSTEMS
from examples.lumeria.servers.serving import MissingSettingError, build
from tests.unit.examples.sandbox import SECRETS, Sandbox

System = Callable[[str], httpx.Client]
ROOT = Path(__file__).resolve().parents[3]
OPENAPI = yaml.safe_load((ROOT / "examples/lumeria/national_id_openapi.yaml").read_text(encoding="utf-8"))
NIA = {"Authorization": "Bearer nia-test"}


def _conforms(body: object, schema: str) -> None:
    """Validate against a component of the OpenAPI file, read as JSON Schema."""
    plain = json.loads(
        json.dumps(OPENAPI["components"]["schemas"]).replace("#/components/schemas/", "#/$defs/")
    )
    for definition in plain.values():
        for attribute in definition.get("properties", {}).values():
            if attribute.pop("nullable", False):
                attribute["type"] = [attribute["type"], "null"]
    Draft202012Validator({"$defs": plain, "$ref": f"#/$defs/{schema}"}).validate(body)


def test_health__every_system__answers_without_credentials(system: System) -> None:
    """Health needs no credential and names the system."""
    for name in SYSTEMS:
        client = system(name)
        answer = client.get("/health")
        assert (answer.status_code, answer.json()["status"], answer.json()["system"]) == (200, "ok", name)


def test_build__secret_is_missing__system_does_not_start(sandbox: Sandbox) -> None:
    """Secrets have no defaults."""
    for name in ("national-id", "civil-registry", "tax"):
        with pytest.raises(MissingSettingError):
            build(name, sandbox.folder, {})


def test_build__data_are_missing__sentence_says_what_to_do(tmp_path: Path) -> None:
    """Without data the error names the cure."""
    for name in SYSTEMS:
        with pytest.raises(FileNotFoundError, match="run `generate` first"):
            build(name, tmp_path, SECRETS)


@pytest.mark.parametrize(
    "headers", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic nia-test"}]
)
def test_national_id__wrong_token__is_refused(system: System, headers: dict[str, str]) -> None:
    """Every path but health wants the bearer token."""
    client = system("national-id")
    for path in ("/api/v1/persons/1", "/api/v1/persons/1/card", "/api/v1/persons?name=a"):
        assert client.get(path, headers=headers).status_code == 401
    assert client.post("/api/v1/verify", headers=headers, json={}).status_code == 401


def test_national_id__person__conforms_to_the_published_interface(sandbox: Sandbox, system: System) -> None:
    """Person and card are as the OpenAPI file says, for story people of every kind."""
    story = sandbox.story
    client = system("national-id")
    for role in ("applicant", "newborn", "restricted", "deceased_unpropagated"):
        answer = client.get(f"/api/v1/persons/{story[role]['national_id']}", headers=NIA)
        assert answer.status_code == 200
        _conforms(answer.json(), "Person")
        assert answer.json()["full_name"] == story[role]["full_name"]
        assert answer.json()["protected"] is (role == "restricted")
    card = client.get(f"/api/v1/persons/{story['applicant']['national_id']}/card", headers=NIA)
    _conforms(card.json(), "Card")


@pytest.mark.parametrize(
    ("path", "status"), [("{absent}", 404), ("{absent}/card", 404), ("{newborn}/card", 404), ("123", 400)]
)
def test_national_id__nothing_to_show__is_a_json_error(
    sandbox: Sandbox, system: System, path: str, status: int
) -> None:
    """Absent persons and cards are 404, malformed numbers 400."""
    numbers = {role: sandbox.story[role]["national_id"] for role in ("absent", "newborn")}
    client = system("national-id")
    answer = client.get(f"/api/v1/persons/{path.format(**numbers)}", headers=NIA)
    assert answer.status_code == status
    _conforms(answer.json(), "Error")


def test_national_id__search__finds_both_namesakes_without_case_or_marks(
    sandbox: Sandbox, system: System
) -> None:
    """A search is insensitive to case and finds all who fit."""
    pair = sandbox.story["ambiguous_name"]
    client = system("national-id")
    query = {"name": pair["full_name"].upper(), "birth_date": pair["birth_date"]}
    body = client.get("/api/v1/persons", params=query, headers=NIA).json()
    assert sorted(person["nid"] for person in body["results"]) == sorted(pair["national_ids"])
    assert body["more"] is False
    many = client.get("/api/v1/persons", params={"name": "e"}, headers=NIA).json()
    assert (len(many["results"]), many["more"]) == (50, True)


@pytest.mark.parametrize("query", ["", "?name=%20", "?birth_date=1-1-2000"])
def test_national_id__search_without_criteria__is_refused(system: System, query: str) -> None:
    """Nobody lists the country."""
    client = system("national-id")
    assert client.get(f"/api/v1/persons{query}", headers=NIA).status_code == 400


def test_national_id__verify__says_yes_or_no_and_no_more(sandbox: Sandbox, system: System) -> None:
    """Only the right number, name and date are a yes; an absent number is a plain no."""
    applicant = sandbox.story["applicant"]
    right = {
        "nid": applicant["national_id"],
        "full_name": applicant["full_name"],
        "birth_date": applicant["birth_date"],
    }
    cases = [
        (right, True),
        (right | {"full_name": right["full_name"].upper()}, True),
        (right | {"full_name": "Somebody Else"}, False),
        (right | {"birth_date": "1900-01-01"}, False),
        (right | {"nid": sandbox.story["absent"]["national_id"]}, False),
    ]
    client = system("national-id")
    for claim, match in cases:
        assert client.post("/api/v1/verify", json=claim, headers=NIA).json() == {"match": match}
    for body in (b"{", b"[]", b"{}", b'{"nid": 1}', b" " * 300_000):
        assert client.post("/api/v1/verify", content=body, headers=NIA).status_code == 400


@pytest.mark.parametrize("name", ["disability", "cash-transfer", "pension", "response", "vehicles"])
def test_refreshed__process_starts__views_say_so(sandbox: Sandbox, system: System, name: str) -> None:
    """A database system keeps `last_refreshed` current and offers nothing personal over HTTP."""
    view = {
        "disability": "v_sp_disability",
        "cash-transfer": "v_sp_benefits",
        "pension": "V_SP_PENSIONS",
        "response": "v_sp_assistance",
        "vehicles": "v_sp_vehicles",
    }[name]
    client = system(name)
    landing = client.get("/")
    assert landing.text.count("\n") == 1
    assert view in landing.text
    refreshed = client.get("/health").json()["last_refreshed"]
    (row,) = sandbox.rows(name, f"SELECT DISTINCT last_refreshed AS moment FROM {view}")
    assert row["moment"] == refreshed > "2026-06-30T00:00:00Z"
    assert client.get("/v_sp_benefits").status_code == 404


def test_views__columns__are_the_promised_ones(sandbox: Sandbox) -> None:
    """Others bind to these names."""
    promised = {
        (
            "disability",
            "v_sp_disability",
        ): "national_id status severity seeing hearing walking cognition self_care "
        "communication certified_on valid_to last_refreshed restricted district",
        (
            "cash-transfer",
            "v_sp_benefits",
        ): "national_id programme_code programme_name status amount currency "
        "frequency started_on ended_on last_payment_on last_refreshed",
        ("cash-transfer", "v_sp_households"): "national_id household_id head_national_id member_national_id "
        "relationship size last_refreshed",
        (
            "pension",
            "V_SP_PENSIONS",
        ): "NAT_NO PENS_NO FAM_NAME GIV_NAME BIRTH_H SEX KIND STAT AMT_CENTS FROM_H TO_H "
        "DISTRICT SECRET LAST_REFRESHED",
        (
            "response",
            "v_sp_assistance",
        ): "national_id case_no item given_on value_lmd p_code household_size need "
        "case_status last_refreshed",
        ("vehicles", "v_sp_vehicles"): "national_id plate category first_registered_on last_refreshed",
    }
    for (registry, view), columns in promised.items():
        assert " ".join(sandbox.rows(registry, f"SELECT * FROM {view} LIMIT 1")[0]) == columns


def test_cli__bad_use__exits_2(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Too few people, and a system without its secret, are usage errors."""
    monkeypatch.delenv("LUMERIA_TAX_PASSWORD", raising=False)
    assert cli.main(["generate", "--people", "10", "--out", str(tmp_path)]) == 2
    assert cli.main(["generate", "--people", "500", "--out", str(tmp_path)]) == 0
    assert cli.main(["serve", "tax", "--data", str(tmp_path), "--port", "1"]) == 2


def test_serve__real_process__starts_fast_small_quiet_and_imports_little(sandbox: Sandbox) -> None:
    """A system's own process answers on loopback within seconds and writes nothing about whom it was asked for."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [
        sys.executable,
        "-m",
        "examples.lumeria",
        "serve",
        "national-id",
        "--data",
        str(sandbox.folder),
    ]
    with subprocess.Popen(
        [*command, "--port", str(port)],
        cwd=ROOT,
        env={**os.environ, **SECRETS},
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            national_id = sandbox.story["applicant"]["national_id"]
            answer = _patiently(f"http://127.0.0.1:{port}/api/v1/persons/{national_id}")
        finally:
            process.terminate()
            _, log = process.communicate(timeout=10)
    assert answer.status_code == 200
    assert log == f"lumeria national-id on http://127.0.0.1:{port}\n"


def test_serve__modules__heavy_libraries_stay_out() -> None:
    """Ten processes start together on two cores: no FastAPI, pydantic, typer or generator code in a system."""
    script = (
        "import sys; from examples.lumeria import cli; import examples.lumeria.servers.civil_registry; "
        "print([m for m in ('fastapi', 'pydantic', 'typer', 'sqlalchemy', 'examples.lumeria.generate', 'gateway') "
        "if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"


def _patiently(url: str) -> httpx.Response:
    for _ in range(100):
        try:
            return httpx.get(url, headers=NIA, trust_env=False)
        except httpx.ConnectError:
            time.sleep(0.1)
    pytest.fail("the system did not start")
