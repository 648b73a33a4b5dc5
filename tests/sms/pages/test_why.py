"""/sms/message/<id>/why/: why somebody got a text, or did not, on one page."""

from datetime import timedelta

import pytest
from django.conf import LazySettings
from django.contrib.auth.models import User
from django.test import Client

from clinic.lib import phone as phones
from patients.consent import Choice, record_consent
from patients.models import ConsentHow, ConsentSource, Patient
from patients.registration import Details, archive, change_details
from settings_app.models import SmsSettings
from sms import delivery, dispatch
from sms.models import Message
from sms.reminders import queue_due_reminders
from tests.factories import NOW, AppointmentFactory, PatientFactory, block
from tests.sms.pages.test_compose_and_review import words
from tests.sms.steps import frozen, queued

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("account")]

NUMBER = "+61412345678"


def text_to(patient: Patient) -> Message:
    return Message.objects.get(patient=patient)


def why(client: Client, message: Message) -> str:
    return words(client.get(f"/sms/message/{message.pk}/why/").content)


def promotion(patient: Patient) -> Message:
    """A promotion that has been claimed: the moment at which its proof is written down."""
    frozen("A tenth off", marketing=True)
    dispatch.next_batch(now=NOW)
    return text_to(patient)


def test_a_promotion_shows_the_consent_that_allowed_it(reception_client: Client, receptionist: User) -> None:
    patient = PatientFactory.create(phone=NUMBER)
    choice = Choice(True, ConsentSource.STAFF, ConsentHow.PHONE, "send me the offers")
    record_consent(patient_id=patient.pk, choice=choice, at=NOW - timedelta(days=3), by=receptionist)
    page = why(reception_client, promotion(patient))
    assert "Why did I get this text?" in page
    assert "A tenth off" in page
    assert "+61 412 345 678" in page
    assert "the patient’s word at that time was yes" in page
    assert "they said so on the phone" in page
    assert "“send me the offers”" in page
    assert "21 November 2026, 12:00, rosa.reception" in page
    assert "Nothing. The preference is as it was." in page
    assert "The numbers" not in page


def test_a_default_is_not_called_consent(reception_client: Client) -> None:
    SmsSettings.load()
    SmsSettings.objects.update(new_patients_accept_marketing=True)
    patient = PatientFactory.create()
    page = why(reception_client, promotion(patient))
    assert "Nobody had asked this patient" in page
    assert "A default is not consent" in page
    assert "word at that time was yes" not in page


def test_what_was_said_later_stands_beside_it(reception_client: Client) -> None:
    patient = PatientFactory.create(phone=NUMBER, accepts=True)
    message = promotion(patient)
    block(NUMBER, at=NOW + timedelta(hours=2))
    page = why(reception_client, message)
    proof, since = page.split("What was said since")
    assert "they said so in person" in proof
    assert "they answered STOP" in since
    assert "Somebody answered STOP from this number" in since
    assert "Marketing texts now: no" in since


def test_a_number_that_changed_is_shown_then_and_now(reception_client: Client) -> None:
    patient = PatientFactory.create(phone=NUMBER, accepts=True)
    message = promotion(patient)
    new = Details(last_name="Ito", phone=phones.parse("0412 999 999", country="AU"))
    change_details(patient_id=patient.pk, details=new)
    page = why(reception_client, message)
    assert "In this text +61 412 345 678 Today +61 412 999 999" in page


def test_where_the_preference_did_not_count_it_says_why(reception_client: Client) -> None:
    patient = PatientFactory.create()
    page = why(reception_client, queued(patient))
    assert "Why will I get this text?" in page
    other = PatientFactory.create()
    frozen("We have moved")
    for purpose in (1, 2):  # the one-off comes first, then the group SMS
        assert dispatch.next_batch(now=NOW), purpose
    assert "Whoever sent it said that it promotes nothing" in why(reception_client, text_to(other))
    one_off = Message.objects.get(patient=patient, purpose="one_off")
    assert "A member of staff wrote it to this one patient" in why(reception_client, one_off)


