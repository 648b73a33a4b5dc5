"""Patients from a spreadsheet."""

from datetime import date

import pytest
from django.db import IntegrityError

from patients import csv_import
from patients.csv_import import Column, HasProblems, Reading, read, save
from patients.models import ConsentEvent, Patient
from settings_app.models import SmsSettings
from tests.factories import NOW, PatientFactory

pytestmark = pytest.mark.django_db

TODAY = date(2026, 11, 24)


def reading(text: str, *, country: str = "AU") -> Reading:
    return read(text.encode(), country=country, today=TODAY)


def problems(text: str, *, country: str = "AU") -> list[str]:
    return [str(problem) for problem in reading(text, country=country).problems]


class TestColumns:
    def test_each_is_read_and_registered(self) -> None:
        found = reading(
            "First name,Last name,Mobile number,Date of birth,Reference,Wants reminders\n"
            "Yuki,Ito,0412 345 678,14/3/1987,MR-1,no\n"
            "Bo,Osei,,,,\n"
        )
        assert (found.problems, found.notices) == ([], [])
        assert save(found, at=NOW) == 2
        yuki, bo = Patient.objects.order_by("pk")
        assert (yuki.full_name, yuki.phone, yuki.birth_date) == (
            "Yuki Ito",
            "+61412345678",
            date(1987, 3, 14),
        )
        assert (yuki.reference, yuki.wants_reminders) == ("MR-1", False)
        assert (bo.full_name, bo.phone, bo.birth_date, bo.reference) == ("Bo Osei", "", None, "")
        assert bo.wants_reminders is True

    @pytest.mark.parametrize(
        "header",
        ["SURNAME;mobile", "Family Name\tCell phone", "last_name,PHONE", " Last-Name , Telephone "],
    )
    def test_are_known_by_usual_names_whatever_separates_them(self, header: str) -> None:
        separator = next(mark for mark in ";\t," if mark in header)
        found = reading(f"{header}\nIto{separator}0412 345 678\n")
        assert found.problems == []
        assert found.patients[0].details.phone is not None

    def test_the_likeliest_of_two_is_used_and_the_other_said_to_be_not(self) -> None:
        found = reading("Last name,Phone,Mobile,Shoe size\nIto,02 9374 4000,0412 345 678,38\n")
        assert found.patients[0].details.phone.e164 == "+61412345678"  # type: ignore[union-attr]
        assert found.notices == ["Columns that are not used: 2, 4 (counted from the first)."]

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "windows-1252"])
    def test_in_the_encodings_that_spreadsheets_write(self, encoding: str) -> None:
        found = read("Last name\r\nMüller\r\n".encode(encoding), country="AU", today=TODAY)
        assert found.patients[0].details.last_name == "Müller"

    def test_lines_may_come_above_the_header(self) -> None:
        found = reading("\n,,\nLast name,Mobile\nIto,12\n")
        assert [problem.row for problem in found.problems] == [4]


class TestProblems:
    def test_name_row_column_and_reason_of_each_bad_cell(self) -> None:
        assert problems(
            "First name,Last name,Mobile,Born,Reference,Reminders,Marketing,Consent source,Consent date\n"
            "Yuki,Ito,0412 345 678,1987-03-14,MR-1,yes,,,\n"
            f"{'x' * 101},,0412 345 67,1987-13-14,{'9' * 65},perhaps,maybe,{'s' * 401},tomorrow\n"
        ) == [
            "Row 3, first name: It is longer than 100 characters.",
            "Row 3, last name: It is empty.",
            "Row 3, mobile number: This number is too short for Australia.",
            "Row 3, date of birth: There is no such date.",
            "Row 3, reference: It is longer than 64 characters.",
            "Row 3, wants reminders: Write yes or no.",
            "Row 3, accepts SMS marketing: Write yes or no.",
            "Row 3, consent source: It is longer than 400 characters.",
            "Row 3, consent date: Write a date as 1987-03-14, or with day, month and a year of four digits.",
        ]

    def test_count_rows_as_the_spreadsheet_does(self) -> None:
        text = 'Last name,Mobile\n"Ito\nof two lines",\n,\nOsei\nKim,12\n'
        assert problems(text) == ["Row 5, mobile number: This number is too short for Australia."]

    def test_in_one_row_stop_all_of_them(self) -> None:
        found = reading("Last name,Mobile\nIto,0412 345 678\nOsei,12\n")
        with pytest.raises(HasProblems):
            save(found, at=NOW)
        assert not Patient.objects.exists()

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("", "The file: Its first row must name the columns"),
            ("Yuki,Ito,0412 345 678\n", "The file: Its first row must name the columns"),
            ("Last name,Mobile\n", "The file: There are no patients in it."),
            ("Last name\n,\n", "The file: There are no patients in it."),
        ],
    )
    def test_of_the_whole_file(self, text: str, said: str) -> None:
        [problem] = problems(text)
        assert problem.startswith(said)

    def test_a_workbook_is_no_csv(self) -> None:
        found = read(b"PK\x03\x04\0\0", country="AU", today=TODAY)
        assert "save it as CSV UTF-8" in str(found.problems[0])

    def test_a_cell_that_never_ends(self) -> None:
        [problem] = problems('Last name\n"' + "x" * 200_000)
        assert problem == "The file: Its quotes cannot be made out. Save it as CSV again."

    def test_repeat_nothing_of_what_the_file_says(self) -> None:
        said = " ".join(
            problems(
                "Last name,Mobile,Born,Reference\nSecretname,0412 999 99,1.1.11,MR-1\nSecretname,,,MR-1\n"
            )
        )
        for personal in ("Secretname", "0412", "1.1.11", "MR-1"):
            assert personal not in said


