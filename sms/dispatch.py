"""The sender: claim a batch, send it, settle it; and again, the most urgent first, until nothing waits.

While one batch is under way the next one is claimed and the last one settled, so that the line to Twilio never idles.
"""

import logging
import random
import time
from collections import defaultdict, deque
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

from django.conf import settings
from django.db import connection, transaction
from django.urls import reverse

from sms import breaker, consequences, gateway, outbox, pacing, restored
from sms.outbox import Claim
from sms.waiting import Text, ready_purposes

logger = logging.getLogger(__name__)

# A text whose turn comes later than this after its claim goes back: what the claim knew is old by then.
START_WITHIN_S = 5.0
# While Twilio takes longer than this for a batch, waiting for it costs nothing, and no text should wait in a claim.
QUICK_S = 1.0
# How often the clocks of ticks and backups are looked at while texts are leaving.
LOOK_AGAIN = timedelta(seconds=1)
# Complaints about how fast we are, not about one text or one pair of numbers; 0 is "no connection".
TOO_FAST = frozenset({0, 20429, 21611})

Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Flight:
    """A batch whose claim began at `begun` of `time.monotonic()`, and what will be known of it."""

    claim: Claim
    begun: float
    outcomes: Future[list[gateway.Outcome]]


def drain(*, clock: Clock, until: datetime) -> int:
    """Send what waits until nothing is left or the time is up; returns how many texts were claimed."""
    with gateway.open_line() as line:
        flights: deque[Flight] = deque()
        try:
            return _keep_sending(line, flights, clock, until)
        except Exception:
            _save_what_is_known(flights, clock)
            raise


def _keep_sending(line: gateway.Line, flights: deque[Flight], clock: Clock, until: datetime) -> int:
    claimed, ahead = 0, 1
    looked_at: datetime | None = None
    while True:
        claim = None
        if len(flights) < ahead and clock() < until:
            # To look may take minutes, so that the claim asks the clock anew.
            if looked_at is None or clock() >= looked_at + LOOK_AGAIN:
                looked_at = clock() if restored.may_send(clock=clock) else None
            begun = time.monotonic()
            claim = next_batch(now=clock()) if looked_at else None
        if claim:
            claimed += len(claim.messages)
            if claim.messages:
                flights.append(depart(claim, line, begun=begun, now=clock()))
        elif flights:
            outcomes = flights[0].outcomes.result()
            ahead = 2 if time.monotonic() - flights[0].begun < QUICK_S else 1
            settle(flights.popleft().claim, outcomes, now=clock())
            if not all(map(_is_accepted, outcomes)):
                breaker.check(now=clock())
        else:
            return claimed


def _save_what_is_known(flights: deque[Flight], clock: Clock) -> None:
    """Something went wrong with one batch; Twilio's answers about the others are still worth having."""
    for flight in flights:
        try:
            if not connection.in_atomic_block:
                connection.close_if_unusable_or_obsolete()
            settle(flight.claim, flight.outcomes.result(), now=clock())
        except Exception as error:  # noqa: BLE001  The first one is raised; what a database says of it may hold a text.
            logger.error("A batch could not be settled: %s", type(error).__name__)


def next_batch(*, now: datetime) -> Claim | None:
    """Claim from the most urgent purpose that has something waiting; None if none has."""
    for purpose in ready_purposes(now=now):
        claim = outbox.claim(purpose=purpose, now=now)
        if claim.examined:
            return claim
    return None


def depart(claim: Claim, line: gateway.Line, *, begun: float, now: datetime) -> Flight:
    """Hand over the claim's texts: one POST for each, with no transaction open."""
    texts = [_outgoing(text, claim.until[text.pk], now) for text in claim.messages]
    outcomes = line.post(texts, at_once=claim.at_once, not_after=begun + START_WITHIN_S)
    return Flight(claim, begun, outcomes)


