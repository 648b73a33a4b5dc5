"""What Twilio's own client gets when it creates a message."""

import asyncio
import re
from datetime import UTC, datetime

import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

from tests.sms.simulator.running import (
    ACCOUNT_SID,
    AUTHORIZATION,
    PATH,
    PHONE,
    SENDER,
    SERVICE,
    SimulatorAtWork,
    async_client_of,
    client_of,
)

# The properties of the message resource in Twilio's OpenAPI document.
FIELDS = {
    "body", "num_segments", "direction", "from", "to", "date_updated", "price", "error_message", "uri",
    "account_sid", "num_media", "status", "messaging_service_sid", "sid", "date_sent", "date_created", "error_code",
    "price_unit", "api_version", "subresource_uris",
}  # fmt: skip


def test_a_number_sends_and_the_message_is_queued(client: Client) -> None:
    message = client.messages.create(to=PHONE, from_=SENDER, body="Your appointment is tomorrow.")
    assert re.fullmatch(r"SM[0-9a-f]{32}", message.sid)
    assert (message.status, message.to, message.from_) == ("queued", PHONE, SENDER)
    assert (message.direction, message.num_segments, message.price) == ("outbound-api", "1", None)
    assert abs((datetime.now(UTC) - message.date_created).total_seconds()) < 5
    assert message.date_sent is None


def test_a_service_sends_and_the_message_is_accepted_without_a_sender_yet(client: Client) -> None:
    message = client.messages.create(to=PHONE, messaging_service_sid=SERVICE, body="Hello")
    assert (message.status, message.from_, message.num_segments) == ("accepted", None, "0")
    assert message.messaging_service_sid == SERVICE


