"""The sender: claim a batch, send it, settle it; and again, the most urgent first, until nothing waits."""

import random
from collections import defaultdict
from collections.abc import Callable
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from patients.eligibility import Purpose
from sms import breaker, consequences, gateway, outbox, pacing, restored
from sms.models import Message
from sms.outbox import Claim

BATCH = 50
TURNS = 3
# Complaints about how fast we are, not about one text or one pair of numbers; 0 is "no connection".
TOO_FAST = frozenset({0, 20429, 21611})

Clock = Callable[[], datetime]


def drain(*, clock: Clock, until: datetime) -> int:
    """Send what waits until nothing is left or the time is up; returns how many texts were claimed."""
    claimed = 0
    while clock() < until and restored.may_send(clock=clock):
        claim = next_batch(now=clock())
        if claim is None:
            break
        send(claim, clock=clock)
        breaker.check(now=clock())
        claimed += len(claim.messages)
    return claimed


def next_batch(*, now: datetime) -> Claim | None:
    """Claim from the most urgent purpose that has something waiting; None if none has."""
    for purpose in outbox.MOST_URGENT_FIRST:
        claim = outbox.claim(purpose=purpose, limit=_batch(purpose), now=now)
        if claim.examined:
            return claim
    return None


def _batch(purpose: Purpose) -> int:
    """A batch has three turns at most, however few may leave at once: the lease is made for three."""
    return min(BATCH, TURNS * pacing.concurrency(outbox.sender_for(purpose)))


def send(claim: Claim, *, clock: Clock) -> None:
    """One POST for each text of the claim, with no transaction open; then write down what came of it."""
    texts = [_outgoing(message, claim.until[message.pk], clock()) for message in claim.messages]
    at_once = pacing.concurrency(texts[0].sender) if texts else 1
    outcomes = gateway.send_all_blocking(texts, concurrency=at_once)
    settle(claim, outcomes, now=clock())


def settle(claim: Claim, outcomes: list[gateway.Outcome], *, now: datetime) -> None:
    """Write down the outcomes, in the order of the claim's messages, in one transaction.

    What a refusal means for its number comes after it, number by number: two numbers locked at a time could wait
    for somebody who locks them the other way round, and the whole batch would be lost to the one who gives in.
    """
    sids: dict[int, str] = {}
    unknown: dict[str, list[int]] = defaultdict(list)
    refused: list[tuple[Message, int]] = []
    with transaction.atomic():
        for message, outcome in zip(claim.messages, outcomes, strict=True):
            match outcome:
                case gateway.Accepted(sid=sid):
                    sids[message.pk] = sid
                case gateway.OutcomeUnknown(detail=detail):
                    unknown[detail].append(message.pk)
                case gateway.TryLater(code=code, retry_after=wait):
                    later = now + (wait or _back_off(message.attempt))
                    outbox.put_back(claim=claim, pk=message.pk, not_before=later, code=code, now=now)
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


def _pace(claim: Claim, outcomes: list[gateway.Outcome], now: datetime) -> None:
    """If Twilio was too busy for one text it is for all of this sender: the next batch waits as well."""
    if not claim.messages:
        return
    sender, claimed_at = outbox.sender_of(claim.messages[0]), claim.messages[0].claimed_at or now
    answered = zip(claim.messages, outcomes, strict=True)
    not_created = (gateway.TryLater, gateway.SendingMustStop)
    waiting_again = [message for message, outcome in answered if isinstance(outcome, not_created)]
    pacing.give_back(sender, waiting_again, claimed_at=claimed_at)
    too_busy = [o for o in outcomes if isinstance(o, gateway.TryLater) and o.code in TOO_FAST]
    if too_busy:
        wishes = [outcome.retry_after for outcome in too_busy if outcome.retry_after]
        pacing.slow_down(sender, wished=max(wishes, default=None), now=now)
    else:
        pacing.speed_up(sender)


def _outgoing(message: Message, until: datetime, now: datetime) -> gateway.Outgoing:
    return gateway.Outgoing(
        to=message.phone,
        body=message.body,
        sender=outbox.sender_of(message),
        callback_url=settings.PUBLIC_BASE_URL + reverse("sms:twilio_status", args=[message.token.hex]),
        valid_for=until - now,
    )


def _back_off(attempt: int) -> timedelta:
    """5 s, 10 s, 20 s … up to ten minutes, each shortened by chance to at least half of it."""
    longest = min(600.0, 5.0 * 2 ** min(attempt - 1, 10))
    return timedelta(seconds=longest * random.uniform(0.5, 1.0))  # noqa: S311 - spreads load, guards nothing
