"""What staff type about patients and the default."""

import re
from datetime import date, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from clinic.lib import clock
from clinic.lib import phone as phones
from clinic.one_line import OneLine
from clinic.words import in_words
from patients.consent import Choice
from patients.models import ConsentHow, ConsentSource, Patient
from patients.models.patient import PatientQuerySet, searchable
from patients.registration import Details
from settings_app.models import SmsSettings

OLDEST = timedelta(days=130 * 365)
_THEIRS = {"autocomplete": "off"}  # the browser knows the staff's own names, not the patient's
_DATE = forms.DateInput(attrs={"type": "date", **_THEIRS}, format="%Y-%m-%d")


def read_number(typed: str, *, patient: Patient | None, country: str) -> phones.Phone | None:
    """The number that staff typed, or None for none. Raises ValidationError for one that cannot get texts.

    The number that `patient` has already is kept, even a landline: who corrects a name is not stopped by it.
    """
    if not typed:
        return None
    kept = None
    if patient and patient.phone:
        kept = phones.Phone(patient.phone, phones.PhoneKind(patient.phone_kind), "")
        if typed in {patient.phone, patient.phone_display}:
            return kept
    try:
        found = phones.parse(typed, country=country)
    except phones.InvalidPhone as invalid:
        raise ValidationError(in_words(invalid), code=invalid.problem) from None
    if kept and kept.e164 == found.e164:
        return kept
    if problem := phones.landline_problem(found):
        raise ValidationError(gettext(problem), code="landline")
    return found


def read_birth_date(born: date | None) -> date | None:
    """`born`, if somebody alive may have been born then. Raises ValidationError."""
    today = timezone.localdate()
    if born and born > today:
        raise ValidationError(gettext("This date is still to come. Check the year."), code="future")
    if born and born < today - OLDEST:
        raise ValidationError(gettext("Nobody is that old. Check the year."), code="too_old")
    return born


def zone_choices(*, clinic: str, kept: str) -> list[tuple[str, str]]:
    """All zones by the name of their town, which is how a list is searched from the keyboard: "Perth, Australia".

    The first is none of one's own. `kept`, the patient's, stays on offer if it is an older name.
    """
    zones = sorted((clock.town_first(zone), zone) for zone in {*clock.zones(), kept} - {""})
    return [
        ("", gettext("The clinic’s (%(town)s)") % {"town": clock.town_first(clinic)}),
        *((zone, name) for name, zone in zones),
    ]


def _replace(form: forms.Form, **values: str) -> None:
    """Show `values` when the form is shown again, in place of what was sent."""
    data = QueryDict(mutable=True)
    data.update(form.data)
    for name, value in values.items():
        data[name] = value
    form.data = data


