"""After a group SMS: what to do about those it did not reach, who opted out, and the list as a file."""

import csv
import io
import uuid
from datetime import timedelta
from html import escape
from typing import Any

import pytest
from django.test import Client

from patients.models import Patient
from sms import aftermath, inbound
from sms.inbound import Reply
from sms.models import GroupMessage, Message
from sms.status import Status
from tests.factories import NOW, PatientFactory, UserFactory
from tests.sms import steps
from tests.sms.pages.test_compose_and_review import words
from tests.sms.steps import put, queued

pytestmark = pytest.mark.django_db


def frozen() -> GroupMessage:
    group = steps.frozen()
    group.refresh_from_db()
    return group


def end(group: GroupMessage, patient: Patient, status: Status = Status.DELIVERED, **values: object) -> None:
    message = Message.objects.get(group=group, patient=patient)
    put(message, status=status, claimed_at=NOW, sid=f"SM{message.pk:032x}", **values)


def answer(patient: Patient, body: str, *, after: timedelta = timedelta(hours=1)) -> None:
    inbound.receive(
        Reply(sid=f"SM{uuid.uuid4().hex}", phone=patient.phone, sender="MG1", body=body), at=NOW + after
    )


def who_opted_out(group: GroupMessage) -> list[Patient]:
    return [text.patient for text in aftermath.opted_out(group).order_by("pk")]


def test_failures_are_grouped_by_what_to_do_and_lead_to_their_people(manager_client: Client) -> None:
    ana = PatientFactory.create(first_name="Ana", last_name="Aalto")
    others = [PatientFactory.create() for _ in range(4)]
    group = frozen()
    end(group, ana, Status.FAILED, error_code=21614)
    end(group, others[0], Status.UNDELIVERED, error_code=30005)
    end(group, others[1], Status.UNDELIVERED, error_code=30003)
    end(group, others[2], Status.UNDELIVERED, error_code=None)
    end(group, others[3])
    fix, again = aftermath.to_do(group)
    assert (fix.number, {failure.code for failure in fix.failures}) == (2, {21614, 30005})
    assert (again.number, {failure.code for failure in again.failures}) == (2, {30003, None})
    page = words(manager_client.get(f"/sms/{group.pk}/").content)
    assert page.count(escape(fix.remedy)) == 1
    assert "Twilio gave no reason. See this patient" in page
    people = words(manager_client.get(f"/sms/{group.pk}/people/?code=21614").content)
    assert "Ana Aalto" in people
    assert "1 patient" in people
    assert escape(fix.remedy) in people
    assert "Change the number" in people
    assert "1 patient" in words(manager_client.get(f"/sms/{group.pk}/people/?code=none").content)
    assert "5 patients" in words(manager_client.get(f"/sms/{group.pk}/people/?code=x").content)
    # Another page of the same search keeps the cause.
    found = manager_client.post(f"/sms/{group.pk}/people/", {"code": "21614", "q": "Ben"}, follow=True)
    assert "No patient on this list" in words(found.content)


def test_a_text_that_reached_everybody_asks_for_nothing(manager_client: Client) -> None:
    patient = PatientFactory.create()
    group = frozen()
    end(group, patient)
    page = words(manager_client.get(f"/sms/{group.pk}/").content)
    assert "Did not arrive, and what to do" not in page
    assert "opted out" not in page


def test_who_stops_within_a_week_opted_out_because_of_the_text(manager_client: Client) -> None:
    ana = PatientFactory.create(first_name="Ana")
    thankful, late, early, other = (PatientFactory.create() for _ in range(4))
    group = frozen()
    for patient in (ana, thankful, late, early):
        end(group, patient)
    assert Message.objects.get(patient=other).status == Status.QUEUED
    answer(ana, "STOP")
    answer(thankful, "Thank you")
    answer(late, "STOP", after=timedelta(days=7))
    answer(early, "STOP", after=-timedelta(minutes=1))
    answer(other, "STOP")
    assert who_opted_out(group) == [ana]
    assert "1 patient opted out within a week" in words(manager_client.get(f"/sms/{group.pk}/").content)
    listed = words(manager_client.get(f"/sms/{group.pk}/people/?opted_out=1").content)
    assert "Ana" in listed
    assert "1 patient " in listed


def test_what_staff_read_as_a_refusal_counts_and_a_later_text_takes_the_blame() -> None:
    reader, again = PatientFactory.create(), PatientFactory.create()
    group = frozen()
    for patient in (reader, again):
        end(group, patient)
    answer(reader, "please stop this nonsense")
    assert who_opted_out(group) == []
    reply = inbound.InboundMessage.objects.get()
    assert inbound.record_refusal(reply_id=reply.pk, at=NOW + timedelta(hours=2), by=UserFactory.create())
    put(queued(again), status=Status.DELIVERED, claimed_at=NOW + timedelta(minutes=5))
    answer(again, "STOP")
    assert who_opted_out(group) == [reader]


def rows(answer: Any) -> list[list[str]]:
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text)))


def test_the_list_is_a_file_that_no_spreadsheet_runs(manager_client: Client) -> None:
    ana = PatientFactory.create(first_name="=HYPERLINK(1)", last_name="Aalto", reference="R1")
    ben = PatientFactory.create(first_name="Ben", last_name="Bakker", phone="")
    group = frozen()
    end(group, ana, Status.FAILED, error_code=21614)
    got = manager_client.post(f"/sms/{group.pk}/people.csv")
    assert got["Content-Disposition"] == 'attachment; filename="group-sms-2026-11-24.csv"'
    assert got["Cache-Control"].startswith("max-age=0")
    header, *people = rows(got)
    second, first = sorted(people)
    assert header == [str(name) for name in aftermath.HEADER]
    assert first[:7] == [
        *("R1", "'=HYPERLINK(1)", "Aalto", f"'{ana.phone}", "Failed", "This is not a mobile number.", "21614")
    ]
    assert second[:7] == ["", "Ben", ben.last_name, "", "Left out", "No mobile number", ""]
    assert second[7] == ""


def test_the_file_takes_the_same_queries_for_any_number(
    manager_client: Client, django_assert_max_num_queries: Any
) -> None:
    PatientFactory.create_batch(12)
    group = frozen()
    with django_assert_max_num_queries(8):
        assert len(rows(manager_client.post(f"/sms/{group.pk}/people.csv"))) == 13


def test_the_file_is_for_managers_and_is_offered_to_nobody_else(
    manager_client: Client, reception_client: Client
) -> None:
    PatientFactory.create()
    group = frozen()
    for client, may in ((manager_client, True), (reception_client, False)):
        assert ("Download the list" in words(client.get(f"/sms/{group.pk}/").content)) is may
    assert reception_client.post(f"/sms/{group.pk}/people.csv").status_code == 403
    assert manager_client.get(f"/sms/{group.pk}/people.csv").status_code == 405
