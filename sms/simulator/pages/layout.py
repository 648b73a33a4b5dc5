"""What all pages share: the frame, the headers, the numbers at the top, the table of endings."""

from aiohttp import web

from sms.simulator.outcomes import ENDINGS
from sms.simulator.pages.markup import Markup, el, joined
from sms.simulator.simulator import Simulator

STYLESHEETS = ("base.css", "page.css", "phone.css")

_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
    "Cache-Control": "no-store",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


def page(title: str, *content: str | None, refresh_s: int | None = None, status: int = 200) -> web.Response:
    """A whole page. `refresh_s` makes the browser load it again by itself."""
    head = el(
        "head",
        el("meta", charset="utf-8"),
        el("meta", name="viewport", content="width=device-width, initial-scale=1"),
        el("meta", name="color-scheme", content="light dark"),
        el("meta", http_equiv="refresh", content=str(refresh_s)) if refresh_s else None,
        el("title", title),
        *(el("link", rel="stylesheet", href=f"/{name}") for name in STYLESHEETS),
        el("link", rel="icon", href="/favicon.svg"),
    )
    body = el("body", el("a", "Skip to the phones", href="#main", class_="skip"), *content)
    text = "<!doctype html>" + el("html", head, body, lang="en")
    return web.Response(text=text, content_type="text/html", headers=_HEADERS, status=status)


def masthead(simulator: Simulator) -> Markup:
    return el(
        "header",
        el(
            "div",
            el("p", el("a", "Twilio simulator", href="/"), class_="name"),
            el("p", "Every text your application sends arrives here, and on no real phone.", class_="claim"),
        ),
        _counts(simulator),
        class_="masthead",
    )


def _counts(simulator: Simulator) -> Markup:
    ledger, statuses = simulator.ledger, simulator.ledger.statuses
    refused = simulator.posts_received - ledger.outbound
    counts = (
        ("Texts", ledger.outbound, ""),
        ("On the way", statuses["accepted"] + statuses["queued"] + statuses["sent"], ""),
        ("Delivered", statuses["delivered"], "good"),
        ("Not delivered", statuses["undelivered"] + statuses["failed"], "bad"),
        ("Answers", ledger.created - ledger.outbound, ""),
        ("Refused", max(refused, 0), ""),
    )
    return el(
        "dl",
        *(
            el("div", el("dt", name), el("dd", f"{count:,}", class_=tone if count else None))
            for name, count, tone in counts
        ),
        class_="counts",
    )


def endings(simulator: Simulator) -> Markup:
    """The numbers that do not simply get their text, folded away."""
    rows = (
        el("tr", el("th", ending, scope="row"), el("td", outcome.says)) for ending, outcome in ENDINGS.items()
    )
    switched_on = simulator.behaviour.settings.magic_endings
    return el(
        "details",
        el("summary", "Numbers that misbehave"),
        el(
            "p",
            "What happens to a text is decided by the last four digits of its number; any other number gets its text."
            if switched_on
            else "Switched off by a setting: every number gets its text.",
        ),
        el(
            "div",
            el(
                "table",
                el(
                    "thead", el("tr", el("th", "Ends in", scope="col"), el("th", "What happens", scope="col"))
                ),
                el("tbody", *rows),
            ),
            class_="scroll",
        ),
        class_="endings",
    )


def notice(words: str) -> Markup:
    return joined(el("p", words, class_="notice", role="alert"))
