"""Patients from a spreadsheet: which columns and cells are understood, and that an import is whole."""

import codecs
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError

from patients import csv_import
from patients.csv_import import Column, HasProblems, Outcome, Unreadable, importing, sheet
from patients.models import ConsentEvent, Patient
from settings_app.models import SmsSettings
from tests.factories import PatientFactory
from tests.patients.csv_file import File

pytestmark = pytest.mark.django_db

CLINIKO = (
    "id,title,first_name,last_name,date_of_birth,email,mobile,reminder_type,accepted_privacy_policy,"
    "accepted_email_marketing,accepted_sms_marketing\n"
    "7001,Ms,Yuki,Ito,1987-03-14,y@example.org,0412 345 678,SMS & Email,true,true,false\n"
    "7002,,Bo,Osei,,,,None,,,\n"
)


@pytest.fixture
def file(tmp_path: Path) -> File:
    return File(tmp_path / "patients.csv")


class TestColumns:
    def test_each_is_read_and_registered(self, file: File) -> None:
        done = file.run(
            "First name,Last name,Mobile number,Date of birth,Reference,Wants reminders\n"
            "Yuki,Ito,0412 345 678,14/3/1987,MR-1,no\n"
            "Bo,Osei,,,,\n"
        )
        assert (done.counts[Outcome.NEW], done.notices) == (2, [])
        yuki, bo = Patient.objects.order_by("pk")
        assert (yuki.full_name, yuki.phone, yuki.phone_kind) == ("Yuki Ito", "+61412345678", "mobile")
        assert (yuki.birth_date, yuki.reference) == (date(1987, 3, 14), "MR-1")
        assert yuki.wants_reminders is False
        assert (bo.full_name, bo.phone, bo.birth_date, bo.reference) == ("Bo Osei", "", None, "")
        assert bo.wants_reminders is True

    def test_a_time_zone_may_be_among_them(self, file: File) -> None:
        file.run("Last name,Time zone\nIto,Australia/Perth\nOsei,\n")
        assert list(Patient.objects.order_by("pk").values_list("time_zone", flat=True)) == [
            "Australia/Perth",
            "",
        ]
        [problem] = file.problems("Last name,Time zone\nPapas,Perth\n")
        assert problem.startswith("Row 2, time zone: Write a time zone as Australia/Perth")

    @pytest.mark.parametrize(
        "header",
        ["SURNAME;mobile", "Family Name\tCell phone", "last_name,PHONE", " Last-Name , Telephone "],
    )
    def test_are_known_by_usual_names_whatever_separates_them(self, file: File, header: str) -> None:
        separator = next(mark for mark in ";\t," if mark in header)
        [line] = file.new(f"{header}\nIto{separator}0412 345 678\n")
        assert line.details is not None
        assert line.details.phone is not None

    def test_the_export_of_cliniko_is_read_as_it_is(self, file: File) -> None:
        done = file.run(CLINIKO)
        yuki, bo = Patient.objects.order_by("pk")
        assert (yuki.reference, yuki.birth_date, yuki.phone) == ("7001", date(1987, 3, 14), "+61412345678")
        assert (yuki.wants_reminders, bo.wants_reminders) == (True, False)
        assert (yuki.accepts_sms_marketing, yuki.sms_marketing_source) == (False, "import")
        assert bo.sms_marketing_source == "default"
        assert done.unused == ["B", "F", "I", "J"]

    def test_the_likeliest_of_two_is_used_and_the_other_said_to_be_not(self, file: File) -> None:
        checked = file.check("Last name,Phone,Mobile,Shoe size\nIto,02 9374 4000,0412 345 678,38\n")
        [shown] = checked.shown[Outcome.NEW]
        assert shown.line.details.phone.e164 == "+61412345678"  # type: ignore[union-attr]
        assert checked.notices == ["Columns that are not used: B, D."]

    def test_lines_may_come_above_the_header(self, file: File) -> None:
        assert file.problems("\n,,\nLast name,Mobile\nIto,12\n") == [
            "Row 4, mobile number: This number is too short for Australia."
        ]

    def test_a_first_line_that_names_the_separator_is_no_header(self, file: File) -> None:
        [line] = file.new("sep=;\nLast name;Mobile\nIto;0412 345 678\n")
        assert line.row == 3

    def test_every_one_has_names_and_no_name_two(self) -> None:
        assert set(csv_import.HEADERS) == set(Column)
        every = [name for names in csv_import.HEADERS.values() for name in names]
        assert len(every) == len(set(every))

    @pytest.mark.parametrize(
        ("place", "letter"), [(0, "A"), (25, "Z"), (26, "AA"), (701, "ZZ"), (702, "AAA")]
    )
    def test_are_called_as_in_spreadsheets(self, place: int, letter: str) -> None:
        assert csv_import.letter(place) == letter


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize(
    ("encoding", "mark"),
    [
        ("utf-8", b""),
        ("utf-8", codecs.BOM_UTF8),
        ("utf-16-le", codecs.BOM_UTF16_LE),
        ("utf-16-be", codecs.BOM_UTF16_BE),
        ("windows-1252", b""),
    ],
)
def test_every_encoding_with_every_separator(file: File, encoding: str, mark: bytes, separator: str) -> None:
    text = "First name,Last name,Mobile\r\nZoë,Müller,0412 345 678\r\n".replace(",", separator)
    file.run(mark + text.encode(encoding))
    patient = Patient.objects.get()
    assert (patient.full_name, patient.phone) == ("Zoë Müller", "+61412345678")


