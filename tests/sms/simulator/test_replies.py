"""A text from a phone: what the application is told, and what STOP does to later texts."""

import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.request_validator import RequestValidator
from twilio.rest import Client

from tests.sms.simulator.application import Application
from tests.sms.simulator.running import (
    ACCOUNT_SID,
    AUTH_TOKEN,
    OTHER_SERVICE,
    PHONE,
    SENDER,
    SERVICE,
    SimulatorAtWork,
)


@pytest.fixture
def texted(simulator: SimulatorAtWork, client: Client, application: Application) -> Application:
    """An application that has texted the phone, and is told of replies."""
    simulator.set(inbound_urls=[f"{application.origin}/inbound/"])
    client.messages.create(to=PHONE, messaging_service_sid=SERVICE, body="Hello")
    simulator.settled_ledger()
    return application


def refused_code(client: Client, **sender: str) -> int | None:
    try:
        client.messages.create(to=PHONE, body="Hello again", **sender)
    except TwilioRestException as refused:
        return int(refused.code)
    return None


def test_the_application_is_told_as_twilio_tells_it(simulator: SimulatorAtWork, texted: Application) -> None:
    answer = simulator.reply("Can I come later? 🙂")
    assert answer.status == 201
    assert answer.json["webhooks"] == [
        {"url": f"{texted.origin}/inbound/", "http_status": 204, "error": None}
    ]
    (call,) = texted.calls
    sid, to = answer.json["sid"], answer.json["to"]
    assert call.params == {
        "MessageSid": sid, "SmsSid": sid, "SmsMessageSid": sid, "SmsStatus": "received", "AccountSid": ACCOUNT_SID,
        "MessagingServiceSid": SERVICE, "From": PHONE, "To": to, "Body": "Can I come later? 🙂", "NumSegments": "1",
        "NumMedia": "0", "ApiVersion": "2010-04-01",
    }  # fmt: skip
    assert RequestValidator(AUTH_TOKEN).validate(call.url, call.params, call.signature)
    assert not RequestValidator("another").validate(call.url, call.params, call.signature)


def test_the_reply_goes_to_the_number_that_texted(simulator: SimulatorAtWork, texted: Application) -> None:
    (sent,) = simulator.ledger(direction="outbound")
    assert simulator.reply("Hi").json["to"] == sent["from"]


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("STOP", "STOP"), ("stop", "STOP"), (" Stop\n", "STOP"), ("StopAll", "STOP"), ("UNSUBSCRIBE", "STOP"),
        ("cancel", "STOP"), ("end", "STOP"), ("quit", "STOP"), ("revoke", "STOP"), ("optout", "STOP"),
        ("START", "START"), ("yes", "START"), ("unstop", "START"), ("HELP", "HELP"), ("info", "HELP"),
        ("please stop", None), ("stop it", None), ("yes please", None),
    ],
)  # fmt: skip
def test_words_are_recognised_only_alone(
    simulator: SimulatorAtWork, texted: Application, body: str, kind: str | None
) -> None:
    simulator.reply(body)
    assert texted.calls[-1].params.get("OptOutType") == kind


def test_without_advanced_opt_out_no_kind_is_told_yet_stop_works(
    simulator: SimulatorAtWork, client: Client, texted: Application
) -> None:
    simulator.set(advanced_opt_out=False)
    simulator.reply("STOP")
    assert "OptOutType" not in texted.calls[-1].params
    assert refused_code(client, messaging_service_sid=SERVICE) == 21610


def test_stop_blocks_the_whole_service_and_nothing_else(
    simulator: SimulatorAtWork, client: Client, texted: Application
) -> None:
    simulator.reply("STOP")
    assert refused_code(client, messaging_service_sid=SERVICE) == 21610
    assert refused_code(client, messaging_service_sid=SERVICE, from_=SENDER) == 21610
    assert refused_code(client, messaging_service_sid=OTHER_SERVICE) is None
    assert refused_code(client, from_=SENDER) is None
    others = client.messages.create(to="+61491570157", messaging_service_sid=SERVICE, body="Hello")
    assert others.status == "accepted"


