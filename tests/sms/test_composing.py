"""A group SMS is confirmed once, as it was reviewed, and its list is made once."""

from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext

from patients.consent import Choice, record_consent
from patients.eligibility import Reason
from patients.models import ConsentSource
from settings_app.models import SmsSettings
from sms import composing, outbox, tasks
from sms.composing import NotADraft, ReviewAgain
from sms.models import GroupMessage, Message
from sms.status import GroupStatus, Status
from tests.factories import NOW, PatientFactory, UserFactory
from tests.sms import steps
from tests.sms.twilio import Twilio

pytestmark = pytest.mark.django_db


@pytest.fixture
def sender(db: None) -> User:
    return UserFactory.create()


def confirm_as_reviewed(group: GroupMessage, by: User, *, at_most: int, reviewed: str | None = None) -> bool:
    seen = composing.fingerprint(group, SmsSettings.load()) if reviewed is None else reviewed
    return composing.confirm(group_id=group.pk, reviewed=seen, at_most=at_most, at=NOW, by=by)


def test_confirming_fixes_the_text_with_the_clinics_name_in_it(sender: User) -> None:
    SmsSettings.objects.update(clinic_name="Curly {Braces}", clinic_phone="02 9000 0000")
    PatientFactory.create(first_name="Ana")
    group = steps.draft("Hi {first_name}, {clinic_name} moves. Call {clinic_phone} {{soon}}")
    assert confirm_as_reviewed(group, sender, at_most=1)
    SmsSettings.objects.update(clinic_name="Another name")
    composing.freeze(group_id=group.pk, at=NOW)
    assert Message.objects.get().body == "Hi Ana, Curly {Braces} moves. Call 02 9000 0000 {soon}"


def test_a_second_confirmation_changes_nothing(sender: User) -> None:
    PatientFactory.create()
    group = steps.draft()
    assert confirm_as_reviewed(group, sender, at_most=1)
    assert not composing.confirm(group_id=group.pk, reviewed="", at_most=1, at=NOW, by=UserFactory.create())
    group.refresh_from_db()
    assert (group.confirmed_by_id, group.confirmed_at) == (sender.pk, NOW)
    assert group.send_by == NOW + composing.SEND_WITHIN


@pytest.mark.parametrize("change", [{"body": "Other words"}, {"is_marketing": True}])
def test_what_another_tab_changed_must_be_reviewed_again(sender: User, change: dict[str, object]) -> None:
    PatientFactory.create(accepts=True)
    group = steps.draft("Words")
    seen = composing.fingerprint(group, SmsSettings.load())
    composing.change_draft(group_id=group.pk, **{"body": "Words", "is_marketing": False} | change)
    with pytest.raises(ReviewAgain, match="was changed"):
        confirm_as_reviewed(group, sender, at_most=1, reviewed=seen)
    assert GroupMessage.objects.get().is_draft


def test_a_new_name_of_the_clinic_must_be_reviewed_again(sender: User) -> None:
    PatientFactory.create()
    group = steps.draft("This is {clinic_name}")
    seen = composing.fingerprint(group, SmsSettings.load())
    SmsSettings.objects.update(clinic_name="Renamed")
    with pytest.raises(ReviewAgain):
        confirm_as_reviewed(group, sender, at_most=1, reviewed=seen)


def test_a_list_that_grew_must_be_reviewed_again(sender: User) -> None:
    PatientFactory.create_batch(2)
    with pytest.raises(ReviewAgain, match="grown to 2"):
        confirm_as_reviewed(steps.draft(), sender, at_most=1)


def test_a_list_that_shrank_is_fine(sender: User) -> None:
    PatientFactory.create()
    assert confirm_as_reviewed(steps.draft(), sender, at_most=2)


def test_a_text_for_nobody_is_not_confirmed(sender: User) -> None:
    PatientFactory.create(accepts=False)
    with pytest.raises(ReviewAgain, match="Nobody"):
        confirm_as_reviewed(steps.draft(marketing=True), sender, at_most=1)


def test_there_must_be_something_to_confirm(sender: User) -> None:
    with pytest.raises(GroupMessage.DoesNotExist):
        composing.confirm(group_id=uuid4(), reviewed="", at_most=1, at=NOW, by=sender)


def test_a_confirmed_text_cannot_be_changed_in_any_way() -> None:
    patient = PatientFactory.create()
    group = steps.frozen()
    with pytest.raises(NotADraft):
        composing.change_draft(group_id=group.pk, body="Other", is_marketing=True)
    with pytest.raises(NotADraft):
        composing.untick(group_id=group.pk, patient_id=patient.pk, ticked=False)
    group.refresh_from_db()
    assert (group.body, group.is_marketing, group.deselected.count()) == ("Hello", False, 0)


def test_a_patient_can_be_unticked_and_ticked_again() -> None:
    patient = PatientFactory.create()
    group = steps.draft()
    for ticked in (False, False, True, True, False):
        composing.untick(group_id=group.pk, patient_id=patient.pk, ticked=ticked)
        assert list(group.deselected.all()) == ([] if ticked else [patient])


def test_the_list_is_made_once() -> None:
    PatientFactory.create_batch(3)
    group = steps.draft()
    assert composing.freeze(group_id=group.pk, at=NOW) == 0
    steps.confirm(group)
    assert composing.freeze(group_id=group.pk, at=NOW) == 3
    assert composing.freeze(group_id=group.pk, at=NOW) == 0
    assert Message.objects.count() == 3