class TestProblems:
    def test_name_row_column_and_reason_of_each_bad_cell(self, file: File) -> None:
        assert file.problems(
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

    def test_count_rows_as_the_spreadsheet_does(self, file: File) -> None:
        text = 'Last name,Mobile\n"Ito\nof two lines",\n,\nOsei\nKim,12\n'
        assert file.problems(text) == ["Row 5, mobile number: This number is too short for Australia."]

    def test_in_one_row_stop_all_of_them(self, file: File) -> None:
        PatientFactory.create()
        before = list(Patient.objects.values()), list(ConsentEvent.objects.values())
        with pytest.raises(HasProblems):
            file.run("Last name,Mobile\nIto,0412 345 678\nOsei,12\n")
        assert (list(Patient.objects.values()), list(ConsentEvent.objects.values())) == before

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("", "The file: No column holds the last name."),
            ("Yuki,Ito,0412 345 678\n", "The file: No column holds the last name."),
            ("Last name,Mobile\n", "The file: There are no patients in it."),
            ("Last name\n,\n", "The file: There are no patients in it."),
            (
                'Last name\n"' + "x" * 200_000,
                "The file: Its quotes cannot be made out. Save it as CSV again.",
            ),
        ],
    )
    def test_of_the_whole_file(self, file: File, text: str, said: str) -> None:
        [problem] = file.problems(text)
        assert problem.startswith(said)
        with pytest.raises(HasProblems):
            file.run(text)

    def test_a_workbook_is_no_csv(self, file: File) -> None:
        with pytest.raises(Unreadable, match="save it as CSV UTF-8"):
            file.sheet(b"PK\x03\x04\0\0")

    def test_repeat_nothing_of_what_the_file_says(self, file: File) -> None:
        PatientFactory.create(first_name="", last_name="Otherperson", reference="MR-2")
        said = " ".join(
            file.problems(
                "Last name,Mobile,Born,Reference\nSecretname,0412 999 99,1.1.11,MR-1\nSecretname,,,MR-1\n"
                "Secretname,,,MR-1\nSecretname,,,MR-2\n"
            )
        )
        assert said.count("Row") == 5
        for personal in ("Secretname", "Otherperson", "0412", "1.1.11", "MR-1", "MR-2"):
            assert personal not in said

    def test_are_kept_up_to_a_number_and_counted_beyond(self, file: File) -> None:
        checked = file.check("Last name,Mobile\n" + "Ito,12\n" * (importing.SHOWN + 5))
        assert len(checked.problems) == importing.SHOWN
        assert checked.counts[Outcome.REFUSED] == importing.SHOWN + 5


class TestLimits:
    def test_rows(self, file: File, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sheet, "MAX_ROWS", 3)
        assert file.problems("Last name\nA\nB\nC\n") == []
        [problem] = file.problems("Last name\nA\nB\nC\nD\n")
        assert problem == "The file: It has more than 3 rows. Split it into smaller files."
        with pytest.raises(HasProblems):
            file.run("Last name\nA\nB\nC\nD\n")
        assert not Patient.objects.exists()

    def test_bytes(self, file: File) -> None:
        with file.path.open("wb") as sparse:
            sparse.truncate(sheet.MAX_BYTES + 1)
        with pytest.raises(Unreadable, match="larger than 25 MB"):
            sheet.Sheet.open(file.path)

    def test_columns(self, file: File) -> None:
        with pytest.raises(Unreadable, match="more than 300 columns"):
            file.sheet(",".join(["Last name"] * 301))


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
    def test_are_read_as_the_country_writes_them(self, file: File, written: str, country: str) -> None:
        [line] = file.new(f"Last name,Born\nIto,{written}\n", country=country)
        assert line.details is not None
        assert line.details.birth_date == date(1987, 3, 14)

    @pytest.mark.parametrize(
        "written", ["14/3/87", "1987-03", "14/03-1987", "3/14/1987", "2027-01-01", "1287-03-14", "x"]
    )
    def test_that_cannot_be_are_refused(self, file: File, written: str) -> None:
        assert len(file.problems(f"Last name,Born\nIto,{written}\n")) == 1


