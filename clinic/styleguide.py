"""/styleguide/ in development: the design system, shown with the real stylesheet and the real fragments."""

from dataclasses import dataclass
from pathlib import Path

from django import forms
from django.conf import settings
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from clinic.lib import contrast

STYLESHEET = Path(__file__).parent / "static" / "app.css"
TEXT, LINE = 4.5, 3.0  # WCAG 2.2 AA: text; what one has to see to use a page, and text that is large.

GROUNDS = ("surface", "canvas", "sunken", "raised")
ON_GROUNDS = ("text", "muted", "accent", "accent-strong", "plum", "good", "warn", "bad")
TONES = ("accent", "plum", "good", "warn", "bad")
# Every colour role stands in a pair, or among those that only part or decorate.
PAIRS: tuple[tuple[str, str, float], ...] = (
    *((text, ground, TEXT) for text in ON_GROUNDS for ground in GROUNDS),
    *((tone, f"{tone}-soft", TEXT) for tone in TONES),
    *(("text", f"{tone}-soft", TEXT) for tone in TONES),
    ("accent-strong", "accent-soft", TEXT),
    ("muted", "accent-soft", TEXT),
    ("text", "quiet", TEXT),
    ("on-accent", "accent", TEXT),
    ("on-accent", "accent-strong", TEXT),
    ("on-bad", "bad-solid", TEXT),
    ("rail-text", "rail", TEXT),
    ("rail-bright", "rail", TEXT),
    ("rail-bright", "rail-hover", TEXT),
    ("rail-bright", "rail-active", TEXT),
    ("on-spark", "spark", TEXT),
    ("spark", "rail", LINE),
    ("text", "bubble", TEXT),
    ("on-bubble-out", "bubble-out", TEXT),
    ("text", "mark", TEXT),
    ("text", "screen", TEXT),
    ("muted", "screen", TEXT),
    ("accent", "quiet", LINE),  # how far a bar of progress is
    *((line, ground, LINE) for line in ("control-line", "focus") for ground in GROUNDS),
)
DECORATION = ("line", "line-soft", "case", "part-warn", "part-wait", "hatch-ground", "hatch-line")
STATUSES = (
    "draft",
    "scheduled",
    "queued",
    "sending",
    "sent",
    "delivered",
    "failed",
    "unknown",
    "paused",
    "left_out",
    "received",
)


@dataclass(frozen=True)
class Sample:
    """A front on a back in one theme: both as "#rrggbb", their contrast, and what it must be at least."""

    front: str
    back: str
    front_colour: str
    back_colour: str
    ratio: float
    least: float

    @property
    def is_enough(self) -> bool:
        return self.ratio >= self.least


def samples(css: str, theme: int) -> list[Sample]:
    """Every pair in the light (0) or dark (1) theme. Raises KeyError for a role that `css` does not have."""
    roles = contrast.roles(css)
    return [
        Sample(
            front=front,
            back=back,
            front_colour=roles[front][theme],
            back_colour=roles[back][theme],
            ratio=contrast.ratio(roles[front][theme], roles[back][theme]),
            least=least,
        )
        for front, back, least in PAIRS
    ]


class SampleForm(forms.Form):
    """Each kind of field; bound and empty it shows its errors."""

    name = forms.CharField(label="Last name", help_text="As on the card.")
    note = forms.CharField(label="Note", required=False, widget=forms.Textarea)
    born = forms.DateField(
        label="Date of birth", required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    country = forms.ChoiceField(label="Country", choices=[("AU", "Australia"), ("GB", "United Kingdom")])
    agrees = forms.BooleanField(label="Agrees", help_text="They said so.")
    choice = forms.ChoiceField(
        label="New patients", widget=forms.RadioSelect, choices=[("yes", "Accept"), ("no", "Reject")]
    )


def styleguide(request: HttpRequest) -> HttpResponse:
    """Raises Http404 in production: it is for those who change the pages."""
    if not settings.DEBUG:
        raise Http404
    css = STYLESHEET.read_text(encoding="utf-8")
    context = {
        "themes": [("Light", samples(css, 0)), ("Dark", samples(css, 1))],
        "form": SampleForm(initial={"choice": "no", "agrees": True}),
        "wrong": SampleForm({}, auto_id="wrong_%s"),
        "statuses": STATUSES,
        "purposes": ("marketing", "service", "one_off", "reminder"),
        "segments": [
            {"kind": "get", "x": 0, "width": 60, "count": 60, "label": "will get this"},
            {"kind": "out", "x": 60, "width": 40, "count": 40, "label": "left out"},
        ],
        "page": Paginator(range(30), 10).page(2),
    }
    return render(request, "styleguide.html", context)
