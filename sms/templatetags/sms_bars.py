"""One bar for a list of people: who gets a text and who does not, or how far their texts have come."""

from collections.abc import Iterable
from typing import Any

from django import template
from django.contrib.humanize.templatetags.humanize import intcomma
from django.utils.translation import gettext as _

from patients.eligibility import Reason
from sms.reports import Progress
from sms.status import Status

register = template.Library()

_KIND = {
    Status.DELIVERED: "good",
    Status.SENT: "get",
    Status.ACCEPTED: "get",
    Status.SENDING: "wait",
    Status.QUEUED: "wait",
    Status.UNKNOWN: "warn",
    Status.NOT_SENT: "warn",
    Status.UNDELIVERED: "bad",
    Status.FAILED: "bad",
    Status.CANCELLED: "out",
    Status.EXPIRED: "out",
}


@register.inclusion_tag("partials/_bar.html")
def audience_bar(number: int, reasons: list[tuple[Reason, int]]) -> dict[str, Any]:
    """Those who get it, then those left out by reason."""
    return _bar(
        [
            ("get", number, _("will get this")),
            *(("out", n, _small(str(reason.label))) for reason, n in reasons),
        ]
    )


@register.inclusion_tag("partials/_bar.html")
def progress_bar(progress: Progress) -> dict[str, Any]:
    """Texts by status, the delivered ones first."""
    found = progress.per_status
    return _bar(
        [
            (kind, found[status], _small(str(status.label)))
            for status, kind in _KIND.items()
            if status in found
        ]
    )


def _bar(pieces: Iterable[tuple[str, int, str]]) -> dict[str, Any]:
    pieces = list(pieces)
    total = sum(count for _, count, _ in pieces) or 1
    segments, x = [], 0.0
    for kind, count, label in pieces:
        width = round(100 * count / total, 3)
        segments.append(
            {"kind": kind, "x": round(x, 3), "width": width, "count": intcomma(count), "label": label}
        )
        x += width
    return {"segments": segments, "summary": ", ".join(f"{count} {label}" for _, count, label in pieces)}


def _small(label: str) -> str:
    """A label in the middle of a line; "STOP" and "Twilio" keep their letters."""
    return label[:1].lower() + label[1:]
