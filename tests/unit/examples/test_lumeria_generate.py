"""The generator: deterministic, coherent, like a country, and honest about its defects."""

from __future__ import annotations

import sqlite3
from collections import Counter
from contextlib import closing
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from random import Random
from statistics import mean, median
from time import process_time

import pytest

from examples.lumeria.country import DISTRICTS, HOUSEHOLD_SURVEY_DATE, REFERENCE_DATE, REGISTRIES
from examples.lumeria.defect_rates import KINDS
from examples.lumeria.generate import generate, imagine
from examples.lumeria.names import FAMILY, FEMALE, respell
from examples.lumeria.numbers import is_national_id
from tests.unit.examples.sandbox import PEOPLE, SEED, Sandbox

IDENTITY = {  # how to read the identity of everybody in a registry: national ID, name as shown, birth date
    "national-id": "SELECT nid AS national_id, full_name AS name, birth_date FROM persons",
    "civil-registry": "SELECT uin AS national_id, given_name || ' ' || surname AS name, birth_date FROM births",
    "tax": "SELECT national_id, name, birth_date FROM taxpayers",
    "disability": "SELECT national_id, given_names || ' ' || family_name AS name, birth_date FROM persons",
    "cash-transfer": "SELECT national_id, given_names || ' ' || family_name AS name, birth_date FROM beneficiaries",
    "response": "SELECT national_id, head_name AS name, birth_date FROM registrations",
    "insurance": "SELECT national_id, given_names || ' ' || family_name AS name, birth_date FROM insurees",
    "health": "SELECT national_id, given_names || ' ' || family_name AS name, birth_date FROM tracked_entities",
}


