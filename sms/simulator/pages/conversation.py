"""One phone as a card: who it is, its texts as bubbles, and a line to answer with."""

from collections.abc import Iterator

from sms.simulator.ledger import Phone
from sms.simulator.messages import Message, iso
from sms.simulator.pages.markup import Markup, el, joined
from sms.simulator.pages.words import (
    can_be_answered,
    clock,
    mischief_of,
    sender_name,
    spaced,
    status_of,
)

QUICK_WORDS = ("STOP", "START", "HELP")


def card(
    phone: Phone,
    *,
    blocked: list[str],
    shown: int,
    now: float,
    heading: str,
    back: dict[str, str] | None = None,
) -> Markup:
    """The card of `phone` with its latest `shown` texts. `blocked` are the senders it has stopped.

    `back` are the search and place of the list to return to after an answer; None means the page of the phone.
    """
    messages = phone.latest(shown)
    return el(
        "article",
        _head(phone, blocked, heading),
        _earlier(phone, len(messages)),
        el(
            "div",
            el("ol", *_bubbles(messages, now), class_="texts"),
            class_="screen",
            tabindex="0",
            role="group",
            aria_label=f"Texts of {spaced(phone.number)}",
        ),
        _reply_form(phone, back),
        class_="phone",
        id=f"phone-{phone.id}",
        aria_labelledby=f"number-{phone.id}",
    )


def _head(phone: Phone, blocked: list[str], heading: str) -> Markup:
    link = el("a", spaced(phone.number), href=f"/phones/{phone.id}")
    count = len(phone.messages)
    return el(
        "header",
        el("span", class_="speaker", aria_hidden="true"),
        el(heading, link, id=f"number-{phone.id}"),
        el("p", f"{count} text" + ("" if count == 1 else "s"), class_="count"),
        *(el("p", f"Stopped {sender_name(sender)}", class_="stopped") for sender in blocked),
    )


def _earlier(phone: Phone, shown: int) -> Markup | None:
    hidden = len(phone.messages) - shown
    if not hidden:
        return None
    return el("p", el("a", f"{hidden} earlier", href=f"/phones/{phone.id}"), class_="earlier")


def _bubbles(messages: list[Message], now: float) -> Iterator[Markup]:
    """The texts, each saying whom it is from or to unless the one before it did."""
    before = ""
    for message in messages:
        who = f"{'From' if message.is_outbound else 'To'} {sender_name(message.sender)}"
        yield _bubble(message, now, None if who == before else who)
        before = who


def _bubble(message: Message, now: float, who: str | None) -> Markup:
    word, tone = status_of(message)
    mischief = mischief_of(message)
    return el(
        "li",
        el("p", who, class_="who") if who else None,
        el("p", message.body, class_="body", dir="auto"),
        el(
            "p",
            el("time", clock(message.created_at, now), datetime=iso(message.created_at)),
            " ",
            el("span", word, class_=f"status {tone}"),
            class_="fate",
        ),
        el("p", mischief, class_="mischief") if mischief else None,
        class_="in" if message.is_outbound else "out",
    )


def _reply_form(phone: Phone, back: dict[str, str] | None) -> Markup:
    senders = [sender for sender in reversed(phone.senders) if can_be_answered(sender)]
    if not senders:
        return el("p", "This sender is a name. It cannot be answered.", class_="mute")
    field = f"reply-{phone.id}"
    return el(
        "form",
        *(el("input", type="hidden", name=name, value=value) for name, value in (back or {}).items()),
        _sender_choice(phone, senders),
        el(
            "div",
            el("label", f"Answer from {spaced(phone.number)}", for_=field, class_="unseen"),
            el("input", id=field, name="body", maxlength="1600", placeholder="Answer", autocomplete="off"),
            el("button", "Send", class_="send"),
            class_="line",
        ),
        el(
            "div",
            *(el("button", word, name="word", value=word, class_="quick") for word in QUICK_WORDS),
            class_="quick-words",
            role="group",
            aria_label="Answer with one word",
        ),
        method="post",
        action=f"/phones/{phone.id}/reply",
    )


def _sender_choice(phone: Phone, senders: list[str]) -> Markup:
    if len(senders) == 1:
        return el("input", type="hidden", name="to", value=senders[0])
    field = f"to-{phone.id}"
    options = (el("option", sender_name(sender), value=sender) for sender in senders)
    return joined(
        el(
            "div",
            el("label", "To", for_=field),
            el("select", *options, id=field, name="to"),
            class_="choice",
        )
    )
