"""Twilio's side door opens for Twilio alone."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from pytest_django import Settings
from twilio.request_validator import RequestValidator

from patients.models import Covers, SuppressedNumber
from settings_app.models import SmsSettings
from sms.models import DeliveryEvent, InboundMessage, Message, OddCallback
from sms.models.inbound import ReplyKind
from sms.models.odd_callback import Oddity
from sms.status import Status
from tests.factories import NOW, PatientFactory
from tests.sms import steps
from tests.sms.pages.test_compose_and_review import words
from tests.sms.twilio import CARE, MARKETING, TOKEN

pytestmark = pytest.mark.django_db

PUBLIC = "https://sms.clinic.example"
SID = "SM" + "1" * 32
PHONE = "+61412900001"
INBOUND = "/webhooks/twilio/inbound/"


@pytest.fixture(autouse=True)
def _public_address(account: None, settings: Settings) -> None:
    settings.PUBLIC_BASE_URL = PUBLIC
    settings.SECURE_SSL_REDIRECT = False


def signature(path: str, fields: dict[str, Any], *, token: str = TOKEN) -> str:
    return str(RequestValidator(token).compute_signature(PUBLIC + path, fields))


def post(path: str, fields: dict[str, Any], *, signed: str | None = None) -> HttpResponse:
    """Post as Twilio does; `signed` is the signature if it is to be another than the right one."""
    headers = {"X-Twilio-Signature": signature(path, fields) if signed is None else signed}
    answer: Any = Client().post(path, fields, headers=headers)
    return answer  # type: ignore[no-any-return]


@pytest.fixture
def message() -> Message:
    taken = steps.claimed(PatientFactory.create())
    return steps.row(taken.messages[0])


@pytest.fixture
def path(message: Message) -> str:
    return reverse("sms:twilio_status", args=[message.token.hex])


def news(status: str = "delivered", **more: str) -> dict[str, str]:
    return {"MessageSid": SID, "MessageStatus": status, "AccountSid": "AC1", "NewField": "Zoë & co", **more}


def reply(body: str, **more: str) -> dict[str, str]:
    return {"MessageSid": SID, "From": PHONE, "To": "+61491570006", "Body": body, **more}


def test_news_is_stored_and_answered_with_nothing(message: Message, path: str) -> None:
    answer = post(path, news())
    assert (answer.status_code, answer.content) == (204, b"")
    message.refresh_from_db()
    assert (message.status, message.sid) == (Status.DELIVERED, SID)


def test_an_error_code_is_kept(message: Message, path: str) -> None:
    post(path, news("undelivered", ErrorCode="30003"))
    message.refresh_from_db()
    assert message.error_code == 30003
    assert DeliveryEvent.objects.get().error_code == 30003


@pytest.mark.parametrize("code", ["", "none", "-1", "1234567", "30003x"])
def test_an_error_code_that_is_none_is_left_out(message: Message, path: str, code: str) -> None:
    assert post(path, news("undelivered", ErrorCode=code)).status_code == 204
    assert DeliveryEvent.objects.get().error_code is None


@pytest.mark.parametrize("forged", ["", "bm90IGEgc2lnbmF0dXJl", "ünicode"])
def test_a_wrong_or_missing_signature_is_refused(message: Message, path: str, forged: str) -> None:
    assert post(path, news(), signed=forged).status_code == 403
    assert Client().post(path, news()).status_code == 403
    assert DeliveryEvent.objects.count() == 0
    assert steps.status_of(message) == Status.SENDING


def test_a_signature_by_another_account_is_refused(path: str) -> None:
    assert post(path, news(), signed=signature(path, news(), token="another")).status_code == 403


def test_a_signature_for_another_address_is_refused(message: Message, path: str) -> None:
    elsewhere = reverse("sms:twilio_status", args=[uuid.uuid4().hex])
    assert post(path, news(), signed=signature(elsewhere, news())).status_code == 403
    assert post(path + "?a=b", news(), signed=signature(path, news())).status_code == 403
    assert post(path + "?a=b", news()).status_code == 204


@pytest.mark.parametrize("change", [{"MessageStatus": "failed"}, {"Another": "field"}, {"NewField": ""}])
def test_a_signature_for_other_fields_is_refused(message: Message, path: str, change: dict[str, str]) -> None:
    assert post(path, news() | change, signed=signature(path, news())).status_code == 403
    assert steps.status_of(message) == Status.SENDING


def test_the_host_that_a_request_names_does_not_count(path: str) -> None:
    """A proxy may hand on any Host header; the address that was signed is the public one."""
    headers = {"X-Twilio-Signature": signature(path, news()), "Host": "localhost:8000"}
    assert Client().post(path, news(), headers=headers).status_code == 204


@pytest.mark.parametrize(
    "said_by_the_proxy",
    [
        {
            "X-Forwarded-Host": "internal.example:8443",
            "X-Forwarded-Proto": "http",
            "X-Forwarded-Port": "8443",
        },
        {"Host": "127.0.0.1:8000", "X-Forwarded-For": "10.0.0.1"},
        {"Forwarded": "for=10.0.0.1;host=other.example;proto=http"},
        {"X-Forwarded-Prefix": "/sms", "X-Original-URL": "/elsewhere/"},
    ],
)
def test_what_a_proxy_says_of_the_address_does_not_count(
    path: str, said_by_the_proxy: dict[str, str]
) -> None:
    headers = {"X-Twilio-Signature": signature(path, news())} | said_by_the_proxy
    assert Client().post(path, news(), headers=headers).status_code == 204


@pytest.mark.parametrize("query", ["?source=a%20b", "?b=2&a=1", "?caf%C3%A9=%26", "?empty="])
def test_the_query_counts_as_it_was_signed(path: str, query: str) -> None:
    assert post(path + query, news()).status_code == 204
    assert post(path, news(), signed=signature(path + query, news())).status_code == 403


def test_a_public_address_with_a_port_is_signed_with_or_without_it(
    path: str, settings: Settings, message: Message
) -> None:
    settings.PUBLIC_BASE_URL = PUBLIC + ":8443"
    with_port = str(RequestValidator(TOKEN).compute_signature(f"{PUBLIC}:8443{path}", news()))
    assert post(path, news(), signed=with_port).status_code == 204
    assert post(path, news()).status_code == 204


def test_while_the_token_is_changed_the_previous_one_counts_too(path: str, settings: Settings) -> None:
    old = signature(path, news())
    settings.TWILIO_AUTH_TOKEN, settings.TWILIO_AUTH_TOKEN_PREVIOUS = "the new one", TOKEN
    assert post(path, news(), signed=old).status_code == 204
    assert post(path, news(), signed=signature(path, news(), token="the new one")).status_code == 204
    settings.TWILIO_AUTH_TOKEN_PREVIOUS = ""
    assert post(path, news(), signed=old).status_code == 403


def test_without_a_token_of_ours_nobody_can_sign(path: str, settings: Settings) -> None:
    settings.TWILIO_AUTH_TOKEN = ""
    assert post(path, news(), signed=signature(path, news(), token="")).status_code == 403


def test_an_unknown_text_is_answered_so_that_twilio_stops(caplog: pytest.LogCaptureFixture) -> None:
    path = reverse("sms:twilio_status", args=[uuid.uuid4().hex])
    for _ in range(3):
        assert post(path, news()).status_code == 204
    assert "do not have" in caplog.text
    odd = OddCallback.objects.get()
    assert (odd.kind, odd.number) == (Oddity.UNKNOWN_TEXT, 3)


def test_calls_without_a_valid_signature_are_counted_but_a_flood_is_not_written_down(path: str) -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        for _ in range(3):
            post(path, news(), signed="forged")
        assert OddCallback.objects.get().number == 1
        clock.shift(1)
        post(path, news(), signed="forged")
    odd = OddCallback.objects.get()
    assert (odd.kind, odd.number) == (Oddity.NOT_SIGNED, 2)


def test_a_manager_reads_of_news_that_could_not_be_used_for_a_day(manager_client: Client) -> None:
    with time_machine.travel(NOW) as clock:
        post(reverse("sms:twilio_status", args=[uuid.uuid4().hex]), news())
        post(INBOUND, reply("Hello"), signed="forged")
        page = words(manager_client.get("/").content)
        assert "Twilio brought news 1 time of texts that are not in this database" in page
        assert "at least 1 call without a valid signature was turned away" in page
        clock.shift(timedelta(days=1, seconds=5))
        assert "could not be used" not in words(manager_client.get("/").content)


def test_reception_is_not_bothered_with_it(reception_client: Client) -> None:
    post(reverse("sms:twilio_status", args=[uuid.uuid4().hex]), news())
    assert "could not be used" not in words(reception_client.get("/").content)


@pytest.mark.parametrize("missing", ["MessageSid", "MessageStatus"])
def test_news_without_its_substance_is_refused(path: str, missing: str) -> None:
    fields = {name: value for name, value in news().items() if name != missing}
    assert post(path, fields).status_code == 400


def test_nobody_looks_at_webhooks(path: str) -> None:
    assert Client().get(path).status_code == 405
    assert Client().get(INBOUND).status_code == 405


def test_overlong_words_are_cut_and_stored(message: Message, path: str) -> None:
    assert post(path, news("x" * 200, MessageSid="SM" + "1" * 60)).status_code == 204
    event = DeliveryEvent.objects.get()
    assert (event.status, event.sid) == ("x" * 20, "SM" + "1" * 32)


def test_news_twice_is_stored_once(path: str) -> None:
    for _ in range(2):
        assert post(path, news()).status_code == 204
    assert DeliveryEvent.objects.count() == 1


def test_a_reply_is_stored_with_the_service_it_came_to() -> None:
    answer = post(INBOUND, reply("Thank you, Zoë", MessagingServiceSid=MARKETING))
    assert (answer.status_code, answer.content) == (200, b"<Response></Response>")
    assert answer["Content-Type"] == "text/xml"
    stored = InboundMessage.objects.get()
    assert (stored.phone, stored.sender, stored.body) == (PHONE, MARKETING, "Thank you, Zoë")
    assert stored.kind == ReplyKind.OTHER


def test_a_reply_to_a_number_is_stored_with_that_number() -> None:
    post(INBOUND, reply("Hello"))
    assert InboundMessage.objects.get().sender == "+61491570006"


@pytest.mark.parametrize(
    ("sender", "covers"),
    [(MARKETING, Covers.MARKETING), (CARE, Covers.EVERYTHING)],
    ids=["marketing", "care"],
)
def test_a_stop_blocks_what_its_sender_sends(sender: str, covers: Covers) -> None:
    post(INBOUND, reply("STOP", MessagingServiceSid=sender))
    assert SuppressedNumber.objects.get().covers == covers


def test_a_forged_stop_or_start_does_nothing() -> None:
    assert post(INBOUND, reply("STOP"), signed="forged").status_code == 403
    assert Client().post(INBOUND, reply("STOP")).status_code == 403
    assert not InboundMessage.objects.exists()
    assert not SuppressedNumber.objects.exists()


@pytest.mark.parametrize("missing", ["MessageSid", "From"])
def test_a_reply_from_nowhere_is_refused(missing: str) -> None:
    fields = {name: value for name, value in reply("Hello").items() if name != missing}
    assert post(INBOUND, fields).status_code == 400


def test_help_is_answered_once_and_safely() -> None:
    SmsSettings.objects.update(clinic_name="Smith & <Sons>", clinic_phone="02 9000 0000")
    answer = post(INBOUND, reply("Help"))
    assert answer.content.decode() == (
        "<Response><Message>This is Smith &amp; &lt;Sons&gt;. Call us on 02 9000 0000."
        " Reply STOP to get no more texts.</Message></Response>"
    )
    assert post(INBOUND, reply("Help")).content == b"<Response></Response>"


def test_what_twilio_has_read_and_answered_itself_is_not_answered_again() -> None:
    answer = post(INBOUND, reply("AIUTO", OptOutType="HELP"))
    assert answer.content == b"<Response></Response>"
    assert InboundMessage.objects.get().kind == ReplyKind.HELP


def test_a_stop_in_words_that_only_twilio_knows_is_a_stop() -> None:
    post(INBOUND, reply("ARRÊT", OptOutType="STOP"))
    assert SuppressedNumber.objects.get().phone == PHONE


@pytest.mark.parametrize("body", ["", "STOP\0", "x" * 5000, "\U0001f600" * 100])
def test_any_words_are_stored(body: str) -> None:
    assert post(INBOUND, reply(body)).status_code == 200
    assert InboundMessage.objects.get().body == body.replace("\0", "")
    assert SuppressedNumber.objects.exists() == body.startswith("STOP")
