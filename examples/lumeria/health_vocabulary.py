"""The identifiers of the health tracker: programmes, attributes, facilities; meaningless, as in DHIS2."""

from __future__ import annotations

from random import Random
from string import ascii_letters, digits
from typing import Final

from examples.lumeria.country import DISTRICTS


def new_uid(rng: Random) -> str:
    """Draw an identifier: a letter, then ten letters or digits."""
    return rng.choice(ascii_letters) + "".join(rng.choices(ascii_letters + digits, k=10))


PERSON_TYPE: Final = "nEenWmSyUEp"
PROGRAMS: Final = {"maternal_child": "mCh0rVs2LuM", "chronic_care": "cHrn9Lum1Ka"}
PROGRAM_NAMES: Final = {"mCh0rVs2LuM": "Maternal and child health", "cHrn9Lum1Ka": "Chronic care"}
STAGES: Final = {"mCh0rVs2LuM": "vSt1MchLum0", "cHrn9Lum1Ka": "vSt2ChrLum0"}
ORG_UNITS: Final = {district.code: f"orgUnitLM{district.code[-2:]}" for district in DISTRICTS}
ATTRIBUTES: Final = {  # uid to code, name, value type
    "nIdLum00001": ("NATIONAL_ID", "National ID", "TEXT"),
    "gVnLum00002": ("GIVEN_NAMES", "Given names", "TEXT"),
    "fAmLum00003": ("FAMILY_NAME", "Family name", "TEXT"),
    "nTvLum00004": ("NATIVE_NAME", "Name in the second script", "TEXT"),
    "bRtLum00005": ("BIRTH_DATE", "Date of birth", "DATE"),
    "sExLum00006": ("SEX", "Sex", "TEXT"),
}
