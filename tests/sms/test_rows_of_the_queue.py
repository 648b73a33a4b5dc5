"""What the claim and the settling write, and what they leave as it is, down to the row."""

from datetime import timedelta

import pytest

from patients import registration
from patients.eligibility import Purpose, Reason
from sms import composing, outbox, reminders, strays
from sms.models import Message, StrayRecord
from sms.outbox import LEASE
from sms.status import Status
from tests.factories import NOW, AppointmentFactory, PatientFactory
from tests.sms import steps
from tests.sms.twilio import CARE, MARKETING

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("account")]

MOBILE = "+61412900001"
LATER = NOW + timedelta(minutes=2)
SID = "SM" + "1" * 32


def test_a_claim_while_sending_rests_is_empty() -> None:
    steps.queued(PatientFactory.create())
    outbox.pause(code=20003, now=NOW)
    taken = outbox.claim(purpose=Purpose.ONE_OFF, limit=5, now=NOW)
    assert (taken.messages, taken.examined, dict(taken.until)) == ([], 0, {})
    assert taken.id


def test_a_claim_counts_what_it_took_and_what_it_judged() -> None:
    late, archived, *_ = (PatientFactory.create() for _ in range(4))
    steps.frozen()
    Message.objects.filter(patient=late).update(send_by=NOW)
    registration.archive(patient_id=archived.pk, at=NOW)
    taken = outbox.claim(purpose=Purpose.SERVICE, limit=5, now=NOW)
    assert (taken.examined, len(taken.messages)) == (4, 2)


@pytest.mark.parametrize("limit", [1, 3])
def test_a_claim_counts_what_was_sent_before_a_backup_was_restored(limit: int) -> None:
    """Else a batch of nothing but such texts would look like the end of the queue."""
    PatientFactory.create_batch(3)
    steps.frozen()
    sent, *others = Message.objects.order_by("pk")
    StrayRecord.objects.create(
        sid=SID, digest=strays.digest(sent.phone, sent.body), sender=CARE, sent_at=NOW, found_at=LATER
    )
    taken = outbox.claim(purpose=Purpose.SERVICE, limit=limit, now=NOW)
    going = [text.pk for text in taken.messages]
    assert (taken.examined, going) == (limit, [other.pk for other in others[: limit - 1]])
    assert steps.status_of(sent) == Status.UNKNOWN


def test_a_claim_of_texts_to_one_takes_its_purpose_and_no_more_than_its_limit() -> None:
    """Each purpose has rules of its own: who wants no reminders may still be written to."""
    patient = PatientFactory.create()
    AppointmentFactory.create(patient=patient)
    reminders.queue_due_reminders(now=NOW)
    texts = [steps.queued(patient) for _ in range(3)]
    claims = [outbox.claim(purpose=Purpose.ONE_OFF, limit=2, now=NOW) for _ in range(3)]
    assert [[text.pk for text in claim.messages] for claim in claims] == [
        [texts[0].pk, texts[1].pk],
        [texts[2].pk],
        [],
    ]
    assert outbox.claim(purpose=Purpose.REMINDER, limit=2, now=NOW).examined == 1


def test_a_claim_writes_down_how_many_parts_a_text_has() -> None:
    patient = PatientFactory.create()
    steps.queued(patient, "x" * 161)
    [message] = steps.claimed(patient, "short").messages[:1]
    assert message.parts == 2


def test_what_is_too_late_or_cancelled_says_since_when() -> None:
    late, cancelled = AppointmentFactory.create_batch(2)
    reminders.queue_due_reminders(now=NOW)
    Message.objects.filter(appointment=late).update(send_by=LATER)
    type(cancelled).objects.filter(pk=cancelled.pk).cancel(at=NOW)
    outbox.claim(purpose=Purpose.REMINDER, limit=5, now=LATER)
    for appointment, status in ((late, Status.EXPIRED), (cancelled, Status.CANCELLED)):
        message = Message.objects.get(appointment=appointment)
        assert (message.status, message.status_at) == (status, LATER)


