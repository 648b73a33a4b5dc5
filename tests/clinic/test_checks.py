"""System checks speak up before something goes wrong, and are silent where all is well."""

from typing import Any

import pytest
from pytest_django import Settings

from clinic import checks

WELL = {
    "PUBLIC_BASE_URL": "https://sms.example.org",
    "HTTPS": True,
    "TWILIO_ACCOUNT_SID": "AC1",
    "TWILIO_AUTH_TOKEN": "secret",
    "TWILIO_AUTH_TOKEN_PREVIOUS": "",
    "TWILIO_MARKETING_SENDER": "MG1",
    "TWILIO_CARE_SENDER": "MG2",
}


def ids(settings: Settings, **changed: Any) -> set[str]:
    for name, value in (WELL | changed).items():
        setattr(settings, name, value)
    return {str(found.id) for found in [*checks.callback_address(None), *checks.ready_for_patients(None)]}


def test_a_clinic_that_is_set_up_hears_nothing(settings: Settings) -> None:
    assert ids(settings) == set()


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"PUBLIC_BASE_URL": "https://sms_app.example.org"}, {"clinic.E001"}),
        ({"HTTPS": False}, {"clinic.E002"}),
        ({"TWILIO_AUTH_TOKEN": ""}, {"clinic.W001"}),
        ({"TWILIO_CARE_SENDER": "MG1"}, {"clinic.W002"}),
        ({"TWILIO_AUTH_TOKEN_PREVIOUS": "an old one"}, {"clinic.W003"}),
    ],
)
def test_each_fault_has_its_own_check(
    settings: Settings, changed: dict[str, Any], expected: set[str]
) -> None:
    assert ids(settings, **changed) == expected
