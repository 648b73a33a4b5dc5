"""A running simulator, Twilio's client for it, and an application that it calls back."""

from collections.abc import Iterator

import pytest
from twilio.rest import Client

from tests.sms.simulator.application import Application, listening
from tests.sms.simulator.running import SimulatorAtWork, client_of, running


@pytest.fixture(scope="module")
def _one_for_the_file() -> Iterator[SimulatorAtWork]:
    with running() as simulator:
        yield simulator


@pytest.fixture
def simulator(_one_for_the_file: SimulatorAtWork) -> SimulatorAtWork:
    """A simulator that knows nothing yet and has its settings as they ship, but delivers at once."""
    _one_for_the_file.request("DELETE", "/_simulator/ledger")
    _one_for_the_file.set(
        latency_ms=0, rate=0, delivery_delay_ms=0, callbacks=True, magic_endings=True, advanced_opt_out=True,
        lose=0, duplicate=0, reorder=0, seed=None, inbound_urls=[], fail_next=[],
    )  # fmt: skip
    return _one_for_the_file


@pytest.fixture
def client(simulator: SimulatorAtWork) -> Iterator[Client]:
    with client_of(simulator) as client:
        yield client


@pytest.fixture
def application() -> Iterator[Application]:
    with listening() as application:
        yield application
