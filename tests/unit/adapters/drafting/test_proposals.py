"""What a found system is proposed as: the right schema, rules that fit, and a file that is in order."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.canonical import canonicals
from adapters.drafting.draft import Column, Draft, DraftService
from adapters.drafting.drafting import roles, schemas_of
from adapters.drafting.proposal import Proposal, propose
from adapters.drafting.text import Heading, draft_text
from adapters.drafting.words import CONTAINED, EXACT, SYNONYM, likeness, plain_name
from adapters.source_checks import check_document
from adapters.yaml_lines import parse
from schemas.errors import ConfigurationError

HEADING = Heading("register", "A register: of people", "LM/GOV/NIA/identity", {"contact": "registry office"})
PEOPLE = DraftService(
    "people",
    "People",
    (
        Column("NID", "text", pattern="[0-9]{10}"),
        Column("FirstName", "text"),
        Column("surname", "text"),
        Column("date_of_birth", "date"),
        Column("gender", "text", codes=("M", "F", "9")),
        Column("shoe_size", "decimal"),
    ),
    ("NID",),
    {"from": "v_people", "where": {"NID": "$selector"}},
    as_of="refreshed",
)
ENROLMENTS = DraftService(
    "enrolments",
    "Enrolments",
    (
        Column("nid", "text"),
        Column("programme_code", "text"),
        Column("status", "text"),
        Column("amount", "decimal"),
        Column("start_date", "date"),
    ),
    ("nid",),
    {"from": "v_enrolments", "where": {"nid": "$selector"}},
)


def proposed(service: DraftService, role: str | None = None) -> Proposal:
    """The proposal for a service that has one."""
    found = propose(service, schemas_of(role))
    assert found is not None
    return found


def findings(*services: DraftService) -> list[str]:
    """What `source check` says of the drafted file, but for warnings."""
    draft = Draft("sql", "A database", {"dsn": "sqlite:///people.db"}, services, remarks=("read\nthis",))
    text = draft_text(draft, HEADING, tuple(proposed(service) for service in services))
    found = check_document(parse(text.encode(), Path("register.yaml")))
    return [str(one) for one in found if one.level == "error"]


@pytest.mark.parametrize(
    ("place", "name"),
    [
        ("DateOfBirth", "date_of_birth"),
        ("DATE_OF_BIRTH", "date_of_birth"),
        ("/person/birthDate", "birth_date"),
        ("prénom", "prenom"),
        ("child.nid", "nid"),
        ("NIDNumber", "nid_number"),
    ],
)
def test_plain_name__spelling__does_not_matter(place, name):
    """Columns are compared by their words."""
    assert plain_name(place) == name


@pytest.mark.parametrize(
    ("place", "field", "score"),
    [
        ("birth_date", "birth_date", EXACT),
        ("dob", "birth_date", SYNONYM),
        ("mother_birth_date", "birth_date", CONTAINED),
        ("updated_on", "birth_date", 0),
        ("candidate", "national_id", 0),
    ],
)
def test_likeness__names__score_by_how_sure(place, field, score):
    """A field's own name is surer than another word for it, and that surer than a part of a name."""
    assert likeness(place, field) == score


def test_propose__people__person_with_the_codes_that_surely_mean_something():
    """The nearest schema wins; a code that could mean anything is left for a person to map."""
    found = proposed(PEOPLE)
    assert (found.canonical, found.shape, found.subject_type) == ("person/1", "record", "national_id")
    assert found.rules["birth_date"] == {"from": "date_of_birth", "to": "date"}
    assert found.rules["sex"] == {"from": "gender", "codes": {"M": "male", "F": "female"}, "else": "error"}
    assert [column.place for column in found.unused] == ["shoe_size"]


def test_propose__rows_of_a_list__fill_the_list():
    """Enrolments are entries of one person's list, not one person each."""
    found = proposed(ENROLMENTS, "programme_mis")
    assert (found.canonical, found.shape) == ("benefit/1", "list")
    assert {"programme", "status", "amount", "started_on"} <= found.rules["enrolments"]["each"].keys()


