"""Drafts save themselves, and no page silently overwrites another; what is confirmed is whole and explained."""

import uuid
from typing import Any

import pytest
from django.contrib.auth.models import User

from settings_app.models import SmsSettings
from sms import composing
from sms.composing import ChangedElsewhere, NotADraft, Page, ReviewAgain
from sms.models import GroupMessage, Message
from tests.factories import NOW, PatientFactory, UserFactory
from tests.sms import steps

pytestmark = pytest.mark.django_db


@pytest.fixture
def by(db: None) -> User:
    return UserFactory.create()


def opened(seen: uuid.UUID | None = None) -> Page:
    return Page(uuid.uuid4(), seen)


def save(group_id: uuid.UUID, page: Page, body: str, by: User, **words: Any) -> None:
    words = {"is_marketing": False, "unmarked_reason": ""} | words
    composing.save_draft(group_id=group_id, body=body, page=page, at=NOW, by=by, **words)


def text_of(group_id: uuid.UUID) -> str:
    return GroupMessage.objects.get(pk=group_id).body


def test_a_page_saves_again_and_again_and_makes_one_draft(by: User) -> None:
    group_id, page = uuid.uuid4(), opened()
    for body in ("H", "He", "Hello", "Hello"):
        save(group_id, page, body, by)
    group = GroupMessage.objects.get()
    assert (group.body, group.created_by_id, group.saved_at, group.saved_from) == (
        "Hello",
        by.pk,
        NOW,
        page.name,
    )


def test_a_page_opened_later_knows_what_it_shows_and_may_overwrite_it(by: User) -> None:
    group_id, first = uuid.uuid4(), opened()
    save(group_id, first, "One", by)
    second = opened(seen=first.name)
    save(group_id, second, "Two", by)
    assert text_of(group_id) == "Two"


def test_an_older_page_does_not_overwrite_what_it_never_saw(by: User) -> None:
    group_id, first = uuid.uuid4(), opened()
    save(group_id, first, "One", by)
    second = opened(seen=first.name)
    save(group_id, second, "Two", by)
    with pytest.raises(ChangedElsewhere):
        save(group_id, first, "Three", by)
    with pytest.raises(ChangedElsewhere):
        save(group_id, opened(), "Three", by)
    assert text_of(group_id) == "Two"
    save(group_id, first, "Two", by)  # the same words: nothing is lost
    save(group_id, Page(first.name, second.name), "Mine after all", by)
    assert text_of(group_id) == "Mine after all"


def test_a_draft_that_no_page_saved_can_be_taken_up(by: User) -> None:
    group = steps.draft("Made by the demo")
    save(group.pk, opened(), "Changed", by)
    assert text_of(group.pk) == "Changed"


def test_what_is_confirmed_is_not_overwritten_nor_deleted(by: User) -> None:
    PatientFactory.create()
    group = steps.draft()
    steps.confirm(group)
    with pytest.raises(NotADraft):
        save(group.pk, opened(), "Other", by)
    with pytest.raises(NotADraft):
        composing.discard_draft(group_id=group.pk)
    assert text_of(group.pk) == "Hello"


def test_a_draft_can_be_deleted_with_its_unticked_patients_once() -> None:
    patient = PatientFactory.create()
    group = steps.draft()
    composing.untick(group_id=group.pk, patient_id=patient.pk, ticked=False)
    composing.discard_draft(group_id=group.pk)
    assert not GroupMessage.objects.exists()
    with pytest.raises(NotADraft):
        composing.discard_draft(group_id=group.pk)


def test_a_draft_that_was_sent_in_part_before_is_kept() -> None:
    PatientFactory.create()
    group = steps.frozen()
    drafted = {"status": "draft", "confirmed_at": None, "send_by": None, "frozen_at": None}
    GroupMessage.objects.filter(pk=group.pk).update(**drafted)
    with pytest.raises(NotADraft):
        composing.discard_draft(group_id=group.pk)
    assert Message.objects.filter(group=group).exists()


class TestAMarketingText:
    def test_leaves_with_the_clinics_name_and_how_to_opt_out(self) -> None:
        SmsSettings.objects.update(clinic_name="Curly {Braces}", opt_out_words="No more? {clinic_phone}")
        SmsSettings.objects.update(clinic_phone="02 9000 0000")
        PatientFactory.create(first_name="Ana", accepts=True)
        group = steps.frozen("Hi {first_name}, vaccines", marketing=True)
        assert group.messages.get().body == "Hi Ana, vaccines\nCurly {Braces}. No more? 02 9000 0000"

    def test_says_nothing_twice(self) -> None:
        PatientFactory.create(accepts=True)
        text = "An offer from {clinic_name}. Text STOP to end."
        assert steps.frozen(text, marketing=True).messages.get().body == (
            "An offer from Our clinic. Text STOP to end."
        )
        again = GroupMessage.objects.get()
        copy = steps.frozen(again.body, marketing=True)
        assert copy.messages.get().body == again.messages.get().body

    def test_says_nothing_more_if_it_is_not_marketing(self) -> None:
        PatientFactory.create()
        assert steps.frozen("Closed today").messages.get().body == "Closed today"

    def test_is_what_was_reviewed_whatever_the_settings_become(self, by: User) -> None:
        PatientFactory.create(accepts=True)
        group = steps.draft("An offer", marketing=True)
        seen = composing.fingerprint(group, SmsSettings.load())
        SmsSettings.objects.update(opt_out_words="Other words")
        with pytest.raises(ReviewAgain, match="changed"):
            composing.confirm(group_id=group.pk, reviewed=seen, at_most=1, at=NOW, by=by)
        SmsSettings.objects.update(opt_out_words="Reply STOP to opt out.")
        assert composing.confirm(group_id=group.pk, reviewed=seen, at_most=1, at=NOW, by=by)
        SmsSettings.objects.update(opt_out_words="Other words", clinic_name="Other name")
        composing.freeze(group_id=group.pk, at=NOW)
        assert Message.objects.get().body == "An offer\nOur clinic. Reply STOP to opt out."

    def test_that_the_added_line_makes_too_long_is_not_confirmed(self) -> None:
        PatientFactory.create(accepts=True)
        with pytest.raises(ReviewAgain, match="1600 is the most"):
            steps.confirm(steps.draft("x" * 1590, marketing=True))


class TestAnUnmarkedPromotion:
    def test_to_people_who_refused_needs_a_reason(self) -> None:
        PatientFactory.create(accepts=False)
        group = steps.draft("Special offer: 20% off")
        with pytest.raises(
            ReviewAgain, match="sounds like a promotion, and 1 of those who would get it does not"
        ):
            steps.confirm(group)
        assert GroupMessage.objects.get().is_draft

    def test_with_a_reason_is_confirmed_and_the_reason_kept(self) -> None:
        PatientFactory.create(accepts=False)
        group = steps.draft("Special offer: 20% off")
        composing.change_draft(
            group_id=group.pk, body=group.body, is_marketing=False, unmarked_reason="They all asked for it"
        )
        assert steps.confirm(group)
        assert GroupMessage.objects.get().unmarked_reason == "They all asked for it"

    def test_that_nobody_refused_needs_none(self) -> None:
        PatientFactory.create(accepts=True)
        assert steps.confirm(steps.draft("Special offer: 20% off"))

    def test_that_is_marked_after_all_needs_none(self) -> None:
        PatientFactory.create(accepts=True)
        PatientFactory.create(accepts=False)
        assert steps.confirm(steps.draft("Special offer: 20% off", marketing=True))
