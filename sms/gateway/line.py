"""A line to Twilio: connections that are kept, in a thread of their own. Whoever posts can do other work meanwhile."""

import asyncio
import time
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from math import inf
from typing import Any

from sms.gateway.outcome import NotPosted, Outcome, Outgoing, SendingMustStop
from sms.gateway.transport import Http
from sms.gateway.twilio import BAD_CREDENTIALS, MESSAGE_BYTES, Poster, has_credentials


class Line:
    """Texts leave in the order in which they were handed over. Made by `open_line`, used by one thread."""

    def __init__(self, poster: Poster | None) -> None:
        self._loop = asyncio.get_running_loop()
        self._poster = poster
        self._waiting: deque[tuple[_Batch, int]] = deque()
        self._at_once = self._under_way = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._closing = asyncio.Event()

    def post(
        self, texts: Sequence[Outgoing], *, at_once: int, not_after: float = inf
    ) -> Future[list[Outcome]]:
        """One POST for each of `texts`; the outcomes in the same order, once all are there.

        From now on at most `at_once` are under way, those handed over before among them. A text whose turn comes
        after `not_after` (of `time.monotonic()`) is not posted. Raises for no text: what went wrong is its
        outcome. Without credentials nothing is posted.
        """
        batch = _Batch(texts)
        if self._poster is None:
            batch.told.set_result([SendingMustStop(BAD_CREDENTIALS) for _ in texts])
        elif not texts:
            batch.told.set_result([])
        else:
            batch.not_after = not_after
            self._loop.call_soon_threadsafe(self._take_in, batch, at_once)
        return batch.told

    async def ends(self) -> None:
        await self._closing.wait()

    def close(self) -> None:
        """What is still under way is broken off: nobody is there any more to hear what came of it."""
        self._loop.call_soon_threadsafe(self._closing.set)

    def _take_in(self, batch: "_Batch", at_once: int) -> None:
        self._waiting.extend((batch, place) for place in range(len(batch.texts)))
        self._at_once = at_once
        for _ in range(min(at_once - self._under_way, len(self._waiting))):
            self._under_way += 1
            task = self._loop.create_task(self._keep_posting())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _keep_posting(self) -> None:
        assert self._poster is not None
        while self._waiting and self._under_way <= self._at_once:
            batch, place = self._waiting.popleft()
            if time.monotonic() > batch.not_after:
                batch.tell(place, NotPosted())
            else:
                batch.tell(place, await self._poster.post(batch.texts[place]))
        self._under_way -= 1


class _Batch:
    """Texts that were handed over together, and what came of those that have been answered."""

    def __init__(self, texts: Sequence[Outgoing]) -> None:
        self.texts = texts
        self.not_after = inf
        self.told: Future[list[Outcome]] = Future()
        self._outcomes: dict[int, Outcome] = {}

    def tell(self, place: int, outcome: Outcome) -> None:
        self._outcomes[place] = outcome
        if len(self._outcomes) == len(self.texts):
            self.told.set_result([self._outcomes[number] for number in range(len(self.texts))])


@contextmanager
def open_line() -> Iterator[Line]:
    """A line that is closed when the context ends."""
    ready: Future[Line] = Future()

    async def live() -> None:
        # How many connections there are is up to `at_once`: waiting for a free one would count as connecting.
        async with Http(connections=0, largest_answer=MESSAGE_BYTES) as http:
            line = Line(Poster(http) if has_credentials() else None)
            ready.set_result(line)
            await line.ends()

    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="line") as threads:
        lived = threads.submit(asyncio.run, live())
        either: list[Future[Any]] = [lived, ready]
        wait(either, return_when=FIRST_COMPLETED)
        if not ready.done():
            lived.result()  # It says why.
        line = ready.result()
        try:
            yield line
        finally:
            line.close()
