"""Only requests that were signed with our token are from Twilio."""

import base64
import hashlib
import hmac

import pytest
from pytest_django import Settings

from sms.gateway import is_signed

TOKEN = "a-token"
URL = "https://clinic.example/webhooks/twilio/inbound/?source=a%20b"
FIELDS = {
    "From": ["+61491570156"],
    "Body": ["STOP & go"],
    "MediaUrl": ["https://b.example", "https://a.example"],
}


def sign(url: str, fields: dict[str, list[str]], token: str = TOKEN) -> str:
    """As Twilio describes it, written a second time: names sorted, each with its values sorted."""
    joined = url + "".join(name + value for name in sorted(fields) for value in sorted(fields[name]))
    return base64.b64encode(hmac.new(token.encode(), joined.encode(), hashlib.sha1).digest()).decode()


def signed(**changed: object) -> bool:
    return is_signed(**{"url": URL, "params": FIELDS, "signature": sign(URL, FIELDS)} | changed)  # type: ignore[arg-type]


def test_a_request_signed_with_our_token_is_twilios() -> None:
    assert signed()


def test_the_example_of_twilios_documentation_is_valid(settings: Settings) -> None:
    settings.TWILIO_AUTH_TOKEN = "12345"
    fields = {
        "CallSid": ["CA1234567890ABCDE"],
        "Caller": ["+14158675310"],
        "Digits": ["1234"],
        "From": ["+14158675310"],
        "To": ["+18005551212"],
    }
    assert is_signed(
        url="https://example.com/myapp.php?foo=1&bar=2",
        params=fields,
        signature="L/OH5YylLD5NRKLltdqwSvS0BnU=",
    )


def test_fields_without_text_and_requests_without_fields_can_be_signed() -> None:
    assert signed(params={"Body": [""]}, signature=sign(URL, {"Body": [""]}))
    assert signed(params={}, signature=sign(URL, {}))


@pytest.mark.parametrize("given", ["", " ", "AAAA", "é", "\udce9", sign(URL, FIELDS, "another-token")])
def test_a_missing_or_wrong_signature_is_not_twilios(given: str) -> None:
    assert not signed(signature=given)


@pytest.mark.parametrize(
    "params",
    [
        {},
        {**FIELDS, "From": ["+61491570157"]},
        {**FIELDS, "Extra": ["x"]},
        {name: values for name, values in FIELDS.items() if name != "Body"},
        {**FIELDS, "MediaUrl": ["https://b.example"]},
        {**FIELDS, "MediaUrl": ["https://b.example", "https://a.example", "https://c.example"]},
        {**FIELDS, "MediaUrl": ["https://a.example", "https://b.example", "https://c.example"]},
    ],
)
def test_every_field_that_arrived_counts_repeated_ones_too(params: dict[str, list[str]]) -> None:
    assert not signed(params=params)


@pytest.mark.parametrize(
    "url",
    [
        "http://clinic.example/webhooks/twilio/inbound/?source=a%20b",
        "https://evil.example/webhooks/twilio/inbound/?source=a%20b",
        "https://clinic.example/webhooks/twilio/inbound/",
        "https://clinic.example/webhooks/twilio/inbound/?source=a b",
        "https://clinic.example/webhooks/twilio/inbound/\udce9",
        "https://clinic.example:x/",
    ],
)
def test_another_address_is_another_signature(url: str) -> None:
    assert not signed(url=url)


def test_twilio_may_sign_with_or_without_the_port() -> None:
    with_port = URL.replace("clinic.example", "clinic.example:443")
    assert signed(signature=sign(with_port, FIELDS))
    assert signed(url=with_port)
    local = "http://127.0.0.1:8000/webhooks/twilio/inbound/"
    assert signed(url=local, signature=sign(local, FIELDS))


def test_without_a_token_nobody_can_sign(settings: Settings) -> None:
    settings.TWILIO_AUTH_TOKEN = ""
    assert not signed(signature=sign(URL, FIELDS, ""))
    assert not signed(signature="")


def test_while_a_token_is_replaced_both_count(settings: Settings) -> None:
    settings.TWILIO_AUTH_TOKEN_PREVIOUS = "the-last-token"
    assert signed()
    assert signed(signature=sign(URL, FIELDS, "the-last-token"))
    assert not signed(signature=sign(URL, FIELDS, "the-one-before"))