class TestMarketing:
    HEADER = "Last name,Accepts SMS marketing,Consent source,Consent date\n"

    def one(self, file: File, row: str, *, default: bool = False) -> Patient:
        SmsSettings.objects.update(new_patients_accept_marketing=default)
        file.run(self.HEADER + row + "\n")
        return Patient.objects.get()

    def test_a_yes_with_source_and_date_counts_and_keeps_its_proof(self, file: File) -> None:
        patient = self.one(file, "Ito,yes,Web form,2025-02-01")
        assert (patient.accepts_sms_marketing, patient.sms_marketing_source) == (True, "import")
        assert patient.consent_event is not None
        assert patient.consent_event.evidence == "Web form, 2025-02-01"
        assert [event.source for event in patient.consent_events.all()] == ["import", "default"]

    @pytest.mark.parametrize("row", ["Ito,yes,,", "Ito,yes,Web form,", "Ito,yes,,2025-02-01"])
    @pytest.mark.parametrize("default", [False, True])
    def test_a_yes_without_proof_leaves_the_default_and_is_said(
        self, file: File, row: str, default: bool
    ) -> None:
        patient = self.one(file, row, default=default)
        assert (patient.accepts_sms_marketing, patient.sms_marketing_source) == (default, "default")
        checked = file.check(self.HEADER + row.replace("Ito", "Kim") + "\n")
        [notice] = checked.notices
        assert notice.startswith("Patients who get the clinic's default, because their yes")
        assert "has no proof: 1." in notice
        assert (checked.said_yes, checked.said_no, checked.default) == (0, 0, 1)

    def test_a_no_needs_no_proof(self, file: File) -> None:
        patient = self.one(file, "Ito,no,,", default=True)
        assert (patient.accepts_sms_marketing, patient.sms_marketing_source) == (False, "import")
        assert file.check(self.HEADER + "Kim,no,,\n").notices == []

    def test_an_empty_cell_is_the_default(self, file: File) -> None:
        assert self.one(file, "Ito,,Web form,2025-02-01").sms_marketing_source == "default"

    def test_a_proof_from_the_future_is_refused(self, file: File) -> None:
        assert len(file.problems(self.HEADER + "Ito,yes,Web form,2027-02-01\n")) == 1


def test_landlines_are_imported_and_counted(file: File) -> None:
    done = file.run("Last name,Phone\nIto,02 9374 4000\nOsei,0412 345 678\n")
    assert done.notices == ["Numbers that are not mobile numbers and cannot get texts: 1."]
    assert Patient.objects.filter(phone_kind="landline").count() == 1


def test_files_longer_than_a_batch_are_whole(file: File, django_assert_max_num_queries: Callable) -> None:
    rows = "".join(f"Ito{number},1\n" for number in range(importing.BATCH * 2 + 1))
    with django_assert_max_num_queries(60):
        done = file.run("Last name,Wants reminders\n" + rows)
    assert done.counts[Outcome.NEW] == Patient.objects.count() == importing.BATCH * 2 + 1


@pytest.mark.django_db(transaction=True)
def test_a_reference_taken_since_imports_nobody(file: File, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody saves a patient between the last look and the first row."""
    check = importing.check

    def overtaken(*args: Any, **options: Any) -> Any:
        checked = check(*args, **options)
        PatientFactory.create(reference="MR-1")
        return checked

    monkeypatch.setattr(importing, "check", overtaken)
    with pytest.raises(IntegrityError):
        file.run("Last name,Reference\n" + "Osei,\n" * 1000 + "Ito,MR-1\n")  # more than a batch of the door
    assert (Patient.objects.count(), ConsentEvent.objects.count()) == (1, 1)


def test_other_counts_than_were_agreed_to_import_nobody(file: File) -> None:
    with pytest.raises(csv_import.Changed):
        file.run("Last name\nIto\n", seen={"new": 2, "here": 0, "refused": 0})
    assert not Patient.objects.exists()
    file.run("Last name\nIto\n", seen={"new": 1, "here": 0, "refused": 0})
    assert Patient.objects.count() == 1
