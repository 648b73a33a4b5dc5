"""The only writer of the ledger: every event goes to memory and, if there is a file, to disk, in that order."""

from pathlib import Path
from typing import Any

from sms.simulator import ledger_file
from sms.simulator.ledger import Ledger
from sms.simulator.ledger_file import LedgerFile
from sms.simulator.messages import CallbackAttempt, Message
from sms.simulator.opt_out import OptOuts


class Record:
    """Messages and opt-outs, as far as they are remembered, with everything that happened to them.

    Given a `path`, it begins with what an earlier run wrote there: Twilio forgets nothing when it is restarted.
    """

    def __init__(self, keep: int, path: Path | None) -> None:
        self.ledger = Ledger(keep)
        self.opt_outs = OptOuts()
        if path:
            for event in ledger_file.events(path):
                self._replay(event)
        self._file = LedgerFile(path) if path else None

    def created(self, message: Message) -> None:
        self._add(message)
        if self._file:
            self._file.created(message)

    def advance(self, message: Message, status: str, error_code: int | None, at: float) -> None:
        self._advance(message, status, error_code, at)
        if self._file:
            self._file.status(message)

    def callback(self, message: Message, tried: CallbackAttempt) -> None:
        message.callbacks.append(tried)
        if self._file:
            self._file.callback(message.sid, tried)

    def reset(self) -> None:
        self._forget()
        if self._file:
            self._file.reset()

    def close(self) -> None:
        if self._file:
            self._file.close()

    def unfinished(self) -> list[Message]:
        return [message for message in self.ledger.oldest_first() if not message.is_final]

    def _add(self, message: Message) -> None:
        self.ledger.add(message)
        if not message.is_outbound:
            self.opt_outs.heed(message.phone, message.sender, message.body)

    def _advance(self, message: Message, status: str, error_code: int | None, at: float) -> None:
        before = message.status
        message.advance(status, error_code, at)
        self.ledger.recount(message, before)

    def _forget(self) -> None:
        self.ledger.reset()
        self.opt_outs.clear()

    def _replay(self, event: dict[str, Any]) -> None:
        kind = event.get("event")
        if kind == "reset":
            self._forget()
        elif kind == "created":
            self._add(ledger_file.message_of(event))
        elif message := self.ledger.get(str(event.get("sid"))):
            if kind == "status":
                self._advance(message, event["status"], event["error_code"], event["at"])
            elif kind == "callback":
                message.callbacks.append(ledger_file.attempt_of(event))
