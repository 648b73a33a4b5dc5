"""Neither the logs nor an exception hold a number or a text, whatever happens."""

import logging
import traceback

import pytest
from pytest_django import Settings

from sms.gateway import CannotTell, OutcomeUnknown, find
from tests.sms.gateway.conftest import Provider
from tests.sms.gateway.stand_in import Request
from tests.sms.gateway.test_finding import NOON, record
from tests.sms.gateway.texts import SID, post_all, text

SECRETS = ["1491570", "491 570", "results", "a-token"]


def _echo(request: Request, status: int) -> None:
    words = f"{request.form} {request.query} {request.path}"
    request.answer(status, {"code": 29999, "message": words, "detail": words, "title": words, "type": "x"})


@pytest.mark.parametrize("status", [200, 201, 302, 400, 429, 500])
def test_nothing_personal_is_logged(
    provider: Provider, caplog: pytest.LogCaptureFixture, status: int
) -> None:
    for name in [None, "twilio", "twilio.async_http_client", "aiohttp"]:
        caplog.set_level(logging.DEBUG, logger=name)
    provider(lambda request: _echo(request, status))
    post_all([text()])
    with pytest.raises(CannotTell) as failure:
        find(to=text().to, since=NOON)
    said = caplog.text + "".join(traceback.format_exception(failure.value))
    assert not [secret for secret in SECRETS if secret in said]


def test_nothing_personal_is_logged_when_all_is_well(
    provider: Provider, caplog: pytest.LogCaptureFixture
) -> None:
    for name in [None, "twilio", "twilio.async_http_client", "aiohttp"]:
        caplog.set_level(logging.DEBUG, logger=name)

    def behave(request: Request) -> None:
        if request.method == "POST":
            request.answer(201, {"sid": SID})
        else:
            request.answer(200, {"messages": [record(1)], "next_page_uri": None})

    provider(behave)
    post_all([text()])
    assert find(to=text().to, since=NOON)
    assert not [secret for secret in SECRETS if secret in caplog.text]


def test_an_unforeseen_end_is_logged_by_its_kind_alone(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.TWILIO_API_URL = "http://[::1"
    assert post_all([text()]) == [OutcomeUnknown("unforeseen ValueError")]
    assert [record.getMessage() for record in caplog.records] == [
        "Sending ended in an unforeseen ValueError."
    ]