def test_a_reminder_names_its_appointment(reception_client: Client) -> None:
    SmsSettings.objects.update(reminders_enabled=True)
    appointment = AppointmentFactory.create()
    queue_due_reminders(now=NOW)
    dispatch.next_batch(now=NOW)
    page = why(reception_client, text_to(appointment.patient))
    assert "It reminds of an appointment on 25 November 2026, 08:00" in page


def test_whoever_was_left_out_is_told_why(reception_client: Client) -> None:
    PatientFactory.create(accepts=True)
    refused = PatientFactory.create(accepts=False)
    frozen("A tenth off", marketing=True)
    page = why(reception_client, text_to(refused))
    assert "Why did I not get this text?" in page
    assert "Does not accept marketing" in page
    assert "A tenth off" in page
    assert "they said so in person" in page.split("What the ledger of consents said at that time:")[1]
    assert "Nothing. The preference is as it was." in page
    assert "How to get no more" not in page


def test_a_text_that_was_left_out_at_the_last_moment_says_so(reception_client: Client) -> None:
    patient = PatientFactory.create()
    message = queued(patient)
    archive(patient_id=patient.pk, at=NOW)
    dispatch.next_batch(now=NOW)
    assert "Archived. So it was when this was decided" in why(reception_client, message)


@pytest.mark.parametrize(
    ("status", "said"),
    [
        ("cancelled", "It was stopped before it was sent"),
        ("expired", "nothing is sent late"),
        ("not_sent", "Twilio has no such text"),
    ],
)
def test_whatever_kept_it_from_being_sent_is_said(reception_client: Client, status: str, said: str) -> None:
    message = queued(PatientFactory.create())
    Message.objects.filter(pk=message.pk).update(status="sending")
    Message.objects.filter(pk=message.pk).update(status="unknown")
    if status != "not_sent":
        Message.objects.filter(pk=message.pk).update(status="queued")
    Message.objects.filter(pk=message.pk).update(status=status)
    assert said in why(reception_client, message)


def test_what_twilio_told_is_listed(reception_client: Client) -> None:
    message = queued(PatientFactory.create())
    for news in ("sent", "delivered"):
        delivery.record_news(token=message.token, sid="SM" + "0" * 32, status=news, error_code=None, at=NOW)
    assert "As Twilio told us: sent (24 Nov, 12:00), delivered (24 Nov, 12:00)." in why(
        reception_client, message
    )


def test_what_a_stop_would_end_depends_on_the_senders(
    reception_client: Client, settings: LazySettings
) -> None:
    message = promotion(PatientFactory.create(accepts=True))
    assert "That ends promotions to this number; reminders still come" in why(reception_client, message)
    settings.TWILIO_CARE_SENDER = settings.TWILIO_MARKETING_SENDER
    assert "That ends all texts from us to this number, reminders too" in why(reception_client, message)


def test_only_for_those_who_may_read_texts(client: Client, practitioner_client: Client) -> None:
    message = queued(PatientFactory.create())
    url = f"/sms/message/{message.pk}/why/"
    assert client.get(url).status_code == 302
    assert practitioner_client.get(url).status_code == 200
    assert practitioner_client.post(url).status_code == 405
    assert practitioner_client.get("/sms/message/999999/why/").status_code == 404
    User.objects.get(username="pavel.practitioner").groups.clear()
    assert practitioner_client.get(url).status_code == 403


def test_every_list_of_texts_leads_to_it(manager_client: Client) -> None:
    patient = PatientFactory.create(accepts=True)
    group = frozen("A tenth off", marketing=True)
    link = f'href="/sms/message/{text_to(patient).pk}/why/"'
    for page in (patient.get_absolute_url(), "/sms/log/", f"/sms/{group.pk}/people/"):
        assert link in manager_client.get(page).content.decode(), page


def test_takes_the_same_queries_whatever_was_said_since(
    reception_client: Client, django_assert_max_num_queries: object
) -> None:
    patient = PatientFactory.create(accepts=True)
    message = promotion(patient)
    for minute in range(10):
        choice = Choice(bool(minute % 2), ConsentSource.STAFF)
        record_consent(patient_id=patient.pk, choice=choice, at=NOW + timedelta(minutes=minute + 1))
    with django_assert_max_num_queries(14):  # type: ignore[operator]
        why(reception_client, message)
