"""GET Messages.json and GET Messages/{sid}.json: the list with its filters and pages, and one message."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from urllib.parse import urlencode

from aiohttp import web

from sms.simulator.answers import json_answer, refuse, refused_access
from sms.simulator.errors import refusal
from sms.simulator.ledger import Ledger
from sms.simulator.messages import Message, as_twilio
from sms.simulator.simulator import simulator_of

DEFAULT_PAGE_SIZE = 50
MAX_PAGE_SIZE = 1000


class InvalidQuery(ValueError):
    """A filter or page that makes no sense. Holds the name of the parameter."""


@dataclass(frozen=True, slots=True)
class _Filter:
    to: str | None
    from_: str | None
    sent_from: float | None
    sent_before: float | None

    def takes(self, message: Message) -> bool:
        if self.to is not None and message.to != self.to:
            return False
        if self.from_ is not None and message.from_ != self.from_:
            return False
        if self.sent_from is None and self.sent_before is None:
            return True
        # As at Twilio, what has not been sent yet has no date and is not found by date.
        if message.sent_at is None:
            return False
        late_enough = self.sent_from is None or message.sent_at >= self.sent_from
        return late_enough and (self.sent_before is None or message.sent_at < self.sent_before)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a page is: `token` is PA or PB (after or before) and a sid, as in Twilio's own links."""

    page: int
    size: int
    token: str | None


async def list_messages(request: web.Request) -> web.Response:
    """The handler of GET /2010-04-01/Accounts/{sid}/Messages.json."""
    simulator = simulator_of(request)
    if refused := refused_access(request, simulator):
        return refuse(refused)
    try:
        wanted, place = _filter(request), _place(request)
        found = _page(simulator.ledger, wanted, place)
    except InvalidQuery as invalid:
        return refuse(refusal(20001, value=str(invalid)))
    page, has_next = found
    resources = [as_twilio(message, simulator.account_sid) for message in page]
    return json_answer({"messages": resources} | _links(request, place, page, has_next=has_next))


async def fetch_message(request: web.Request) -> web.Response:
    """The handler of GET /2010-04-01/Accounts/{sid}/Messages/{message_sid}.json."""
    simulator = simulator_of(request)
    if refused := refused_access(request, simulator):
        return refuse(refused)
    message = simulator.ledger.get(request.match_info["message_sid"])
    if message is None:
        return refuse(refusal(20404, value=request.path))
    return json_answer(as_twilio(message, simulator.account_sid))


def _filter(request: web.Request) -> _Filter:
    query = request.query
    on, after, before = (query.get(name) for name in ("DateSent", "DateSent>", "DateSent<"))
    sent_from = _instant("DateSent", on) if on else None
    # `DateSent` alone names a day, even when it is written as a full timestamp. The two limits keep their time.
    sent_before = sent_from + timedelta(days=1).total_seconds() if sent_from is not None else None
    if after:
        sent_from = max(
            sent_from or 0.0, _instant("DateSent>", after, whole_day=len(after) <= len("2026-01-01"))
        )
    if before:
        limit = _instant("DateSent<", before, whole_day=len(before) <= len("2026-01-01"))
        sent_before = limit if sent_before is None else min(sent_before, limit)
    return _Filter(query.get("To") or None, query.get("From") or None, sent_from, sent_before)


def _instant(name: str, text: str, *, whole_day: bool = True) -> float:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidQuery(name) from None
    if at.tzinfo is None:
        at = at.replace(tzinfo=UTC)
    if whole_day:
        at = at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return at.timestamp()


def _place(request: web.Request) -> _Place:
    numbers = {"Page": 0, "PageSize": DEFAULT_PAGE_SIZE}
    for name in numbers:
        text = request.query.get(name, "")
        if text and not (text.isascii() and text.isdigit() and len(text) < 9):
            raise InvalidQuery(name)
        numbers[name] = int(text) if text else numbers[name]
    if numbers["PageSize"] < 1:
        raise InvalidQuery("PageSize")
    return _Place(numbers["Page"], min(numbers["PageSize"], MAX_PAGE_SIZE), request.query.get("PageToken"))


def _page(ledger: Ledger, wanted: _Filter, place: _Place) -> tuple[list[Message], bool]:
    """The messages of a page, newest first, and whether older ones follow."""
    number = _own_phone(ledger, wanted)
    if place.token is None:
        start = place.page * place.size
        found = list(
            islice(_matching(ledger.newest_first(number=number), wanted), start, start + place.size + 1)
        )
        return found[: place.size], len(found) > place.size
    direction, sid = place.token[:2], place.token[2:]
    last_seen = ledger.get(sid)
    if direction not in ("PA", "PB") or last_seen is None:
        raise InvalidQuery("PageToken")
    if direction == "PB":
        newer = _matching(ledger.oldest_first(after=last_seen.serial, number=number), wanted)
        return list(islice(newer, place.size))[::-1], True
    older = _matching(ledger.newest_first(before=last_seen.serial, number=number), wanted)
    found = list(islice(older, place.size + 1))
    return found[: place.size], len(found) > place.size


def _own_phone(ledger: Ledger, wanted: _Filter) -> str | None:
    """The phone that holds all that is wanted, so that the rest need not be looked at.

    Asking for a number that was never texted must be quick: it is how callers learn that a message does not exist.
    """
    return wanted.to if wanted.to is not None and wanted.to not in ledger.reply_targets else None


def _matching(messages: Iterable[Message], wanted: _Filter) -> Iterator[Message]:
    return (message for message in messages if wanted.takes(message))


def _links(request: web.Request, place: _Place, page: list[Message], *, has_next: bool) -> dict[str, object]:
    filters = [(name, value) for name, value in request.query.items() if not name.startswith("Page")]

    def link(number: int, token: str | None = None) -> str:
        position = [("PageSize", str(place.size)), ("Page", str(number))]
        return f"{request.path}?{urlencode(filters + position + ([('PageToken', token)] if token else []))}"

    start = place.page * place.size
    earlier = link(place.page - 1, f"PB{page[0].sid}") if place.page and page else None
    return {
        "end": start + max(len(page) - 1, 0),
        "first_page_uri": link(0),
        "next_page_uri": link(place.page + 1, f"PA{page[-1].sid}") if has_next and page else None,
        "page": place.page,
        "page_size": place.size,
        "previous_page_uri": earlier,
        "start": start,
        "uri": str(request.rel_url),
    }
