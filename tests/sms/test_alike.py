"""A warning before the same people get nearly the same text again."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from patients.models import Patient
from settings_app.models import SmsSettings
from sms import alike, audience
from sms.models import GroupMessage, Message
from sms.status import GroupStatus, Status
from tests.factories import NOW, PatientFactory
from tests.sms.pages.test_compose_and_review import words
from tests.sms.steps import draft, frozen, put

pytestmark = pytest.mark.django_db

CLOSED = (
    "Hi {first_name|there}, we are closed this Friday. Please call us on Monday for anything that can wait."
)


def earlier(group: GroupMessage, *, days: float = 1) -> alike.Earlier | None:
    return alike.nearly_the_same(group, SmsSettings.load(), now=NOW + timedelta(days=days))


def test_nearly_the_same_text_to_the_same_people_is_found() -> None:
    PatientFactory.create_batch(3)
    sent = frozen(CLOSED)
    PatientFactory.create()
    again = draft(
        "hi {first_name|there}! We are closed THIS Friday. Please call us on Monday, for all that can wait"
    )
    found = earlier(again)
    assert found is not None
    assert (found.group, found.number) == (sent, 3)
    assert audience.recipients(again).count() == 4


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Your results are in.", "your résults are IN", True),
        ("We are closed on Friday", "We are closed on Monday", False),
        ("We are closed this afternoon", "We are closed this afternoon, sorry", True),
        ("We are closed today", "Flu vaccines have arrived", False),
        ("我们今天下午关门，请明天再来。谢谢大家的理解", "我们今天下午关门，请明天再来，谢谢您的理解", True),
        ("我们今天下午关门", "流感疫苗到了，请预约", False),
        ("", "Hello", False),
    ],
    ids=["dress", "another day", "one word more", "another text", "Chinese", "other Chinese", "empty"],
)
def test_what_is_nearly_the_same(one: str, other: str, same: bool) -> None:
    assert (alike.likeness(one, other) >= alike.NEARLY) is same


def test_another_text_another_time_or_other_people_are_no_matter() -> None:
    patients = PatientFactory.create_batch(2)
    sent = frozen(CLOSED)
    assert earlier(draft("Flu vaccines have arrived: call us to book yours.")) is None
    assert earlier(draft(CLOSED), days=14) is None
    assert earlier(draft(CLOSED), days=13.9) is not None
    for text in Message.objects.filter(patient__in=patients):
        put(text, status=Status.FAILED, error_code=30003)
    assert earlier(draft(CLOSED)) is None, "nobody got it"
    draft(CLOSED)
    assert GroupMessage.objects.exclude(status=GroupStatus.DRAFT).get() == sent


def test_a_phone_that_got_it_counts_whoever_has_it_now() -> None:
    ana = PatientFactory.create()
    frozen(CLOSED)
    Patient.objects.filter(pk=ana.pk).update(archived_at=NOW)
    PatientFactory.create(phone=ana.phone)
    found = earlier(draft(CLOSED))
    assert found is not None
    assert found.number == 1


def test_of_several_the_one_that_most_have_got_is_named() -> None:
    few = PatientFactory.create()
    frozen(CLOSED)
    PatientFactory.create_batch(2)
    most = frozen(CLOSED, at=NOW + timedelta(hours=1))
    Patient.objects.filter(pk=few.pk).update(archived_at=NOW)
    frozen("Something else entirely for everybody", at=NOW + timedelta(hours=2))
    found = earlier(draft(CLOSED))
    assert found is not None
    assert (found.group, found.number) == (most, 2)


def test_the_review_warns_and_sends_all_the_same(manager_client: Client) -> None:
    PatientFactory.create_batch(2)
    address = f"/sms/{draft(CLOSED).pk}/review/"
    assert "Nearly the same text" not in words(manager_client.get(address).content)
    frozen(CLOSED, at=timezone.now() - timedelta(days=1))
    page = words(manager_client.get(address).content)
    assert "Nearly the same text went to these people on" in page
    assert "2 of these 2 patients got it, or are about to." in page
    assert "Send to 2 patients" in page
