"""The simulator itself: everything that one account knows, without HTTP around it."""

import base64
import time
from collections import deque
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from sms.simulator import outcomes
from sms.simulator.deliveries import Deliveries
from sms.simulator.messages import Message
from sms.simulator.record import Record
from sms.simulator.settings import Behaviour, Settings
from sms.simulator.webhooks import Webhooks

CONNECTIONS = 64


@dataclass(frozen=True, slots=True)
class Post:
    """One POST that arrived at Messages.json. `form` is as it came; `sid` is set if a message was created."""

    at: float
    form: bytes
    http_status: int | None
    code: int | None
    outcome: str | None
    sid: str | None


class Simulator:
    """One account with its messages, its opt-outs and its moods. Make it inside a running event loop.

    `keep` bounds how many messages, and how many POSTs, are remembered; beyond it the oldest are let go.
    """

    def __init__(
        self,
        *,
        account_sid: str,
        auth_token: str,
        settings: Settings,
        keep: int,
        ledger_path: Path | None = None,
    ) -> None:
        self.account_sid = account_sid
        self.credentials = base64.b64encode(
            f"{account_sid}:{auth_token}".encode()
        )  # as HTTP basic auth sends them
        self.behaviour = Behaviour(settings)
        self.record = Record(keep, ledger_path)
        self.ledger, self.opt_outs = self.record.ledger, self.record.opt_outs
        self.posts: deque[Post] = deque(maxlen=keep)
        self.posts_received = 0
        self.met_once: set[str] = set()
        self.webhooks = Webhooks(auth_token, CONNECTIONS)
        self.deliveries = Deliveries(
            account_sid=account_sid,
            webhooks=self.webhooks,
            behaviour=self.behaviour,
            record=self.record,
        )

    def open(self) -> None:
        """Begin to deliver, first what an earlier run left unfinished."""
        self.deliveries.open()
        for message in self.record.unfinished():
            self.deliveries.start(message, _steps_left(message))

    async def close(self) -> None:
        await self.deliveries.close()
        await self.webhooks.close()
        self.record.close()

    def note_post(self, post: Post) -> None:
        self.posts_received += 1
        self.posts.append(post)

    def reset(self) -> None:
        """Forget messages, replies, opt-outs and POSTs. Settings stay."""
        self.deliveries.give_up()
        self.record.reset()
        self.posts.clear()
        self.posts_received = 0
        self.met_once.clear()


def _steps_left(message: Message) -> tuple[outcomes.Step, ...]:
    outcome = outcomes.named(message.outcome) or outcomes.DELIVERED
    steps = outcomes.timeline(outcome, via_service=message.service_sid is not None)
    reached = [index for index, step in enumerate(steps) if step.status == message.status]
    return steps[reached[-1] + 1 :] if reached else steps


SIMULATOR = web.AppKey("simulator", Simulator)


def simulator_of(request: web.Request) -> Simulator:
    return request.app[SIMULATOR]


def now() -> float:
    """Seconds since 1970: the only clock that the handlers read."""
    return time.time()
