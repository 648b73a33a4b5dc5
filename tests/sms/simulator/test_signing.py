"""Our signature against the validator that Twilio gives to its customers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator

from sms.simulator.signing import signature

TOKEN = "12345"
PARAMS = {"MessageSid": "SM1", "MessageStatus": "delivered", "To": "+61491570156", "Body": "Grüße 🙂"}


def test_the_example_of_twilios_documentation() -> None:
    params = {
        "CallSid": "CA1234567890ABCDE",
        "Caller": "+14158675309",
        "Digits": "1234",
        "From": "+14158675309",
        "To": "+18005551212",
    }
    assert (
        signature("https://mycompany.com/myapp.php?foo=1&bar=2", params, TOKEN)
        == "RSOYDt4T1cUTdK1PDd93/VVr8B8="
    )


@pytest.mark.parametrize(
    "url",
    [
        "https://clinic.example/webhooks/twilio/status/abc/",
        "http://127.0.0.1:8000/webhooks/twilio/inbound/",
        "https://clinic.example:8443/status?token=a%2Fb&x=1",
    ],
)
def test_twilios_validator_accepts_it(url: str) -> None:
    validator = RequestValidator(TOKEN)
    signed = signature(url, PARAMS, TOKEN)
    assert validator.validate(url, PARAMS, signed)
    assert not validator.validate(url, PARAMS | {"MessageStatus": "failed"}, signed)
    assert not validator.validate(url + "x", PARAMS, signed)
    assert not RequestValidator("another").validate(url, PARAMS, signed)


@given(st.dictionaries(st.text(min_size=1), st.text(), max_size=8))
def test_twilios_validator_agrees_whatever_the_fields(params: dict[str, str]) -> None:
    url = "https://clinic.example/status"
    encodable = {name: value for name, value in params.items() if _encodable(name + value)}
    assert RequestValidator(TOKEN).compute_signature(url, encodable) == signature(url, encodable, TOKEN)


def _encodable(text: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in text)
