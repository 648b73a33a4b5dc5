"""The steps of a text's life as tests take them: one line each."""

import time
import uuid
from datetime import datetime, timedelta

from patients.models import Patient
from settings_app.models import SmsSettings
from sms import audience, composing, dispatch, gateway, one_off, outbox
from sms.models import GroupMessage, Message
from sms.status import Status
from sms.waiting import Text
from tests.factories import NOW, UserFactory


def draft(body: str = "Hello", *, marketing: bool = False, at: datetime = NOW) -> GroupMessage:
    return composing.create_draft(body=body, is_marketing=marketing, at=at, by=UserFactory.create())


def confirm(group: GroupMessage, *, at: datetime = NOW) -> bool:
    """Confirm what is there now."""
    reviewed = composing.fingerprint(group, SmsSettings.load())
    number = audience.recipients(group).count()
    by = UserFactory.create()
    return composing.confirm(group_id=group.pk, reviewed=reviewed, at_most=number, at=at, by=by)


def frozen(body: str = "Hello", *, marketing: bool = False, at: datetime = NOW) -> GroupMessage:
    """A group SMS whose texts wait."""
    group = draft(body, marketing=marketing, at=at)
    assert confirm(group, at=at)
    assert composing.freeze(group_id=group.pk, at=at)
    return group


def queued(patient: Patient, body: str = "Your results are here", *, at: datetime = NOW) -> Message:
    """A one-off text that waits."""
    return one_off.queue_one_off(
        patient=patient, body=body, request_key=uuid.uuid4(), at=at, by=UserFactory.create()
    )


def drain(*, at: datetime = NOW) -> int:
    """Send all that waits."""
    return dispatch.drain(clock=lambda: at, until=at + timedelta(seconds=1))


def sent(body: str = "Hello", *, marketing: bool = False, at: datetime = NOW) -> GroupMessage:
    group = frozen(body, marketing=marketing, at=at)
    drain(at=at)
    return group


def claimed(patient: Patient, body: str = "Your results are here", *, at: datetime = NOW) -> outbox.Claim:
    """A one-off text that has been claimed and not been settled."""
    queued(patient, body, at=at)
    claim = dispatch.next_batch(now=at)
    assert claim is not None
    return claim


def send(claim: outbox.Claim, *, at: datetime = NOW, seconds_ago: float = 0) -> None:
    """Post the texts of a claim that began so long ago, and write down what came of it."""
    begun = time.monotonic() - seconds_ago
    with gateway.open_line() as line:
        outcomes = dispatch.depart(claim, line, begun=begun, now=at).outcomes.result(timeout=60)
    dispatch.settle(claim, outcomes, now=at)


def row(text: Text) -> Message:
    """What the database says of a text that was claimed."""
    return Message.objects.get(pk=text.pk)


def standing(patient: Patient) -> tuple[str, str]:
    """Status and left-out reason of the patient's only text."""
    message = Message.objects.get(patient=patient)
    return message.status, message.left_out_reason


def status_of(message: Message | Text) -> Status:
    return Status(Message.objects.get(pk=message.pk).status)


def on_the_last_try(*messages: Message) -> None:
    """If it turns out that these were not sent, nothing sends them once more by itself."""
    Message.objects.filter(pk__in=[message.pk for message in messages]).update(sent_again_at=NOW)


def put(message: Message, **values: object) -> Message:
    """The text as it might stand, whatever led there: the row is written anew, since no step may lead there."""
    fresh = Message.objects.get(pk=message.pk)
    for name, value in values.items():
        setattr(fresh, name, value)
    Message.objects.filter(pk=message.pk).delete()
    fresh.save(force_insert=True)
    return fresh
