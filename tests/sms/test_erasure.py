"""Erasing a patient: what goes, what stays, what others keep, and what is under way at that moment."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.core import serializers
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction

from clinic.lib import phone as phones
from patients import registration
from patients.batches import apply_default, undo
from patients.consent import Choice, record_consent
from patients.eligibility import Purpose, Reason, reasons_for
from patients.models import (
    Appointment,
    ConsentEvent,
    ConsentHow,
    ConsentSource,
    Covers,
    Patient,
    PreferenceBatch,
    SuppressedNumber,
    SuppressionSource,
)
from patients.registration import Details, change_details
from settings_app.models import SmsSettings
from sms import audience, delivery, dispatch, erasure, gateway, inbound, outbox
from sms.models import DeliveryEvent, InboundMessage, Message
from sms.reminders import queue_due_reminders
from sms.status import Status
from tests.factories import NOW, AppointmentFactory, PatientFactory, UserFactory, block
from tests.sms.steps import claimed, draft, frozen, queued, standing, status_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("account")]

NUMBER, OLD_NUMBER = "+61412345678", "+61412000111"
CARE = "+61480000002"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
PERSONAL = (
    "Adaeze",
    "adaeze",
    "Okoro",
    "okoro",
    "412345678",
    "412000111",
    "C-17",
    "1987",
    "Osei",
    "lovely",
    "glasses",
)


def erase(patient: Patient, *, at: Any = NOW) -> Patient:
    assert erasure.erase(patient_id=patient.pk, at=at, by=UserFactory.create())
    patient.refresh_from_db()
    return patient


def details(number: str, **given: Any) -> Details:
    return Details(last_name=given.pop("last_name", "New"), phone=phones.parse(number, country="AU"), **given)


def reply(phone: str, body: str, sid: str, *, at: Any = NOW) -> None:
    inbound.receive(inbound.Reply(sid, phone, CARE, body), at=at)


def whole_database() -> str:
    """Every row of our tables and of the admin's log, as text."""
    models = [Patient, ConsentEvent, Appointment, SuppressedNumber, Message, InboundMessage, DeliveryEvent]
    return "".join(
        serializers.serialize("json", model._default_manager.all()) for model in [*models, LogEntry]
    )


@pytest.fixture
def ada() -> Patient:
    """Somebody with a life here: two numbers, texts, replies, an appointment, entries in every table."""
    by = UserFactory.create()
    ada: Patient = PatientFactory.create(
        first_name="Adaeze",
        last_name="Okoro",
        phone=OLD_NUMBER,
        reference="C-17",
        birth_date="1987-03-14",
        at=NOW - 40 * DAY,
    )
    choice = Choice(True, ConsentSource.STAFF, ConsentHow.PHONE, "lovely, says Adaeze")
    record_consent(patient_id=ada.pk, choice=choice, at=NOW - 39 * DAY, by=by)
    frozen("Hi {first_name}, a tenth off glasses", marketing=True)
    dispatch.next_batch(now=NOW)
    message = Message.objects.get(patient=ada)
    delivery.record_news(
        token=message.token, sid="SM" + "7" * 32, status="delivered", error_code=None, at=NOW
    )
    reply(OLD_NUMBER, "Thanks, lovely! Adaeze", "SM1")
    mine = details(
        NUMBER, first_name="Adaeze", last_name="Okoro", reference="C-17", birth_date=ada.birth_date
    )
    change_details(patient_id=ada.pk, details=mine)
    AppointmentFactory.create(patient=ada, practitioner="Dr Osei")
    LogEntry.objects.create(
        user=by,
        content_type=ContentType.objects.get_for_model(Patient),
        object_id=str(ada.pk),
        object_repr="Adaeze Okoro",
        action_flag=CHANGE,
    )
    ada.refresh_from_db()
    return ada


def test_nothing_personal_is_left_anywhere(ada: Patient) -> None:
    before = whole_database()
    assert all(word in before for word in PERSONAL)
    erase(ada)
    after = whole_database()
    assert [word for word in PERSONAL if word in after] == []


def test_the_bare_facts_stay(ada: Patient) -> None:
    ledger = list(
        ConsentEvent.objects.order_by("pk").values_list("pk", "from_value", "to_value", "source", "how")
    )
    erase(ada)
    assert str(ada) == f"Erased patient {ada.pk}"
    assert ada.erased_by is not None
    assert not ada.is_active
    rows = ConsentEvent.objects.order_by("pk")
    assert list(rows.values_list("pk", "from_value", "to_value", "source", "how")) == ledger
    assert [row.recorded_by_id is not None for row in rows] == [False, True]
    message = Message.objects.get()
    assert (message.status, message.sid, message.patient) == ("delivered", "SM" + "7" * 32, ada)
    assert message.consent_event == ada.consent_event
    assert (message.phone, message.body, message.erased_at) == ("", "", NOW)
    assert message.group_id
    assert DeliveryEvent.objects.get().status == "delivered"
    call_command("check_consent_ledger")


