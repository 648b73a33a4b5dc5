"""Who in a file is here already: left alone if it is certain, left to a person if it is not."""

from datetime import date
from pathlib import Path

import pytest

from patients.csv_import import HasProblems, Outcome
from patients.models import ConsentEvent, Patient
from tests.factories import PatientFactory
from tests.patients.csv_file import File

pytestmark = pytest.mark.django_db

HEADER = "First name,Last name,Born,Mobile,Reference\n"
YUKI = "Yuki,Ito,1987-03-14,0412 345 678,"


@pytest.fixture
def file(tmp_path: Path) -> File:
    return File(tmp_path / "patients.csv")


@pytest.fixture
def yuki() -> Patient:
    return known()


def known(**differs: object) -> Patient:
    facts = {
        "first_name": "Yuki",
        "last_name": "Ito",
        "birth_date": date(1987, 3, 14),
        "phone": "0412 345 678",
    }
    patient: Patient = PatientFactory.create(**facts | differs)
    return patient


def outcome(file: File, row: str) -> Outcome:
    counts = file.check(f"{HEADER}{row}\n").counts
    return next(outcome for outcome, count in counts.items() if count)


@pytest.mark.parametrize("row", [YUKI, "YUKI,  ito ,14/3/1987,+61 412 345 678,", YUKI + "MR-9"])
def test_the_same_name_birth_date_and_number_is_the_same_patient(file: File, yuki: Patient, row: str) -> None:
    [shown] = file.check(f"{HEADER}{row}\n").shown[Outcome.HERE]
    assert shown.patient == yuki.pk


@pytest.mark.parametrize(("born", "phone"), [(date(1987, 3, 14), ""), (None, "0412 345 678")])
def test_what_neither_knows_is_no_difference(file: File, born: date | None, phone: str) -> None:
    known(birth_date=born, phone=phone)
    assert outcome(file, f"Yuki,Ito,{born or ''},{phone},") == Outcome.HERE


@pytest.mark.parametrize(
    "row", ["Yuki,Ito,,,MR-1", "Mika,Mori,1987-03-14,,MR-1", "Mika,Mori,,0412 345 678,MR-1"]
)
def test_the_same_reference_is_the_same_patient_if_anything_else_agrees(file: File, row: str) -> None:
    known(reference="MR-1")
    assert outcome(file, row) == Outcome.HERE


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (
            "Mika,Mori,1990-01-01,0412 000 000,MR-1",
            "Row 2, reference: A patient here has this reference, but",
        ),
        (YUKI + "MR-2", "Row 2: This patient is here under another reference."),
        ("Yuki,Ito,1987-03-14,0412 000 000,", "Row 2: A patient here has the same name and birth date, but"),
        ("Yuki,Ito,1987-03-14,,", "Row 2: A patient here has the same name and birth date, but"),
        ("Yuki,Ito,,0412 345 678,", "Row 2: A patient here has the same name and number, and the birth date"),
    ],
)
def test_who_may_be_here_is_refused(file: File, row: str, said: str) -> None:
    known(reference="MR-1")
    [problem] = file.problems(f"{HEADER}{row}\n")
    assert problem.startswith(said)
    with pytest.raises(HasProblems):
        file.run(f"{HEADER}{row}\nBo,Osei,,,\n")
    assert Patient.objects.count() == 1


def test_a_birth_date_only_in_the_file_is_refused(file: File) -> None:
    known(birth_date=None)
    assert outcome(file, YUKI) == Outcome.REFUSED


def test_two_of_the_same_here_are_refused(file: File, yuki: Patient) -> None:
    known()
    [problem] = file.problems(f"{HEADER}{YUKI}\n")
    assert problem.startswith("Row 2: There are several such patients here")


@pytest.mark.parametrize(
    "row",
    [
        "Yuki,Ito,1988-03-14,0412 345 678,",
        "Yuki,Ito,,,",
        "Yuki,Ito,,0412 000 000,",
        "Mika,Ito,1987-03-14,0412 345 678,",
    ],
)
def test_namesakes_and_families_are_other_people(file: File, yuki: Patient, row: str) -> None:
    assert outcome(file, row) == Outcome.NEW


def test_a_name_alone_recognises_nobody(file: File) -> None:
    known(birth_date=None, phone="")
    assert outcome(file, "Yuki,Ito,,,") == Outcome.NEW


def test_who_is_here_stays_exactly_as_they_are(file: File) -> None:
    yuki = known(accepts=False, archived=True, reference="MR-1")
    before = Patient.objects.values().get(), list(ConsentEvent.objects.values())
    header = HEADER.strip() + ",Wants reminders,Accepts SMS marketing,Consent source,Consent date\n"
    done = file.run(f"{header}Yoko,Itoh,1987-03-14,0499 999 999,MR-1,no,yes,Web form,2025-02-01\n")
    assert done.counts == {"new": 0, "here": 1, "refused": 0}
    after = Patient.objects.values().get(pk=yuki.pk), list(ConsentEvent.objects.values())
    assert after == before
    assert "left as they are, whatever the file says: 1." in done.notices[0]


class TestWithinTheFile:
    @pytest.mark.parametrize(
        ("rows", "said"),
        [
            (
                "Ito,1987-03-14,,1\nIto,1987-03-14,,2\n",
                "Row 3: Row 2 is the same patient. Take one of them out.",
            ),
            ("Ito,,0412 345 678,\nOsei,,,\nIto,,+61412345678,\n", "Row 4: Row 2 is the same patient."),
            ("Ito,,,2\nOsei,,,2\n", "Row 3, reference: Row 2 has the same reference."),
        ],
    )
    def test_nobody_comes_twice(self, file: File, rows: str, said: str) -> None:
        [problem] = file.problems(f"Last name,Born,Mobile,Reference\n{rows}")
        assert problem.startswith(said)

    def test_namesakes_are_other_people(self, file: File) -> None:
        text = "Last name,Born,Mobile\nIto,1987-03-14,\nIto,1988-03-14,\nIto,,\nIto,,0412 345 678\n"
        assert file.problems(text) == []
