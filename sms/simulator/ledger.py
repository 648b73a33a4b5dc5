"""Every message that was created, found by its sid, by its place in time, or by the phone it belongs to."""

from collections import Counter, OrderedDict, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice

from sms.simulator.messages import Message


@dataclass(slots=True)
class Phone:
    """One phone with its texts, oldest first, and the senders it has heard from, the latest last."""

    id: int
    number: str
    messages: deque[Message] = field(default_factory=deque)
    senders: dict[str, float] = field(default_factory=dict)

    def latest(self, count: int) -> list[Message]:
        """At most `count` texts, the newest last."""
        return list(islice(reversed(self.messages), count))[::-1]


class Ledger:
    """Messages in memory, at most `limit`: beyond it the oldest are let go. `created` counts all there ever were."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._clear()

    def _clear(self) -> None:
        self.created = 0
        self.outbound = 0
        self._by_serial: dict[int, Message] = {}
        self._by_sid: dict[str, Message] = {}
        self._phones: OrderedDict[str, Phone] = OrderedDict()
        self._phone_ids: dict[int, Phone] = {}
        self.statuses: Counter[str] = Counter()  # of the outbound messages in memory
        self.reply_targets: set[str] = set()  # senders that phones have answered
        self._next_phone = 1
        self._oldest = 1

    def reset(self) -> None:
        """Forget everything."""
        self._clear()

    def add(self, message: Message) -> None:
        self.created += 1
        self.outbound += message.is_outbound
        message.serial = self.created
        self._by_serial[message.serial] = message
        self._by_sid[message.sid] = message
        if message.is_outbound:
            self.statuses[message.status] += 1
        else:
            self.reply_targets.add(message.to)
        phone = self._phone_of(message)
        phone.messages.append(message)
        phone.senders.pop(message.sender, None)
        phone.senders[message.sender] = message.created_at
        self._phones.move_to_end(phone.number)
        if len(self._by_serial) > self.limit:
            self._let_go_oldest()

    def recount(self, message: Message, status_before: str) -> None:
        """Take note that `message` has another status now. One that was let go is not counted."""
        if message.sid in self._by_sid:
            self.statuses[status_before] -= 1
            self.statuses[message.status] += 1

    def get(self, sid: str) -> Message | None:
        return self._by_sid.get(sid)

    def phone(self, number: str) -> Phone | None:
        return self._phones.get(number)

    def phone_by_id(self, phone_id: int) -> Phone | None:
        return self._phone_ids.get(phone_id)

    def phones(self, digits: str = "") -> Iterator[Phone]:
        """Phones whose number contains `digits`, the one with the newest text first."""
        return (phone for number, phone in reversed(self._phones.items()) if digits in number)

    def newest_first(self, *, before: int | None = None, number: str | None = None) -> Iterator[Message]:
        """Messages from the newest back, those with a serial below `before`; of one phone if `number` is given."""
        below = self.created + 1 if before is None else before
        if number is not None:
            phone = self._phones.get(number)
            own = reversed(phone.messages) if phone else iter(())
            return (message for message in own if message.serial < below)
        return (self._by_serial[serial] for serial in range(below - 1, self._oldest - 1, -1))

    def oldest_first(self, *, after: int = 0, number: str | None = None) -> Iterator[Message]:
        """Messages from the oldest on, those with a serial above `after`; of one phone if `number` is given."""
        if number is not None:
            phone = self._phones.get(number)
            return (message for message in (phone.messages if phone else ()) if message.serial > after)
        first = max(self._oldest, after + 1)
        return (self._by_serial[serial] for serial in range(first, self.created + 1))

    def __len__(self) -> int:
        return len(self._by_serial)

    def _phone_of(self, message: Message) -> Phone:
        phone = self._phones.get(message.phone)
        if phone is None:
            phone = Phone(self._next_phone, message.phone)
            self._phones[phone.number] = self._phone_ids[phone.id] = phone
            self._next_phone += 1
        return phone

    def _let_go_oldest(self) -> None:
        message = self._by_serial.pop(self._oldest)
        self._oldest += 1
        del self._by_sid[message.sid]
        if message.is_outbound:
            self.statuses[message.status] -= 1
        phone = self._phones[message.phone]
        phone.messages.popleft()
        if not phone.messages:
            del self._phones[phone.number], self._phone_ids[phone.id]
