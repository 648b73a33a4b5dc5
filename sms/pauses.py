"""Why sending rests, in words for staff."""

from dataclasses import dataclass

from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from clinic.words import grouped
from sms import gateway
from sms.models import SendingPause
from sms.models.pause import PauseKind

_CHECK = _(
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
    said = ngettext(
        "Of the last %(all)s texts %(number)s went wrong, and not because of its number.",
        "Of the last %(all)s texts %(number)s went wrong, and not because of their numbers.",
        pause.number or 0,
    ) % {"all": pause.out_of, "number": pause.number}
    if code:
        often = gettext("The most frequent reason: %(reason)s") % {"reason": _small(code.happened)}
    else:
        often = gettext("Twilio gave no answer, or no reason.")
    return Why(f"{said} {often}", str(_CHECK))


def _after_a_backup(pause: SendingPause) -> Why:
    if pause.number is None:
        return Why(
            gettext("After a long interruption there is too much at Twilio to compare it with what is here."),
            gettext(
                "If no backup was restored, resume. Else make sure first that nothing waits that was sent before."
            ),
        )
    said = ngettext(
        "A backup seems to have been restored: %(number)s text is at Twilio that is not in this database.",
        "A backup seems to have been restored: %(number)s texts are at Twilio that are not in this database.",
        pause.number,
    )
    return Why(
        said % {"number": grouped(pause.number)},
        gettext(
            "Those that still waited here now stand under “We do not know” and are not sent again. Group SMS, "
            "replies and refusals of the lost time are missing: enter again what you know of, then resume."
        ),
    )


def _small(sentence: str) -> str:
    """In the middle of a sentence; a name keeps its capital."""
    return sentence if sentence.startswith(("Twilio", "US")) else sentence[:1].lower() + sentence[1:]
