"""Progress, results, the log, the inbox, one-off texts, the overview and the pause."""

import uuid
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from patients.eligibility import Reason
from patients.models import Patient
from sms import composing, inbound, outbox
from sms.inbound import Reply
from sms.models import Heartbeat, Message, SendingPause
from sms.status import Status
from tests.factories import PatientFactory, block
from tests.sms.pages.test_compose_and_review import words
from tests.sms.steps import confirm, draft, frozen, put, queued

pytestmark = pytest.mark.django_db


def end(patient: Patient, status: Status, code: int | None = None) -> None:
    message = Message.objects.get(patient=patient)
    sid = f"SM{patient.pk:032x}"
    put(message, status=status, error_code=code, sid=sid, status_at=timezone.now())


def test_the_list_shows_what_was_written_and_can_be_searched(
    manager_client: Client, reception_client: Client
) -> None:
    assert "No group SMS yet" in words(manager_client.get("/sms/").content)
    assert b"Write the first one" not in reception_client.get("/sms/").content
    PatientFactory.create(accepts=True)
    draft("Closed on Friday")
    frozen("Flu vaccines are in")
    page = words(manager_client.get("/sms/").content)
    assert "Closed on Friday" in page
    assert "Flu vaccines are in" in page
    found = words(manager_client.get("/sms/", {"q": "flu"}).content)
    assert "Flu vaccines" in found
    assert "Closed" not in found
    assert "Nothing found" in words(manager_client.get("/sms/", {"q": "zzz"}).content)


def test_a_draft_has_no_progress_yet(manager_client: Client) -> None:
    group = draft()
    assert manager_client.get(f"/sms/{group.pk}/").headers["Location"] == f"/sms/{group.pk}/review/"


def test_progress_is_live_until_the_last_word_has_come(manager_client: Client) -> None:
    patient = PatientFactory.create()
    PatientFactory.create(phone="")
    group = draft()
    confirm(group)
    page = manager_client.get(f"/sms/{group.pk}/").content.decode()
    assert "Writing down who gets it" in page
    assert 'hx-trigger="every 2s, visibilitychange from:document"' in page
    address = f"/sms/{group.pk}/progress/"
    waiting = manager_client.get(address + "?phase=confirmed-without-list")
    assert "HX-Refresh" not in waiting.headers
    composing.freeze(group_id=group.pk, at=timezone.now())
    # The list is there: the whole page is loaded again, with those left out.
    assert manager_client.get(address + "?phase=confirmed-without-list").headers["HX-Refresh"] == "true"
    assert "HX-Refresh" not in manager_client.get(address).headers
    page = words(manager_client.get(f"/sms/{group.pk}/").content)
    assert "0 of 1 handed over" in page
    assert "1 left out, and why" in page
    assert str(Reason.NO_MOBILE.label) in page
    end(patient, Status.SENT)
    composing.finish(at=timezone.now())
    assert manager_client.get(address).status_code == 200
    assert "1 on the way to the phone" in words(manager_client.get(f"/sms/{group.pk}/").content)
    end(patient, Status.DELIVERED)
    last = manager_client.get(address)
    assert (last.status_code, last.headers["HX-Refresh"]) == (286, "true")
    assert b"hx-get" not in manager_client.get(f"/sms/{group.pk}/").content


def test_the_people_behind_each_count_can_be_listed(manager_client: Client) -> None:
    ana = PatientFactory.create(first_name="Ana", last_name="Aalto")
    ben = PatientFactory.create(first_name="Ben", last_name="Bakker")
    PatientFactory.create(first_name="Cleo", last_name="Costa", phone="")
    group = frozen()
    end(ana, Status.DELIVERED)
    end(ben, Status.FAILED, code=21614)
    address = f"/sms/{group.pk}/people/"
    delivered = words(manager_client.get(address, {"status": "delivered"}).content)
    assert "Ana Aalto" in delivered
    assert "Bakker" not in delivered
    failed = words(manager_client.get(address, {"status": "failed"}).content)
    assert "Ben Bakker" in failed
    assert "mobile" in failed  # What happened, in words.
    left_out = words(manager_client.get(address, {"status": "left_out", "reason": "no_mobile"}).content)
    assert "Cleo Costa" in left_out
    assert "Add a number" in left_out
    assert "1 patient" in words(manager_client.get(address, {"q": "bakk"}).content)
    assert "Nobody here" in words(manager_client.get(address, {"q": "zzz"}).content)
    assert "3 patients" in words(manager_client.get(address, {"status": "nonsense"}).content)


def test_the_log_shows_and_filters_every_text(manager_client: Client) -> None:
    assert "Nothing has been sent yet" in words(manager_client.get("/sms/log/").content)
    ana = PatientFactory.create(first_name="Ana", last_name="Aalto")
    PatientFactory.create(first_name="Cleo", last_name="Costa", phone="")
    frozen("We are closed")
    queued(ana, "Your results are in")
    everything = words(manager_client.get("/sms/log/").content)
    assert "We are closed" in everything
    assert "Your results are in" in everything
    assert "Cleo" not in everything  # Left out: no text.
    assert "Cleo" in words(manager_client.get("/sms/log/?status=left_out").content)
    one_off = words(manager_client.get("/sms/log/?purpose=one_off").content)
    assert "Your results are in" in one_off
    assert "We are closed" not in one_off
    assert "Nothing matches" in words(manager_client.get("/sms/log/?q=zzz").content)
    assert "We are closed" in words(manager_client.get("/sms/log/?purpose=nonsense").content)


