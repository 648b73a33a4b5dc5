"""What staff type: a group SMS, a one-off text."""

from datetime import datetime, timedelta
from functools import cached_property
from typing import Any
from uuid import UUID, uuid4

from django import forms
from django.utils.formats import date_format, time_format
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from clinic.lib import clock
from clinic.lib.names import folded
from clinic.lib.placeholders import PlaceholderError
from clinic.lib.sms_text import MAX_CHARACTERS
from clinic.one_line import OneLine
from clinic.words import grouped, in_words
from patients.models import Patient
from settings_app.models import SmsSettings
from sms import audience, composing
from sms.models import GroupMessage, SavedText
from sms.wording import OneText


class TypedText(forms.CharField):
    """A text as phones will show it: each new line is one character, not the two that browsers send.

    Whatever is too long is refused with a sentence. A browser that knew the limit would cut it off in silence.
    """

    def to_python(self, value: Any) -> str | None:
        typed = super().to_python(value)
        return typed and typed.replace("\r\n", "\n").replace("\r", "\n")

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        attrs: dict[str, Any] = super().widget_attrs(widget)
        return {name: value for name, value in attrs.items() if name != "maxlength"}


def filled_in(body: str) -> str:
    """`body`, if all its placeholders are known. Raises ValidationError."""
    try:
        audience.template_of(body)
    except PlaceholderError as error:
        raise forms.ValidationError(in_words(error), code="placeholder") from None
    return body


class GroupMessageForm(forms.ModelForm[GroupMessage]):
    """The words of a draft. Whoever reviews them next also answers `is_explained`."""

    body = TypedText(
        label=_("Message"),
        max_length=MAX_CHARACTERS,
        widget=forms.Textarea(attrs={"rows": 6, "autocomplete": "off"}),
        help_text=(
            _(
                "You can write {first_name}, {last_name}, {clinic_name} and {clinic_phone}. "
                "{first_name|friend} says what stands there for a patient without a first name."
            )
        ),
    )
    is_marketing = forms.BooleanField(
        label=_("This is a marketing message"),
        required=False,
        help_text=(
            _(
                "Ticked: it goes only to patients who accept marketing. "
                "Not ticked: it goes to all applicable patients, so it must not promote anything."
            )
        ),
    )

    unmarked_reason = forms.CharField(
        label=_("Why is it not marketing?"),
        required=False,
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 2, "autocomplete": "off"}),
        help_text=_("Kept with the text, for whoever asks later."),
    )

    class Meta:
        model = GroupMessage
        fields = ["body", "is_marketing", "unmarked_reason"]

    def clean_body(self) -> str:
        return filled_in(self.cleaned_data["body"])

    def clean(self) -> None:
        super().clean()
        if self.cleaned_data.get("is_marketing"):
            self.cleaned_data["unmarked_reason"] = ""

    def is_explained(self) -> bool:
        """Of a valid form: whether it says why what sounds like a promotion is none, if anybody refused those."""
        refusing = composing.unexplained(self.instance)
        if refusing:
            said = ngettext(
                "This sounds like a promotion, and %(number)s patient who would get it does not accept marketing. "
                "Tick “This is a marketing message”, or say here why it is none.",
                "This sounds like a promotion, and %(number)s patients who would get it do not accept marketing. "
                "Tick “This is a marketing message”, or say here why it is none.",
                refusing,
            )
            self.add_error("unmarked_reason", said % {"number": grouped(refusing)})
        return not refusing


class SavedTextForm(forms.ModelForm[SavedText]):
    body = TypedText(
        label=_("Message"),
        max_length=MAX_CHARACTERS,
        widget=forms.Textarea(attrs={"rows": 6, "autocomplete": "off"}),
        help_text=_(
            "{first_name}, {last_name}, {clinic_name} and {clinic_phone} are filled in when it is sent."
        ),
    )

    class Meta:
        model = SavedText
        fields = ["name", "body", "is_marketing"]
        field_classes = {"name": OneLine}
        help_texts = {"name": _("How you find it again, for example “Closed today”.")}
        error_messages = {"name": {"unique": _("Another saved text has this name.")}}

    def clean_body(self) -> str:
        return filled_in(self.cleaned_data["body"])


