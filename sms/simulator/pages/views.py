"""The handlers of the pages: all phones, one phone, an answer from a phone."""

import re
from collections.abc import Mapping
from itertools import islice
from pathlib import Path
from urllib.parse import urlencode

from aiohttp import web

from sms.simulator.inbound import InvalidReply, receive
from sms.simulator.ledger import Phone
from sms.simulator.pages.conversation import card
from sms.simulator.pages.layout import endings, masthead, notice, page
from sms.simulator.pages.markup import Markup, el
from sms.simulator.pages.words import spaced
from sms.simulator.simulator import Simulator, now, simulator_of

PHONES_PER_PAGE = 12
TEXTS_PER_CARD = 5
TEXTS_PER_PHONE = 200
REFRESH_S = 3

_HERE = Path(__file__).parent


async def phones(request: web.Request) -> web.Response:
    """All phones, the one with the newest text first; `q` searches, `page` turns, `refresh` reloads by itself."""
    simulator = simulator_of(request)
    query = request.query
    search, number = query.get("q", "").strip()[:40], _page_number(query)
    refreshing = query.get("refresh") == "on"
    digits = _digits(search)
    start = (number - 1) * PHONES_PER_PAGE
    found = list(islice(simulator.ledger.phones(digits), start, start + PHONES_PER_PAGE + 1))
    shown, has_next = found[:PHONES_PER_PAGE], len(found) > PHONES_PER_PAGE
    place = {"q": search, "refresh": "on" if refreshing else ""}
    return page(
        "Phones: Twilio simulator",
        masthead(simulator),
        el(
            "main",
            _toolbar(search, refreshing=refreshing),
            el("div", *(_list_card(simulator, phone, place) for phone in shown), class_="phones")
            if shown
            else None,
            None if shown else _nothing(search),
            _pager(number, place, has_next=has_next),
            endings(simulator),
            id="main",
        ),
        refresh_s=REFRESH_S if refreshing else None,
    )


async def phone(request: web.Request) -> web.Response:
    """One phone, with as many of its texts as a page bears."""
    return _one_phone(simulator_of(request), _phone_of(request))


async def reply(request: web.Request) -> web.StreamResponse:
    """Answer from a phone, with the field's text or the word on the button, and return to where the form was."""
    simulator, answering = simulator_of(request), _phone_of(request)
    form = {name: value for name, value in (await request.post()).items() if isinstance(value, str)}
    try:
        await receive(
            simulator,
            from_=answering.number,
            body=form.get("word") or form.get("body", ""),
            to=form.get("to") or None,
            at=now(),
        )
    except InvalidReply as invalid:
        return _one_phone(simulator, answering, problem=str(invalid))
    if "q" not in form:
        raise web.HTTPSeeOther(f"/phones/{answering.id}#main")
    raise web.HTTPSeeOther(f"{_address(form)}#phone-{answering.id}")


async def stored(request: web.Request) -> web.StreamResponse:
    """A stylesheet or the icon. The route lets no other name through."""
    return web.FileResponse(_HERE / request.path.lstrip("/"), headers={"Cache-Control": "no-cache"})


def _list_card(simulator: Simulator, phone: Phone, place: dict[str, str]) -> Markup:
    return card(
        phone, blocked=_blocked(simulator, phone), shown=TEXTS_PER_CARD, now=now(), heading="h2", back=place
    )


def _one_phone(simulator: Simulator, phone: Phone, problem: str | None = None) -> web.Response:
    return page(
        f"{spaced(phone.number)}: Twilio simulator",
        masthead(simulator),
        el(
            "main",
            el("p", el("a", "All phones", href="/"), class_="back"),
            notice(problem) if problem else None,
            card(phone, blocked=_blocked(simulator, phone), shown=TEXTS_PER_PHONE, now=now(), heading="h1"),
            id="main",
            class_="single",
        ),
        status=400 if problem else 200,
    )


def _blocked(simulator: Simulator, phone: Phone) -> list[str]:
    return simulator.opt_outs.senders_blocked_by(phone.number, list(phone.senders))


def _phone_of(request: web.Request) -> Phone:
    found = simulator_of(request).ledger.phone_by_id(int(request.match_info["phone_id"]))
    if found is None:
        raise web.HTTPNotFound(
            text="There is no such phone. It may have been forgotten: the memory is bounded.\n"
        )
    return found


def _digits(search: str) -> str:
    """What to look for in numbers: as people type them, with spaces, or with the 0 they have at home."""
    digits = re.sub(r"\D", "", search)
    return digits.removeprefix("00") if digits.startswith("00") else digits.removeprefix("0")


def _page_number(query: Mapping[str, str]) -> int:
    text = query.get("page", "1")
    return max(1, int(text)) if re.fullmatch(r"[0-9]{1,6}", text) else 1


def _address(place: Mapping[str, str], **more: str) -> str:
    wanted = {name: place.get(name, "") for name in ("q", "refresh")} | more
    asked = urlencode({name: value for name, value in wanted.items() if value})
    return f"/?{asked}" if asked else "/"


def _toolbar(search: str, *, refreshing: bool) -> Markup:
    place = {"q": search}
    switch = (
        el("a", "Stop refreshing", href=_address(place))
        if refreshing
        else el("a", f"Refresh every {REFRESH_S} seconds", href=_address(place, refresh="on"))
    )
    return el(
        "div",
        el("h1", "Phones"),
        el(
            "form",
            el("label", "Find a number", for_="q"),
            el("input", id="q", name="q", type="search", value=search, inputmode="tel", autocomplete="off"),
            el("button", "Find"),
            role="search",
            action="/",
        ),
        el("p", el("a", "Refresh", href=_address(place)), switch, class_="refresh"),
        class_="toolbar",
    )


def _nothing(search: str) -> Markup:
    if search:
        return el("p", "No phone with these digits. ", el("a", "Show all phones", href="/"), class_="nothing")
    return el(
        "div",
        el("span", class_="blank-phone", aria_hidden="true"),
        el("p", el("strong", "No text has arrived yet.")),
        el("p", "Send one from the application, and its phone appears here, ready to answer."),
        class_="nothing",
    )


def _pager(number: int, place: dict[str, str], *, has_next: bool) -> Markup | None:
    if number == 1 and not has_next:
        return None
    newer = el("a", "Newer", href=_address(place, page=str(number - 1)), rel="prev") if number > 1 else None
    older = el("a", "Older", href=_address(place, page=str(number + 1)), rel="next") if has_next else None
    return el("nav", newer, el("span", f"Page {number}"), older, class_="pager", aria_label="Pages")
