"""A large file is checked and imported behind the page: by a worker that may die, for a person who may leave."""

import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.urls import reverse

from patients import batches, tasks
from patients.csv_import import behind, importing, uploads
from patients.models import ConsentEvent, ImportState, Patient, PatientImport, PreferenceBatch, Step
from tests.factories import NOW, PatientFactory
from tests.patients.test_import_page import GOOD, URL, answer, fields, upload, words
from tests.sms.workers import surroundings

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def folder(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where uploads lie. Every file is a large one."""
    settings.DATA_DIR = tmp_path
    monkeypatch.setattr(behind, "LARGE_BYTES", 0)
    return tmp_path / "imports"


@pytest.fixture(autouse=True)
def bells(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    """The tasks that were called, and with what. Nobody hears them."""
    rung: list[tuple[str, ...]] = []
    monkeypatch.setattr(tasks, "ring", lambda task, *arguments: rung.append((task.name, *arguments)))
    return rung


def work() -> PatientImport:
    """What the worker does with the newest step; returns how that is then."""
    newest = PatientImport.objects.latest("asked_at")
    tasks.work_on_import(str(newest.pk))
    newest.refresh_from_db()
    return newest


def checked(client: Client, content: str = GOOD) -> Any:
    """The preview of a file that has been checked behind the page."""
    page = upload(client, content, follow=True)
    assert work().state == ImportState.DONE
    return client.get(page.redirect_chain[-1][0])


def left(folder: Path) -> list[str]:
    return sorted(path.suffix for path in folder.iterdir())


class TestCheck:
    def test_goes_on_behind_the_page(
        self, reception_client: Client, bells: list, django_capture_on_commit_callbacks: Any
    ) -> None:
        with django_capture_on_commit_callbacks(execute=True):
            page = upload(reception_client, GOOD, follow=True)
        asked = PatientImport.objects.get()
        assert (asked.step, asked.state, asked.rows) == (Step.CHECK, ImportState.WAITING, 3)
        assert page.redirect_chain[-1][0] == asked.get_absolute_url()
        assert bells == [("patients.tasks.work_on_import", str(asked.pk))]
        assert "Waiting for its turn" in words(page)
        html = page.content.decode()
        assert '<noscript><meta http-equiv="refresh" content="5"></noscript>' in html
        assert f'hx-get="{reverse("patients:import_progress", args=[asked.pk])}"' in html

    def test_shows_the_same_preview_as_a_small_file(
        self, reception_client: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        yuki = PatientFactory.create(first_name="Yuki", last_name="Ito", reference="7")
        content = (
            "First name,Last name,Mobile,Born,Ref,Marketing\nYuki,Ito,,,7,\nBo,Osei,0412 345 678,1987-03-14,8,yes\n"
            "Ana,Diaz,0412 34,31/2/1990,,\n"
        )
        preview = checked(reception_client, content)
        assert yuki.get_absolute_url() in preview.content.decode()
        page = words(preview)
        monkeypatch.setattr(behind, "LARGE_BYTES", 10_000)
        assert page == words(upload(reception_client, content))
        for said in (
            "1 row must be corrected first",
            "14 Mar 1987",
            "31/2/1990",
            "as Yuki Ito",
            "yes has no proof",
        ):
            assert said in page

    def test_says_what_is_wrong_with_the_whole_file(self, reception_client: Client) -> None:
        assert "There are no patients in it." in words(checked(reception_client, "Last name\n"))

    def test_with_other_columns_is_another_one(self, reception_client: Client) -> None:
        page = checked(reception_client)
        answer(reception_client, page, "preview", mobile_number="")
        assert work().state == ImportState.DONE
        page = reception_client.get(PatientImport.objects.latest("asked_at").get_absolute_url())
        assert fields(page)["mobile_number"] == ""
        assert "+61 412 345 678" not in words(page)

    def test_of_a_file_that_was_given_up_says_so(self, reception_client: Client, folder: Path) -> None:
        page = checked(reception_client)
        answer(reception_client, page, "cancel")
        assert left(folder) == []
        asked = PatientImport.objects.get()
        assert "The file is not here any more" in words(
            reception_client.get(asked.get_absolute_url(), follow=True)
        )


class TestImport:
    def test_adds_everybody_and_removes_the_file(
        self, reception_client: Client, receptionist: User, folder: Path
    ) -> None:
        page = answer(reception_client, checked(reception_client), "import")
        assert "Waiting for its turn" in words(page)
        assert not Patient.objects.exists()
        done = work()
        assert (done.state, done.counts) == (ImportState.DONE, {"new": 2, "here": 0, "refused": 0})
        assert "Patients imported: 2" in words(reception_client.get(done.get_absolute_url()))
        assert set(ConsentEvent.objects.values_list("recorded_by", flat=True)) == {receptionist.pk}
        assert (Patient.objects.count(), left(folder)) == (2, [])

    def test_is_done_once_even_if_the_button_is_pressed_twice(self, reception_client: Client) -> None:
        page = checked(reception_client)
        answer(reception_client, page, "import")
        assert "The file is not here any more" in words(answer(reception_client, page, "import"))
        work()
        work()
        assert Patient.objects.count() == 2

    def test_of_a_file_that_would_do_something_else_now_adds_nobody(
        self, reception_client: Client, folder: Path
    ) -> None:
        answer(reception_client, checked(reception_client), "import")
        PatientFactory.create(
            first_name="Yuki",
            last_name="Ito",
            phone="+61412345678",
            birth_date=datetime(1987, 3, 14, tzinfo=UTC),
        )
        refused = work()
        assert (refused.state, Patient.objects.count()) == (ImportState.REFUSED, 1)
        page = reception_client.get(refused.get_absolute_url())
        assert "Nothing was imported Since you looked at the preview" in words(page)
        reception_client.post(reverse("patients:import_again", args=[refused.pk]))
        assert work().step == Step.CHECK
        page = reception_client.get(PatientImport.objects.latest("asked_at").get_absolute_url())
        assert "1 already here" in words(page)
        answer(reception_client, page, "import")
        assert (work().state, Patient.objects.count(), left(folder)) == (ImportState.DONE, 2, [])

    def test_that_breaks_off_adds_nobody_and_can_be_tried_again(
        self, reception_client: Client, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        answer(reception_client, checked(reception_client), "import")
        register = importing.register_many

        def broken(**options: Any) -> int:
            register(**options)
            raise RuntimeError

        monkeypatch.setattr(importing, "register_many", broken)
        asked = work()
        monkeypatch.undo()
        assert (asked.state, Patient.objects.count()) == (ImportState.BROKEN, 0)

    def test_whose_worker_is_given_up_while_it_is_at_work_adds_nobody(
        self, reception_client: Client, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """It was only frozen. When it goes on, its file may be another one's already."""
        answer(reception_client, checked(reception_client), "import")
        read = importing.check

        def frozen(*file: Any, **options: Any) -> Any:
            found = read(*file, **options)
            behind.tidy(now=datetime.now(UTC) + uploads.SILENT_AFTER + timedelta(seconds=1))
            return found

        monkeypatch.setattr(importing, "check", frozen)
        assert (work().state, Patient.objects.count()) == (ImportState.BROKEN, 0)
        assert ".csv" in left(folder)

    @pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer at a time")
    def test_keeps_a_change_of_all_patients_away(
        self, reception_client: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Else half of the new patients could be in it."""
        answer(reception_client, checked(reception_client), "import")
        register, told = importing.register_many, []

        def somebody_else() -> None:
            try:
                batches.apply_default(accept=True, scope=PreferenceBatch.Scope.EVERYONE, at=NOW)
            except batches.AnotherUnderWay:
                told.append("told")
            finally:
                connection.close()

        def meanwhile(**options: Any) -> int:
            other = threading.Thread(target=somebody_else)
            other.start()
            other.join(timeout=20)
            return register(**options)

        monkeypatch.setattr(importing, "register_many", meanwhile)
        assert (work().state, told) == (ImportState.DONE, ["told"])


class TestProgress:
    @pytest.mark.parametrize(
        ("doing", "said"),
        [("read", "1,500 of about 1,500 rows read"), ("add", "1,500 of 2 patients added")],
    )
    def test_is_what_the_worker_noted(self, reception_client: Client, doing: str, said: str) -> None:
        answer(reception_client, checked(reception_client), "import")
        asked = PatientImport.objects.latest("asked_at")
        PatientImport.objects.filter(pk=asked.pk).update(state=ImportState.WORKING)
        behind.notes_of(asked).note(doing, 1500)
        fragment = reception_client.get(reverse("patients:import_progress", args=[asked.pk]))
        assert said in words(fragment)
        assert (fragment.status_code, "HX-Refresh" in fragment) == (200, False)

    def test_ends_with_the_step(self, reception_client: Client) -> None:
        checked(reception_client)
        asked = PatientImport.objects.get()
        fragment = reception_client.get(reverse("patients:import_progress", args=[asked.pk]))
        assert (fragment.status_code, fragment["HX-Refresh"]) == (286, "true")

    def test_is_found_again_from_the_import_page(
        self, reception_client: Client, manager_client: Client
    ) -> None:
        upload(reception_client, GOOD)
        address = PatientImport.objects.get().get_absolute_url()
        assert "A file of yours is being checked" in words(reception_client.get(URL))
        work()
        assert "has been checked and waits to be imported" in words(reception_client.get(URL))
        assert address in reception_client.get(URL).content.decode()
        assert address not in manager_client.get(URL).content.decode()

    def test_is_no_business_of_others(self, reception_client: Client, manager_client: Client) -> None:
        checked(reception_client)
        pk = PatientImport.objects.get().pk
        for name in ("import_step", "import_progress"):
            assert manager_client.get(reverse(f"patients:{name}", args=[pk])).status_code == 404
        assert manager_client.post(reverse("patients:import_again", args=[pk])).status_code == 404


class TestTick:
    def test_finds_a_step_whose_bell_was_lost(self, reception_client: Client, bells: list) -> None:
        upload(reception_client, GOOD)
        bells.clear()
        tasks.tick()
        asked = PatientImport.objects.get()
        assert bells == [("patients.tasks.work_on_import", str(asked.pk))]
        work()
        bells.clear()
        tasks.tick()
        assert bells == []

    def test_removes_a_file_whose_worker_died_after_the_import(
        self, reception_client: Client, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        answer(reception_client, checked(reception_client), "import")
        with monkeypatch.context() as patch:
            patch.setattr(behind, "_forget_file", lambda _: None)
            assert work().state == ImportState.DONE
        assert ".taken" in left(folder)
        tasks.tick()
        assert (left(folder), Patient.objects.count()) == ([], 2)

    def test_leaves_alone_what_is_at_work(self, reception_client: Client) -> None:
        upload(reception_client, GOOD)
        PatientImport.objects.update(state=ImportState.WORKING, begun_at=datetime.now(UTC))
        tasks.tick()
        assert PatientImport.objects.get().state == ImportState.WORKING


def test_nothing_of_the_file_is_in_the_database(reception_client: Client) -> None:
    answer(reception_client, checked(reception_client), "import")
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM patients_patientimport")
        kept = str(cursor.fetchall())
    for personal in ("Yuki", "Ito", "412 345", "412345"):
        assert personal not in kept


ROWS = 6_000
WORK = """
import django, sys, uuid
django.setup()
from django.utils import timezone
from patients.csv_import import behind
behind.work(import_id=uuid.UUID(sys.argv[1]), clock=timezone.now)
"""


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("when", ["read", "add"])
def test_a_worker_that_is_killed_leaves_nothing_and_the_page_says_so(
    reception_client: Client, folder: Path, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    page = checked(reception_client, "Last name,Ref\n" + "".join(f"Ito,{row}\n" for row in range(ROWS)))
    answer(reception_client, page, "import")
    asked = PatientImport.objects.latest("asked_at")
    process = work_in_a_process(folder.parent, asked.pk)
    until = time.monotonic() + 60
    while behind.notes_of(asked).noted()[0] != when and process.poll() is None:
        assert time.monotonic() < until
        time.sleep(0.01)
    assert process.poll() is None, "It was too fast to be killed."
    process.kill()
    process.wait()
    asked.refresh_from_db()
    assert (asked.state, Patient.objects.count()) == (ImportState.WORKING, 0)
    behind.tidy(now=datetime.now(UTC) + uploads.SILENT_AFTER + timedelta(seconds=1))
    said = words(reception_client.get(asked.get_absolute_url()))
    assert "It stopped in the middle Nothing was imported." in said
    assert "Try again" in said
    reception_client.post(reverse("patients:import_again", args=[asked.pk]))
    assert (work().state, Patient.objects.count(), left(folder)) == (ImportState.DONE, ROWS, [])


def work_in_a_process(data: Path, pk: UUID) -> subprocess.Popen[bytes]:
    environment = surroundings(data) | {"DJANGO_SETTINGS_MODULE": "clinic.settings"}
    return subprocess.Popen([sys.executable, "-c", WORK, str(pk)], env=environment)
