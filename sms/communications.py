"""What went out and what came back, in one order, the newest first: a page at a time, however much there is.

Both tables are asked for no more rows than one page shows, and a page goes on where the one before ended.
"""

import heapq
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from operator import attrgetter
from typing import TypeVar

from django.db.models import Model, Q, QuerySet

from clinic.lib.phone import search_digits
from patients.models import Patient
from sms.models import InboundMessage, Message
from sms.models.inbound import InboundMessageQuerySet
from sms.models.message import MessageQuerySet
from sms.status import Status

Row = TypeVar("Row", bound=Model)

CHUNK = 2_000
# So many people are looked for one by one; of more, there is something on every page anyway.
FEW = 200
SENT, RECEIVED = 0, 1  # which of two at the same moment is the older
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PLACE = re.compile(r"(\d{1,17})-([01])-(\d{1,18})", re.ASCII)


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where an entry stands among all others. `str()` goes into an address: it says nothing about anybody."""

    at: datetime
    way: int
    pk: int

    def __str__(self) -> str:
        return f"{(self.at - _EPOCH) // timedelta(microseconds=1)}-{self.way}-{self.pk}"

    @classmethod
    def read(cls, text: str) -> "Place | None":
        """None for what is no place."""
        if not (found := _PLACE.fullmatch(text)):
            return None
        at, way, pk = map(int, found.groups())
        return cls(_EPOCH + timedelta(microseconds=at), way, pk)


@dataclass(frozen=True, slots=True)
class Entry:
    """One text of ours, or one that came back."""

    place: Place
    text: Message | None = None
    reply: InboundMessage | None = None

    @property
    def at(self) -> datetime:
        return self.place.at


@dataclass(frozen=True, slots=True)
class Part:
    """Entries, the newest first. `older` is where the next part begins, None at the end."""

    entries: list[Entry]
    older: Place | None


@dataclass(frozen=True, slots=True)
class Talk:
    """Both ways of a conversation, or of the log."""

    sent: MessageQuerySet
    received: InboundMessageQuerySet

    def part(self, *, before: Place | None, size: int) -> Part:
        """The newest `size` entries, or the newest of those before a place. Two queries, and what they prefetch."""
        sent = _before(self.sent.order_by("-created_at", "-pk"), "created_at", SENT, before)
        received = _before(self.received.order_by("-received_at", "-pk"), "received_at", RECEIVED, before)
        entries = list(_merged(sent[: size + 1], received[: size + 1]))
        shown = entries[:size]
        return Part(shown, shown[-1].place if len(entries) > size else None)

    def all(self) -> Iterator[Entry]:
        """Everything, one row at a time."""
        return _merged(
            self.sent.order_by("-created_at", "-pk").iterator(CHUNK),
            self.received.order_by("-received_at", "-pk").iterator(CHUNK),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What to show of the log. `since` is included, `until` is not; `ways` holds SENT, RECEIVED or both.

    Purpose, status and staff are of texts that were sent, so with one of them nothing that was received is shown.
    """

    people: str = ""
    since: datetime | None = None
    until: datetime | None = None
    ways: frozenset[int] = frozenset({SENT, RECEIVED})
    purpose: str = ""
    status: str = ""
    by_id: int | None = None


def conversation(people: list[Patient], *, number: str = "") -> Talk:
    """All with these people, and what came from `number`, or from theirs, and is nobody's yet."""
    numbers = {number, *(patient.phone for patient in people)}
    return Talk(
        Message.objects.filter(patient__in=people)
        .exclude(status=Status.LEFT_OUT)
        .select_related("created_by", "patient"),
        InboundMessage.objects.from_anybody_of(people, numbers=numbers),
    )


def log(wanted: Wanted, *, country: str) -> Talk:
    """Everything that was ever sent or received, as far as it is wanted. Whoever was left out got no text:
    they are here only if their status is asked for."""
    sent = Message.objects.select_related("patient", "created_by")
    received = InboundMessage.objects.not_erased().select_related("patient")
    if wanted.people:
        theirs = _found(wanted.people, country)
        sent = sent.filter(patient__in=theirs)
        received = received.filter(_from(theirs, wanted.people, country))
    if wanted.since:
        sent, received = (
            sent.filter(created_at__gte=wanted.since),
            received.filter(received_at__gte=wanted.since),
        )
    if wanted.until:
        sent, received = (
            sent.filter(created_at__lt=wanted.until),
            received.filter(received_at__lt=wanted.until),
        )
    if wanted.status:
        sent = sent.filter(status=wanted.status)
    else:
        sent = sent.exclude(status=Status.LEFT_OUT)
    if wanted.purpose:
        sent = sent.filter(purpose=wanted.purpose)
    if wanted.by_id is not None:
        sent = sent.filter(created_by=wanted.by_id)
    if RECEIVED not in wanted.ways or wanted.status or wanted.purpose or wanted.by_id is not None:
        received = received.none()
    return Talk(sent if SENT in wanted.ways else sent.none(), received)


def _found(people: str, country: str) -> QuerySet[Patient] | list[int]:
    """The few whose name or number it is, by their ids, so that their rows are found by an index; or all of many."""
    found = Patient.objects.search(people, country=country).order_by()
    ids = list(found.values_list("pk", flat=True)[: FEW + 1])
    return ids if len(ids) <= FEW else found.values("pk")  # type: ignore[return-value]


def _from(theirs: QuerySet[Patient] | list[int], people: str, country: str) -> Q:
    numbers = Patient.objects.filter(pk__in=theirs).exclude(phone="").order_by().values("phone")
    matches = Q(patient__in=theirs) | Q(patient=None, phone__in=numbers)
    for digits in search_digits(people, country=country):
        matches |= Q(phone__contains=digits)
    return matches


def _before(rows: QuerySet[Row], when: str, way: int, place: Place | None) -> QuerySet[Row]:
    if place is None:
        return rows
    # The first condition alone says where the index begins.
    rows = rows.filter(**{f"{when}__lte": place.at})
    older = Q(**{f"{when}__lt": place.at})
    if way == place.way:
        older |= Q(pk__lt=place.pk)
    elif way < place.way:
        return rows
    return rows.filter(older)


def _merged(sent: Iterable[Message], received: Iterable[InboundMessage]) -> Iterator[Entry]:
    return heapq.merge(
        (Entry(Place(text.created_at, SENT, text.pk), text=text) for text in sent),
        (Entry(Place(reply.received_at, RECEIVED, reply.pk), reply=reply) for reply in received),
        key=attrgetter("place"),
        reverse=True,
    )