def test_a_second_time_does_nothing(ada: Patient) -> None:
    erase(ada)
    assert erasure.erase(patient_id=ada.pk, at=NOW + HOUR, by=UserFactory.create()) is False
    ada.refresh_from_db()
    assert ada.erased_at == NOW


def test_nothing_fills_the_row_again(ada: Patient) -> None:
    erase(ada)
    for deed in (
        lambda: change_details(patient_id=ada.pk, details=details(NUMBER)),
        lambda: record_consent(patient_id=ada.pk, choice=Choice(True, ConsentSource.STAFF), at=NOW),
    ):
        with pytest.raises(Patient.DoesNotExist):
            deed()
    assert registration.unarchive(patient_id=ada.pk, at=NOW) is False
    with pytest.raises(IntegrityError, match="patient_erased_is_bare"), transaction.atomic():
        Patient.objects.filter(pk=ada.pk).update(last_name="Okoro")
    assert set(reasons_for(ada).values()) == {Reason.ERASED}


def test_a_change_of_all_patients_passes_them_by(ada: Patient) -> None:
    done = apply_default(accept=False, scope=PreferenceBatch.Scope.EVERYONE, at=NOW)
    assert done.changed == 1
    erase(ada)
    assert undo(batch_id=done.pk, at=NOW).changed == 0
    assert apply_default(accept=True, scope=PreferenceBatch.Scope.EVERYONE, at=NOW).changed == 0


def test_they_are_in_no_list_of_a_new_group_sms(ada: Patient) -> None:
    erase(ada)
    assert not audience.everybody(draft()).exists()


class TestTexts:
    def test_that_wait_are_not_sent(self) -> None:
        patient = PatientFactory.create()
        queued(patient)
        erase(patient)
        assert standing(patient) == ("left_out", "erased")
        assert dispatch.next_batch(now=NOW) is None

    def test_for_a_shared_number_go_to_the_next_person(self) -> None:
        gone, stays = PatientFactory.create_batch(2, phone=NUMBER)
        frozen("We have moved")
        erase(gone)
        assert standing(stays) == ("queued", "")
        claim = dispatch.next_batch(now=NOW)
        assert claim is not None
        assert [(message.phone, message.body) for message in claim.messages] == [(NUMBER, "We have moved")]

    def test_that_were_sent_are_not_sent_again_to_the_same_phone(self) -> None:
        gone, stays = PatientFactory.create_batch(2, phone=NUMBER)
        frozen("We have moved")
        assert dispatch.next_batch(now=NOW)
        Message.objects.filter(patient=gone).update(status=Status.ACCEPTED, sid="SM" + "1" * 32)
        erase(gone)
        assert standing(stays) == ("left_out", "shared_number")
        assert dispatch.next_batch(now=NOW) is None

    def test_of_several_who_were_erased_do_not_clash(self) -> None:
        one, two = PatientFactory.create_batch(2)
        frozen("We have moved")
        assert dispatch.next_batch(now=NOW)
        for number, patient in enumerate((one, two)):
            Message.objects.filter(patient=patient).update(status="accepted", sid=f"SM{number:032d}")
            erase(patient)
        assert Message.objects.exclude(erased_at=None).count() == 2

    def test_that_are_erased_cannot_be_queued_again_by_anybody(self) -> None:
        patient = PatientFactory.create()
        message = queued(patient)
        erase(patient)
        with pytest.raises(IntegrityError, match="message_erased_is_bare"), transaction.atomic():
            Message.objects.filter(pk=message.pk).update(status=Status.QUEUED, left_out_reason="")

    def test_that_a_reminder_would_have_been_are_not_made(self) -> None:
        SmsSettings.load()
        SmsSettings.objects.update(reminders_enabled=True)
        appointment = AppointmentFactory.create()
        queue_due_reminders(now=NOW)
        erase(appointment.patient)
        assert queue_due_reminders(now=NOW) == 0
        assert standing(appointment.patient) == ("left_out", "erased")
        assert not Appointment.objects.exists()


