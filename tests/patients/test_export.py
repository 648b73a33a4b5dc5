"""Patients and consents as files: everything, nothing that runs, for those who may, and logged."""

import csv
import io
import logging
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from patients.csv_import import Outcome
from patients.models import ConsentEvent, Patient
from tests.factories import NOW, PatientFactory
from tests.patients.csv_file import File

pytestmark = pytest.mark.django_db

URL = "/patients/export/"


def export(client: Client, what: str) -> str:
    response: Any = client.post(URL, {"what": what})
    assert response["Content-Disposition"].startswith(f'attachment; filename="{what}-')
    return b"".join(response.streaming_content).decode()


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline="")))


def test_patients_come_with_their_preference_and_its_proof(manager_client: Client) -> None:
    PatientFactory.create(
        first_name="Zoë",
        last_name="Müller",
        phone="0412 345 678",
        birth_date="1987-03-14",
        accepts=True,
        at=NOW,
    )
    PatientFactory.create(last_name="Gone", archived=True)
    zoe, gone = rows(export(manager_client, "patients"))
    assert (zoe["First name"], zoe["Last name"], zoe["Date of birth"]) == ("Zoë", "Müller", "1987-03-14")
    assert zoe["Accepts SMS marketing"] == "yes"
    assert zoe["Consent source"].startswith("staff")
    assert zoe["Consent date"] == "2026-11-24"
    assert (gone["Consent source"], gone["Consent date"]) == ("", "")
    assert gone["Archived"]


def test_a_time_zone_of_their_own_goes_out_and_comes_back(manager_client: Client, tmp_path: Path) -> None:
    PatientFactory.create(last_name="Ito", time_zone="Australia/Perth")
    PatientFactory.create(last_name="Osei")
    file = export(manager_client, "patients")
    assert [row["Time zone"] for row in rows(file)] == ["Australia/Perth", ""]
    Patient.objects.update(last_name="Somebody Else", search_name="somebody else", phone="", phone_kind="")
    assert File(tmp_path / "patients.csv").run(file).counts[Outcome.NEW] == 2
    assert Patient.objects.get(last_name="Ito").time_zone == "Australia/Perth"


def test_consents_are_the_whole_ledger(manager_client: Client, receptionist: User) -> None:
    PatientFactory.create(last_name="Ito", phone="0412 345 678", accepts=True, at=NOW, by=receptionist)
    default, chosen = rows(export(manager_client, "consents"))
    assert (default["From"], default["To"], default["Source"]) == ("", "no", "the clinic's default")
    assert (chosen["From"], chosen["To"], chosen["Source"]) == ("no", "yes", "staff")
    assert chosen["Recorded at"] == "2026-11-24 12:00:00+11:00"
    assert chosen["Recorded by"] == receptionist.username
    assert chosen["Number at that time"] == "'+61412345678"


@pytest.mark.parametrize("what", ["patients", "consents"])
def test_no_cell_is_a_formula(manager_client: Client, what: str) -> None:
    PatientFactory.create(first_name="=1+1", last_name="@SUM(A1)", reference="-2")
    for row in rows(export(manager_client, what)):
        assert not [cell for cell in row.values() if cell[:1] in set("=+-@\t\r\n") and cell]


def test_an_export_can_be_imported_again(manager_client: Client, tmp_path: Path) -> None:
    PatientFactory.create(last_name="Ito", phone="0412 345 678", accepts=True)
    PatientFactory.create(last_name="Kim", phone="0412 345 679")
    file = File(tmp_path / "patients.csv")
    exported = export(manager_client, "patients")
    assert file.check(exported).counts[Outcome.HERE] == 2
    Patient.objects.update(search_name="somebody else", phone="", phone_kind="", birth_date=None)
    checked = file.check(exported)
    assert (checked.counts[Outcome.NEW], checked.said_yes, checked.said_no) == (2, 1, 1)
    assert checked.unused == ["J", "K"]


def test_only_who_may_export_can(
    client: Client, reception_client: Client, practitioner_client: Client, manager_client: Client
) -> None:
    for method in ("get", "post"):
        assert getattr(client, method)(URL, {"what": "patients"}).status_code == 302
        for stranger in (reception_client, practitioner_client):
            assert getattr(stranger, method)(URL, {"what": "patients"}).status_code == 403
    assert URL in manager_client.get("/patients/").content.decode()
    assert URL not in reception_client.get("/patients/").content.decode()


def test_looking_at_the_page_exports_nothing(
    manager_client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    PatientFactory.create(last_name="Ito")
    for response in (manager_client.get(URL, {"what": "patients"}), manager_client.post(URL, {"what": "x"})):
        assert "Ito" not in response.content.decode()
        assert "Export patients" in response.content.decode()
    assert not [record for record in caplog.records if record.name == "clinic.downloads"]


def test_is_logged_without_personal_data(
    manager_client: Client, manager: User, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="clinic.downloads")
    PatientFactory.create_batch(3)
    export(manager_client, "patients")
    [record] = [record for record in caplog.records if record.name == "clinic.downloads"]
    extra = {name: getattr(record, name) for name in ("user", "what", "rows")}
    assert (record.getMessage(), extra) == ("Exported", {"user": manager.pk, "what": "patients", "rows": 3})


def test_a_broken_off_export_is_logged_as_far_as_it_went(
    manager_client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="clinic.downloads")
    PatientFactory.create_batch(3)
    response: Any = manager_client.post(URL, {"what": "patients"})
    lines = iter(response.streaming_content)
    for _ in range(2):
        next(lines)
    response.close()
    assert [record.rows for record in caplog.records if record.name == "clinic.downloads"] == [1]  # type: ignore[attr-defined]


def test_takes_the_same_queries_for_any_number(
    manager_client: Client, django_assert_max_num_queries: Any
) -> None:
    PatientFactory.create_batch(5)
    for what, number in (("patients", 5), ("consents", ConsentEvent.objects.count())):
        with django_assert_max_num_queries(8):
            assert len(rows(export(manager_client, what))) == number
