"""What staff type: a group SMS, a one-off text."""

from typing import Any
from uuid import UUID, uuid4

from django import forms
from django.db.models import Q

from clinic.lib.names import folded
from clinic.lib.phone import search_digits
from clinic.lib.placeholders import PlaceholderError
from clinic.lib.sms_text import MAX_CHARACTERS
from patients.eligibility import Purpose
from patients.models import Patient
from sms import audience
from sms.models import GroupMessage, InboundMessage
from sms.models.inbound import InboundMessageQuerySet, ReplyKind
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


class InboxForm(forms.Form):
    """The filters of the inbox; nothing is required."""

    WAITING = "waiting"

    q = forms.CharField(
        label="Name, number or words",
        required=False,
        max_length=100,
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off"}),
    )
    kind = forms.ChoiceField(
        label="Show",
        required=False,
        choices=[("", "All replies"), (WAITING, "Waiting for a decision"), *ReplyKind.choices],
    )

    def results(self, *, country: str) -> InboundMessageQuerySet:
        """The replies it finds. What cannot be understood is left aside."""
        self.is_valid()
        found = InboundMessage.objects.not_erased()
        if text := self.cleaned_data.get("q"):
            people = Patient.objects.search(text, country=country).exclude(phone="").order_by()
            matches = Q(body__icontains=text) | Q(phone__in=people.values("phone"))
            for digits in search_digits(text, country=country):
                matches |= Q(phone__contains=digits)
            found = found.filter(matches)
        kind = self.cleaned_data.get("kind")
        if kind == self.WAITING:
            return found.waiting()
        return found.filter(kind=kind) if kind else found


class EraseForm(forms.Form):
    """The name of `patient`, typed by hand. Case, accents and blanks do not matter."""

    typed = forms.CharField(
        label="To confirm, type the patient's full name",
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
                "That is not the name of this patient. Nothing has been erased.", code="other_name"
            )
        return typed
