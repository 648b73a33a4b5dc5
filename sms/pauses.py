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
    if pause.kind == PauseKind.BACKUP:
        return _after_a_backup(pause)
    often = (
        f"The most frequent reason: {_small(code.happened)}"
        if code
        else "Twilio gave no answer, or no reason."
    )
    return Why(
        f"Of the last {pause.out_of} texts {pause.number} went wrong, and not because of their numbers. {often}",
        _CHECK,
    )


def _after_a_backup(pause: SendingPause) -> Why:
    if pause.number is None:
        return Why(
            "After a long interruption there is too much at Twilio to compare it with what is here.",
            "If no backup was restored, resume. Else make sure first that nothing waits that was sent before.",
        )
    texts = "1 text" if pause.number == 1 else f"{pause.number:,} texts"
    were = "is at Twilio that is" if pause.number == 1 else "are at Twilio that are"
    return Why(
        f"A backup seems to have been restored: {texts} {were} not in this database.",
        "Those that still waited here now stand under “We do not know” and are not sent again. Group SMS, replies and "
        "refusals of the lost time are missing: enter again what you know of, then resume.",
    )


def _small(sentence: str) -> str:
    """In the middle of a sentence; a name keeps its capital."""
    return sentence if sentence.startswith(("Twilio", "US")) else sentence[:1].lower() + sentence[1:]
