"""Finding a patient by what staff type."""

import pytest

from patients.models import Patient
from tests.factories import PatientFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _people() -> None:
    PatientFactory.create(
        first_name="José", last_name="Smith-Jones", phone="0412 345 678", reference="MR-1042"
    )
    PatientFactory.create(first_name="Siobhán", last_name="O'Neill", phone="0498 765 432")
    PatientFactory.create(first_name="Ana", last_name="Joseph", phone="")


def found(text: str) -> set[str]:
    return {patient.last_name for patient in Patient.objects.search(text, country="AU")}


@pytest.mark.parametrize(
    ("typed", "names"),
    [
        ("jose", {"Smith-Jones", "Joseph"}),
        ("JOSÉ sm", {"Smith-Jones"}),
        ("jones", {"Smith-Jones"}),
        ("smith jones", {"Smith-Jones"}),
        ("Smith-Jones", {"Smith-Jones"}),
        ("jones  josé", {"Smith-Jones"}),
        ("neill", {"O'Neill"}),
        ("o’neill siobhan", {"O'Neill"}),
        ("ones", set()),
        ("ana neill", set()),
        ("%", set()),
        ("_", set()),
    ],
)
def test_by_the_beginnings_of_names(typed: str, names: set[str]) -> None:
    assert found(typed) == names


@pytest.mark.parametrize(
    "typed",
    [
        "0412 345 678",
        "0412345678",
        "+61 412 345 678",
        "+61 (0)412 345",
        "0061 412",
        "345 678",
        "5 67",
        "04123",
    ],
)
def test_by_any_part_of_the_number_spaces_and_all(typed: str) -> None:
    assert found(typed) == {"Smith-Jones"}


def test_by_the_reference() -> None:
    assert found(" mr-1042 ") == {"Smith-Jones"}


@pytest.mark.parametrize("typed", ["", "  ", "-"])
def test_nothing_typed_finds_everybody(typed: str) -> None:
    assert len(found(typed)) == 3