def test_the_inbox_names_everybody_on_the_number(
    reception_client: Client, practitioner_client: Client
) -> None:
    assert "No replies yet" in words(reception_client.get("/sms/inbox/").content)
    ana = PatientFactory.create(first_name="Ana", last_name="Aalto")
    PatientFactory.create(first_name="Ben", last_name="Aalto", phone=ana.phone)
    for number, body in (
        (ana.phone, "Can I come later?"),
        (ana.phone, "STOP"),
        ("+61412000009", "Who is this?"),
    ):
        reply = Reply(sid=f"SM{uuid.uuid4().hex}", phone=number, sender="MG1", body=body)
        inbound.receive(reply, at=timezone.now())
    page = words(reception_client.get("/sms/inbox/?kind=all").content)
    assert "Ana Aalto , Ben Aalto could be any of these 2 on this number" in page
    assert "Can I come later?" in page
    assert "Opt-out" in page
    assert "no patient has this number" in page
    assert practitioner_client.get("/sms/inbox/").status_code == 403


def test_a_one_off_text_is_queued_once_however_often_the_form_is_sent(reception_client: Client) -> None:
    patient = PatientFactory.create(accepts=False)
    form = {"body": "Your results are in", "request_key": str(uuid.uuid4())}
    for _ in range(2):
        answer = reception_client.post(f"/sms/patients/{patient.pk}/text/", form, follow=True)
        assert "is on its way" in words(answer.content)
    assert Message.objects.get().body == "Your results are in"
    assert "Your results are in" in words(answer.content)  # In the conversation.


def test_a_blocked_number_is_explained_before_anything_is_typed(reception_client: Client) -> None:
    patient = PatientFactory.create()
    block(patient.phone)
    page = reception_client.get(patient.get_absolute_url()).content
    assert "No text can be sent" in words(page)
    assert b'name="body"' not in page
    form = {"body": "What I had written", "request_key": str(uuid.uuid4())}
    answer = reception_client.post(f"/sms/patients/{patient.pk}/text/", form)
    assert "What I had written" in words(answer.content)
    assert not Message.objects.exists()


def test_an_empty_one_off_is_refused_on_a_page_of_its_own(reception_client: Client) -> None:
    patient = PatientFactory.create()
    form = {"body": " ", "request_key": str(uuid.uuid4())}
    answer = reception_client.post(f"/sms/patients/{patient.pk}/text/", form)
    assert "This field is required." in words(answer.content)
    assert reception_client.get(f"/sms/patients/{patient.pk}/text/").status_code == 200


def test_who_only_reads_has_no_form(practitioner_client: Client) -> None:
    patient = PatientFactory.create()
    page = practitioner_client.get(patient.get_absolute_url()).content
    assert b'name="body"' not in page
    assert practitioner_client.post(f"/sms/patients/{patient.pk}/text/").status_code == 403


def test_a_reply_stands_in_the_conversation(reception_client: Client) -> None:
    patient = PatientFactory.create()
    queued(patient, "Are you coming?")
    end(patient, Status.UNDELIVERED, code=30003)
    reply = Reply(sid="SM" + "0" * 32, phone=patient.phone, sender="MG1", body="Yes, I am")
    inbound.receive(reply, at=timezone.now())
    page = words(reception_client.get(patient.get_absolute_url()).content)
    assert page.index("Are you coming?") < page.index("Yes, I am")
    assert "Not delivered" in page


def test_the_overview_says_what_needs_a_person(manager_client: Client) -> None:
    Heartbeat.beat(at=timezone.now())
    calm = words(manager_client.get("/").content)
    assert "Every text has gone where it should" in calm
    assert "The sender is not running" not in calm
    ana, ben, cleo = (PatientFactory.create() for _ in range(3))
    for patient, status in ((ana, Status.UNKNOWN), (ben, Status.NOT_SENT), (cleo, Status.FAILED)):
        queued(patient, at=timezone.now())
        end(patient, status)
    inbound.receive(Reply("SM" + "1" * 32, ana.phone, "MG1", "Hello"), at=timezone.now())
    draft("A draft of mine")
    frozen("Going out just now")
    Heartbeat.beat(at=timezone.now() - timedelta(minutes=5))
    page = words(manager_client.get("/").content)
    for said in (
        "1 We do not know",
        "1 Not sent",
        "1 Failed in 24 hours",
        "1 Replies today",
        "A draft of mine",
        "Going out now",
        "Going out just now",
        "The sender is not running",
    ):
        assert said in page


def test_a_pause_is_explained_and_only_a_manager_resumes_it(
    manager_client: Client, reception_client: Client
) -> None:
    outbox.pause(code=20003, now=timezone.now())
    PatientFactory.create()
    group = frozen()
    for client, can in ((manager_client, True), (reception_client, False)):
        for path in ("/", f"/sms/{group.pk}/"):
            page = words(client.get(path).content)
            assert "Sending rests since" in page
            assert ("Resume sending" in page) is can
    assert reception_client.post("/sms/resume/").status_code == 403
    assert "Sending goes on" in words(manager_client.post("/sms/resume/", follow=True).content)
    pause = SendingPause.objects.get()
    assert pause.resumed_at is not None
    assert pause.resumed_by is not None
    assert pause.resumed_by.username == "maria.manager"
    assert "Sending goes on" not in words(manager_client.post("/sms/resume/", follow=True).content)


def test_every_page_sends_strangers_to_the_log_in(client: Client) -> None:
    for path in ("/", "/sms/", "/sms/new/", "/sms/log/", "/sms/inbox/", "/patients/", "/settings/sms/"):
        assert client.get(path).headers["Location"] == f"/accounts/login/?next={path}"