def test_the_answer_has_every_field_of_the_real_one(simulator: SimulatorAtWork) -> None:
    answer = simulator.create(To=PHONE, From=SENDER, Body="Hello")
    assert answer.status == 201
    assert answer.json.keys() == FIELDS
    assert answer.json["account_sid"] == ACCOUNT_SID
    assert answer.json["uri"] == f"/2010-04-01/Accounts/{ACCOUNT_SID}/Messages/{answer.json['sid']}.json"
    assert re.fullmatch(r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d \+0000", answer.json["date_created"])


@pytest.mark.parametrize(
    ("body", "segments"),
    [
        ("x" * 160, "1"), ("x" * 161, "2"), ("x" * 306, "2"), ("x" * 307, "3"),
        ("x" * 159 + "€", "2"), ("x" * 152 + "€" + "x" * 152, "3"),
        ("ç" * 70, "1"), ("ç" * 71, "2"), ("🙂" * 35, "1"), ("🙂" * 36, "2"), ("🙂" * 67, "3"),
    ],
)  # fmt: skip
def test_segments_are_counted_as_the_network_packs_them(
    simulator: SimulatorAtWork, body: str, segments: str
) -> None:
    answer = simulator.create(To=PHONE, From=SENDER, Body=body)
    assert answer.json["num_segments"] == segments


def test_every_script_arrives_as_it_was_sent(simulator: SimulatorAtWork, client: Client) -> None:
    body = "Grüße, María! Γειά & ‏שלום‎ +1 = 100%\n🙂 {name}"
    assert client.messages.create(to=PHONE, from_=SENDER, body=body).body == body
    assert [entry["body"] for entry in simulator.ledger()] == [body]


# The client's, not ours: it passes `auth`, which aiohttp will drop.
@pytest.mark.filterwarnings("ignore:BasicAuth is deprecated", "ignore:The 'auth' parameter is deprecated")
def test_the_asynchronous_client_sends_too(simulator: SimulatorAtWork) -> None:
    async def send() -> str | None:
        client = async_client_of(simulator)
        try:
            message = await client.messages.create_async(
                to=PHONE, messaging_service_sid=SERVICE, body="Hello"
            )
            fetched = await client.messages(message.sid).fetch_async()
        finally:
            await client.http_client.close()
        return fetched.body

    assert asyncio.run(send()) == "Hello"


REFUSED = [
    ({"To": ""}, 400, 21604),
    ({"Body": ""}, 400, 21602),
    ({"Body": "x" * 1601}, 400, 21617),
    ({"From": ""}, 400, 21603),
    ({"To": "0491570156"}, 400, 21211),
    ({"To": "+6149157o156"}, 400, 21211),
    ({"From": "A name that is too long"}, 400, 21212),
    ({"From": PHONE}, 400, 21266),
    ({"MessagingServiceSid": "MG7"}, 400, 21705),
    ({"StatusCallback": "ftp://example.org/"}, 400, 21609),
    ({"StatusCallback": "https://under_score.example.org/"}, 400, 21609),
    ({"StatusCallback": "http://[broken/"}, 400, 21609),
    ({"ValidityPeriod": "0"}, 400, 21624),
    ({"ValidityPeriod": "36001"}, 400, 21624),
    ({"ValidityPeriod": "soon"}, 400, 21624),
]


@pytest.mark.parametrize(("changed", "status", "code"), REFUSED)
def test_what_twilio_refuses_is_refused_with_its_code(
    simulator: SimulatorAtWork, changed: dict[str, str], status: int, code: int
) -> None:
    answer = simulator.create(**({"To": PHONE, "From": SENDER, "Body": "Hello"} | changed))
    assert (answer.status, answer.json["code"], answer.json["status"]) == (status, code, status)
    assert answer.json["more_info"] == f"https://www.twilio.com/docs/errors/{code}"
    assert answer.json["message"]
    assert simulator.ledger() == []


@pytest.mark.parametrize(
    "sender",
    [SENDER, "61234", "ClinicName", "MyClinic 24"],
    ids=["number", "short code", "name", "name with digits"],
)
def test_each_kind_of_sender_may_send(simulator: SimulatorAtWork, sender: str) -> None:
    assert simulator.create(To=PHONE, From=sender, Body="Hello").status == 201


def test_wrong_credentials_are_refused(simulator: SimulatorAtWork) -> None:
    with client_of(simulator, auth_token="another") as client, pytest.raises(TwilioRestException) as refused:
        client.messages.create(to=PHONE, from_=SENDER, body="Hello")
    assert (refused.value.status, refused.value.code) == (401, 20003)
    assert simulator.ledger() == []


def test_no_credentials_are_refused(simulator: SimulatorAtWork) -> None:
    assert simulator.post_form(PATH, To=PHONE, From=SENDER, Body="Hello").json["code"] == 20003


def test_another_account_is_not_found(simulator: SimulatorAtWork) -> None:
    answer = simulator.create(
        path=PATH.replace(ACCOUNT_SID, "AC" + "6" * 32), To=PHONE, From=SENDER, Body="Hello"
    )
    assert (answer.status, answer.json["code"]) == (404, 20404)


def test_what_is_not_simulated_is_not_found_and_not_allowed(simulator: SimulatorAtWork) -> None:
    answer = simulator.request("PUT", PATH, Authorization=AUTHORIZATION)
    assert (answer.status, answer.json["code"]) == (405, 20004)
    answer = simulator.request("GET", PATH.replace("Messages", "Calls"), Authorization=AUTHORIZATION)
    assert (answer.status, answer.json["code"]) == (404, 20404)
    assert simulator.get(PATH.replace("Messages", "Calls")).status == 401


def test_every_post_is_noted_also_those_that_were_refused(simulator: SimulatorAtWork) -> None:
    created = simulator.create(To=PHONE, From=SENDER, Body="Hello").json["sid"]
    simulator.create(To="", From=SENDER, Body="Hello again")
    simulator.post_form(PATH, To=PHONE)
    noted = [(post["http_status"], post["code"], post["sid"]) for post in simulator.posts()]
    assert noted == [(201, None, created), (400, 21604, None), (401, 20003, None)]
    assert simulator.posts()[1]["form"] == {"To": "", "From": SENDER, "Body": "Hello again"}
