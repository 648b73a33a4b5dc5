"""What staff type about an appointment."""

from datetime import datetime, timedelta

from django import forms
from django.forms.utils import from_current_timezone
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from clinic.one_line import OneLine

FURTHEST = timedelta(days=5 * 366)
_THEIRS = {"autocomplete": "off"}  # the browser knows the staff's own names, not the patient's


class AppointmentForm(forms.Form):
    """Day and time are the clinic's."""

    day = forms.DateField(
        label=_("Date"), widget=forms.DateInput(attrs={"type": "date", **_THEIRS}, format="%Y-%m-%d")
    )
    time = forms.TimeField(label=_("Time"), widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"))
    practitioner = OneLine(
        label=_("With"), max_length=100, required=False, widget=forms.TextInput(attrs=_THEIRS)
    )

    def clean(self) -> None:
        day, time = self.cleaned_data.get("day"), self.cleaned_data.get("time")
        if day is None or time is None:
            return
        starts_at = from_current_timezone(datetime.combine(day, time))
        if starts_at <= timezone.now():
            self.add_error("day", _("This time has passed. Enter one that is still to come."))
        elif starts_at > timezone.now() + FURTHEST:
            self.add_error("day", _("That is more than five years ahead. Check the year."))
        self.cleaned_data["starts_at"] = starts_at
