"""Which words stop and restart texts, and who has stopped what."""

STOP_WORDS = frozenset({"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"})
START_WORDS = frozenset({"START", "YES", "UNSTOP"})
HELP_WORDS = frozenset({"HELP", "INFO"})


def opt_out_type(body: str) -> str | None:
    """`STOP`, `START` or `HELP` if `body` is one of Twilio's words and nothing else, else None.

    Source: https://help.twilio.com/articles/223134027
    """
    word = body.strip().upper()
    for kind, words in (("STOP", STOP_WORDS), ("START", START_WORDS), ("HELP", HELP_WORDS)):
        if word in words:
            return kind
    return None


class OptOuts:
    """Pairs of phone and sender (a messaging service as a whole, or one number) that Twilio will not text."""

    def __init__(self) -> None:
        self._blocked: set[tuple[str, str]] = set()

    def heed(self, phone: str, sender: str, body: str) -> str | None:
        """Take note of a reply, and say what kind of word it was, if any."""
        kind = opt_out_type(body)
        if kind == "STOP":
            self._blocked.add((phone, sender))
        elif kind == "START":
            self._blocked.discard((phone, sender))
        return kind

    def blocks(self, phone: str, sender: str) -> bool:
        return (phone, sender) in self._blocked

    def senders_blocked_by(self, phone: str, senders: list[str]) -> list[str]:
        return [sender for sender in senders if (phone, sender) in self._blocked]

    def clear(self) -> None:
        self._blocked.clear()