class TestInMidSend:
    """The claim was quicker: its text is on its way, and it is settled as any other."""

    def test_the_text_keeps_its_number_until_it_is_settled(self) -> None:
        patient = PatientFactory.create(phone=NUMBER)
        claim = claimed(patient)
        erase(patient)
        message = Message.objects.get()
        assert (message.status, message.phone) == ("sending", NUMBER)
        assert erasure.finish(at=NOW) == 0
        dispatch.settle(claim, [gateway.Accepted("SM" + "1" * 32, "queued")], now=NOW)
        assert erasure.finish(at=NOW + HOUR) == 1
        message.refresh_from_db()
        assert (message.status, message.phone, message.body) == ("accepted", "", "")

    def test_a_text_put_back_is_not_sent(self) -> None:
        patient = PatientFactory.create(phone=NUMBER)
        claim = claimed(patient)
        erase(patient)
        dispatch.settle(claim, [gateway.TryLater(code=20429, retry_after=None)], now=NOW)
        later = dispatch.next_batch(now=NOW + HOUR)
        assert later is not None
        assert later.messages == []
        assert standing(patient) == ("left_out", "erased")
        assert erasure.finish(at=NOW + HOUR) == 1
        assert NUMBER not in whole_database()

    def test_a_text_put_back_is_left_out_even_if_nobody_claims_it(self) -> None:
        patient = PatientFactory.create(phone=NUMBER)
        claim = claimed(patient)
        erase(patient)
        dispatch.settle(claim, [gateway.TryLater(code=20429, retry_after=None)], now=NOW)
        assert erasure.finish(at=NOW) == 1
        assert standing(patient) == ("left_out", "erased")

    def test_an_opt_out_that_the_carrier_reports_then_writes_no_number(self) -> None:
        patient = PatientFactory.create(phone=NUMBER)
        claim = claimed(patient)
        erase(patient)
        dispatch.settle(claim, [gateway.Refused(21610, gateway.meaning(21610).klass)], now=NOW)
        erasure.finish(at=NOW)
        assert NUMBER not in whole_database()
        kept = SuppressedNumber.objects.in_force().filter(covers=Covers.EVERYTHING).get()
        assert (kept.phone, kept.source) == ("", SuppressionSource.CARRIER)

    def test_what_is_never_known_is_blanked_after_a_day_and_not_looked_up(self) -> None:
        patient = PatientFactory.create(phone=NUMBER)
        message = claimed(patient).messages[0]
        erase(patient)
        outbox.sweep(now=NOW + HOUR)
        assert erasure.finish(at=NOW + HOUR) == 0
        assert erasure.finish(at=NOW + DAY + HOUR) == 1
        assert status_of(message) == Status.UNKNOWN
        assert delivery.look_up_unknown(clock=lambda: NOW + 2 * DAY, until=NOW + 3 * DAY) == 0
        assert status_of(message) == Status.UNKNOWN


class TestNewsAfterwards:
    def test_is_recorded_and_brings_nothing_back(self) -> None:
        patient = PatientFactory.create(phone=NUMBER)
        message = claimed(patient).messages[0]
        Message.objects.update(status=Status.ACCEPTED, sid="SM" + "1" * 32)
        erase(patient)
        for status, code in (("sent", None), ("undelivered", 21610), ("delivered", None)):
            assert delivery.record_news(
                token=message.token, sid="SM" + "1" * 32, status=status, error_code=code, at=NOW
            )
        assert status_of(message) == Status.DELIVERED
        assert NUMBER not in whole_database()
        assert SuppressedNumber.objects.get().covers == Covers.PROMOTIONS

    def test_of_a_reply_that_is_handed_over_again_is_a_replay(self) -> None:
        patient = PatientFactory.create(phone=NUMBER)
        reply(NUMBER, "START", "SM1")
        erase(patient)
        reply(NUMBER, "START", "SM1", at=NOW + HOUR)
        kept = InboundMessage.objects.get()
        assert (kept.sid, kept.phone, kept.body, kept.kind) == ("SM1", "", "", "start")

    def test_a_reply_that_waited_for_a_decision_waits_no_more(self) -> None:
        patient = PatientFactory.create(phone=NUMBER)
        reply(NUMBER, "please stop texting me, wrong number", "SM1")
        assert InboundMessage.objects.waiting().count() == 1
        erase(patient)
        assert not InboundMessage.objects.waiting().exists()
        assert not inbound.record_refusal(
            reply_id=InboundMessage.objects.get().pk, at=NOW, by=User.objects.get()
        )

    def test_a_stop_and_a_start_from_the_number_still_count(self) -> None:
        erase(PatientFactory.create(phone=NUMBER))
        reply(NUMBER, "STOP", "SM1", at=NOW + HOUR)
        InboundMessage.objects.all().delete()
        assert NUMBER not in whole_database()
        newcomer = registration.register_patient(details=details(NUMBER), at=NOW + 2 * HOUR)
        assert reasons_for(newcomer)[Purpose.REMINDER] == Reason.NUMBER_BLOCKED
        reply(NUMBER, "START", "SM2", at=NOW + 3 * HOUR)
        assert reasons_for(newcomer)[Purpose.REMINDER] is None