class ScheduleForm(forms.Form):
    """When a group SMS shall begin, by the clinic's clocks. Valid, it gives `starts_at`.

    `explained` is the time for which staff have been told that it is night for some.
    """

    send_at = forms.CharField(
        label=_("Send at"),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local", "autocomplete": "off"}),
        error_messages={"required": _("Choose a day and a time.")},
    )
    explained = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, zone: str, now: datetime) -> None:
        self.zone, self.now = zone, now
        tomorrow = clock.local(now, zone) + timedelta(days=1)
        super().__init__(data, initial={"send_at": f"{tomorrow:%Y-%m-%d}T10:00"})
        help_text = gettext("By the clinic’s clocks (%(town)s), within a year.")
        self.fields["send_at"].help_text = help_text % {"town": clock.town(zone)}

    def clean_send_at(self) -> str:
        typed: str = self.cleaned_data["send_at"]
        try:
            wall = datetime.fromisoformat(typed).replace(tzinfo=None)
            self.starts_at = clock.at_wall_clock(wall, self.zone)
        except clock.NoSuchTime:
            raise forms.ValidationError(
                gettext("The clocks are put forward that day and never show this time. Choose another."),
                code="no_time",
            ) from None
        except (ValueError, OverflowError):
            raise forms.ValidationError(
                gettext("Write the day and the time as 2026-12-03T09:30."), code="invalid"
            ) from None
        if self.starts_at <= self.now:
            here = clock.local(self.now, self.zone)
            raise forms.ValidationError(
                gettext("This time has passed: it is %(time)s on %(day)s now. Choose one still to come.")
                % {
                    "time": time_format(here, "TIME_FORMAT"),
                    "day": date_format(here, "MONTH_DAY_FORMAT"),
                },
                code="past",
            )
        if self.starts_at > self.now + composing.LATEST_START:
            raise forms.ValidationError(
                gettext("That is more than a year ahead. Choose an earlier day."), code="too_far"
            )
        return typed

    def is_explained(self) -> bool:
        """Whether staff have read what this time means for those for whom it is night."""
        return bool(self.cleaned_data["explained"] == self.cleaned_data["send_at"])


class OneOffForm(forms.Form):
    """`request_key` names this form: sent twice, it makes one text."""

    body = TypedText(
        label=_("Message"),
        max_length=MAX_CHARACTERS,
        widget=forms.Textarea(attrs={"rows": 3, "autocomplete": "off"}),
    )
    request_key = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("initial", {"request_key": uuid4()})
        kwargs.setdefault("auto_id", "one_off_%s")
        super().__init__(*args, **kwargs)

    @property
    def typed(self) -> str:
        """The text as it stands in the form, valid or not."""
        return str(self["body"].value() or "").replace("\r\n", "\n")

    @cached_property
    def wording(self) -> OneText:
        """What the text takes and costs."""
        return OneText(self.typed, SmsSettings.load())

    def text(self) -> tuple[str, UUID]:
        """The text and the key of a valid form."""
        return self.cleaned_data["body"], self.cleaned_data["request_key"]


class EraseForm(forms.Form):
    """The name of `patient`, typed by hand. Case, accents and blanks do not matter."""

    typed = forms.CharField(
        label=_("To confirm, type the patient's full name"),
        max_length=201,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def __init__(self, data: Any = None, *, patient: Patient) -> None:
        super().__init__(data)
        self.patient = patient

    def clean_typed(self) -> str:
        typed = str(self.cleaned_data["typed"])
        if folded(typed) != folded(self.patient.full_name):
            raise forms.ValidationError(
                gettext("That is not the name of this patient. Nothing has been erased."), code="other_name"
            )
        return typed