class TestDates:
    @pytest.mark.parametrize(
        ("written", "country"),
        [
            ("1987-03-14", "AU"),
            ("1987-03-14", "US"),
            ("1987/3/14", "AU"),
            ("14/03/1987", "AU"),
            ("14.3.1987", "AU"),
            ("14-3-1987", "AU"),
            ("03/14/1987", "US"),
        ],
    )
    def test_are_read_as_the_country_writes_them(self, written: str, country: str) -> None:
        found = reading(f"Last name,Born\nIto,{written}\n", country=country)
        assert found.patients[0].details.birth_date == date(1987, 3, 14)

    @pytest.mark.parametrize(
        "written", ["14/3/87", "1987-03", "14/03-1987", "3/14/1987", "2027-01-01", "1287-03-14", "x"]
    )
    def test_that_cannot_be_are_refused(self, written: str) -> None:
        assert len(problems(f"Last name,Born\nIto,{written}\n")) == 1


class TestPeopleWhoAreHereAlready:
    def test_by_reference(self) -> None:
        PatientFactory.create(reference="MR-1")
        assert problems("Last name,Reference\nIto,MR-1\n") == [
            "Row 2, reference: Another patient has this reference."
        ]

    @pytest.mark.parametrize("cells", ["14/3/1987,", ",0412 345 678"])
    def test_by_name_and_birth_date_or_number(self, cells: str) -> None:
        text = f"First name,Last name,Born,Mobile\nYuki,Ito,{cells}\n"
        save(reading(text), at=NOW)
        [problem] = problems(text.upper())
        assert problem == (
            "Row 2: This patient is here already: the same name with the same birth date or number."
        )

    def test_within_the_file(self) -> None:
        text = "Last name,Born,Reference\nIto,1987-03-14,1\nIto,1987-03-14,2\nOsei,,2\n"
        assert [problem[:16] for problem in problems(text)] == ["Row 3: This pati", "Row 4, reference"]

    def test_namesakes_are_other_people(self) -> None:
        text = "Last name,Born,Mobile\nIto,1987-03-14,\nIto,1988-03-14,\nIto,,\nIto,,0412 345 678\n"
        assert problems(text) == []


class TestMarketing:
    HEADER = "Last name,Accepts SMS marketing,Consent source,Consent date\n"

    def one(self, row: str, *, default: bool = False) -> Patient:
        SmsSettings.objects.update(new_patients_accept_marketing=default)
        save(reading(self.HEADER + row + "\n"), at=NOW)
        return Patient.objects.get()

    def test_a_yes_with_source_and_date_counts_and_keeps_its_proof(self) -> None:
        patient = self.one("Ito,yes,Web form,2025-02-01")
        assert (patient.accepts_sms_marketing, patient.sms_marketing_source) == (True, "import")
        assert patient.consent_event.evidence == "Web form, 2025-02-01"
        assert [event.source for event in patient.consent_events.all()] == ["import", "default"]

    @pytest.mark.parametrize("row", ["Ito,yes,,", "Ito,yes,Web form,", "Ito,yes,,2025-02-01"])
    @pytest.mark.parametrize("default", [False, True])
    def test_a_yes_without_proof_leaves_the_default_and_is_said(self, row: str, default: bool) -> None:
        patient = self.one(row, default=default)
        assert (patient.accepts_sms_marketing, patient.sms_marketing_source) == (default, "default")
        [notice] = reading(self.HEADER + row.replace("Ito", "Kim") + "\n").notices
        assert notice.startswith("Patients who get the clinic's default, because their yes")
        assert "has no proof: 1." in notice

    def test_a_no_needs_no_proof(self) -> None:
        patient = self.one("Ito,no,,", default=True)
        assert (patient.accepts_sms_marketing, patient.sms_marketing_source) == (False, "import")
        assert reading(self.HEADER + "Kim,no,,\n").notices == []

    def test_an_empty_cell_is_the_default(self) -> None:
        assert self.one("Ito,,Web form,2025-02-01").sms_marketing_source == "default"

    def test_a_proof_from_the_future_is_refused(self) -> None:
        assert len(problems(self.HEADER + "Ito,yes,Web form,2027-02-01\n")) == 1


def test_landlines_are_imported_and_counted() -> None:
    found = reading("Last name,Phone\nIto,02 9374 4000\nOsei,0412 345 678\n")
    assert found.notices == ["Numbers that are not mobile numbers and cannot get texts: 1."]
    save(found, at=NOW)
    assert Patient.objects.filter(phone_kind="landline").count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_reference_taken_since_imports_nobody() -> None:
    found = reading("Last name,Reference\nOsei,\nIto,MR-1\n")
    PatientFactory.create(reference="MR-1")
    with pytest.raises(IntegrityError):
        save(found, at=NOW)
    assert (Patient.objects.count(), ConsentEvent.objects.count()) == (1, 1)


def test_every_column_has_names() -> None:
    assert set(csv_import.HEADERS) == set(Column)
    every = [name for names in csv_import.HEADERS.values() for name in names]
    assert len(every) == len(set(every))
