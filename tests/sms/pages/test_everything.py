"""/patients/<id>/everything/: what a person gets who asks what is held on them."""

import json
import logging
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from clinic.lib import phone as phones
from patients.batches import apply_default
from patients.models import Patient, PreferenceBatch
from patients.registration import Details, change_details
from sms import delivery, inbound
from sms.models import InboundMessage, Message
from tests.factories import NOW, AppointmentFactory, PatientFactory
from tests.sms.pages.test_compose_and_review import words
from tests.sms.steps import frozen, queued

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("account")]

NUMBER, OLD_NUMBER = "+61412345678", "+61412000111"


def page(client: Client, patient: Patient) -> str:
    return words(client.get(f"/patients/{patient.pk}/everything/").content)


def download(client: Client, patient: Patient) -> tuple[Any, str]:
    response: Any = client.post(f"/patients/{patient.pk}/everything.json")
    body = b"".join(response.streaming_content).decode()
    return json.loads(body), response["Content-Disposition"]


def reply(phone: str, body: str, sid: str) -> None:
    inbound.receive(inbound.Reply(sid, phone, "+61480000002", body), at=NOW)


@pytest.fixture
def ada() -> Patient:
    """Somebody with a life: an old number, a new one, texts, replies, an appointment, a STOP."""
    ada: Patient = PatientFactory.create(
        first_name="Ada", last_name="Okoro", phone=OLD_NUMBER, accepts=True, reference="C-17"
    )
    AppointmentFactory.create(patient=ada, practitioner="Dr Osei")
    frozen("A tenth off", marketing=True)
    message = queued(ada, "Your glasses are here")
    delivery.record_news(
        token=message.token, sid="SM" + "7" * 32, status="delivered", error_code=None, at=NOW
    )
    reply(OLD_NUMBER, "Thank you so much", "SM1")
    details = Details(
        first_name="Ada",
        last_name="Okoro",
        reference="C-17",
        phone=phones.parse(NUMBER, country="AU"),
    )
    change_details(patient_id=ada.pk, details=details)
    reply(NUMBER, "STOP", "SM2")
    return ada


def test_the_page_holds_everything(manager_client: Client, ada: Patient) -> None:
    shown = page(manager_client, ada)
    for held in (
        *("What we hold on Ada Okoro", "C-17", "+61 412 345 678", "with Dr Osei"),
        *("the clinic’s default", "they said so in person", "they answered STOP", "“STOP”"),
        *("A tenth off", "Your glasses are here", "The phone network: delivered 24 Nov 2026, 12:00."),
        *("Thank you so much", "from +61 412 000 111", "by a STOP reply"),
    ):
        assert held in shown, held


def test_the_file_holds_the_same(manager_client: Client, ada: Patient) -> None:
    held, name = download(manager_client, ada)
    assert name == f'attachment; filename="patient-{ada.pk}.json"'
    assert held["patient"]["last_name"] == "Okoro"
    assert [event["source"] for event in held["consents"]] == ["default", "staff", "sms_stop"]
    assert held["consents"][-1]["evidence"] == "STOP"
    promotion = "A tenth off\nOur clinic. Reply STOP to opt out."
    assert [text["body"] for text in held["texts"]] == [promotion, "Your glasses are here"]
    assert held["texts"][1]["news"] == [
        {"status": "delivered", "error_code": None, "received_at": "2026-11-24T01:00:00+00:00"}
    ]
    assert [each["body"] for each in held["replies"]] == ["Thank you so much", "STOP"]
    assert held["appointments"][0]["practitioner"] == "Dr Osei"
    assert held["blocks_of_the_number"][0]["phone"] == NUMBER


def test_who_changed_everybody_is_told_with_it(manager_client: Client) -> None:
    patient = PatientFactory.create()
    apply_default(accept=True, scope=PreferenceBatch.Scope.EVERYONE, at=NOW)
    held, _ = download(manager_client, patient)
    assert [batch["to_value"] for batch in held["changes_of_all_patients"]] == [True]
    assert "to yes" in page(manager_client, patient)


