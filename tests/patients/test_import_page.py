"""The import page: choose a file, see what every row will do, import it, in a browser without JavaScript."""

import io
import os
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.test import Client

from patients.csv_import import importing, sheet, uploads
from patients.models import ConsentEvent, Patient
from settings_app.models import SmsSettings
from tests.factories import PatientFactory

pytestmark = pytest.mark.django_db

URL = "/patients/import/"
GOOD = "First name,Last name,Mobile,Born\nYuki,Ito,0412 345 678,1987-03-14\nBo,Osei,,\n"


@pytest.fixture(autouse=True)
def folder(settings: Any, tmp_path: Path) -> Path:
    settings.DATA_DIR = tmp_path
    return tmp_path / "imports"


def upload(client: Client, content: str | bytes, **options: Any) -> Any:
    data = content if isinstance(content, bytes) else content.encode()
    return client.post(URL, {"file": SimpleUploadedFile("patients.csv", data)}, **options)


def fields(page: Any) -> dict[str, str]:
    """What the browser would send back: the token, and the choice in each list."""
    html = page.content.decode()
    sent = {"token": re.search(r'name="token" value="([^"]+)"', html)[1]}  # type: ignore[index]
    for name, options in re.findall(r'<select name="(\w+)".*?>(.*?)</select>', html, re.DOTALL):
        chosen = re.search(r'<option value="(\d*)" selected', options)
        sent[name] = chosen[1] if chosen else ""
    return sent


def answer(client: Client, page: Any, step: str, **changed: str) -> Any:
    return client.post(URL, fields(page) | {"step": step} | changed, follow=True)


def words(page: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page.content.decode()).split())


def test_a_file_is_looked_at_and_then_imported(
    reception_client: Client, receptionist: User, folder: Path
) -> None:
    page = upload(reception_client, GOOD)
    assert "2 new patients will be added" in words(page)
    assert "14 Mar 1987" in words(page)
    assert "+61 412 345 678" in words(page)
    assert not Patient.objects.exists()
    done = answer(reception_client, page, "import")
    assert done.redirect_chain == [("/patients/", 302)]
    assert "Patients imported: 2." in words(done)
    assert Patient.objects.count() == 2
    assert set(ConsentEvent.objects.values_list("recorded_by", flat=True)) == {receptionist.pk}
    assert list(folder.iterdir()) == []


def test_only_who_may_add_patients_may_import(
    client: Client, practitioner_client: Client, folder: Path
) -> None:
    assert client.get(URL).status_code == 302
    assert upload(client, GOOD).status_code == 302
    assert practitioner_client.get(URL).status_code == 403
    assert upload(practitioner_client, GOOD).status_code == 403
    assert not folder.exists()
    assert URL not in practitioner_client.get("/patients/").content.decode()


def test_the_list_of_patients_leads_here(reception_client: Client) -> None:
    assert f'href="{URL}"' in reception_client.get("/patients/").content.decode()
    page = reception_client.get(URL)
    assert "CSV file" in words(page)
    assert page.content.decode().count("<script") == 1, "it works without: the one watches over an empty desk"


@pytest.mark.parametrize("step", ["upload", "import"])
def test_a_forged_form_is_refused(receptionist: User, step: str, folder: Path) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(receptionist)
    forged = upload(browser, GOOD) if step == "upload" else browser.post(URL, {"token": "x", "step": step})
    assert forged.status_code == 403
    assert not folder.exists()