def test_stop_to_a_number_blocks_that_number(simulator: SimulatorAtWork, client: Client) -> None:
    client.messages.create(to=PHONE, from_=SENDER, body="Hello")
    simulator.reply("STOP")
    assert refused_code(client, from_=SENDER) == 21610
    assert refused_code(client, messaging_service_sid=SERVICE) is None


@pytest.mark.parametrize("word", ["START", "yes", "Unstop"])
def test_start_lifts_the_block(
    simulator: SimulatorAtWork, client: Client, texted: Application, word: str
) -> None:
    simulator.reply("STOP")
    simulator.reply(word)
    assert refused_code(client, messaging_service_sid=SERVICE) is None


def test_help_and_chatter_block_nothing(
    simulator: SimulatorAtWork, client: Client, texted: Application
) -> None:
    simulator.reply("HELP")
    simulator.reply("please stop by on Monday")
    assert refused_code(client, messaging_service_sid=SERVICE) is None


def test_a_reply_goes_to_the_latest_sender_or_to_the_one_that_is_named(
    simulator: SimulatorAtWork, client: Client, texted: Application
) -> None:
    client.messages.create(to=PHONE, messaging_service_sid=OTHER_SERVICE, body="Hello")
    simulator.reply("Thanks")
    simulator.reply("STOP", to=SERVICE)
    assert [call.params["MessagingServiceSid"] for call in texted.calls] == [OTHER_SERVICE, SERVICE]
    assert refused_code(client, messaging_service_sid=SERVICE) == 21610
    assert refused_code(client, messaging_service_sid=OTHER_SERVICE) is None


def test_a_phone_that_was_never_texted_can_write_to_a_sender(
    simulator: SimulatorAtWork, application: Application
) -> None:
    simulator.set(inbound_urls=[application.origin])
    assert simulator.reply("Hello?", to=SENDER).status == 201
    params = application.calls[0].params
    assert (params["To"], params["From"], "MessagingServiceSid" in params) == (SENDER, PHONE, False)


@pytest.mark.parametrize(
    "reply",
    [
        {"from": PHONE, "body": "To nobody"},
        {"from": "somebody", "body": "Hello", "to": SENDER},
        {"from": PHONE, "body": " ", "to": SENDER},
        {"from": PHONE, "body": "x" * 1601, "to": SENDER},
        {"from": PHONE, "body": "Hello", "to": "ClinicName"},
        ["Hello"],
    ],
)
def test_what_no_phone_could_send_is_refused(simulator: SimulatorAtWork, reply: object) -> None:
    answer = simulator.post_json("/_simulator/inbound", reply)
    assert answer.status == 400
    assert answer.json["error"]
    assert PHONE not in answer.body
    assert simulator.ledger() == []


def test_the_reply_is_in_the_ledger_with_what_the_application_said(
    simulator: SimulatorAtWork, texted: Application
) -> None:
    texted.answers = 500
    simulator.reply("Thanks")
    (entry,) = simulator.ledger(direction="inbound")
    assert (entry["from"], entry["body"], entry["status"]) == (PHONE, "Thanks", "received")
    assert [tried["http_status"] for tried in entry["callbacks"]] == [500]


def test_every_address_is_told(simulator: SimulatorAtWork, texted: Application) -> None:
    simulator.set(inbound_urls=[f"{texted.origin}/one", f"{texted.origin}/two"])
    simulator.reply("Thanks")
    assert sorted(call.url for call in texted.calls) == [f"{texted.origin}/one", f"{texted.origin}/two"]


def test_without_an_address_stop_still_blocks(simulator: SimulatorAtWork, client: Client) -> None:
    client.messages.create(to=PHONE, from_=SENDER, body="Hello")
    assert simulator.reply("STOP").json["webhooks"] == []
    assert refused_code(client, from_=SENDER) == 21610
