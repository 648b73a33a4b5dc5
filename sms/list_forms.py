"""The filters of the lists. Nothing is required, and what cannot be understood is left aside."""

from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db.models import Q
from django.utils.timezone import make_aware
from django.utils.translation import gettext_lazy as _

from clinic.lib.phone import search_digits
from patients.eligibility import Purpose
from patients.models import Patient
from sms.communications import RECEIVED, SENT, Wanted
from sms.models import InboundMessage
from sms.models.inbound import InboundMessageQuerySet, ReplyKind
from sms.status import Status

_SEARCH = forms.TextInput(attrs={"type": "search", "autocomplete": "off"})
_DAY = forms.DateInput(attrs={"type": "date", "autocomplete": "off"}, format="%Y-%m-%d")

# Beyond, the clocks of some zones have no midnight that could be counted.
_SENSIBLE = [
    MinValueValidator(date(1900, 1, 1), _("Check the year of this date.")),
    MaxValueValidator(date(2999, 12, 31), _("Check the year of this date.")),
]


class _Colleague(forms.ModelChoiceField):  # type: ignore[type-arg]  # generic for mypy alone
    def label_from_instance(self, obj: User) -> str:
        return obj.get_full_name() or obj.get_username()


class LogForm(forms.Form):
    """The filters of the communications log. `reads_replies`: whether this person may see what came back."""

    WAYS = {"sent": frozenset({SENT}), "received": frozenset({RECEIVED})}

    q = forms.CharField(label=_("Patient"), required=False, max_length=100, widget=_SEARCH)
    since = forms.DateField(label=_("From"), required=False, widget=_DAY, validators=_SENSIBLE)
    until = forms.DateField(label=_("To"), required=False, widget=_DAY, validators=_SENSIBLE)
    way = forms.ChoiceField(
        label=_("Direction"),
        required=False,
        choices=[("", _("Both ways")), ("sent", _("Sent")), ("received", _("Received"))],
    )
    purpose = forms.ChoiceField(
        label=_("Purpose"), required=False, choices=[("", _("All")), *Purpose.choices]
    )
    status = forms.ChoiceField(label=_("Status"), required=False, choices=[("", _("All")), *Status.choices])
    by = _Colleague(
        label=_("Written by"),
        required=False,
        queryset=User.objects.order_by("username"),
        empty_label=_("All"),
    )

    def __init__(self, data: Any = None, *, reads_replies: bool) -> None:
        super().__init__(data)
        self.reads_replies = reads_replies
        if not reads_replies:
            del self.fields["way"]

    def clean(self) -> None:
        since, until = self.cleaned_data.get("since"), self.cleaned_data.get("until")
        if since and until and since > until:
            self.add_error("until", _("This is before the first day."))

    def wanted(self) -> Wanted:
        """What it asks for. Days are the clinic's, and the last one is included."""
        self.is_valid()
        asked = self.cleaned_data
        last: date | None = asked.get("until")
        both = frozenset({SENT, RECEIVED}) if self.reads_replies else self.WAYS["sent"]
        return Wanted(
            people=asked.get("q", ""),
            since=_midnight(asked.get("since")),
            until=_midnight(last + timedelta(days=1) if last else None),
            ways=self.WAYS.get(asked.get("way", ""), both),
            purpose=asked.get("purpose", ""),
            status=asked.get("status", ""),
            by_id=asked["by"].pk if asked.get("by") else None,
        )


class InboxForm(forms.Form):
    """The filters of the inbox, which opens with what somebody must still look at."""

    WAITING, UNREAD, OPEN, DONE, ALL = "waiting", "unread", "open", "done", "all"

    q = forms.CharField(label=_("Name, number or words"), required=False, max_length=100, widget=_SEARCH)
    kind = forms.ChoiceField(
        label=_("Show"),
        required=False,
        choices=[
            (OPEN, _("Open")),
            (UNREAD, _("Unread")),
            (WAITING, _("May be opt-outs")),
            (DONE, _("Done")),
            (ALL, _("All replies")),
            (ReplyKind.STOP, _("Opt-outs")),
            (ReplyKind.START, _("Opt-ins")),
            (ReplyKind.HELP, _("Asked for help")),
        ],
    )

    @property
    def shows(self) -> str:
        """Which replies; the open ones if nothing is asked for."""
        self.is_valid()
        return self.cleaned_data.get("kind") or self.OPEN

    def results(self, *, country: str) -> InboundMessageQuerySet:
        """The replies it finds, the newest first; of the open ones those on top that wait for a decision."""
        found = self._matching(self.cleaned_data.get("q", "") if self.is_valid() else "", country)
        match self.shows:
            case self.OPEN:
                return found.open().waiting_first()
            case self.UNREAD:
                return found.unread().waiting_first()
            case self.WAITING:
                return found.waiting().order_by("-pk")
            case self.DONE:
                return found.done().order_by("-pk")
            case self.ALL:
                return found.order_by("-pk")
        return found.filter(kind=self.shows).order_by("-pk")

    def _matching(self, text: str, country: str) -> InboundMessageQuerySet:
        found = InboundMessage.objects.not_erased()
        if not text:
            return found
        people = Patient.objects.search(text, country=country).order_by()
        theirs = Q(patient__in=people.values("pk"))
        theirs |= Q(patient=None, phone__in=people.exclude(phone="").values("phone"))
        matches = Q(body__icontains=text) | theirs
        for digits in search_digits(text, country=country):
            matches |= Q(phone__contains=digits)
        return found.filter(matches)


def _midnight(day: date | None) -> datetime | None:
    """When that day begins, by the clinic's clocks."""
    return make_aware(datetime.combine(day, time.min)) if day else None
