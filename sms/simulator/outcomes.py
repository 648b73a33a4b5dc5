"""What can become of a text: every way in which Twilio answers, delivers, tells, or fails to.

An outcome is chosen by the last four digits of the number (`ENDINGS`), or forced through the settings. Only the name
of an outcome leaves this file; what it means is read here alone.
"""

import re
from dataclasses import dataclass
from enum import Enum, auto
from functools import cache


class Answer(Enum):
    """What the caller hears. Whether a message exists is another question."""

    AS_TWILIO = auto()
    SERVER_ERROR = auto()
    GATEWAY_PAGE = auto()
    SILENCE = auto()
    RESET = auto()
    GARBAGE = auto()
    EMPTY_OBJECT = auto()


class News(Enum):
    """How the status callbacks arrive."""

    IN_ORDER = auto()
    NONE = auto()
    TWICE = auto()
    REVERSED = auto()
    BEFORE_THE_ANSWER = auto()


@dataclass(frozen=True, slots=True)
class Outcome:
    """One fate. `refused_with` is Twilio's code when nothing is created; `last_status` and `error_code` are the end.

    `once`: only the first attempt at a number meets this fate, the next one is delivered.
    """

    name: str
    says: str
    created: bool = True
    answer: Answer = Answer.AS_TWILIO
    refused_with: int | None = None
    retry_after_s: int | None = None
    once: bool = False
    last_status: str = "delivered"
    error_code: int | None = None
    news: News = News.IN_ORDER


@dataclass(frozen=True, slots=True)
class Step:
    """A status that a message reaches, and the statuses that are then announced, in this order."""

    status: str
    error_code: int | None
    announce: tuple[str, ...]


def _refused(code: int, says: str) -> Outcome:
    return Outcome(f"refused_{code}", says, created=False, refused_with=code)


def _ends(status: str, code: int, says: str) -> Outcome:
    return Outcome(f"{status}_{code}", says, last_status=status, error_code=code)


def _busy(name: str, says: str, *, retry_after_s: int | None, once: bool) -> Outcome:
    return Outcome(name, says, created=False, refused_with=20429, retry_after_s=retry_after_s, once=once)


def _broken(name: str, says: str, answer: Answer, *, created: bool) -> Outcome:
    return Outcome(name, says, created=created, answer=answer)


DELIVERED = Outcome("delivered", "Accepted, sent and delivered")
TOO_FAST = _busy(
    "too_fast", "Too many requests: faster than the rate that was set", retry_after_s=1, once=False
)

