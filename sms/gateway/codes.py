"""Twilio's error codes: what each means for us, and in which words staff read about it."""

from dataclasses import dataclass
from enum import StrEnum

from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _


class Klass(StrEnum):
    """What a code is about, and so what may happen next."""

    PERMANENT_NUMBER = "permanent_number"  # Nothing more to this number until somebody edits it.
    PERMANENT_MESSAGE = "permanent_message"  # This text only.
    PER_RECIPIENT_POLICY = (
        "per_recipient_policy"  # This person opted out, or a rule forbids this destination.
    )
    STOP_EVERYTHING = "stop_everything"  # No other text would fare better: pause, and tell somebody.
    TRANSIENT_RETRY = "transient_retry"  # In an answer: not created, may be sent again. In a callback: final.
    AMBIGUOUS = "ambiguous"  # The text may exist: ask Twilio.


@dataclass(frozen=True, slots=True)
class Meaning:
    """A code in plain words, English here. `happened` and `remedy` are one sentence each, for a receptionist."""

    code: int
    klass: Klass
    cause: str
    cure: str

    @property
    def happened(self) -> str:
        return gettext(self.cause)

    @property
    def remedy(self) -> str:
        return gettext(self.cure)


def meaning(code: int) -> Meaning:
    """What `code` means. Code 0 is ours: no connection to Twilio came about.

    A code that is not in the table is about this one text, and final: what we do not know is not sent again.
    """
    return _MEANINGS.get(code) or Meaning(
        code,
        Klass.PERMANENT_MESSAGE,
        gettext("Twilio turned this text down with error %(code)s, which this program does not know.")
        % {"code": code},
        _(
            "Look the error up on Twilio's site, or ask whoever looks after this system, before sending again."
        ),
    )


NOT_KNOWN = Meaning(
    0,
    Klass.AMBIGUOUS,
    _("We do not know whether Twilio took this text."),
    _("Do not send it again yet: the program is asking Twilio."),
)

_FIX_NUMBER = _("Ask the patient for a mobile number and correct it on the patient's page.")
_ASK = _("Nothing is sent until whoever looks after this system has put it right.")
_LATER = _("Nothing to do: the program waits and tries again.")
_AGAIN = _("Send it again later if it still matters, or call the patient.")
_CALL = _("Call the patient, or write another way.")
NO_REASON = Meaning(0, Klass.PERMANENT_MESSAGE, _("Twilio gave no reason."), _AGAIN)
_SENDER = _("Ask whoever looks after this system to check the sender at Twilio.")
_RELEASE = _("Nothing more is sent until Twilio's limit is lifted; ask for a higher one if this comes often.")
_REGISTER = _("Ask whoever looks after this system to register the sender at Twilio.")
_REPORT = _("Tell whoever looks after this system: it is a fault of the program.")

