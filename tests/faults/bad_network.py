"""The network between us and the simulator, both ways, as HTTP proxies that can be told to misbehave."""

import asyncio
import random
import socket
import struct
import threading
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from aiohttp import ClientError, ClientSession, ClientTimeout, DummyCookieJar, TCPConnector, web

_HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "content-encoding", "host"}

# Answers that nobody can use. The status is what HTTP says, the body what comes with it.
ANSWERS: dict[str, tuple[int, bytes]] = {
    "garbage": (201, b'{"sid": "SM'),
    "empty": (201, b""),
    "{}": (201, b"{}"),
    "no sid": (201, b'{"status": "queued"}'),
    "302": (302, b""),
    "1 MB": (201, b'{"sid": "' + b"x" * 1_000_000 + b'"}'),
    "500": (500, b'{"code": 20500, "message": "Internal Server Error", "status": 500}'),
    "502": (502, b"<html><h1>502 Bad Gateway</h1></html>"),
    "503": (503, b'{"code": 20503, "message": "Service Unavailable", "status": 503}'),
    "504": (504, b"<html><h1>504 Gateway Timeout</h1></html>"),
}


@dataclass(frozen=True, slots=True)
class Fault:
    """What becomes of one POST: whether it reaches the simulator, and what is answered instead of its answer.

    `answer` is a name of ANSWERS, "silence", "reset", or "" for the true answer.
    """

    created: bool
    answer: str


@dataclass(frozen=True, slots=True)
class Seen:
    """A request that passed, with what it takes to play it again."""

    path: str
    body: bytes
    signature: str


class Loop:
    """An event loop in a thread of its own, for as long as the run lasts."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        threading.Thread(target=self.loop.run_forever, daemon=True).start()

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(60)


class Proxy:
    """Listens on a port of this machine and hands every request on to `target`."""

    def __init__(self, loop: Loop, target: str) -> None:
        self.loop, self.target, self.port = loop, target, 0
        self._runner: web.AppRunner | None = None
        self._session: ClientSession | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def open(self) -> None:
        self.loop.run(self._open())

    def close(self) -> None:
        """From now on connections are refused."""
        self.loop.run(self._close())

    async def _open(self) -> None:
        if self._session is None:
            self._session = ClientSession(
                connector=TCPConnector(limit=0, force_close=True),
                timeout=ClientTimeout(total=60),
                cookie_jar=DummyCookieJar(),
            )
        app = web.Application(client_max_size=10_000_000)
        app.router.add_route("*", "/{rest:.*}", self.handle)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port, reuse_address=True)
        await site.start()
        self.port = self._runner.addresses[0][1]

    async def _close(self) -> None:
        if self._runner:
            await self._runner.cleanup()
            self._runner = None

    async def handle(self, request: web.Request) -> web.StreamResponse:
        return await self.hand_on(request, await request.read())

    async def hand_on(self, request: web.Request, body: bytes) -> web.Response:
        headers = {name: value for name, value in request.headers.items() if name.lower() not in _HOP_BY_HOP}
        assert self._session is not None
        try:
            async with self._session.request(
                request.method,
                self.target + request.path_qs,
                data=body,
                headers=headers,
                allow_redirects=False,
            ) as answer:
                content = await answer.read()
                kept = {
                    name: value
                    for name, value in answer.headers.items()
                    if name.lower() in {"content-type", "retry-after", "location"}
                }
                return web.Response(status=answer.status, body=content, headers=kept)
        except (ClientError, TimeoutError, OSError):
            return web.Response(status=502, text="nobody answers behind the proxy")


@dataclass(slots=True)
class Post:
    """A POST on its way to the simulator. `number` counts them in this run."""

    number: int
    to: str
    callback: str


Plan = Callable[[Post], Fault | None]


class ToTwilio(Proxy):
    """Between our sender and the simulator. `plan` decides what becomes of each POST; None is nothing special."""

    def __init__(self, loop: Loop, target: str) -> None:
        super().__init__(loop, target)
        self.calm()

    def calm(self) -> None:
        self.plan: Plan = lambda _: None
        self.lists_fail = False
        self.before_answer: Callable[[Post, bytes], Coroutine[Any, Any, None]] | None = None
        self.posts = self.faults = 0
        self.failures: list[str] = []

    async def handle(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        if request.method != "POST":
            return web.Response(status=500) if self.lists_fail else await self.hand_on(request, body)
        form = parse_qs(body.decode())
        self.posts += 1
        post = Post(self.posts, form.get("To", [""])[0], form.get("StatusCallback", [""])[0])
        fault = self.plan(post)
        answer = await self.hand_on(request, body) if fault is None or fault.created else None
        if answer is not None and self.before_answer:
            assert isinstance(answer.body, bytes)
            try:
                await self.before_answer(post, answer.body)
            except Exception as error:  # noqa: BLE001  Told at the end of the run: in this thread nobody would see it.
                self.failures.append(repr(error))
        if fault is None or not fault.answer:
            assert answer is not None
            return answer
        self.faults += 1
        return await self._misbehave(request, fault.answer)

    async def _misbehave(self, request: web.Request, answer: str) -> web.StreamResponse:
        if answer == "silence":
            for _ in range(600):
                if request.transport is None or request.transport.is_closing():
                    break
                await asyncio.sleep(0.05)
        if answer in ("silence", "reset"):
            hang_up(request.transport)
            return web.Response(status=500)
        status, body = ANSWERS[answer]
        kind = "text/html" if body.startswith(b"<") else "application/json"
        headers = {"Location": self.url + request.path} if status == 302 else {}
        return web.Response(status=status, body=body, headers={"Content-Type": kind, **headers})


def hang_up(transport: asyncio.BaseTransport | None) -> None:
    """Drop a connection with a reset instead of a polite end."""
    if isinstance(transport, asyncio.Transport) and not transport.is_closing():
        connection = transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()


@dataclass
class News:
    """What becomes of callbacks on their way to us: chances from 0 to 1, and a delay up to `delay` seconds."""

    lose: float = 0
    twice: float = 0
    delay: float = 0
    chance: random.Random = field(default_factory=random.Random)


class ToUs(Proxy):
    """Between the simulator and our web application. `unheard` counts the callbacks that it did not take."""

    def __init__(self, loop: Loop, target: str) -> None:
        super().__init__(loop, target)
        self.under_way = 0
        self.calm()

    def calm(self) -> None:
        self.news, self.seen, self.lost, self.unheard = News(), list[Seen](), 0, 0

    async def handle(self, request: web.Request) -> web.StreamResponse:
        body, news = await request.read(), self.news
        if not request.path.startswith("/webhooks/"):
            return await self.hand_on(request, body)
        signature = request.headers.get("X-Twilio-Signature", "")
        self.seen.append(Seen(request.path_qs, body, signature))
        if news.delay:
            await asyncio.sleep(news.chance.uniform(0, news.delay))
        if news.chance.random() < news.lose:
            self.lost += 1
            hang_up(request.transport)
            return web.Response(status=502)
        if news.chance.random() < news.twice:
            await self.hand_on(request, body)
        return await self._told(request, body)

    async def _told(self, request: web.Request, body: bytes) -> web.Response:
        self.under_way += 1
        try:
            answer = await self.hand_on(request, body)
        finally:
            self.under_way -= 1
        self.unheard += answer.status >= 500
        return answer
