"""Write the fund's rows as FHIR R4 resources: Patient, Coverage, Group, Organization, and the rest."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any, Final

NATIONAL_ID: Final = "https://nia.lumeria.example/national-id"
INSURANCE_NUMBER: Final = "https://ssf.lumeria.example/insurance-number"
_EXTENSION: Final = "https://ssf.lumeria.example/StructureDefinition"
_PLANS: Final = "https://ssf.lumeria.example/CodeSystem/plan"


def patient(row: sqlite3.Row) -> dict[str, Any]:
    """One insured person; under protection, the resource carries the security label R."""
    identifiers = [_identifier("SB", INSURANCE_NUMBER, row["chf_id"])]
    if row["national_id"]:
        identifiers.append(_identifier("NI", NATIONAL_ID, row["national_id"]))
    resource: dict[str, Any] = {
        "resourceType": "Patient",
        "id": row["uuid"],
        "extension": [
            {"url": f"{_EXTENSION}/patient-is-head", "valueBoolean": bool(row["is_head"])},
            {
                "url": f"{_EXTENSION}/patient-group-reference",
                "valueReference": {"reference": f"Group/{row['family']}"},
            },
        ],
        "identifier": identifiers,
        "name": [{"use": "usual", "family": row["family_name"], "given": row["given_names"].split()}],
        "gender": row["sex"],
        "birthDate": row["birth_date"],
        "deceasedBoolean": row["died_on"] is not None,
        "address": [{"use": "home", "district": row["district"]}],
    }
    if row["restricted"]:
        system = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
        resource["meta"] = {"security": [{"system": system, "code": "R"}]}
    return resource


def coverage(row: sqlite3.Row) -> dict[str, Any]:
    """One policy; the head is policy holder, subscriber and beneficiary."""
    head = {
        "reference": f"Patient/{row['head_uuid']}",
        "identifier": _identifier("SB", INSURANCE_NUMBER, row["head"]),
    }
    return {
        "resourceType": "Coverage",
        "id": row["uuid"],
        "identifier": [{"system": "https://ssf.lumeria.example/policy", "value": row["uuid"]}],
        "status": row["status"],
        "policyHolder": head,
        "subscriber": head,
        "subscriberId": row["head"],
        "beneficiary": head,
        "period": {"start": row["starts_on"], "end": row["expires_on"]},
        "payor": [{"reference": "Organization/ssf"}],
        "class": [
            {"type": {"coding": [{"system": _PLANS, "code": "plan"}]}, "value": row["plan"]},
            {"type": {"coding": [{"system": _PLANS, "code": "group"}]}, "value": row["family"]},
        ],
    }


def group(key: str, members: Sequence[sqlite3.Row]) -> dict[str, Any]:
    """One family."""
    return {
        "resourceType": "Group",
        "id": key,
        "type": "person",
        "actual": True,
        "quantity": len(members),
        "member": [{"entity": {"reference": f"Patient/{row['uuid']}"}} for row in members],
    }


def organization() -> dict[str, Any]:
    """The fund itself."""
    return {"resourceType": "Organization", "id": "ssf", "name": "Social Security Fund of Lumeria"}


def bundle(
    matches: Sequence[Mapping[str, Any]],
    included: Sequence[Mapping[str, Any]],
    total: int,
    links: Sequence[Mapping[str, str]],
    base: str,
) -> dict[str, Any]:
    """A page of search results."""
    entries = [_entry(base, resource, "match") for resource in matches]
    entries += [_entry(base, resource, "include") for resource in included]
    return {
        "resourceType": "Bundle",
        "type": "searchset",
        "total": total,
        "link": list(links),
        **({"entry": entries} if entries else {}),
    }


def outcome(code: str, text: str) -> dict[str, Any]:
    """What went wrong."""
    issue = {"severity": "error", "code": code, "details": {"text": text}}
    return {"resourceType": "OperationOutcome", "issue": [issue]}


def capability() -> dict[str, Any]:
    """What the server can do."""
    parameters = {
        "Patient": {"_id": "token", "identifier": "token", "family": "string", "birthdate": "date"},
        "Coverage": {
            "_id": "token", "beneficiary": "reference", "policy-holder": "reference", "status": "token",
            "identifier": "token",
        },
        "Group": {"_id": "token", "member": "reference"},
    }  # fmt: skip
    resources = [
        {
            "type": kind,
            "interaction": [{"code": "read"}, {"code": "search-type"}],
            "searchParam": [{"name": name, "type": type_} for name, type_ in names.items()],
            **({"searchInclude": ["Coverage:beneficiary"]} if kind == "Coverage" else {}),
        }
        for kind, names in parameters.items()
    ]
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": "2026-01-01",
        "kind": "instance",
        "implementation": {"description": "Social Security Fund of Lumeria"},
        "fhirVersion": "4.0.1",
        "format": ["json"],
        "rest": [{"mode": "server", "resource": resources}],
    }


def _entry(base: str, resource: Mapping[str, Any], mode: str) -> dict[str, Any]:
    url = f"{base}/{resource['resourceType']}/{resource['id']}"
    return {"fullUrl": url, "resource": resource, "search": {"mode": mode}}


def _identifier(code: str, system: str, value: str) -> dict[str, Any]:
    coding = {"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": code}
    return {"type": {"coding": [coding]}, "system": system, "value": value}