_WORDS: dict[Klass, dict[int, tuple[str, str]]] = {
    Klass.PERMANENT_NUMBER: {
        21211: (_("This is not a valid phone number."), _FIX_NUMBER),
        21214: (_("This phone number cannot be reached."), _FIX_NUMBER),
        21216: (_("Twilio does not allow texts to this number."), _CALL),
        21612: (_("Texts from our sender cannot reach this number."), _CALL),
        21614: (_("This is not a mobile number."), _FIX_NUMBER),
        30005: (_("This number is not in use, or not known to its network."), _FIX_NUMBER),
        30006: (_("This is a landline, or its network does not take texts."), _FIX_NUMBER),
    },
    Klass.PERMANENT_MESSAGE: {
        21602: (_("The text was empty."), _REPORT),
        21604: (_("The text had no number to go to."), _REPORT),
        21605: (_("The text is too long."), _("Shorten the text and send it again.")),
        21617: (_("The text is longer than 1,600 characters."), _("Shorten the text and send it again.")),
        21619: (_("Twilio could not make a message of this text."), _AGAIN),
        30010: (_("The text would have cost more than the limit that was set for it."), _SENDER),
        30036: (_("The text was not delivered in time and has been given up."), _AGAIN),
    },
    Klass.PER_RECIPIENT_POLICY: {
        21408: (
            _("Our Twilio account does not send texts to this country."),
            _("Call the patient, or ask whoever looks after this system to allow the country at Twilio."),
        ),
        21610: (
            _("This person has replied STOP, so texts to this number are blocked."),
            _("Only the patient can lift this, by texting START to our number; call the patient meanwhile."),
        ),
        30004: (_("The phone or its network blocks texts like this one."), _CALL),
        30450: (
            _("Twilio blocked this text, since this range of numbers is known for fraud."),
            _("Check the number with the patient, and call if it is right."),
        ),
        30640: (_("Twilio blocked this text, since this number's owner is known to sue over texts."), _CALL),
    },
    Klass.STOP_EVERYTHING: {
        20003: (_("Twilio does not accept our account's credentials."), _ASK),
        20005: (_("Our Twilio account is not active."), _ASK),
        20006: (_("Our Twilio account may not send texts."), _ASK),
        20404: (_("Twilio does not know our account."), _ASK),
        21603: (_("No sender is set up for texts."), _ASK),
        21212: (_("Our sender is not one that Twilio accepts."), _ASK),
        21606: (_("Our sender cannot send texts to this destination."), _ASK),
        21608: (
            _("Our Twilio account is a trial and may text only numbers confirmed there."),
            _(
                "Ask whoever looks after this system to upgrade the account, or to confirm the number at Twilio."
            ),
        ),
        21609: (_("The address for delivery news is not one that Twilio can use."), _ASK),
        21624: (_("Twilio did not accept how long the text may wait."), _ASK),
        21659: (_("Our sender is not a Twilio number, or cannot send to this country."), _ASK),
        21660: (_("Our sender belongs to another Twilio account."), _ASK),
        21701: (_("Our messaging service does not exist at Twilio."), _ASK),
        21703: (_("Our messaging service has no sender for this destination."), _ASK),
        21704: (_("Our messaging service has no numbers to send from."), _ASK),
        21705: (_("Our messaging service is not valid."), _ASK),
        30002: (_("Our Twilio account has been suspended."), _ASK),
        30007: (
            _("The phone network took this text for spam."),
            _("Do not send the same words again; have the text and the sender's registration checked."),
        ),
        30018: (_("This country wants our sender to be registered first."), _REGISTER),
        30023: (_("Our sender has reached its daily limit in the US."), _RELEASE),
        30027: (_("Our sender has reached its daily limit with T-Mobile in the US."), _RELEASE),
        30032: (_("Our toll-free number has not been verified."), _REGISTER),
        30034: (_("Our number is not registered for texts in the US."), _REGISTER),
        60728: (_("Our Twilio account has reached its hourly limit."), _RELEASE),
        63038: (_("Our Twilio account has reached its daily limit."), _RELEASE),
    },
    Klass.TRANSIENT_RETRY: {
        0: (_("Twilio could not be reached, so the text has not left."), _LATER),
        14107: (_("Too many texts went between two numbers in a short time."), _LATER),
        20429: (_("Twilio was too busy to take the text."), _LATER),
        21611: (_("Too many texts are already waiting at our sender."), _LATER),
        30001: (_("Too many texts were waiting at Twilio."), _AGAIN),
        30003: (
            _("The phone could not be reached: switched off, out of range, or its network had trouble."),
            _AGAIN,
        ),
        30008: (_("The phone network did not deliver the text and gave no reason."), _AGAIN),
        30017: (_("The phone network was overloaded."), _AGAIN),
        30022: (_("Texts went faster than US networks allow for our sender."), _AGAIN),
        30410: (_("The phone network did not answer Twilio in time."), _AGAIN),
        30500: (_("Twilio had a fault while sending the text."), _AGAIN),
        30610: (_("Twilio held the text back, since it was night where the patient is."), _AGAIN),
    },
    Klass.AMBIGUOUS: {
        20500: (_("Twilio had a fault, and may or may not have taken the text."), NOT_KNOWN.cure),
        20503: (_("Twilio was out of service, and may or may not have taken the text."), NOT_KNOWN.cure),
    },
}

_MEANINGS = {
    code: Meaning(code, klass, happened, remedy)
    for klass, codes in _WORDS.items()
    for code, (happened, remedy) in codes.items()
}

# A phone that is off is the phone's affair too. A country that the account does not text is not the number's.
ABOUT_ONE_NUMBER = (
    frozenset(_WORDS[Klass.PERMANENT_NUMBER]) | frozenset(_WORDS[Klass.PER_RECIPIENT_POLICY]) | {30003}
) - {21408}