class PatientForm(forms.Form):
    """For a new patient, or for `patient`. Valid, it gives `details()` and, if staff made one, a `choice()`."""

    first_name = OneLine(
        label=_("First name"), max_length=100, required=False, widget=forms.TextInput(attrs=_THEIRS)
    )
    last_name = OneLine(label=_("Last name"), max_length=100, widget=forms.TextInput(attrs=_THEIRS))
    phone = forms.CharField(
        label=_("Mobile number"),
        max_length=40,
        required=False,
        widget=forms.TextInput(attrs={"type": "tel", "class": "input-phone", **_THEIRS}),
    )
    time_zone = forms.ChoiceField(
        label=_("Time zone"),
        required=False,
        help_text=_("If it is not the clinic’s. Marketing texts keep the quiet hours there."),
    )
    birth_date = forms.DateField(label=_("Date of birth"), required=False, widget=_DATE)
    reference = OneLine(
        label=_("Reference"),
        max_length=64,
        required=False,
        help_text=_("The patient's number in your other system, if you have one."),
        widget=forms.TextInput(attrs={"class": "input-phone", **_THEIRS}),
    )
    wants_reminders = forms.BooleanField(label=_("Wants appointment reminders"), required=False)
    accepts_sms_marketing = forms.BooleanField(
        label=_("Agrees to receive promotional SMS marketing"), required=False, show_hidden_initial=True
    )
    how = forms.ChoiceField(
        label=_("How did they tell you?"),
        choices=[("", _("Not asked")), *ConsentHow.choices],
        required=False,
        help_text=_("If you choose one, what the box says is recorded as their own choice, changed or not."),
    )
    evidence = OneLine(
        label=_("Note"),
        max_length=500,
        required=False,
        help_text=_("Their words, or where the signed form is kept."),
        widget=forms.TextInput(attrs=_THEIRS),
    )
    # The newest row of the ledger when this page was made.
    seen_event = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, patient: Patient | None = None) -> None:
        self.patient = patient
        self.sms_settings = SmsSettings.load()
        super().__init__(data, initial=self._initial())
        zones = self.fields["time_zone"]
        assert isinstance(zones, forms.ChoiceField)
        zones.choices = zone_choices(
            clinic=self.sms_settings.time_zone, kept=patient.time_zone if patient else ""
        )

    def _initial(self) -> dict[str, Any]:
        if self.patient is None:
            return {
                "wants_reminders": True,
                "accepts_sms_marketing": self.sms_settings.new_patients_accept_marketing,
            }
        names = [
            "first_name",
            "last_name",
            "birth_date",
            "reference",
            "time_zone",
            "wants_reminders",
            "accepts_sms_marketing",
        ]
        return {name: getattr(self.patient, name) for name in names} | {
            "phone": self.patient.phone_display,
            "seen_event": self.patient.consent_event_id,
        }

    def clean_phone(self) -> phones.Phone | None:
        return read_number(
            self.cleaned_data["phone"], patient=self.patient, country=self.sms_settings.country
        )

    def clean_birth_date(self) -> date | None:
        return read_birth_date(self.cleaned_data["birth_date"])

    def clean_reference(self) -> str:
        reference: str = self.cleaned_data["reference"]
        if reference and self._others().filter(reference=reference).exists():
            raise ValidationError(gettext("Another patient has this reference."), code="taken")
        return reference

    def clean(self) -> None:
        if self.cleaned_data.get("evidence") and not self._is_a_choice():
            self.add_error("how", gettext("To keep the note, choose how they told you."))
        if self._would_undo_news():
            self.add_error("accepts_sms_marketing", self._tell_the_news())

    def details(self) -> Details:
        names = [
            *("first_name", "last_name", "phone", "time_zone", "birth_date", "reference", "wants_reminders"),
        ]
        return Details(**{name: self.cleaned_data[name] for name in names})

    def choice(self) -> Choice | None:
        """What the patient said, if staff changed the box or chose how they were told."""
        if not self._is_a_choice():
            return None
        return Choice(
            accepts=self.cleaned_data["accepts_sms_marketing"],
            source=ConsentSource.STAFF,
            how=ConsentHow(self.cleaned_data["how"]) if self.cleaned_data["how"] else None,
            evidence=self.cleaned_data["evidence"],
        )

    def duplicates(self) -> list[Patient]:
        """Patients who are probably this very person: the same name, and the same birth date or, where one is
        not known, the same number."""
        if self.patient and not {"first_name", "last_name", "birth_date"} & set(self.changed_data):
            return []
        details = self.details()
        same_name = self._others().filter(search_name=searchable(f"{details.first_name} {details.last_name}"))
        alike = Q(birth_date=details.birth_date) if details.birth_date else Q()
        if details.phone:
            unknown = Q(birth_date=None) if details.birth_date else Q()
            alike |= Q(phone=details.phone.e164) & unknown
        return list(same_name.filter(alike)[:5]) if alike else []

    def shares_number(self) -> bool:
        """Whether the number is new to this patient and somebody else has it."""
        phone = self.cleaned_data["phone"]
        if phone is None or (self.patient and self.patient.phone == phone.e164):
            return False
        return bool(self._others().on_number(phone.e164).exists())

    def _others(self) -> PatientQuerySet:
        return Patient.objects.exclude(pk=self.patient.pk) if self.patient else Patient.objects.all()

    def _is_a_choice(self) -> bool:
        return "accepts_sms_marketing" in self.changed_data or bool(self.cleaned_data.get("how"))

    def _would_undo_news(self) -> bool:
        """Whether a yes on this page is older than something in the ledger, such as a STOP."""
        return bool(
            self.patient
            and self.cleaned_data.get("accepts_sms_marketing")
            and self._is_a_choice()
            and self.cleaned_data.get("seen_event") != self.patient.consent_event_id
        )

    def _tell_the_news(self) -> str:
        """The sentence for staff; and the page now knows the news, so saving once more is a decision."""
        assert self.patient is not None
        _replace(self, seen_event=str(self.patient.consent_event_id))
        _replace(self, **{"initial-accepts_sms_marketing": str(self.patient.accepts_sms_marketing)})
        if self.patient.accepts_sms_marketing:
            news = gettext(
                "While this page was open, %(source)s set this to yes. "
                "If the patient agreed after that, press Save again."
            )
        else:
            news = gettext(
                "While this page was open, %(source)s set this to no. "
                "If the patient agreed after that, press Save again."
            )
        return news % {"source": self.patient.get_sms_marketing_source_display()}


class ConfirmNumberForm(forms.Form):
    """The number of patients who would change, typed by hand. `expected` is how many there are now."""

    typed = forms.CharField(
        max_length=20,
        widget=forms.TextInput(attrs={"class": "input-short", "inputmode": "numeric", **_THEIRS}),
    )
    seen = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, expected: int) -> None:
        super().__init__(data, initial={"seen": expected})
        self.expected = expected
        self.fields["typed"].label = gettext(
            "To confirm, type the number of patients who will change: %(number)s"
        ) % {"number": expected}

    def clean(self) -> None:
        typed = re.sub(r"[\s,.'’]", "", self.cleaned_data.get("typed", ""))
        if self.cleaned_data.get("seen") != self.expected:
            _replace(self, seen=str(self.expected), typed="")
            self.add_error(
                "typed",
                gettext(
                    "In the meantime it has become %(number)s. Nothing has been changed. Check the figures again."
                )
                % {"number": self.expected},
            )
        elif typed and typed != str(self.expected):
            said = gettext("That is not %(number)s. Nothing has been changed.") % {"number": self.expected}
            self.add_error("typed", said)
