"""Tests of the recognition of municipality names (A-1.11–13)."""

import pytest

from app.core.data_files import load_yaml
from app.organizations import reference
from app.organizations.rules import Place, find_place

PLACES = [
    Place(raw["oktmo"], raw["name"], raw["short_name"], raw["kind"] == "urban_okrug")
    for raw in load_yaml(reference.__file__, "municipalities.yaml")["municipalities"]
    if raw["valid_to"] is None
]


@pytest.mark.order("A-1.11–13")
@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("городской округ город Новосибирск", "50701000"),  # the whole name
        ("НОВОСИБИРСК", "50701000"),
        ("г.Новосибирск", "50701000"),
        ("г Новосибирск, Новосибирская обл.", "50701000"),
        ("Новосибирский район", "50640000"),
        ("новосибирский р-н НСО", "50640000"),
        ("Искитим", "50712000"),
        ("искитимский", "50615000"),
        ("Усть-Таркский р-н", "50655000"),
        ("усть таркский", "50655000"),
        ("р.п. Кольцово", "50740000"),
        ("рабочий посёлок Кольцово", "50740000"),  # ё or е
        ("Краснозёрский", "50627000"),
        ("Чистоозёрный район", "50658000"),
        ("Венгеровский район", "50508000"),  # reformed: today it is an okrug
        ("  обь ", "50717000"),
        ("50708000", "50708000"),
    ],
)
def test_a_municipality_is_found_by_name(typed: str, expected: str) -> None:
    found = find_place(typed, PLACES)
    assert found.place is not None and found.place.oktmo == expected


@pytest.mark.parametrize(
    ("typed", "candidates"),
    [
        ("искит", {"50615000", "50712000"}),  # a beginning of a name gives candidates
        ("новосиб", {"50701000", "50640000"}),
        ("Новосибирк", {"50701000", "50640000"}),  # a misspelling
        ("в Бердске", {"50708000"}),
        ("Атлантида", set()),
        ("район", set()),
        ("Новосибирская область", set()),
        ("%", set()),
        ("a" * 500, set()),
        ("\x00", set()),
    ],
)
def test_an_unclear_name_gives_candidates(typed: str, candidates: set[str]) -> None:
    found = find_place(typed, PLACES)
    assert found.place is None and {place.oktmo for place in found.candidates} == candidates