def _dump(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as database:
        return list(database.iterdump())


def test_generate__same_seed__same_rows_and_same_bytes(sandbox: Sandbox, tmp_path: Path) -> None:
    """People and seed alone decide the outcome."""
    generate(PEOPLE, SEED, tmp_path)
    for name in ("labels.jsonl", "story.json"):
        assert (tmp_path / name).read_bytes() == (sandbox.folder / name).read_bytes()
    for name in (
        "early-warning.json",
        *(f"education/{path.name}" for path in (tmp_path / "education").iterdir()),
    ):
        assert (tmp_path / name).read_bytes() == (sandbox.folder / name).read_bytes()
    for registry in ("national-id", "civil-registry", "tax", "insurance", "cadastre", "health"):
        assert _dump(tmp_path / f"{registry}.db") == _dump(sandbox.folder / f"{registry}.db")
    for registry in (
        "disability",
        "cash-transfer",
        "pension",
        "response",
        "vehicles",
    ):  # their processes may have refreshed `refresh`
        mine, theirs = (
            [line for line in _dump(folder / f"{registry}.db") if '"refresh"' not in line]
            for folder in (tmp_path, sandbox.folder)
        )
        assert mine == theirs


def test_generate__more_people__time_grows_in_proportion(tmp_path: Path) -> None:
    """Twenty times the people take nowhere near 400 times the time: 100,000 people stay practical."""
    spent = []
    for people in (1_000, 20_000):
        start = process_time()
        generate(people, SEED, tmp_path)
        spent.append(process_time() - start)
    assert spent[1] < 45 * spent[0]


def test_generate__other_seed__other_country(sandbox: Sandbox) -> None:
    """A seed matters."""
    assert set(imagine(500, SEED + 1).country.population.people) != set(
        imagine(500, SEED).country.population.people
    )


@pytest.mark.parametrize("seed", range(12))
def test_imagine__smallest_country__story_is_cast(seed: int) -> None:
    """Every seed fills every role, also with the fewest people allowed."""
    lumeria = imagine(500, seed)
    people = lumeria.country.population.people
    assert len(lumeria.cast.people()) == 9
    assert lumeria.cast.people() <= people.keys()
    assert not {person.mother for person in people.values()} & set(lumeria.cast.ambiguous_name)


def test_truth__everybody__lives_in_one_household(sandbox: Sandbox) -> None:
    """Households partition the people, exactly as many as were asked for, and a living person heads each."""
    population = sandbox.lumeria.country.population
    members = [member.national_id for home in population.households for member in home.members]
    assert len(population.people) == PEOPLE
    assert sorted(members) == sorted(population.people)
    for home in population.households:
        assert [member.relationship for member in home.members].count("head") == 1
        assert population.people[home.head].died_on is None


def test_truth__parents_and_children__are_a_generation_apart(sandbox: Sandbox) -> None:
    """Mothers and fathers are on record, of the right sex, and 17 to 60 years older."""
    people = sandbox.lumeria.country.population.people
    pairs = [
        (person, people[parent], sex)
        for person in people.values()
        for parent, sex in ((person.mother, "female"), (person.father, "male"))
        if parent
    ]
    assert len(pairs) > PEOPLE / 3
    for child, parent, sex in pairs:
        assert parent.sex == sex
        assert 17 <= (child.born_on - parent.born_on).days / 365.25 <= 60
        assert parent.died_on is None or parent.died_on > child.born_on


def test_truth__lives__run_in_order(sandbox: Sandbox) -> None:
    """Births, weddings, deaths follow each other, and nothing lies after the reference date."""
    population = sandbox.lumeria.country.population
    for person in population.people.values():
        assert is_national_id(person.national_id)
        assert person.born_on <= REFERENCE_DATE
        assert person.died_on is None or person.born_on <= person.died_on <= REFERENCE_DATE
    for marriage in population.marriages:
        for national_id in (marriage.wife, marriage.husband):
            spouse = population.people[national_id]
            assert spouse.age(marriage.married_on) >= 18
            assert spouse.died_on is None or spouse.died_on > marriage.married_on
        assert marriage.married_on <= REFERENCE_DATE


def test_truth__siblings__are_born_apart(sandbox: Sandbox) -> None:
    """A mother's children are born at least nine months apart."""
    births: dict[str, list[date]] = {}
    for person in sandbox.lumeria.country.population.people.values():
        if person.mother:
            births.setdefault(person.mother, []).append(person.born_on)
    for days in births.values():
        days.sort()
        assert all(later - earlier >= timedelta(270) for earlier, later in pairwise(days))


def test_distributions__population__looks_like_a_country(sandbox: Sandbox) -> None:
    """A young pyramid, balanced sexes, plausible households, a capital that weighs."""
    population = sandbox.lumeria.country.population
    living = [person for person in population.people.values() if person.died_on is None]
    assert 0.26 < mean(person.age() < 15 for person in living) < 0.38
    assert 0.03 < mean(person.age() >= 65 for person in living) < 0.09
    assert 0.46 < mean(person.sex == "female" for person in living) < 0.54
    assert 0.02 < 1 - len(living) / PEOPLE < 0.08
    assert 2.6 < mean(len(home.members) for home in population.households) < 4.2
    homes = population.homes()
    shares = Counter(homes[person.national_id].district for person in living)
    for district in DISTRICTS:
        assert abs(shares[district.code] / len(living) - district.weight) < 0.05


def test_distributions__incomes__are_skewed_and_higher_in_the_capital(sandbox: Sandbox) -> None:
    """Log-normal incomes have a mean above the median; districts differ."""
    country = sandbox.lumeria.country
    homes = country.population.homes()
    earned = {nid: float(work.incomes[2025]) for nid, work in country.livelihoods.items() if work.incomes}
    assert mean(earned.values()) > 1.15 * median(earned.values())
    capital, remote = (
        median(income for nid, income in earned.items() if homes[nid].district in codes)
        for codes in (("LM-01",), ("LM-07", "LM-08", "LM-09"))
    )
    assert capital > 1.5 * remote


def test_distributions__disability__rises_with_age(sandbox: Sandbox) -> None:
    """Prevalence (any domain at 3 or 4) grows from the young over the middle-aged to the old."""
    country = imagine(10_000, 3).country
    people = country.population.people.values()
    young, middle, old = (
        mean(person.national_id in country.disabilities for person in people if low <= person.age() < high)
        for low, high in ((0, 18), (40, 60), (75, 200))
    )
    assert 0.01 < young < 0.04
    assert 0.04 < middle < 0.14
    assert 0.25 < old < 0.55
    for disability in country.disabilities.values():
        assert set(disability.severities.values()) <= {1, 2, 3, 4}
        assert max(disability.severities.values()) >= 3


def test_distributions__family_grant__reaches_mostly_the_poor() -> None:
    """Coverage is concentrated in households with the lowest income per living member."""
    country = imagine(10_000, 3).country
    people, livelihoods = country.population.people, country.livelihoods
    granted = {e.household for e in country.enrolments if e.programme.code == "CT-FAM"}

    def per_head(members: list[str]) -> float:
        living = [nid for nid in members if people[nid].died_on is None]
        earned = (livelihoods[nid].incomes.get(2025, 0) for nid in living if nid in livelihoods)
        return float(sum(earned)) / len(living)

    homes = sorted(
        country.population.households, key=lambda home: per_head([m.national_id for m in home.members])
    )
    fifth = len(homes) // 5
    poorest, richest = (
        mean(home.number in granted for home in part) for part in (homes[:fifth], homes[-fifth:])
    )
    assert poorest > 0.25
    assert poorest > 8 * richest


def test_labels__kinds__all_occur_where_they_can(sandbox: Sandbox) -> None:
    """Every kind is present; only the civil registry knows all deaths; the identity authority has all numbers."""
    found = {(label["kind"], label["registry"]) for label in sandbox.labels}
    assert {kind for kind, _ in found} == set(KINDS)
    assert {registry for _, registry in found} == set(REGISTRIES)
    assert ("death_not_propagated", "civil-registry") not in found
    assert ("national_id_missing", "national-id") not in found


def test_labels__differing_values__are_what_the_registry_shows(sandbox: Sandbox) -> None:
    """A label about a name or a date gives the shown value, which is not the true one."""
    shown = {
        registry: {row["national_id"]: row for row in reversed(sandbox.rows(registry, query))}
        for registry, query in IDENTITY.items()
    }
    people = sandbox.lumeria.country.population.people
    for label in (one for one in sandbox.labels if one["registry"] in IDENTITY):
        person, row = people[label["national_id"]], shown[label["registry"]].get(label["national_id"])
        if label["kind"] == "spelling_variant":
            assert label["truth"] == {"given_names": person.given_names, "family_name": person.family_name}
            given_names, family_name = label["shown"]["given_names"], label["shown"]["family_name"]
            styled = (
                f"{family_name.upper()}, {given_names}"
                if label["registry"] == "tax"
                else f"{given_names} {family_name}"
            )
            assert row["name"] == styled
            assert label["shown"] != label["truth"]
        elif label["kind"] in {"birthday_first_january", "day_month_swapped"}:
            assert label["truth"] == {"birth_date": person.born_on.isoformat()}
            assert row["birth_date"] == label["shown"]["birth_date"] != person.born_on.isoformat()


def test_labels__missing_numbers__leave_a_record_without_one(sandbox: Sandbox) -> None:
    """As many records lack a number as are labelled so, and the labelled number is not found."""
    for registry, query in IDENTITY.items():
        rows = sandbox.rows(registry, query)
        labelled = {
            label["national_id"]
            for label in sandbox.labels
            if (label["kind"], label["registry"]) == ("national_id_missing", registry)
        }
        assert sum(row["national_id"] is None for row in rows) == len(labelled)
        assert not labelled & {row["national_id"] for row in rows}


def test_labels__duplicates__are_two_records(sandbox: Sandbox) -> None:
    """A duplicate shares the number, except where numbers are the key: there it has a second one."""
    for registry, query in IDENTITY.items():
        numbers = Counter(row["national_id"] for row in sandbox.rows(registry, query))
        labelled = [x for x in sandbox.labels if (x["kind"], x["registry"]) == ("duplicate_record", registry)]
        assert labelled
        for label in labelled:
            second = label["shown"]["second_national_id"]
            if registry == "national-id":
                assert second != label["national_id"]
                assert numbers[second] == numbers[label["national_id"]] == 1
                assert second not in sandbox.lumeria.country.population.people
            else:
                assert numbers[label["national_id"]] == 2
        twice = {number for number, count in numbers.items() if number and count > 1}
        assert twice <= {label["national_id"] for label in labelled}


def test_labels__unpropagated_deaths__are_known_to_the_civil_registry_alone(sandbox: Sandbox) -> None:
    """The death is registered; the labelled registry shows a living person."""
    dead_query = {
        "national-id": "SELECT status = 'deceased' AS dead FROM persons WHERE nid = ?",
        "tax": "SELECT status = 'deceased' AS dead FROM taxpayers WHERE national_id = ?",
        "disability": "SELECT deceased AS dead FROM persons WHERE national_id = ?",
        "cash-transfer": "SELECT deceased AS dead FROM beneficiaries WHERE national_id = ?",
        "pension": "SELECT DEAD_H <> '0000/00/00' AS dead FROM PENSIONERS WHERE NAT_NO = ?",
        "insurance": "SELECT died_on IS NOT NULL AS dead FROM insurees WHERE national_id = ?",
        "cadastre": "SELECT party_deceased AS dead FROM rights WHERE party_nid = ?",
        "vehicles": "SELECT owner_deceased AS dead FROM vehicles WHERE owner_nid = ?",
    }
    labels = [label for label in sandbox.labels if label["kind"] == "death_not_propagated"]
    for label in (one for one in labels if one["registry"] in dead_query):
        rows = sandbox.rows(label["registry"], dead_query[label["registry"]], label["national_id"])
        assert all(row["dead"] == 0 for row in rows)
    deaths = {row["brn"]: row for row in sandbox.rows("civil-registry", "SELECT brn, death_date FROM deaths")}
    people = sandbox.lumeria.country.population.people
    assert len(deaths) >= sum(person.died_on is not None for person in people.values())
    unaware = {label["national_id"] for label in labels if label["registry"] == "national-id"}
    noticed = {
        row["nid"] for row in sandbox.rows("national-id", "SELECT nid FROM persons WHERE status = 'deceased'")
    }
    dead = {nid for nid, person in people.items() if person.died_on}
    assert unaware == dead - noticed


def test_labels__outdated_households__lack_the_child(sandbox: Sandbox) -> None:
    """Children born since the survey are true members that the programme does not list."""
    labelled = {label["national_id"] for label in sandbox.labels if label["kind"] == "household_outdated"}
    listed = {
        row["national_id"] for row in sandbox.rows("cash-transfer", "SELECT national_id FROM beneficiaries")
    }
    people = sandbox.lumeria.country.population.people
    assert labelled
    assert not labelled & listed
    assert all(people[national_id].born_on > HOUSEHOLD_SURVEY_DATE for national_id in labelled)


def test_story__applicant__is_in_the_registries_undeformed(sandbox: Sandbox) -> None:
    """The applicant has spouse, children, a disability, an active benefit, and no label in the whole household."""
    applicant = sandbox.story["applicant"]
    national_id = applicant["national_id"]
    for registry, query in IDENTITY.items():
        rows = [row for row in sandbox.rows(registry, query) if row["national_id"] == national_id]
        assert [row["birth_date"] for row in rows] == [applicant["birth_date"]]
    household = {member["national_id"] for member in applicant["household"]}
    roles = [member["relationship"] for member in applicant["household"]]
    assert len(roles) >= 3
    assert {"head", "spouse", "child"} <= set(roles)
    assert not household & {label["national_id"] for label in sandbox.labels}
    query = "SELECT member_national_id, size FROM v_sp_households WHERE national_id = ?"
    members = sandbox.rows("cash-transfer", query, national_id)
    assert {row["member_national_id"] for row in members} == household
    assert {row["size"] for row in members} == {len(household)}
    benefits = sandbox.rows("cash-transfer", "SELECT * FROM v_sp_benefits WHERE national_id = ?", national_id)
    assert "active" in {row["status"] for row in benefits}
    (disability,) = sandbox.rows(
        "disability", "SELECT * FROM v_sp_disability WHERE national_id = ?", national_id
    )
    assert disability["status"] == "certified"
    assert disability["severity"] >= 3


def test_story__deceased__is_still_paid(sandbox: Sandbox) -> None:
    """The programme pays on after a death that only the civil registry knows."""
    deceased = sandbox.story["deceased_unpropagated"]
    query = "SELECT * FROM v_sp_benefits WHERE national_id = ? AND status = 'active'"
    benefits = sandbox.rows("cash-transfer", query, deceased["national_id"])
    assert benefits
    assert benefits[0]["last_payment_on"] > deceased["death_date"]
    (person,) = sandbox.rows(
        "national-id", "SELECT status FROM persons WHERE nid = ?", deceased["national_id"]
    )
    assert person["status"] == "active"


def test_story__other_roles__are_what_they_say(sandbox: Sandbox) -> None:
    """The newborn is an infant unknown to the programme, the restricted person is marked, two share a name, one is absent."""
    story = sandbox.story
    assert date.fromisoformat(story["newborn"]["birth_date"]) > HOUSEHOLD_SURVEY_DATE
    query = "SELECT restricted FROM v_sp_disability WHERE national_id = ?"
    assert sandbox.rows("disability", query, story["restricted"]["national_id"]) == [{"restricted": 1}]
    query = "SELECT nid FROM persons WHERE full_name = ? AND birth_date = ? ORDER BY nid"
    namesakes = sandbox.rows(
        "national-id", query, story["ambiguous_name"]["full_name"], story["ambiguous_name"]["birth_date"]
    )
    assert [row["nid"] for row in namesakes] == sorted(story["ambiguous_name"]["national_ids"])
    absent = story["absent"]["national_id"]
    assert is_national_id(absent)
    for registry, identity in IDENTITY.items():
        assert absent not in {row["national_id"] for row in sandbox.rows(registry, identity)}


def test_respell__every_family_name__becomes_another() -> None:
    """A misspelling always differs from the name."""
    rng = Random(1)
    for given_names in FEMALE:
        for family_name in FAMILY:
            assert respell(rng, given_names, family_name) != (given_names, family_name)
