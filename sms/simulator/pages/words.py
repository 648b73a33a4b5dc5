"""Numbers, times and statuses as a person reads them."""

import time

from sms.simulator import outcomes
from sms.simulator.messages import Message

# Status -> (word, tone); the tone is a class of the stylesheet.
_STATUS = {
    "accepted": ("On its way", "waiting"),
    "queued": ("On its way", "waiting"),
    "sent": ("Sent", "waiting"),
    "delivered": ("Delivered", "good"),
    "undelivered": ("Not delivered", "bad"),
    "failed": ("Failed", "bad"),
}


def spaced(number: str) -> str:
    """A phone number in groups: `+61 491 570 006`. What is not one is returned as it is."""
    if not (number.startswith("+") and number[1:].isdigit() and len(number) > 8):
        return number
    rest = number[1:]
    code_length = len(rest) - 9 if 10 <= len(rest) <= 12 and not rest.startswith("1") else 1
    code, rest = rest[:code_length], rest[code_length:]
    groups = []
    while len(rest) > 4:
        groups.append(rest[:3])
        rest = rest[3:]
    return " ".join(["+" + code, *groups, rest])


def sender_name(sender: str) -> str:
    return f"Service …{sender[-4:]}" if sender.startswith("MG") else spaced(sender)


def can_be_answered(sender: str) -> bool:
    return sender.startswith("MG") or sender.removeprefix("+").isdigit()


def clock(at: float, now: float) -> str:
    """The time of day on this machine, with the day if it is another one."""
    local, today = time.localtime(at), time.localtime(now)
    same_day = local[:3] == today[:3]
    return time.strftime("%H:%M:%S" if same_day else "%d %b, %H:%M", local)


def status_of(message: Message) -> tuple[str, str]:
    """What became of a message, in words, and the tone in which to say it."""
    if not message.is_outbound:
        return _heard_of(message)
    word, tone = _STATUS.get(message.status, (message.status, "waiting"))
    return (f"{word} ({message.error_code})" if message.error_code else word), tone


def mischief_of(message: Message) -> str | None:
    """What the simulator did with this message besides delivering it, None if nothing."""
    if message.outcome in ("delivered", "received"):
        return None
    outcome = outcomes.named(message.outcome)
    return outcome.says if outcome else None


def _heard_of(message: Message) -> tuple[str, str]:
    if not message.callbacks:
        return "Nobody to tell: no inbound address is set", "waiting"
    worst = next((tried for tried in message.callbacks if not _is_fine(tried.http_status)), None)
    if worst is None:
        return "The application knows", "good"
    if worst.http_status is None:
        return "The application did not answer", "bad"
    return f"The application answered {worst.http_status}", "bad"


def _is_fine(http_status: int | None) -> bool:
    return http_status is not None and 200 <= http_status < 300
