"""What Twilio has: the messages to one number, those of an account since an instant, and single ones by their sid."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime, timedelta
from typing import Any, TypeVar

from sms.gateway.outcome import CannotTell, Found, TooMuch
from sms.gateway.transport import Http, NotOk
from sms.gateway.twilio import MESSAGE_BYTES, has_credentials, messages

# One of the longest texts, every character escaped, has less than 20 kB.
PAGE_BYTES_OF_ONE = 40 * 1024
PAGE_SIZE = 100
MOST_PAGES = 50
LONGEST_SEARCH = timedelta(minutes=2)
# The whole account: enough for 50,000 messages, replies among them.
LARGE_PAGE_SIZE = 500
MOST_LARGE_PAGES = 100
LONGEST_READING = timedelta(minutes=4)
LONGEST_NEWS = timedelta(seconds=30)
NOT_FOUND = 404

T = TypeVar("T")
Enough = Callable[[list[Found]], bool]


def find(*, to: str, since: datetime) -> list[Found]:
    """All messages to the number `to` (E.164) that were created at or after `since` (aware), from any sender.

    Reads every page, since a queued message may have no `DateSent` to filter or sort by; takes two minutes at
    most. Raises `CannotTell` if the list cannot be read in full: only a whole list proves absence.
    """

    async def read() -> list[Found]:
        async with _http(PAGE_SIZE) as http:
            page = await messages(http).page_async(to=to, page_size=PAGE_SIZE)
            return await _pages(page, MOST_PAGES, enough=lambda page: False)

    return _since(since, _read(read, LONGEST_SEARCH))


def sent_since(since: datetime) -> list[Found]:
    """All messages that an application made through the account's API at or after `since` (aware).

    Twilio lists the newest first, a few out of order: a whole page from before `since` ends the reading. Raises
    `CannotTell` if so far back the list cannot be read.
    """

    async def read() -> list[Found]:
        async with _http(LARGE_PAGE_SIZE) as http:
            page = await messages(http).page_async(page_size=LARGE_PAGE_SIZE)
            return await _pages(page, MOST_LARGE_PAGES, enough=lambda page: not _since(since, page))

    return [record for record in _since(since, _read(read, LONGEST_READING)) if record.by_api]


def news_of(sids: Iterable[str], *, concurrency: int = 10) -> dict[str, Found | None]:
    """Each of these messages as Twilio has it now, None if it has none; what could not be asked is left out.

    Takes half a minute at most. Raises `CannotTell` if nothing at all could be read.
    """

    async def read() -> dict[str, Found | None]:
        told: dict[str, Found | None] = {}
        turn = asyncio.Semaphore(concurrency)
        async with Http(connections=concurrency, largest_answer=MESSAGE_BYTES) as http:

            async def ask(sid: str) -> None:
                async with turn:
                    try:
                        told[sid] = _found(await messages(http)(sid).fetch_async())
                    except NotOk as answer:
                        if answer.status != NOT_FOUND:
                            raise
                        told[sid] = None

            asked = await asyncio.gather(*map(ask, sids), return_exceptions=True)
        if not told and (failed := [error for error in asked if isinstance(error, Exception)]):
            raise failed[0]
        return told

    return _read(read, LONGEST_NEWS)


def _read(read: Callable[[], Awaitable[T]], longest: timedelta) -> T:
    async def within() -> T:
        async with asyncio.timeout(longest.total_seconds()):
            return await read()

    if not has_credentials():
        raise CannotTell("no credentials")
    try:
        return asyncio.run(within())
    except CannotTell:
        raise
    except NotOk as answer:
        raise CannotTell(f"http {answer.status}") from None
    except Exception as error:  # noqa: BLE001  Whatever it is, nothing was read; its words may hold the number.
        raise CannotTell(type(error).__name__) from None


def _http(page_size: int) -> Http:
    return Http(connections=1, largest_answer=page_size * PAGE_BYTES_OF_ONE)


def _since(since: datetime, records: Iterable[Found]) -> list[Found]:
    """Twilio knows whole seconds only."""
    return [record for record in records if record.created_at >= since.replace(microsecond=0)]


async def _pages(page: Any, most: int, *, enough: Enough) -> list[Found]:
    by_sid: dict[str, Found] = {}  # A message that came in meanwhile moves others to the next page.
    for _ in range(most):
        # The client takes any single key for the records, and a missing address for the last page.
        if not {"messages", "next_page_uri"} <= page._payload.keys():
            raise CannotTell("not a page of messages")
        records = [_found(message) for message in page]
        by_sid |= {record.sid: record for record in records}
        if enough(records):
            return list(by_sid.values())
        page = await page.next_page_async()
        if page is None:
            return list(by_sid.values())
    raise TooMuch("too many pages")


def _found(message: Any) -> Found:
    if not isinstance(message.sid, str) or not isinstance(message.date_created, datetime):
        raise CannotTell("a message without a sid or a date")
    return Found(
        sid=message.sid,
        status=message.status or "",
        error_code=message.error_code if isinstance(message.error_code, int) else None,
        senders=frozenset(filter(None, [message.messaging_service_sid, message.from_])),
        created_at=message.date_created,
        body=message.body or "",
        to=message.to or "",
        by_api=message.direction == "outbound-api",
    )