def test_a_text_is_never_passed_on_to_whom_staff_unticked() -> None:
    first, unticked, third = PatientFactory.create_batch(3, phone=MOBILE)
    group = steps.draft()
    composing.untick(group_id=group.pk, patient_id=unticked.pk, ticked=False)
    steps.confirm(group)
    composing.freeze(group_id=group.pk, at=NOW)
    registration.archive(patient_id=first.pk, at=NOW)
    outbox.claim(purpose=Purpose.SERVICE, limit=5, now=NOW)
    assert steps.standing(unticked) == (Status.LEFT_OUT, Reason.DESELECTED)
    assert steps.standing(third) == (Status.QUEUED, "")


def test_a_text_is_passed_on_only_to_whom_the_number_still_is() -> None:
    first, moved, third, fourth = PatientFactory.create_batch(4, phone=MOBILE)
    steps.frozen()
    type(moved).objects.filter(pk=moved.pk).update(phone="+61412900002")
    outbox.withdraw(patient_id=first.pk, reason=Reason.ARCHIVED, now=NOW)
    assert steps.standing(third) == (Status.QUEUED, "")
    for patient in (moved, fourth):
        assert steps.standing(patient) == (Status.LEFT_OUT, Reason.SHARED_NUMBER)


def test_a_text_is_passed_on_within_its_own_group_sms() -> None:
    first, second = PatientFactory.create_batch(2, phone=MOBILE)
    groups = [steps.frozen(words) for words in ("One", "Two")]
    outbox.claim(purpose=Purpose.SERVICE, limit=1, now=NOW)
    outbox.withdraw(patient_id=first.pk, reason=Reason.ARCHIVED, now=NOW)
    of_second = {group.pk: group.messages.get(patient=second).status for group in groups}
    assert list(of_second.values()) == [Status.LEFT_OUT, Status.QUEUED]


def test_a_text_leaves_from_the_sender_that_it_was_claimed_for() -> None:
    promotion = Message(purpose=Purpose.MARKETING, sender="")
    assert outbox.sender_of(promotion) == MARKETING
    assert outbox.sender_of(Message(purpose=Purpose.SERVICE, sender="")) == CARE
    promotion.sender = "+61400000000"
    assert outbox.sender_of(promotion) == "+61400000000"


def test_one_of_which_we_do_not_know_leaves_the_others_of_its_claim_alone() -> None:
    PatientFactory.create_batch(2)
    steps.frozen()
    taken = outbox.claim(purpose=Purpose.SERVICE, limit=5, now=NOW)
    one, other = taken.messages
    outbox.mark_unknown(claim=taken, pks=[one.pk], because="timeout", now=NOW)
    assert (steps.status_of(one), steps.status_of(other)) == (Status.UNKNOWN, Status.SENDING)


def test_a_record_is_never_taken_back_from_its_owner() -> None:
    [message] = steps.claimed(PatientFactory.create()).messages
    guess = {"status": Status.ACCEPTED, "sid": SID, "look_ups": 2}
    Message.objects.filter(pk=message.pk).update(**guess)
    assert outbox.release_guess(sid=SID, owner=message.pk, now=LATER) == 0
    assert outbox.release_guess(sid=SID, owner=message.pk + 1, now=LATER) == 1
    row = steps.row(message)
    assert (row.status, row.status_at) == (Status.UNKNOWN, LATER)


def test_a_lease_holds_to_its_end() -> None:
    steps.claimed(PatientFactory.create())
    assert outbox.sweep(now=NOW + LEASE - timedelta(seconds=1)) == 0
    assert outbox.sweep(now=NOW + LEASE + timedelta(seconds=1)) == 1


def test_that_sending_rests_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    assert outbox.pause(code=20003, now=NOW)
    assert not outbox.pause(code=20003, now=NOW)
    assert [record.message for record in caplog.records] == ["Sending rests"]
