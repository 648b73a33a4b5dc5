"""The page of a group SMS says what is in doubt, and sends to those who provably got nothing."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.test import Client

from sms import reminders
from sms.models import GroupMessage, Message
from sms.status import Status
from sms.templatetags import sms_words
from tests.factories import NOW, AppointmentFactory, PatientFactory
from tests.sms.pages.test_compose_and_review import words
from tests.sms.steps import frozen, put, queued

pytestmark = pytest.mark.django_db


@pytest.fixture
def group() -> GroupMessage:
    """Two were not sent, of one we do not know, one arrived."""
    PatientFactory.create_batch(4)
    group = frozen()
    ends = [Status.NOT_SENT, Status.NOT_SENT, Status.UNKNOWN, Status.DELIVERED]
    for message, status in zip(list(Message.objects.order_by("pk")), ends, strict=True):
        put(message, status=status)
    return group


def page_of(client: Client, group: GroupMessage) -> str:
    return words(client.get(f"/sms/{group.pk}/").content)


def send_again(client: Client, group: GroupMessage, number: int) -> str:
    answer = client.post(f"/sms/{group.pk}/send-again/", {"number": number}, follow=True)
    return words(answer.content)


def test_what_is_in_doubt_is_said_with_what_to_do(manager_client: Client, group: GroupMessage) -> None:
    page = page_of(manager_client, group)
    assert "We do not know about 1 of them" in page
    assert "2 were not sent" in page
    assert "Send to these 2" in page
    people = words(manager_client.get(f"/sms/{group.pk}/people/?status=not_sent").content)
    assert "Twilio never had this text" in people
    people = words(manager_client.get(f"/sms/{group.pk}/people/?status=unknown").content)
    assert "Do not send it again yet" in people


def test_those_who_got_nothing_get_it_once_more(
    manager_client: Client, manager: User, group: GroupMessage
) -> None:
    assert "It goes once more to 2 patients." in send_again(manager_client, group, 2)
    assert Message.objects.filter(status=Status.QUEUED, sent_again_by=manager).count() == 2
    assert "Nothing was sent" in send_again(manager_client, group, 2)
    assert "were not sent" not in page_of(manager_client, group)


@pytest.mark.parametrize("number", ["1", "", "-2", "two"])
def test_no_more_are_sent_than_were_shown(manager_client: Client, group: GroupMessage, number: str) -> None:
    answer = manager_client.post(f"/sms/{group.pk}/send-again/", {"number": number}, follow=True)
    assert "Nothing was sent" in words(answer.content)
    assert Message.objects.filter(status=Status.NOT_SENT).count() == 2


def test_who_may_not_send_a_group_text_may_not_send_it_again(
    log_in: Callable[[User], Client], receptionist: User, group: GroupMessage
) -> None:
    client = log_in(receptionist)
    page = page_of(client, group)
    assert "Somebody who may send a group SMS" in page
    assert "Send to these" not in page
    assert client.post(f"/sms/{group.pk}/send-again/", {"number": "2"}).status_code == 403
    assert Message.objects.filter(status=Status.NOT_SENT).count() == 2


def test_a_link_sends_nothing(manager_client: Client, group: GroupMessage) -> None:
    assert manager_client.get(f"/sms/{group.pk}/send-again/").status_code == 405


@pytest.mark.parametrize(
    ("stands", "said"),
    [
        ({"status": Status.EXPIRED}, "After that it would have been too late."),
        ({"status": Status.FAILED}, "Twilio gave no reason."),
        ({"status": Status.UNDELIVERED}, "Twilio gave no reason."),
        ({"status": Status.UNDELIVERED, "error_code": 30006}, "This is a landline"),
        ({"status": Status.NOT_SENT}, "Write it again if it still matters"),
        ({"status": Status.SENT, "news_asked": 4}, "it may have arrived"),
    ],
    ids=lambda value: value if isinstance(value, str) else "-".join(map(str, value.values())),
)
def test_every_exit_says_why(manager_client: Client, stands: dict[str, object], said: str) -> None:
    patient = PatientFactory.create()
    put(queued(patient), **stands)
    assert said in words(manager_client.get("/sms/log/").content)
    assert said in words(manager_client.get(patient.get_absolute_url()).content)


def test_the_reminder_of_a_cancelled_appointment_says_so(manager_client: Client) -> None:
    AppointmentFactory.create()
    reminders.queue_due_reminders(now=NOW)
    put(Message.objects.get(), status=Status.CANCELLED)
    assert "The appointment was cancelled." in words(manager_client.get("/sms/log/").content)


@pytest.mark.parametrize("status", [Status.QUEUED, Status.ACCEPTED, Status.SENT, Status.DELIVERED])
def test_where_nothing_went_wrong_nothing_is_said(status: Status) -> None:
    assert sms_words.why(put(queued(PatientFactory.create()), status=status)) == ""
