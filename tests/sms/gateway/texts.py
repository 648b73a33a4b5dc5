"""A text to hand over, and the plainest ways for a provider to answer."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from sms.gateway import Outcome, Outgoing, open_line
from tests.sms.gateway.stand_in import Request

SID = "SM" + "0123456789abcdef" * 2


def text(number: int = 0, **changed: Any) -> Outgoing:
    fields: dict[str, Any] = {
        "to": f"+614915701{number:02}",
        "body": "Your results are in",
        "sender": "MG" + "1" * 32,
        "callback_url": "https://clinic.example/webhooks/twilio/status/token/",
        "valid_for": timedelta(hours=4),
    }
    return Outgoing(**fields | changed)


def post_all(texts: Sequence[Outgoing], *, at_once: int = 20) -> list[Outcome]:
    """What comes of `texts`, on a line of their own."""
    with open_line() as line:
        return line.post(texts, at_once=at_once).result(timeout=60)


def send(one: Outgoing | None = None) -> Outcome:
    [outcome] = post_all([one or text()])
    return outcome


def created(request: Request) -> None:
    request.answer(201, {"sid": SID, "status": "accepted", "error_code": None})


def error(status: int, code: int) -> Callable[[Request], None]:
    return lambda request: request.answer(status, {"code": code, "message": "No", "status": status})