# How to remember them: 1xxx is Twilio's code 21xxx, 300x is 3000x and 2003 is 20003; 5xx0 and 5xx1 are the HTTP
# status with 0 for "nothing was created" and 1 for "created all the same" (505x: the line drops); 201x are created
# with an answer nobody can use; 700x are strange callbacks.
ENDINGS: dict[str, Outcome] = {
    "1211": _refused(21211, "Refused: not a valid number"),
    "1610": _refused(21610, "Refused: the recipient has opted out"),
    "1614": _refused(21614, "Refused: not a mobile number"),
    "2003": _refused(20003, "Refused: the credentials are wrong"),
    "3001": _ends("failed", 30001, "Failed: the sender's queue is full"),
    "3002": _ends("failed", 30002, "Failed: the account is suspended"),
    "3003": _ends("undelivered", 30003, "Not delivered: the phone is off or out of reach"),
    "3004": _ends("undelivered", 30004, "Not delivered: blocked"),
    "3005": _ends("undelivered", 30005, "Not delivered: unknown number"),
    "3006": _ends("undelivered", 30006, "Not delivered: a landline, or a network that cannot be reached"),
    "3007": _ends("undelivered", 30007, "Not delivered: filtered by the carrier"),
    "3008": _ends("undelivered", 30008, "Not delivered: unknown error"),
    "4290": _busy(
        "429_always", "Too many requests, with Retry-After, every time", retry_after_s=1, once=False
    ),
    "4291": _busy("429_once", "Too many requests, with Retry-After, then fine", retry_after_s=1, once=True),
    "4292": _busy(
        "429_once_bare", "Too many requests, no Retry-After, then fine", retry_after_s=None, once=True
    ),
    "4293": _busy(
        "429_always_bare", "Too many requests, no Retry-After, every time", retry_after_s=None, once=False
    ),
    "5000": _broken("500_before", "Server error, nothing created", Answer.SERVER_ERROR, created=False),
    "5001": _broken("500_after", "Server error, yet created", Answer.SERVER_ERROR, created=True),
    "5020": _broken(
        "502_before", "A gateway's HTML page, nothing created", Answer.GATEWAY_PAGE, created=False
    ),
    "5021": _broken("502_after", "A gateway's HTML page, yet created", Answer.GATEWAY_PAGE, created=True),
    "5040": _broken("timeout_before", "No answer ever, nothing created", Answer.SILENCE, created=False),
    "5041": _broken("timeout_after", "No answer ever, yet created", Answer.SILENCE, created=True),
    "5050": _broken("reset_before", "Connection reset, nothing created", Answer.RESET, created=False),
    "5051": _broken("reset_after", "Connection reset, yet created", Answer.RESET, created=True),
    "2011": _broken("201_garbage", "Created, but the answer cannot be read", Answer.GARBAGE, created=True),
    "2012": _broken("201_empty", "Created, but the answer is {}", Answer.EMPTY_OBJECT, created=True),
    "7000": Outcome("callbacks_none", "Delivered, and no callback ever says so", news=News.NONE),
    "7002": Outcome("callbacks_twice", "Delivered, every callback comes twice", news=News.TWICE),
    "7003": Outcome(
        "callbacks_reversed", "Delivered, the callbacks come in the wrong order", news=News.REVERSED
    ),
    "7004": Outcome(
        "callbacks_early", "Delivered, all callbacks come before the answer", news=News.BEFORE_THE_ANSWER
    ),
}

_BY_NAME = {outcome.name: outcome for outcome in (DELIVERED, *ENDINGS.values())}
_ANY_CODE = re.compile(r"(refused|failed|undelivered)_([1-9]\d{4})")


def for_number(number: str) -> Outcome:
    return ENDINGS.get(number[-4:], DELIVERED)


def named(name: str) -> Outcome | None:
    """The outcome of that name, None if there is none.

    Besides the names in the table: `refused_N`, `failed_N` and `undelivered_N` for any of Twilio's codes.
    """
    known = _BY_NAME.get(name)
    if known is None and (match := _ANY_CODE.fullmatch(name)):
        kind, code = match[1], int(match[2])
        return (
            _refused(code, f"Refused with {code}")
            if kind == "refused"
            else _ends(kind, code, f"{kind}: {code}")
        )
    return known


@cache
def timeline(outcome: Outcome, *, via_service: bool) -> tuple[Step, ...]:
    """The statuses that a created message goes through after its first one, with their announcements.

    A messaging service starts at `accepted` and is queued later, which is announced; a number starts at `queued`.
    """
    before = ["queued"] if via_service else []
    if outcome.last_status != "failed":
        before.append("sent")
    statuses = [*before, outcome.last_status]
    last = Step(outcome.last_status, outcome.error_code, (outcome.last_status,))
    steps = (*(Step(status, None, (status,)) for status in before), last)
    if outcome.news is News.NONE:
        return tuple(Step(step.status, step.error_code, ()) for step in steps)
    if outcome.news is News.TWICE:
        return tuple(Step(step.status, step.error_code, step.announce * 2) for step in steps)
    if outcome.news is News.REVERSED:
        return reversed_news(steps, statuses)
    return steps


def reversed_news(steps: tuple[Step, ...], statuses: list[str]) -> tuple[Step, ...]:
    """The same statuses, all announced at the end, the last one first."""
    quiet = [Step(step.status, step.error_code, ()) for step in steps[:-1]]
    return (*quiet, Step(steps[-1].status, steps[-1].error_code, tuple(reversed(statuses))))
