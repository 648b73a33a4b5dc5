from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from aiohttp import ClientTimeout
from pytest_django import Settings

from sms.gateway import transport
from tests.sms.gateway.stand_in import Request, StandIn, serving

Provider = Callable[[Callable[[Request], None]], StandIn]


@pytest.fixture(autouse=True)
def account(settings: Settings) -> None:
    """An account, and an origin at which nobody listens until a test says otherwise."""
    settings.TWILIO_ACCOUNT_SID = "AC" + "0" * 32
    settings.TWILIO_AUTH_TOKEN = "a-token"
    settings.TWILIO_AUTH_TOKEN_PREVIOUS = ""
    settings.TWILIO_API_URL = "http://127.0.0.1:1"


@pytest.fixture
def provider(settings: Settings) -> Iterator[Provider]:
    """Start a provider that behaves as told, and point the gateway at it."""
    with ExitStack() as stack:

        def start(behave: Callable[[Request], None]) -> StandIn:
            stand_in = stack.enter_context(serving(behave))
            settings.TWILIO_API_URL = stand_in.url
            return stand_in

        yield start


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The time limits, shortened: 0.3 s to connect, 0.5 s of silence, 1 s in all."""
    monkeypatch.setattr(transport, "TIMEOUT", ClientTimeout(total=1, connect=0.3, sock_read=0.5))