class TestFamilies:
    def test_what_staff_know_to_be_theirs_goes_and_what_is_a_siblings_stays(self) -> None:
        gone = PatientFactory.create(phone=NUMBER, last_name="Okoro")
        stays = PatientFactory.create(phone=NUMBER, last_name="Sibling")
        by = UserFactory.create()
        for sid, body, whose in (("SM1", "Mine, Adaeze", gone), ("SM2", "Mine, Sibling", stays)):
            reply(NUMBER, body, sid)
            inbound.assign(
                reply_id=InboundMessage.objects.get(sid=sid).pk, patient_id=whose.pk, at=NOW, by=by
            )
        assert erasure.preview(gone).replies == 1
        erase(gone)
        assert "Adaeze" not in whole_database()
        rows = InboundMessage.objects.order_by("pk").values_list("body", "phone", "patient", "assigned_by")
        assert list(rows) == [("", "", None, None), ("Mine, Sibling", NUMBER, stays.pk, by.pk)]

    def test_others_on_the_number_keep_what_is_theirs(self) -> None:
        gone = PatientFactory.create(phone=NUMBER, last_name="Okoro")
        stays = PatientFactory.create(phone=NUMBER, last_name="Sibling", accepts=True)
        theirs = queued(stays, "Yours are here")
        reply(NUMBER, "Thank you", "SM1")
        erase(gone)
        stays.refresh_from_db()
        assert (stays.phone, stays.last_name) == (NUMBER, "Sibling")
        theirs.refresh_from_db()
        assert (theirs.status, theirs.phone, theirs.body) == ("queued", NUMBER, "Yours are here")
        assert InboundMessage.objects.get().body == "Thank you"
        assert dict(reasons_for(stays))[Purpose.MARKETING] is None

    def test_a_refusal_that_is_erased_opens_no_door(self) -> None:
        """The default says yes for the sibling; the one who said no is gone. Nobody was asked, so nothing goes."""
        SmsSettings.load()
        SmsSettings.objects.update(new_patients_accept_marketing=True)
        gone = PatientFactory.create(phone=NUMBER, accepts=False)
        stays = PatientFactory.create(phone=NUMBER)
        assert reasons_for(stays)[Purpose.MARKETING] == Reason.SHARED_NUMBER_REFUSED
        erase(gone)
        assert reasons_for(stays)[Purpose.MARKETING] == Reason.ERASED_BEFORE
        assert reasons_for(stays)[Purpose.SERVICE] is None

    def test_the_last_of_them_takes_the_number_along(self) -> None:
        one, two = PatientFactory.create_batch(2, phone=NUMBER)
        block(NUMBER)
        reply(NUMBER, "Thank you", "SM1")
        erase(one)
        assert SuppressedNumber.objects.in_force().filter(phone=NUMBER).count() == 2
        erase(two)
        assert NUMBER not in whole_database()
        assert "Thank you" not in whole_database()
        assert SuppressedNumber.objects.in_force().hidden().count() == 2


def test_a_former_number_that_somebody_else_has_now_is_left_to_them(ada: Patient) -> None:
    PatientFactory.create(phone=OLD_NUMBER)
    block(OLD_NUMBER)
    reply(OLD_NUMBER, "From the newcomer", "SM2")
    erase(ada)
    assert SuppressedNumber.objects.in_force().get(phone=OLD_NUMBER)
    # What came while the number was hers alone is hers.
    rows = InboundMessage.objects.order_by("pk").values_list("phone", "body")
    assert list(rows) == [("", ""), (OLD_NUMBER, "From the newcomer")]


def test_searches_of_all_staff_are_forgotten(
    manager_client: Any, reception_client: Any, ada: Patient
) -> None:
    for client in (manager_client, reception_client):
        client.post("/patients/", {"q": "Okoro"})
        assert "Okoro" in json.dumps(client.session["searches"])
    erase(ada)
    for client in (manager_client, reception_client):
        assert "searches" not in client.session
        assert client.get("/patients/").status_code == 200


def test_what_is_blanked_without_an_erasure_is_found(ada: Patient, capsys: Any) -> None:
    from django.core.management import CommandError

    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE patients_consentevent SET phone = '', evidence = '', erased_at = %s WHERE to_value = %s",
            [NOW, True],
        )
    with pytest.raises(CommandError, match="gone, or kept, wrongly: 1"):
        call_command("check_consent_ledger")