class TestPreview:
    def test_shows_row_reason_and_what_was_typed(self, reception_client: Client) -> None:
        page = upload(reception_client, GOOD + "Ana,Diaz,0412 34,31/2/1990\n")
        said = words(page)
        assert "1 row must be corrected first" in said
        assert "Row 4 Ana Diaz 0412 34 31/2/1990" in said
        assert "Mobile number: This number is too short for Australia." in said
        assert "Date of birth: There is no such date." in said
        assert 'value="import"' not in page.content.decode()

    def test_links_to_who_is_here_already(self, reception_client: Client) -> None:
        yuki = PatientFactory.create(first_name="Yuki", last_name="Ito", reference="1")
        page = upload(reception_client, "Last name,First name,Ref\nIto,Yuki,1\nOsei,,\n")
        assert "1 already here, and left exactly as they are" in words(page)
        assert yuki.get_absolute_url() in page.content.decode()
        done = answer(reception_client, page, "import")
        assert "Patients imported: 1. 1 was here already and is left as it was." in words(done)

    def test_without_anybody_new_has_nothing_to_import(self, reception_client: Client) -> None:
        PatientFactory.create(first_name="", last_name="Ito", reference="1")
        page = upload(reception_client, "Last name,Ref\nIto,1\n")
        assert 'value="import"' not in page.content.decode()

    @pytest.mark.parametrize(("default", "word"), [(False, "reject"), (True, "accept")])
    def test_says_what_becomes_of_consents(self, reception_client: Client, default: bool, word: str) -> None:
        SmsSettings.load()
        SmsSettings.objects.update(new_patients_accept_marketing=default)
        rows = "Ito,yes,Form,2025-02-01\nOsei,no,,\nKim,yes,,\nDiaz,,,\n"
        said = words(upload(reception_client, f"Last name,Marketing,Consent source,Consent date\n{rows}"))
        assert "1 said yes, with where and when" in said
        assert "1 said no" in said
        assert f"2 get the clinic's default, which is {word}" in said.replace("&#x27;", "'")
        assert "1 of them had a yes in the file, which does not count" in said

    def test_shows_what_a_file_says_as_text(self, reception_client: Client) -> None:
        page = upload(reception_client, "Last name,<b>x\n<script>alert(1)</script>,1\n")
        assert "<script>" not in page.content.decode()
        assert "<b>x" not in page.content.decode()

    def test_says_how_the_file_was_read(self, reception_client: Client) -> None:
        page = upload(reception_client, "Last name;Shoe size\nMüller;38\n".encode("windows-1252"))
        assert "Read as Windows-1252, separated by semicolons." in words(page)
        assert "as in Australia" in words(page)
        assert "Columns that are not used: B." in words(page)


class TestColumns:
    UNUSUAL = "Nom,Tel\nIto,0412 345 678\n"

    def test_are_guessed_and_can_be_chosen(self, reception_client: Client) -> None:
        page = upload(reception_client, self.UNUSUAL)
        assert "No column holds the last name" in words(page)
        page = answer(reception_client, page, "preview", last_name="0")
        assert "1 new patient will be added" in words(page)
        answer(reception_client, page, "import")
        assert Patient.objects.get().phone == "+61412345678"

    def test_that_were_changed_are_shown_before_anything_is_imported(self, reception_client: Client) -> None:
        page = upload(reception_client, GOOD)
        page = answer(reception_client, page, "import", mobile_number="")
        assert not Patient.objects.exists()
        assert "2 new patients will be added" in words(page)
        answer(reception_client, page, "import")
        assert set(Patient.objects.values_list("phone", flat=True)) == {""}

    @pytest.mark.parametrize(
        ("changed", "said"),
        [
            ({"last_name": ""}, "Choose the column that holds the last name."),
            ({"first_name": "1"}, "This column is used already, as first name."),
            ({"mobile_number": "77"}, "Select a valid choice."),
        ],
    )
    def test_that_make_no_sense_are_refused(
        self, reception_client: Client, changed: dict[str, str], said: str
    ) -> None:
        page = answer(reception_client, upload(reception_client, GOOD), "import", **changed)
        assert said in words(page)
        assert not Patient.objects.exists()
        page = answer(reception_client, page, "preview", first_name="0", last_name="1", mobile_number="2")
        assert "2 new patients will be added" in words(page)