def settle(claim: Claim, outcomes: list[gateway.Outcome], *, now: datetime) -> None:
    """Write down the outcomes, in the order of the claim's messages, in one transaction.

    What a refusal means for its number comes after it, number by number: two numbers locked at a time could wait
    for somebody who locks them the other way round, and the whole batch would be lost to the one who gives in.
    """
    sids: dict[int, str] = {}
    unknown: dict[str, list[int]] = defaultdict(list)
    refused: list[tuple[Text, int]] = []
    # One statement is a transaction of its own.
    with nullcontext() if all(map(_is_accepted, outcomes)) else transaction.atomic():
        for message, outcome in zip(claim.messages, outcomes, strict=True):
            match outcome:
                case gateway.Accepted(sid=sid):
                    sids[message.pk] = sid
                case gateway.OutcomeUnknown(detail=detail):
                    unknown[detail].append(message.pk)
                case gateway.TryLater(code=code, retry_after=wait):
                    later = now + (wait or _back_off(message.attempt))
                    outbox.put_back(claim=claim, pk=message.pk, not_before=later, code=code, now=now)
                case gateway.NotPosted():
                    outbox.put_back(claim=claim, pk=message.pk, not_before=now, code=0, now=now)
                case gateway.SendingMustStop(code=code):
                    outbox.put_back(claim=claim, pk=message.pk, not_before=now, code=code, now=now)
                    outbox.pause(code=code, now=now)
                case _:
                    outbox.mark_failed(claim=claim, pk=message.pk, code=outcome.code, now=now)
                    refused.append((message, outcome.code))
        outbox.mark_accepted(claim=claim, sids=sids, now=now)
        for detail, pks in unknown.items():
            outbox.mark_unknown(claim=claim, pks=pks, because=detail[:40], now=now)
    _pace(claim, outcomes, now)
    for message, code in refused:
        consequences.draw(code=code, phone=message.phone, sender=outbox.sender_of(message), at=now)


def _is_accepted(outcome: gateway.Outcome) -> bool:
    return isinstance(outcome, gateway.Accepted)


def _pace(claim: Claim, outcomes: list[gateway.Outcome], now: datetime) -> None:
    """If Twilio was too busy for one text it is for all of this sender: the next batch waits as well."""
    if not claim.messages:
        return
    sender, claimed_at = outbox.sender_of(claim.messages[0]), claim.messages[0].claimed_at or now
    answered = zip(claim.messages, outcomes, strict=True)
    not_created = (gateway.TryLater, gateway.NotPosted, gateway.SendingMustStop)
    waiting_again = [message for message, outcome in answered if isinstance(outcome, not_created)]
    pacing.give_back(sender, waiting_again, claimed_at=claimed_at)
    too_busy = [o for o in outcomes if isinstance(o, gateway.TryLater) and o.code in TOO_FAST]
    if too_busy:
        wishes = [outcome.retry_after for outcome in too_busy if outcome.retry_after]
        pacing.slow_down(sender, wished=max(wishes, default=None), now=now)
    else:
        pacing.speed_up(sender)


def _outgoing(text: Text, until: datetime, now: datetime) -> gateway.Outgoing:
    before, after = _around_token()
    return gateway.Outgoing(
        to=text.phone,
        body=text.body,
        sender=outbox.sender_of(text),
        callback_url=f"{settings.PUBLIC_BASE_URL}{before}{text.token.hex}{after}",
        valid_for=until - now,
    )


@cache
def _around_token() -> tuple[str, str]:
    """The path of a text's callbacks, before and after its token: looked up once, not for each text."""
    token = "0" * 32
    before, _, after = reverse("sms:twilio_status", args=[token]).partition(token)
    return before, after


def _back_off(attempt: int) -> timedelta:
    """5 s, 10 s, 20 s … up to ten minutes, each shortened by chance to at least half of it."""
    longest = min(600.0, 5.0 * 2 ** min(attempt - 1, 10))
    return timedelta(seconds=longest * random.uniform(0.5, 1.0))  # noqa: S311 - spreads load, guards nothing
