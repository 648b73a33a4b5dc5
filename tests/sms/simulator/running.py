"""A simulator on a free port of this machine, and the official client pointed at it."""

import asyncio
import json
import threading
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from twilio.http.async_http_client import AsyncTwilioHttpClient
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client

from sms.simulator.options import Options
from sms.simulator.server import serve
from sms.simulator.settings import Settings

ACCOUNT_SID = "AC" + "5" * 32
AUTH_TOKEN = "a-token-for-tests"
PATH = f"/2010-04-01/Accounts/{ACCOUNT_SID}/Messages.json"
AUTHORIZATION = "Basic " + b64encode(f"{ACCOUNT_SID}:{AUTH_TOKEN}".encode()).decode()
SENDER = "+61491570006"
SERVICE = "MG" + "7" * 32
OTHER_SERVICE = "MG" + "8" * 32
PHONE = "+61491570156"


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: str

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class SimulatorAtWork:
    """A simulator that is running, as its users see it: over HTTP and no other way."""

    def __init__(self, origin: str) -> None:
        self.origin = origin

    def request(self, method: str, path: str, *, data: bytes | None = None, **headers: str) -> Answer:
        request = Request(self.origin + path, method=method, data=data)  # noqa: S310  our own origin
        for name, value in headers.items():
            request.add_header(name.replace("_", "-"), value)
        try:
            with urlopen(request, timeout=10) as answer:  # noqa: S310
                return Answer(answer.status, dict(answer.headers), answer.read().decode())
        except HTTPError as refused:
            with refused:
                return Answer(refused.code, dict(refused.headers), refused.read().decode())

    def get(self, path: str, **query: str) -> Answer:
        return self.request("GET", f"{path}?{urlencode(query)}" if query else path)

    def post_json(self, path: str, content: object) -> Answer:
        return self.request("POST", path, data=json.dumps(content).encode())

    def post_form(self, path: str, **fields: str) -> Answer:
        return self.request("POST", path, data=urlencode(fields).encode())

    def list_messages(self, **query: str) -> Answer:
        """GET Messages.json as it is on the wire, with the right credentials."""
        return self.request("GET", f"{PATH}?{urlencode(query)}", Authorization=AUTHORIZATION)

    def create(self, path: str = PATH, **fields: str) -> Answer:
        """POST Messages.json as it is on the wire, with the right credentials."""
        return self.request("POST", path, data=urlencode(fields).encode(), Authorization=AUTHORIZATION)

    def set(self, **settings: object) -> dict[str, Any]:
        answer = self.post_json("/_simulator/settings", settings)
        assert answer.status == 200, answer.body
        settings_now: dict[str, Any] = answer.json
        return settings_now

    def ledger(self, **query: str) -> list[dict[str, Any]]:
        messages: list[dict[str, Any]] = self.get("/_simulator/ledger.json", **query).json["messages"]
        return messages

    def posts(self) -> list[dict[str, Any]]:
        posts: list[dict[str, Any]] = self.get("/_simulator/posts.json").json["posts"]
        return posts

    def settled_ledger(self) -> list[dict[str, Any]]:
        """The ledger once nothing is under way any more."""
        wait_until(lambda: self.get("/_simulator/summary.json").json["under_way"] == 0)
        return self.ledger()

    def reply(self, body: str, *, from_: str = PHONE, to: str | None = None) -> Answer:
        return self.post_json("/_simulator/inbound", {"from": from_, "body": body, "to": to})


@contextmanager
def running(*, ledger: Path | None = None, keep: int = 1000, **settings: Any) -> Iterator[SimulatorAtWork]:
    """A simulator in a thread of its own: real sockets, and coverage sees it."""
    options = Options(
        host="127.0.0.1",
        port=0,
        account_sid=ACCOUNT_SID,
        auth_token=AUTH_TOKEN,
        ledger=ledger,
        keep=keep,
        settings=Settings(**({"delivery_delay_ms": 0} | settings)),
    )
    origins: list[str] = []
    started = threading.Event()
    loop = asyncio.new_event_loop()
    stop = asyncio.Event()

    def ready(origin: str) -> None:
        origins.append(origin)
        started.set()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(options, stop=stop, ready=ready),))
    thread.start()
    try:
        assert started.wait(10), "the simulator did not start"
        yield SimulatorAtWork(origins[0])
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(10)
        assert not thread.is_alive(), "the simulator did not stop"
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()


def wait_until(condition: Callable[[], bool], *, seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)


class _OtherOrigin(TwilioHttpClient):
    def __init__(self, origin: str, timeout: float) -> None:
        super().__init__(timeout=timeout)
        self._origin = origin

    def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> Any:
        return super().request(method, url.replace("https://api.twilio.com", self._origin), *args, **kwargs)


class _OtherOriginAsync(AsyncTwilioHttpClient):
    def __init__(self, origin: str) -> None:
        super().__init__(timeout=None)
        self._origin = origin

    async def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> Any:
        return await super().request(
            method, url.replace("https://api.twilio.com", self._origin), *args, **kwargs
        )


@contextmanager
def client_of(
    simulator: SimulatorAtWork, *, auth_token: str = AUTH_TOKEN, timeout: float = 5
) -> Iterator[Client]:
    """Twilio's own client, with nothing changed but the origin."""
    http = _OtherOrigin(simulator.origin, timeout)
    assert http.session is not None
    with http.session:
        yield Client(ACCOUNT_SID, auth_token, http_client=http)


def async_client_of(simulator: SimulatorAtWork) -> Client:
    """The same for asyncio. Make it inside a running loop, and close its `http_client`."""
    return Client(ACCOUNT_SID, AUTH_TOKEN, http_client=_OtherOriginAsync(simulator.origin))
