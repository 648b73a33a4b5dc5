"""What happens to a message after it was accepted: its statuses, in time, and the callbacks that announce them."""

import asyncio
import time
from dataclasses import dataclass

from sms.simulator.messages import API_VERSION, CallbackAttempt, Message
from sms.simulator.outcomes import Step
from sms.simulator.record import Record
from sms.simulator.settings import Behaviour
from sms.simulator.webhooks import Webhooks

# Each keeps a request and a database connection of the application busy; a small PostgreSQL has 100 for everybody.
WORKERS = 8


@dataclass(slots=True)
class _Journey:
    message: Message
    steps: tuple[Step, ...]
    generation: int
    taken: int = 0


class Deliveries:
    """Moves messages along their steps. The steps of one message follow each other; messages overtake each other.

    At most `WORKERS` callbacks are under way at once. A step waits for the callbacks of the step before, so that the
    news of one message arrives in order however slow the application is.
    """

    def __init__(self, *, account_sid: str, webhooks: Webhooks, behaviour: Behaviour, record: Record) -> None:
        self._account_sid = account_sid
        self._webhooks = webhooks
        self._behaviour = behaviour
        self._record = record
        self._ready: asyncio.Queue[_Journey] = asyncio.Queue()
        self._workers: list[asyncio.Task[None]] = []
        self._generation = 0
        self.pending = 0

    def open(self) -> None:
        self._workers = [asyncio.create_task(self._work()) for _ in range(WORKERS)]

    async def close(self) -> None:
        for worker in self._workers:
            worker.cancel()
        await asyncio.gather(*self._workers, return_exceptions=True)

    def start(self, message: Message, steps: tuple[Step, ...]) -> None:
        """Let `message` take `steps`, each after the delay in force."""
        if steps:
            self.pending += 1
            self._after_delay(_Journey(message, steps, self._generation))

    def give_up(self) -> None:
        """Let every message stay where it is."""
        self._generation += 1
        self.pending = 0

    async def finish_now(self, message: Message, steps: tuple[Step, ...]) -> None:
        """Take all `steps` without delay, and come back when their callbacks were answered."""
        for step in steps:
            self._advance(message, step)
            if self._is_announced(message, step):
                await self._announce_all(message, step)

    def _after_delay(self, journey: _Journey) -> None:
        delay_ms = self._behaviour.settings.delivery_delay_ms
        if delay_ms:
            asyncio.get_running_loop().call_later(delay_ms / 1000, self._due, journey)
        else:
            self._due(journey)

    def _due(self, journey: _Journey) -> None:
        if journey.generation != self._generation:
            return
        message, step = journey.message, journey.steps[journey.taken]
        self._advance(message, step)
        if self._is_announced(message, step):
            self._ready.put_nowait(journey)
        else:
            self._go_on(journey)

    async def _work(self) -> None:
        while True:
            journey = await self._ready.get()
            if journey.generation == self._generation:
                await self._announce_all(journey.message, journey.steps[journey.taken])
                self._go_on(journey)

    def _go_on(self, journey: _Journey) -> None:
        if journey.generation != self._generation:
            return  # given up while its callbacks were under way
        journey.taken += 1
        if journey.taken < len(journey.steps):
            self._after_delay(journey)
        else:
            self.pending -= 1

    def _advance(self, message: Message, step: Step) -> None:
        self._record.advance(message, step.status, step.error_code, time.time())

    def _is_announced(self, message: Message, step: Step) -> bool:
        return bool(step.announce and message.status_callback and self._behaviour.settings.callbacks)

    async def _announce_all(self, message: Message, step: Step) -> None:
        for status in step.announce:
            await self._announce(message, status, step.error_code if status == step.status else None)

    async def _announce(self, message: Message, status: str, error_code: int | None) -> None:
        at = time.time()
        params = self._params(message, status, error_code, at)
        heard = await self._webhooks.post(message.status_callback or "", params)
        self._record.callback(message, CallbackAttempt(status, at, heard.http_status, heard.error))

    def _params(self, message: Message, status: str, error_code: int | None, at: float) -> dict[str, str]:
        params = {
            "AccountSid": self._account_sid,
            "ApiVersion": API_VERSION,
            "From": message.from_ or "",
            "MessageSid": message.sid,
            "MessageStatus": status,
            "SmsSid": message.sid,
            "SmsStatus": status,
            "To": message.to,
        }
        if message.service_sid:
            params["MessagingServiceSid"] = message.service_sid
        if error_code:
            params["ErrorCode"] = str(error_code)
        if status == "delivered":
            params["RawDlrDoneDate"] = time.strftime("%y%m%d%H%M", time.gmtime(at))
        return params
