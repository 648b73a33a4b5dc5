"""In the admin texts are there to be looked at, even by a superuser."""

from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from patients.models import ConsentEvent
from sms import delivery, inbound, outbox, pacing
from sms.models import (
    DeliveryEvent,
    GroupMessage,
    Heartbeat,
    InboundMessage,
    Message,
    OddCallback,
    SavedText,
    SenderBudget,
    SendingPause,
    StrayRecord,
)
from sms.models.odd_callback import Oddity
from tests.factories import NOW, PatientFactory
from tests.sms import steps
from tests.sms.twilio import CARE

pytestmark = pytest.mark.django_db

MODELS = [
    *(DeliveryEvent, GroupMessage, Heartbeat, InboundMessage, Message, OddCallback, SenderBudget),
    *(SendingPause, StrayRecord, SavedText, ConsentEvent),
]
PHONE = "+61412345678"


@pytest.fixture
def superuser() -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("root"))
    return client


@pytest.fixture(autouse=True)
def _something_of_each(account: None) -> None:
    patient = PatientFactory.create(phone=PHONE, accepts=True)
    steps.frozen(marketing=True)
    [message] = steps.claimed(patient).messages
    delivery.record_news(token=message.token, sid="SM1", status="sent", error_code=None, at=NOW)
    inbound.receive(inbound.Reply(sid="SM2", phone=PHONE, sender="MG1", body="Hi"), at=NOW)
    outbox.pause(code=20003, now=NOW)
    Heartbeat.beat(at=NOW)
    OddCallback.count(Oddity.NOT_SIGNED, at=NOW)
    StrayRecord.objects.create(sid="SM9", digest="0" * 64, sender=CARE, sent_at=NOW, found_at=NOW)
    pacing.slow_down(CARE, wished=None, now=NOW)
    SavedText.objects.create(name="Closed", body="Closed today", updated_at=NOW)


def address(model: Any, page: str, *args: object) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


@pytest.mark.parametrize("model", MODELS)
def test_a_superuser_sees_the_rows_and_can_change_none(superuser: Client, model: Any) -> None:
    row = model.objects.first()
    shown = superuser.get(address(model, "change", row.pk))
    assert shown.status_code == 200
    assert b'name="_save"' not in shown.content
    before = model.objects.values().get(pk=row.pk)
    assert superuser.post(address(model, "change", row.pk), {"body": "Other"}).status_code == 403
    assert superuser.post(address(model, "delete", row.pk), {"post": "yes"}).status_code == 403
    assert superuser.get(address(model, "add")).status_code == 403
    assert superuser.post(address(model, "add"), {"body": "New"}).status_code == 403
    assert model.objects.values().get(pk=row.pk) == before


@pytest.mark.parametrize("model", MODELS)
def test_lists_can_be_searched_and_offer_no_deletion(superuser: Client, model: Any) -> None:
    listed = superuser.get(address(model, "changelist"), {"q": "1"} if model is not Heartbeat else {})
    assert listed.status_code == 200
    assert b"delete_selected" not in listed.content
    action = {"action": "delete_selected", "_selected_action": [model.objects.first().pk], "post": "yes"}
    superuser.post(address(model, "changelist"), action)
    assert model.objects.exists()


def test_the_list_of_texts_shows_no_whole_number(superuser: Client) -> None:
    listed = superuser.get(address(Message, "changelist")).content.decode()
    assert PHONE not in listed
    assert "678" in listed


def test_a_text_without_a_number_can_be_listed(superuser: Client) -> None:
    PatientFactory.create(phone="", accepts=True)
    steps.frozen(marketing=True)
    assert superuser.get(address(Message, "changelist")).status_code == 200


def test_nobody_sees_the_secret_in_a_callback_address(superuser: Client) -> None:
    message = Message.objects.exclude(sid="").get()
    shown = superuser.get(address(Message, "change", message.pk)).content.decode()
    assert message.token.hex not in shown
    assert str(message.token) not in shown


def test_every_model_of_texts_is_in_the_admin(settings: Settings) -> None:
    registered = {model for model in admin.site._registry if model._meta.app_label == "sms"}
    assert registered == set(MODELS) - {ConsentEvent}