def test_the_list_takes_the_same_few_statements_whatever_its_length() -> None:
    PatientFactory.create_batch(3)
    group = steps.draft("Hi {first_name} {last_name}")
    steps.confirm(group)
    with CaptureQueriesContext(
        connection,
    ) as few:
        composing.freeze(group_id=group.pk, at=NOW)
    PatientFactory.create_batch(20)
    group = steps.draft("Hi {first_name} {last_name}")
    steps.confirm(group)
    with CaptureQueriesContext(connection) as many:
        composing.freeze(group_id=group.pk, at=NOW)
    assert len(few) == len(many) <= 6  # in one of marketing two more: the settings, and the zones


def test_a_crash_while_the_list_is_made_leaves_nothing_and_a_tick_completes_it(
    account: None, caplog: pytest.LogCaptureFixture
) -> None:
    PatientFactory.create_batch(2)
    group, broken = steps.draft(), steps.draft()
    for each in (group, broken):
        steps.confirm(each)
    GroupMessage.objects.filter(pk=broken.pk).update(body="{no_such_name}")
    with pytest.raises(ValueError, match="no_such_name"), transaction.atomic():
        composing.freeze(group_id=broken.pk, at=NOW)
    broken.refresh_from_db()
    assert (broken.status, broken.frozen_at) == (GroupStatus.CONFIRMED, None)
    assert Message.objects.count() == 0

    tasks.tick()
    assert "The list could not be made" in caplog.text
    assert Message.objects.filter(group=group).count() == 2
    assert Message.objects.filter(group=broken).count() == 0

    GroupMessage.objects.filter(pk=broken.pk).update(body="Mended")
    tasks.tick()
    assert set(Message.objects.filter(group=broken).values_list("body", flat=True)) == {"Mended"}


def test_a_refusal_between_confirming_and_the_list_is_respected(twilio: Twilio) -> None:
    patient, other = PatientFactory.create_batch(2, accepts=True)
    group = steps.draft(marketing=True)
    steps.confirm(group)
    record_consent(patient_id=patient.pk, choice=Choice(accepts=False, source=ConsentSource.STAFF), at=NOW)
    composing.freeze(group_id=group.pk, at=NOW)
    steps.drain()
    assert steps.standing(patient) == (Status.LEFT_OUT, Reason.NOT_SUBSCRIBED)
    assert twilio.numbers() == [other.phone]


def test_a_group_text_is_finished_when_nothing_is_left_to_decide() -> None:
    PatientFactory.create_batch(2)
    group = steps.frozen()
    assert composing.finish(at=NOW) == 0
    first, second = Message.objects.order_by("pk")
    Message.objects.filter(pk=first.pk).update(status=Status.ACCEPTED)
    Message.objects.filter(pk=second.pk).update(status=Status.UNKNOWN)
    assert composing.finish(at=NOW) == 0
    Message.objects.filter(pk=second.pk).update(status=Status.NOT_SENT)
    assert composing.finish(at=NOW) == 1
    group.refresh_from_db()
    assert (group.status, group.finished_at, group.is_finished) == (GroupStatus.FINISHED, NOW, True)


def test_a_list_of_nothing_but_people_left_out_is_finished_at_once() -> None:
    patient = PatientFactory.create(accepts=True)
    group = steps.draft(marketing=True)
    steps.confirm(group)
    record_consent(patient_id=patient.pk, choice=Choice(accepts=False, source=ConsentSource.STAFF), at=NOW)
    composing.freeze(group_id=group.pk, at=NOW)
    assert composing.finish(at=NOW) == 1


def test_what_has_not_left_within_a_day_is_not_sent(twilio: Twilio) -> None:
    PatientFactory.create()
    steps.frozen()
    late = NOW + composing.SEND_WITHIN
    assert outbox.expire(now=late - timedelta(seconds=1)) == 0
    assert outbox.expire(now=late) == 1
    steps.drain(at=late)
    assert twilio.posts() == []
    assert composing.finish(at=late) == 1


def test_the_database_allows_no_second_text_to_a_number_of_one_group_text() -> None:
    first, second = PatientFactory.create_batch(2, phone="+61412900001")
    group = steps.frozen()
    with pytest.raises(DatabaseError), transaction.atomic():
        Message.objects.filter(group=group, patient=second).update(status=Status.QUEUED, left_out_reason="")
    assert steps.standing(first) == (Status.QUEUED, "")


@pytest.mark.django_db(transaction=True)
def test_twenty_confirmations_at_once_send_one_group_text(
    twilio: Twilio, at_once: Callable[[list[Callable[[], object]]], list[object]]
) -> None:
    patients = PatientFactory.create_batch(5)
    group = steps.draft()
    sender = UserFactory.create()
    seen = composing.fingerprint(group, SmsSettings.load())

    def confirm_and_send() -> bool:
        confirmed = composing.confirm(group_id=group.pk, reviewed=seen, at_most=5, at=NOW, by=sender)
        composing.freeze(group_id=group.pk, at=NOW)
        steps.drain()
        return confirmed

    confirmed = at_once([confirm_and_send] * 20)
    assert sorted(confirmed, key=bool) == [False] * 19 + [True]
    assert GroupMessage.objects.count() == 1
    steps.drain()
    assert twilio.numbers() == sorted(patient.phone for patient in patients)
    assert len(twilio.posts()) == 5


@pytest.mark.django_db(transaction=True)
def test_a_list_that_is_made_twice_at_once_is_made_once(
    at_once: Callable[[list[Callable[[], int]]], list[int]],
) -> None:
    PatientFactory.create_batch(4)
    group = steps.draft()
    steps.confirm(group)
    rows = at_once([lambda: composing.freeze(group_id=group.pk, at=NOW)] * 6)
    assert sorted(rows) == [0, 0, 0, 0, 0, 4]
    assert Message.objects.count() == 4
