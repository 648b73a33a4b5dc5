"""/patients/<id>/erase/: what goes and what stays, the name typed, for managers."""

import logging
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from patients.models import Patient
from sms import inbound
from sms.models import Message
from tests.factories import NOW, AppointmentFactory, PatientFactory
from tests.sms.pages.test_compose_and_review import words
from tests.sms.steps import claimed, queued

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("account")]

NUMBER = "+61412345678"


@pytest.fixture
def zoe() -> Patient:
    patient: Patient = PatientFactory.create(first_name="Zoë", last_name="Müller", phone=NUMBER, accepts=True)
    return patient


def url(patient: Patient) -> str:
    return f"/patients/{patient.pk}/erase/"


def test_says_what_goes_and_what_stays(manager_client: Client, zoe: Patient) -> None:
    AppointmentFactory.create(patient=zoe)
    claimed(zoe)
    queued(zoe, "One more")
    inbound.receive(inbound.Reply("SM1", NUMBER, "+61480000002", "Thanks"), at=NOW)
    PatientFactory.create(first_name="Max", last_name="Müller", phone="0412 000 999")
    page = words(manager_client.get(url(zoe)).content)
    for said in (
        *("Erase Zoë Müller for good?", "This cannot be undone"),
        *("2 texts to them", "1 of them waits and will not be sent", "1 reply from their number"),
        *(
            "1 appointment, past and to come",
            "2 entries in the ledger",
            "1 text is being sent at this moment",
        ),
        *("A scrambled form of the number", "Twilio’s own records"),
    ):
        assert said in page, said
    assert "Max" not in page
    assert Patient.objects.get(pk=zoe.pk).erased_at is None


def test_names_those_who_share_the_number(manager_client: Client, zoe: Patient) -> None:
    PatientFactory.create(first_name="Max", last_name="Müller", phone=NUMBER)
    page = words(manager_client.get(url(zoe)).content)
    assert "Everything about Max Müller" in page
    assert "who has the same number" in page
    assert "0 replies" in page


@pytest.mark.parametrize("typed", ["Zoë Müller", "  zoe   MULLER "])
def test_the_name_typed_erases(manager_client: Client, zoe: Patient, typed: str) -> None:
    answer = manager_client.post(url(zoe), {"typed": typed}, follow=True)
    page = words(answer.content)
    assert "The patient is erased." in page
    assert f"Erased patient {zoe.pk}" in page
    assert "by maria.manager" in page
    assert "Zoë" not in page


@pytest.mark.parametrize("typed", ["", "Max Müller", "Zoë"])
def test_another_name_erases_nothing(manager_client: Client, zoe: Patient, typed: str) -> None:
    page = words(manager_client.post(url(zoe), {"typed": typed}).content)
    assert "There is a problem" in page
    assert str(Patient.objects.get(pk=zoe.pk)) == "Zoë Müller"


def test_only_managers_may(
    client: Client,
    reception_client: Client,
    practitioner_client: Client,
    manager_client: Client,
    zoe: Patient,
) -> None:
    assert client.post(url(zoe), {"typed": "Zoë Müller"}).status_code == 302
    for stranger in (reception_client, practitioner_client):
        assert stranger.get(url(zoe)).status_code == 403
        assert stranger.post(url(zoe), {"typed": "Zoë Müller"}).status_code == 403
        assert url(zoe) not in stranger.get(zoe.get_absolute_url()).content.decode()
    assert url(zoe) in manager_client.get(zoe.get_absolute_url()).content.decode()
    assert Patient.objects.get(pk=zoe.pk).erased_at is None


def test_is_logged_without_personal_data(
    manager_client: Client, manager: User, zoe: Patient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="sms.erasure")
    manager_client.post(url(zoe), {"typed": "Zoë Müller"})
    records: list[Any] = [record for record in caplog.records if record.name == "sms.erasure"]
    [record] = records
    assert (record.getMessage(), record.user, record.patient) == ("Erased", manager.pk, zoe.pk)
    assert "Müller" not in str(record.__dict__)


def test_afterwards_no_page_shows_or_takes_anything(manager_client: Client, zoe: Patient) -> None:
    queued(zoe, "Your glasses are here")
    manager_client.post(url(zoe), {"typed": "Zoë Müller"})
    base = f"/patients/{zoe.pk}"
    for gone in ("edit", "archive", "deceased", "appointments/new", "everything"):
        assert manager_client.get(f"{base}/{gone}/").status_code == 404, gone
    assert manager_client.get(url(zoe)).headers["Location"] == f"{base}/"
    assert "Erased" in words(manager_client.get(f"/sms/patients/{zoe.pk}/text/").content)
    why = f"/sms/message/{Message.objects.get().pk}/why/"
    assert "The patient was erased at their own wish" in words(manager_client.get(why).content)
    for page in ("/patients/?show=all", "/sms/log/?status=left_out", "/sms/inbox/", why):
        shown = manager_client.get(page).content.decode()
        assert not [word for word in ("Zoë", "412 345", "412345", "glasses") if word in shown], page
    assert "Erased patient" not in manager_client.get("/patients/?show=archived").content.decode()


def test_twice_is_once(manager_client: Client, zoe: Patient) -> None:
    for _ in range(2):
        manager_client.post(url(zoe), {"typed": "Zoë Müller"})
    assert Patient.objects.exclude(erased_at=None).count() == 1


def test_the_admin_shows_the_row_and_lets_nobody_fill_it(admin_client: Client, zoe: Patient) -> None:
    admin_client.post(url(zoe), {"typed": "Zoë Müller"})
    page = f"/admin/patients/patient/{zoe.pk}/change/"
    shown = admin_client.get(page)
    assert shown.status_code == 200
    assert 'name="last_name"' not in shown.content.decode()
    assert admin_client.post(page, {"last_name": "Müller"}).status_code == 403
    assert "Erased patient" not in admin_client.get("/admin/patients/patient/").content.decode()