def test_propose__nothing_known__no_proposal():
    """A table of something else is left out."""
    stones = DraftService("stones", "Stones", (Column("weight_class_q", "text"),), ("weight_class_q",), {})
    assert propose(stones, [canonicals()["person/1"]]) is None


def test_draft_text__proposals__are_a_file_in_order():
    """What is drafted passes `source check` at once."""
    assert findings(PEOPLE, ENROLMENTS) == []


@given(
    st.lists(st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1, max_size=40))
)
def test_draft_text__any_column_names__are_still_yaml(names):
    """A system's names are hostile input: none of them can break the file."""
    columns = tuple(Column(name, "text") for name in names)
    service = DraftService(
        "s", "S", (Column("nid", "text"), *columns), ("nid",), {"from": "v", "where": {"nid": "$selector"}}
    )
    draft = Draft("sql", "\n".join(names) or "a", {"dsn": "sqlite:///x.db"}, (service,), remarks=tuple(names))
    text = draft_text(draft, HEADING, (proposed(service),))
    assert parse(text.encode(), Path("a.yaml")).value["kind"] == "sql"


def test_schemas_of__unknown_role__error_names_the_roles():
    """A mistyped role is told what there is."""
    with pytest.raises(ConfigurationError, match="civil_registry"):
        schemas_of("civil registry")
    assert "national_id" in roles()


def test_propose__declared_codes_of_one_standard__its_list_by_name():
    """A system that declares the codes of ISO 5218 gets that list; digits are never guessed one by one."""
    sex = Column("sex", "text", codes=("0", "1", "2", "9"))
    other = Column("sex", "text", codes=("1", "7"))
    assert proposed(replace(PEOPLE, columns=(PEOPLE.columns[0], sex))).rules["sex"] == {
        "from": "sex",
        "codes": {"list": "sex-iso5218/1"},
        "else": "error",
    }
    digits = proposed(replace(PEOPLE, columns=(PEOPLE.columns[0], other))).rules["sex"]["codes"]
    assert not {"1", "7"} & digits.keys()


def test_propose__nothing_declared__codes_on_which_all_lists_agree():
    """UNECE's categories are proposed for a vehicle register that declares none."""
    vehicles = DraftService(
        "vehicles",
        "Vehicles",
        (Column("owner_nid", "text"), Column("plate", "text"), Column("category", "text")),
        ("owner_nid",),
        {"from": "v_vehicles", "where": {"owner_nid": "$selector"}},
    )
    codes = proposed(vehicles, "vehicles").rules["vehicles"]["each"]["category"]["codes"]
    assert (codes["M1"], codes["car"]) == ("car", "car")
    assert not [code for code in codes if code.isdigit()]


def test_propose__members_of_an_address__an_object():
    """What stands inside a member fills the field of that name, member by member."""
    nested = (Column("/address/line", "text"), Column("/address/town", "text"))
    rule = proposed(replace(PEOPLE, columns=(*PEOPLE.columns, *nested))).rules["address"]
    assert rule["object"]["address_line_1"]["from"] == "/address/line"
    assert rule["object"]["locality"]["from"] == "/address/town"


def test_propose__marks_of_a_record__never_fields():
    """A refresh moment and a mark of protection are read beside the map; a last change vouches for nothing."""
    marks = (Column("last_refreshed", "moment"), Column("is_protected", "boolean"))
    found = proposed(replace(PEOPLE, as_of=None, columns=(*PEOPLE.columns, *marks)))
    assert (found.as_of, found.restricted) == ("last_refreshed", "is_protected")
    changed = replace(PEOPLE, as_of=None, columns=(*PEOPLE.columns, Column("last_updated", "moment")))
    assert proposed(changed).as_of is None


def test_draft_text__codes_without_a_meaning__are_named_for_the_reader():
    """The one line that a person has to write is shown where it belongs."""
    draft = Draft("sql", "A database", {"dsn": "sqlite:///people.db"}, (PEOPLE,))
    assert "no meaning found for: 9" in draft_text(draft, HEADING, (proposed(PEOPLE),))
