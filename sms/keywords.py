"""What a reply means. Twilio's own words for stop, start and help, whatever their case and punctuation."""

import unicodedata

from sms.models.inbound import ReplyKind

STOP_WORDS = frozenset({"stop", "stopall", "unsubscribe", "cancel", "end", "quit", "revoke", "optout"})
START_WORDS = frozenset({"start", "yes", "unstop"})
HELP_WORDS = frozenset({"help", "info"})


def kind_of(reply: str) -> ReplyKind:
    """What `reply` asks for: a keyword if it is one of Twilio's and stands alone, else OTHER.

    Source: https://help.twilio.com/articles/223134027
    """
    folded = unicodedata.normalize("NFKC", reply).casefold()
    word = "".join(char for char in folded if char.isalnum())
    for kind, words in (
        (ReplyKind.STOP, STOP_WORDS),
        (ReplyKind.START, START_WORDS),
        (ReplyKind.HELP, HELP_WORDS),
    ):
        if word in words:
            return kind
    return ReplyKind.OTHER
