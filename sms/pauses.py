"""Why sending rests, in words for staff."""

from dataclasses import dataclass

from sms import gateway
from sms.models import SendingPause
from sms.models.pause import PauseKind

_CHECK = (
    "Nothing is sent until somebody has looked into it: ask whoever looks after this system, then resume."
)


@dataclass(frozen=True, slots=True)
class Why:
    """`happened` and `remedy` are a sentence or two each, for a receptionist."""

    happened: str
    remedy: str


def why(pause: SendingPause) -> Why:
    code = gateway.meaning(pause.error_code) if pause.error_code is not None else None
    if pause.kind == PauseKind.ERROR and code:
        return Why(code.happened, code.remedy)
    often = (
        f"The most frequent reason: {_small(code.happened)}"
        if code
        else "Twilio gave no answer, or no reason."
    )
    return Why(
        f"Of the last {pause.out_of} texts {pause.number} went wrong, and not because of their numbers. {often}",
        _CHECK,
    )


def _small(sentence: str) -> str:
    """In the middle of a sentence; a name keeps its capital."""
    return sentence if sentence.startswith(("Twilio", "US")) else sentence[:1].lower() + sentence[1:]
