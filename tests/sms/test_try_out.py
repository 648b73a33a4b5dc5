"""A group SMS on one's own phone goes through the same door as every text."""

from collections.abc import Callable
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.test import Client

from clinic.accounts.own_phone import own_phone, save_own_phone
from clinic.lib.phone import display
from patients.eligibility import Purpose
from patients.models import Patient
from sms import audience, reports
from sms.models import Message
from tests.factories import PatientFactory, UserFactory, block
from tests.sms.pages.test_compose_and_review import words
from tests.sms.steps import draft, frozen

pytestmark = pytest.mark.django_db

OWN = "+61412345678"


def me(**details: object) -> Patient:
    return PatientFactory.create(first_name="Sam", phone=OWN, **details)


@pytest.fixture
def client(log_in: Callable[[User], Client], sender: User) -> Client:
    save_own_phone(sender, OWN)
    return log_in(sender)


def test_it_is_a_one_off_text_and_no_part_of_the_group_sms(client: Client, sender: User) -> None:
    me()
    PatientFactory.create(first_name="Ana")
    group = draft("Hi {first_name}, 20% off", marketing=True)
    before = audience.recipients(group).count()
    form = {"request_key": str(uuid4())}
    for _ in range(2):
        answer = client.post(f"/sms/{group.pk}/try-out/", form, follow=True)
        assert "A test is on its way to your phone." in words(answer.content)
    text = Message.objects.get()
    assert (text.purpose, text.phone, text.group, text.created_by) == (Purpose.ONE_OFF, OWN, None, sender)
    assert text.body.startswith("Hi Sam, 20% off")
    assert text.body.endswith("Reply STOP to opt out.")
    group.refresh_from_db()
    assert group.is_draft
    assert reports.progress(group).total == 0
    assert audience.recipients(group).count() == before


def test_a_phone_that_others_share_is_called_by_no_name(client: Client) -> None:
    me()
    PatientFactory.create(first_name="Ana", phone=OWN)
    client.post(f"/sms/{draft('Hi {first_name}').pk}/try-out/")
    assert Message.objects.get().body == "Hi there"


@pytest.mark.parametrize("case", ["no number", "nobody's number", "blocked", "deceased", "landline"])
def test_what_is_missing_is_said_and_nothing_leaves(client: Client, sender: User, case: str) -> None:
    said = "Send a test to me"
    if case == "no number":
        save_own_phone(sender, "")
        said = "Your account has no mobile number yet."
    elif case == "nobody's number":
        said = "No patient has your number"
    elif case == "blocked":
        me()
        block(OWN)
        said = "cannot get a test: Number blocked by STOP"
    elif case == "deceased":
        me(deceased=True)
        said = "No patient has your number"
    else:
        me(number_refused=True)
        said = "cannot get a test: Number cannot get texts"
    PatientFactory.create()
    group = draft()
    assert said in words(client.get(f"/sms/{group.pk}/review/").content)
    answer = client.post(f"/sms/{group.pk}/try-out/", follow=True)
    assert "No test was sent" in words(answer.content)
    assert not Message.objects.exists()


def test_no_number_can_be_smuggled_in(client: Client) -> None:
    me()
    other = PatientFactory.create()
    posted = {"phone": other.phone, "to": other.phone, "patient": str(other.pk)}
    client.post(f"/sms/{draft().pk}/try-out/", posted)
    assert Message.objects.get().phone == OWN


def test_it_cannot_be_more_than_a_text(client: Client) -> None:
    PatientFactory.create(first_name="A" * 100, phone=OWN)
    client.post(f"/sms/{draft('x' * 1590 + '{first_name}').pk}/try-out/")
    assert not Message.objects.exists()


def test_what_is_confirmed_is_not_tried_out_any_more(client: Client) -> None:
    me()
    group = frozen()
    answer = client.post(f"/sms/{group.pk}/try-out/")
    assert answer.headers["Location"] == f"/sms/{group.pk}/"
    assert not Message.objects.exclude(group=group).exists()


def test_one_s_own_number_is_saved_read_back_and_forgotten(client: Client, sender: User) -> None:
    answer = client.post("/accounts/", {"phone": "0412 345 670"}, follow=True)
    assert own_phone(sender) == "+61412345670"
    assert display("+61412345670") in answer.content.decode()
    for wrong, said in (("02 9999 9999", "landline"), ("hello", "phone"), ("0412", "number")):
        refused = client.post("/accounts/", {"phone": wrong})
        assert said in words(refused.content)
        assert own_phone(sender) == "+61412345670"
    client.post("/accounts/", {"phone": " "})
    assert own_phone(sender) == ""


def test_each_sees_their_own_number_alone(client: Client, log_in: Callable[[User], Client]) -> None:
    other = UserFactory.create(role="Sender")
    assert display(OWN) in client.get("/accounts/").content.decode()
    assert display(OWN) not in log_in(other).get("/accounts/").content.decode()


def test_the_database_takes_no_number_that_is_none(sender: User) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        save_own_phone(sender, "0412")
