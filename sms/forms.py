"""What staff type: a group SMS, a one-off text."""

from typing import Any
from uuid import UUID, uuid4

from django import forms

from clinic.lib.placeholders import PlaceholderError
from clinic.lib.sms_text import MAX_CHARACTERS
from patients.eligibility import Purpose
from sms import audience
from sms.models import GroupMessage
from sms.status import Status


class GroupMessageForm(forms.ModelForm[GroupMessage]):
    body = forms.CharField(
        label="Message",
        max_length=MAX_CHARACTERS,
        widget=forms.Textarea(attrs={"rows": 6, "autocomplete": "off"}),
        help_text=(
            "You can write {first_name}, {last_name}, {clinic_name} and {clinic_phone}. "
            "{first_name|friend} says what stands there for a patient without a first name."
        ),
    )
    is_marketing = forms.BooleanField(
        label="This is a marketing message",
        required=False,
        help_text=(
            "Ticked: it goes only to patients who accept marketing. "
            "Not ticked: it goes to all applicable patients, so it must not promote anything."
        ),
    )

    class Meta:
        model = GroupMessage
        fields = ["body", "is_marketing"]

    def clean_body(self) -> str:
        body = str(self.cleaned_data["body"])
        try:
            audience.template_of(body)
        except PlaceholderError as error:
            raise forms.ValidationError(str(error), code="placeholder") from None
        return body


class OneOffForm(forms.Form):
    """`request_key` names this form: sent twice, it makes one text."""

    body = forms.CharField(
        label="Message",
        max_length=MAX_CHARACTERS,
        widget=forms.Textarea(attrs={"rows": 3, "autocomplete": "off"}),
    )
    request_key = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("initial", {"request_key": uuid4()})
        kwargs.setdefault("auto_id", "one_off_%s")
        super().__init__(*args, **kwargs)

    def text(self) -> tuple[str, UUID]:
        """The text and the key of a valid form."""
        return self.cleaned_data["body"], self.cleaned_data["request_key"]


class LogForm(forms.Form):
    """The filters of the communications log; nothing is required."""

    q = forms.CharField(label="Patient", required=False)
    purpose = forms.ChoiceField(label="Purpose", required=False, choices=[("", "All"), *Purpose.choices])
    status = forms.ChoiceField(label="Status", required=False, choices=[("", "All"), *Status.choices])
