"""What happens to a message after it was accepted: its statuses, in time, and the callbacks that announce them."""

import asyncio
import time
from dataclasses import dataclass

from sms.simulator.ledger import Ledger
from sms.simulator.messages import API_VERSION, CallbackAttempt, Message
from sms.simulator.outcomes import Step
from sms.simulator.record import Record
from sms.simulator.settings import Behaviour
from sms.simulator.webhooks import Webhooks

WORKERS = 32


@dataclass(slots=True)
class _Journey:
    message: Message
    steps: list[Step]
    generation: int
    taken: int = 0


class Deliveries:
    """Moves messages along their steps. The steps of one message follow each other; messages overtake each other.

    At most `WORKERS` callbacks are under way at once. A step waits for the callbacks of the step before, so a slow
    application slows its own news down, and nobody else's order is touched.
    """

    def __init__(
        self, *, account_sid: str, webhooks: Webhooks, behaviour: Behaviour, ledger: Ledger, record: Record
    ) -> None:
        self._account_sid = account_sid
        self._webhooks = webhooks
        self._behaviour = behaviour
        self._ledger = ledger
        self._record = record
        self._ready: asyncio.Queue[_Journey] = asyncio.Queue()
        self._workers: list[asyncio.Task[None]] = []
        self.pending = 0

    def open(self) -> None:
        self._workers = [asyncio.create_task(self._work()) for _ in range(WORKERS)]

    async def close(self) -> None:
        for worker in self._workers:
            worker.cancel()
        await asyncio.gather(*self._workers, return_exceptions=True)

    def start(self, message: Message, steps: list[Step]) -> None:
        """Let `message` take `steps`, each after the delay in force."""
        if steps:
            self.pending += 1
            self._after_delay(_Journey(message, steps, self._ledger.generation))

    async def finish_now(self, message: Message, steps: list[Step]) -> None:
        """Take all `steps` without delay, and come back when their callbacks were answered."""
        for step in steps:
            await self._take(message, step)

    def _after_delay(self, journey: _Journey) -> None:
        delay_ms = self._behaviour.settings.delivery_delay_ms
        if delay_ms:
            asyncio.get_running_loop().call_later(delay_ms / 1000, self._ready.put_nowait, journey)
        else:
            self._ready.put_nowait(journey)

    async def _work(self) -> None:
        while True:
            journey = await self._ready.get()
            still_wanted = journey.generation == self._ledger.generation
            if still_wanted:
                await self._take(journey.message, journey.steps[journey.taken])
                journey.taken += 1
            if still_wanted and journey.taken < len(journey.steps):
                self._after_delay(journey)
            else:
                self.pending -= 1

    async def _take(self, message: Message, step: Step) -> None:
        self._record.advance(message, step.status, step.error_code, time.time())
        if not (message.status_callback and self._behaviour.settings.callbacks):
            return
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