class TestRefusals:
    @pytest.mark.parametrize(
        ("content", "said"),
        [
            (b"PK\x03\x04\0\0", "save it as CSV UTF-8"),
            (b"Last name" + b",x" * 301, "It has more than 300 columns."),
        ],
    )
    def test_of_files_that_cannot_be_read(
        self, reception_client: Client, folder: Path, content: bytes, said: str
    ) -> None:
        assert said in words(upload(reception_client, content))
        assert list(folder.iterdir()) == []

    @pytest.mark.parametrize("content", [b"", b"\n", b"Last name\n"])
    def test_of_empty_files(self, reception_client: Client, content: bytes) -> None:
        assert "This file cannot be imported" in words(upload(reception_client, content))

    def test_of_no_file(self, reception_client: Client) -> None:
        assert "Choose a file." in words(reception_client.post(URL))

    def test_of_large_files_which_are_not_kept(
        self, reception_client: Client, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(uploads, "MAX_BYTES", 10)
        page = upload(reception_client, GOOD)
        assert "It is larger than 25 MB." in words(page)
        assert "Choose a file." not in words(page)
        assert list(folder.iterdir()) == []

    def test_of_too_many_rows(self, reception_client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sheet, "MAX_ROWS", 1)
        page = upload(reception_client, GOOD)
        assert "It has more than 1 rows." in words(page)
        answer(reception_client, page, "import")
        assert not Patient.objects.exists()

    def test_if_patients_came_since_the_preview(self, reception_client: Client) -> None:
        page = upload(reception_client, GOOD)
        PatientFactory.create(
            first_name="Yuki", last_name="Ito", phone="0412 345 678", birth_date="1987-03-14"
        )
        page = answer(reception_client, page, "import")
        assert "in the meantime other patients were added" in words(page)
        assert Patient.objects.count() == 1
        assert "1 new patient will be added" in words(page)
        answer(reception_client, page, "import")
        assert Patient.objects.count() == 2

    def test_if_a_row_became_doubtful_since_the_preview(self, reception_client: Client) -> None:
        page = upload(reception_client, GOOD)
        PatientFactory.create(first_name="Yuki", last_name="Ito", phone="", birth_date="1987-03-14")
        page = answer(reception_client, page, "import")
        assert "1 row must be corrected first" in words(page)
        assert Patient.objects.count() == 1


class TestTheFileBetweenTheSteps:
    def test_can_be_read_by_nobody_else_on_the_machine(self, reception_client: Client, folder: Path) -> None:
        upload(reception_client, GOOD)
        [kept] = folder.iterdir()
        assert kept.stat().st_mode & 0o777 == 0o600
        assert folder.stat().st_mode & 0o777 == 0o700

    def test_is_no_business_of_others(
        self, reception_client: Client, manager_client: Client, folder: Path
    ) -> None:
        page = upload(reception_client, GOOD)
        for step in ("preview", "import", "cancel"):
            said = words(answer(manager_client, page, step))
            assert "The file is not here any more" in said
            assert "Yuki" not in said
        assert not Patient.objects.exists()
        assert len(list(folder.iterdir())) == 1

    def test_is_not_opened_by_a_made_up_token(self, reception_client: Client) -> None:
        for token in ("", "x", "../../secret_key"):
            page = reception_client.post(URL, {"token": token, "step": "import"}, follow=True)
            assert "The file is not here any more" in words(page)

    def test_is_imported_once(self, reception_client: Client) -> None:
        page = upload(reception_client, "Last name\nIto\n")
        answer(reception_client, page, "import")
        assert "The file is not here any more" in words(answer(reception_client, page, "import"))
        assert Patient.objects.count() == 1

    def test_is_imported_once_even_if_the_button_is_pressed_twice(
        self, reception_client: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        page = upload(reception_client, "Last name\nIto\n")
        register, said = importing.register_many, []

        def pressed_again(**options: Any) -> int:
            said.append(words(answer(reception_client, page, "import")))
            return register(**options)

        monkeypatch.setattr(importing, "register_many", pressed_again)
        answer(reception_client, page, "import")
        assert Patient.objects.count() == len(said) == 1
        assert "The file is not here any more" in said[0]

    def test_is_removed_when_given_up(self, reception_client: Client, folder: Path) -> None:
        page = answer(reception_client, upload(reception_client, GOOD), "cancel")
        assert "The file is removed." in words(page)
        assert list(folder.iterdir()) == []

    @pytest.mark.parametrize("by", ["a visit", "the command"])
    def test_is_removed_after_a_day(self, reception_client: Client, folder: Path, by: str) -> None:
        old = upload(reception_client, GOOD)
        [kept] = folder.iterdir()
        for age, there in ((-timedelta(minutes=5), True), (timedelta(minutes=5), False)):
            written_at = (datetime.now(UTC) - uploads.KEPT - age).timestamp()
            os.utime(kept, (written_at, written_at))
            if by == "a visit":
                reception_client.get(URL)
            else:
                call_command("remove_old_imports", stdout=io.StringIO())
            assert kept.exists() is there
        assert list(folder.iterdir()) == []
        assert "The file is not here any more" in words(answer(reception_client, old, "import"))

    def test_cannot_be_opened_after_a_day_even_if_it_is_still_there(
        self, reception_client: Client, receptionist: User
    ) -> None:
        with time_machine.travel(datetime.now(UTC) - uploads.KEPT - timedelta(minutes=1)):
            token = uploads.Seen("a.csv", receptionist.pk, {}, {}).signed()
        with pytest.raises(uploads.Gone):
            uploads.opened(token, user=receptionist.pk)

    def test_is_still_there_if_the_import_breaks(
        self, reception_client: Client, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        page = upload(reception_client, GOOD)

        def broken(**_: Any) -> int:
            raise RuntimeError

        monkeypatch.setattr("patients.csv_import.importing.register_many", broken)
        with pytest.raises(RuntimeError):
            answer(reception_client, page, "import")
        monkeypatch.undo()
        assert [path.suffix for path in folder.iterdir()] == [".csv"]


def test_nothing_personal_is_in_addresses_or_tokens(reception_client: Client) -> None:
    page = upload(reception_client, GOOD)
    token = fields(page)["token"]
    done = answer(reception_client, page, "import")
    for personal in ("Yuki", "Ito", "412"):
        assert personal not in str(done.redirect_chain)
        assert personal not in token
