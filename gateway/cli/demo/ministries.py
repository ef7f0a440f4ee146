"""The ministries' systems of the demonstration: their secrets, source files and gateways.

Systems that the story stops, or asks a thousand times, are processes of their own; the small ones share a
process, each with its own port, protocol and credentials. Systems without a source file here run for whoever
tries them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final


@dataclass(frozen=True, slots=True)
class System:
    """One ministry's system: its word for `serve`, its secrets, its source files below `adapters`, the
    variable in them that says where it is, and the file or folder read in place of an interface."""

    word: str
    secrets: Sequence[str]
    variable: str
    sources: Sequence[str]
    database: str | None = None
    folder: str | None = None
    is_alone: bool = False

    def address(self, port: int, data: Path) -> str:
        """What the variable says."""
        if self.database is not None:
            return f"sqlite:///{data.resolve() / self.database}"
        return str(data.resolve() / self.folder) if self.folder else f"http://127.0.0.1:{port}"


SYSTEMS: Final = (
    System(
        "national-id",
        ["LUMERIA_NATIONAL_ID_TOKEN"],
        "LUMERIA_NATIONAL_ID_URL",
        ["national_id/lumeria.yaml"],
        is_alone=True,
    ),
    System(
        "civil-registry",
        ["LUMERIA_CIVIL_REGISTRY_TOKEN", "LUMERIA_CRVS_SECRET"],
        "LUMERIA_CIVIL_REGISTRY_URL",
        ["civil_registry/lumeria.yaml", "civil_registry/lumeria_events.yaml"],
        is_alone=True,
    ),
    System("tax", ["LUMERIA_TAX_PASSWORD"], "LUMERIA_TAX_URL", ["tax/lumeria.yaml"], is_alone=True),
    System("disability", [], "LUMERIA_DISABILITY_DSN", ["disability/lumeria.yaml"], "disability.db"),
    System(
        "cash-transfer", [], "LUMERIA_CASH_TRANSFER_DSN", ["programme_mis/lumeria.yaml"], "cash-transfer.db"
    ),
    System("pension", [], "LUMERIA_PENSION_DSN", ["programme_mis/lumeria_pension.yaml"], "pension.db"),
    System("response", [], "LUMERIA_RESPONSE_DSN", ["programme_mis/lumeria_response.yaml"], "response.db"),
    System("vehicles", [], "LUMERIA_VEHICLES_DSN", [], "vehicles.db"),
    System(
        "insurance",
        ["LUMERIA_INSURANCE_PASSWORD"],
        "LUMERIA_INSURANCE_URL",
        ["social_insurance/lumeria.yaml"],
    ),
    System(
        "education",
        ["LUMERIA_EDUCATION_PASSWORD"],
        "LUMERIA_EDUCATION_FOLDER",
        ["education/lumeria.yaml"],
        folder="education",
    ),
    System("health", ["LUMERIA_HEALTH_TOKEN"], "LUMERIA_HEALTH_URL", ["health/lumeria.yaml"]),
    System("grievance", ["LUMERIA_GRIEVANCE_KEY"], "LUMERIA_GRIEVANCE_URL", ["grievance/lumeria.yaml"]),
    System("cadastre", ["LUMERIA_CADASTRE_KEY"], "LUMERIA_CADASTRE_URL", ["land/lumeria.yaml"]),
    System("payments", ["LUMERIA_PAYMENTS_TOKEN"], "LUMERIA_PAYMENTS_URL", ["payments/lumeria.yaml"]),
    System("early-warning", [], "LUMERIA_EARLY_WARNING_URL", ["early_warning/lumeria.yaml"]),
)


@dataclass(frozen=True, slots=True)
class Hosting:
    """What a gateway hosts: subsystems by member, and the systems it asks."""

    subsystems: Mapping[str, Sequence[str]]
    systems: Sequence[str]


GATEWAYS: Final[Mapping[str, Hosting]] = {
    "LM/GOV/NIA/gw1": Hosting(
        {
            "LM/GOV/NIA": ["LM/GOV/NIA/identity"],
            "LM/GOV/CRO": ["LM/GOV/CRO/crvs"],
            "LM/GOV/DRM": ["LM/GOV/DRM/early-warning"],
            "LM/GOV/DPA": ["LM/GOV/DPA/oversight"],
            "LM/GOV/SSF": ["LM/GOV/SSF/insurance"],
            "LM/GOV/MOH": ["LM/GOV/MOH/health"],
        },
        ["national-id", "civil-registry", "insurance", "health", "early-warning"],
    ),
    "LM/GOV/TAX/gw1": Hosting({"LM/GOV/TAX": ["LM/GOV/TAX/income"]}, ["tax"]),
    "LM/GOV/NDC/gw1": Hosting(
        {
            "LM/GOV/NDC": ["LM/GOV/NDC/disability"],
            "LM/GOV/EDU": ["LM/GOV/EDU/attendance"],
            "LM/GOV/LND": ["LM/GOV/LND/cadastre"],
        },
        ["disability", "education", "cadastre"],
    ),
    "LM/GOV/MSW/gw1": Hosting(
        {
            "LM/GOV/MSW": [
                "LM/GOV/MSW/cash-transfer",
                "LM/GOV/MSW/pension",
                "LM/GOV/MSW/grievance",
                "LM/GOV/MSW/payments",
            ],
            "LM/NGO/RELIEF": ["LM/NGO/RELIEF/response"],
        },
        ["cash-transfer", "pension", "grievance", "payments", "response"],
    ),
}

NAMES: Final[Mapping[str, str]] = {
    "LM/GOV/NIA": "National Identity Authority",
    "LM/GOV/CRO": "Civil Registration Office",
    "LM/GOV/DRM": "Disaster Risk Management",
    "LM/GOV/DPA": "Data Protection Authority",
    "LM/GOV/TAX": "Revenue Authority",
    "LM/GOV/LND": "Land Administration",
    "LM/GOV/NDC": "National Disability Council",
    "LM/GOV/SSF": "Social Security Fund",
    "LM/GOV/EDU": "Ministry of Education",
    "LM/GOV/MOH": "Ministry of Health",
    "LM/GOV/MSW": "Ministry of Social Welfare",
    "LM/NGO/RELIEF": "Lumeria Relief",
}