def test_nobody_elses_words_come_with_it(manager_client: Client, ada: Patient) -> None:
    other = PatientFactory.create(last_name="Zola", phone="0412 888 888")
    queued(other, "Not for Ada")
    reply(other.phone, "From Zola", "SM3")
    # Her old number belongs to somebody else by now: what comes from it is theirs.
    quist = PatientFactory.create(last_name="Quist", phone=OLD_NUMBER)
    reply(OLD_NUMBER, "Now mine", "SM4")
    for shown in (page(manager_client, ada), json.dumps(download(manager_client, ada)[0])):
        for foreign in ("Zola", "Not for Ada", "Quist", "Now mine"):
            assert foreign not in shown
        assert "Thank you so much" in shown  # It came while the number was hers alone.
    assert "Thank you so much" not in page(manager_client, quist)


def test_a_reply_from_a_shared_number_is_theirs_whose_staff_say_it_is(
    manager_client: Client, ada: Patient, receptionist: User
) -> None:
    sibling = PatientFactory.create(last_name="Sibling", phone=NUMBER)
    reply(NUMBER, "See you on Monday", "SM4")
    assert "See you on Monday" in page(manager_client, ada)
    assert "See you on Monday" in page(manager_client, sibling)
    known = InboundMessage.objects.get(sid="SM4")
    inbound.assign(reply_id=known.pk, patient_id=sibling.pk, at=NOW, by=receptionist)
    assert "See you on Monday" not in page(manager_client, ada)
    assert "by rosa.reception" in page(manager_client, sibling)
    (held,) = download(manager_client, sibling)[0]["replies"]
    assert (held["assigned_by"], held["is_known_to_be_theirs"]) == ("rosa.reception", True)


def test_a_shared_number_is_warned_of_without_names(manager_client: Client, ada: Patient) -> None:
    assert "Read it through" not in page(manager_client, ada)
    PatientFactory.create(last_name="Sibling", phone=NUMBER)
    shown = page(manager_client, ada)
    assert "1 other patient has the same number, so some replies may be theirs" in shown
    assert "Sibling" not in shown


def test_only_managers_may(
    client: Client,
    reception_client: Client,
    practitioner_client: Client,
    manager_client: Client,
    ada: Patient,
) -> None:
    for address, method in (("/", "get"), (".json", "post")):
        url = f"/patients/{ada.pk}/everything{address}"
        assert getattr(client, method)(url).status_code == 302
        for stranger in (reception_client, practitioner_client):
            assert getattr(stranger, method)(url).status_code == 403
    assert manager_client.get(f"/patients/{ada.pk}/everything.json").status_code == 405
    link = f"/patients/{ada.pk}/everything/"
    assert link in manager_client.get(ada.get_absolute_url()).content.decode()
    assert link not in reception_client.get(ada.get_absolute_url()).content.decode()


def test_who_looked_at_whom_is_logged_and_nothing_else(
    manager_client: Client, manager: User, ada: Patient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="sms.everything")
    page(manager_client, ada)
    download(manager_client, ada)
    records: list[Any] = [record for record in caplog.records if record.name == "sms.everything"]
    assert [(r.getMessage(), r.user, r.patient, r.how) for r in records] == [
        ("Disclosed", manager.pk, ada.pk, "page"),
        ("Disclosed", manager.pk, ada.pk, "json"),
    ]
    assert not [r for r in records if "Okoro" in str(r.__dict__) or NUMBER in str(r.__dict__)]


def test_takes_the_same_queries_for_any_number_of_texts(
    manager_client: Client, ada: Patient, django_assert_max_num_queries: Callable[[int], Any]
) -> None:
    for number in range(20):
        Message.objects.create(
            patient=ada,
            purpose="one_off",
            status="delivered",
            phone=NUMBER,
            body=f"Text {number}",
            created_at=NOW,
            send_by=NOW,
            status_at=NOW,
        )
    with django_assert_max_num_queries(19):
        page(manager_client, ada)
    with django_assert_max_num_queries(18):
        assert len(download(manager_client, ada)[0]["texts"]) == 22
