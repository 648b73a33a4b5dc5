"""The admin adds no second door: patients are registered, preferences recorded, and the ledger only read."""

from datetime import date, datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from clinic.lib.phone import Phone
from clinic.one_line import IN_ADMIN
from patients.consent import Choice, record_consent
from patients.forms import read_birth_date, read_number
from patients.models import (
    Appointment,
    ConsentEvent,
    ConsentSource,
    Patient,
    PreferenceBatch,
    SuppressedNumber,
)
from patients.registration import Details, change_details, register_patient
from settings_app.models import SmsSettings


class ReadOnlyAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # has no type arguments at run time
    """Look, do not touch."""

    actions = None
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class PatientAdminForm(forms.ModelForm):  # type: ignore[type-arg]  # has no type arguments at run time
    """The fields of the patient pages; the preference counts only if the box was changed."""

    phone = forms.CharField(label=_("Mobile number"), max_length=40, required=False)
    accepts_sms_marketing = forms.BooleanField(
        label=_("Agrees to receive promotional SMS marketing"), required=False, show_hidden_initial=True
    )
    number: Phone | None = None

    class Meta:
        model = Patient
        fields = [
            *("first_name", "last_name", "phone", "time_zone", "birth_date", "reference", "wants_reminders"),
        ]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        accepts = (
            self.instance.accepts_sms_marketing
            if self.instance.pk
            else SmsSettings.load().new_patients_accept_marketing
        )
        self.initial["accepts_sms_marketing"] = accepts

    def clean_phone(self) -> str:
        kept = Patient.objects.filter(pk=self.instance.pk).first()
        typed = self.cleaned_data["phone"]
        self.number = read_number(typed, patient=kept, country=SmsSettings.load().country)
        return self.number.e164 if self.number else ""

    def clean_birth_date(self) -> date | None:
        return read_birth_date(self.cleaned_data["birth_date"])

    def details(self) -> Details:
        names = ["first_name", "last_name", "time_zone", "birth_date", "reference", "wants_reminders"]
        return Details(phone=self.number, **{name: self.cleaned_data[name] for name in names})

    def choice(self) -> Choice | None:
        if "accepts_sms_marketing" not in self.changed_data:
            return None
        return Choice(self.cleaned_data["accepts_sms_marketing"], ConsentSource.STAFF)


@admin.register(Patient)
class PatientAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # has no type arguments at run time
    form = PatientAdminForm
    formfield_overrides = IN_ADMIN
    actions = None
    show_full_result_count = False
    list_display = [
        "full_name",
        "phone",
        "phone_kind",
        "accepts_sms_marketing",
        "sms_marketing_source",
        "wants_reminders",
        "archived_at",
        "deceased_at",
    ]
    list_filter = [
        "accepts_sms_marketing",
        "sms_marketing_source",
        "wants_reminders",
        "phone_kind",
        ("archived_at", admin.EmptyFieldListFilter),
        ("deceased_at", admin.EmptyFieldListFilter),
        ("number_refused_at", admin.EmptyFieldListFilter),
    ]
    search_fields = ["search_name", "phone", "reference"]
    readonly_fields = (
        "sms_marketing_source",
        "consent_event",
        "phone_kind",
        "number_refused_at",
        "number_refused_code",
        "archived_at",
        "deceased_at",
        "created_at",
        "updated_at",
    )
    fields = (
        "first_name",
        "last_name",
        "phone",
        "time_zone",
        "birth_date",
        "reference",
        "wants_reminders",
        "accepts_sms_marketing",
        *readonly_fields,
    )

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Patient], search_term: str
    ) -> tuple[QuerySet[Patient], bool]:
        found = Patient.objects.not_erased().search(search_term, country=SmsSettings.load().country)
        return queryset.filter(pk__in=found.order_by().values("pk")), False

    def has_change_permission(self, request: HttpRequest, obj: Patient | None = None) -> bool:
        """Nobody fills in an erased patient again."""
        return super().has_change_permission(request, obj) and not (obj and obj.erased_at)

    def has_delete_permission(self, request: HttpRequest, obj: Patient | None = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Patient, form: Any, change: bool) -> None:
        user: Any = request.user
        details, choice, at = form.details(), form.choice(), timezone.now()
        if change:
            change_details(patient_id=obj.pk, details=details)
            if choice:
                record_consent(patient_id=obj.pk, choice=choice, at=at, by=user)
        else:
            obj.pk = register_patient(details=details, choice=choice, at=at, by=user).pk
        obj.refresh_from_db()


class AppointmentAdminForm(forms.ModelForm):  # type: ignore[type-arg]  # has no type arguments at run time
    def clean_starts_at(self) -> datetime:
        """Within what the clocks of all zones can show."""
        starts_at: datetime = self.cleaned_data["starts_at"]
        if not 1900 <= starts_at.year < 3000:
            raise forms.ValidationError(_("Check the year of this date."), code="year")
        return starts_at


@admin.register(Appointment)
class AppointmentAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # has no type arguments at run time
    form = AppointmentAdminForm
    actions = None
    formfield_overrides = IN_ADMIN
    list_display = ["starts_at", "patient", "practitioner", "cancelled_at"]
    list_filter = ["starts_at", ("cancelled_at", admin.EmptyFieldListFilter)]
    list_select_related = ["patient"]
    search_fields = ["patient__search_name", "practitioner"]
    autocomplete_fields = ["patient"]
    readonly_fields = ["cancelled_at", "created_at"]

    def has_delete_permission(self, request: HttpRequest, obj: Appointment | None = None) -> bool:
        return False


@admin.register(ConsentEvent)
class ConsentEventAdmin(ReadOnlyAdmin):
    list_display = ["at", "patient", "from_value", "to_value", "source", "how", "recorded_by", "batch"]
    list_filter = ["source", "to_value", "how", "at"]
    list_select_related = ["patient", "recorded_by", "batch"]
    search_fields = ["patient__search_name", "phone"]


@admin.register(PreferenceBatch)
class PreferenceBatchAdmin(ReadOnlyAdmin):
    list_display = ["id", "at", "to_value", "scope", "undo_of", "changed", "recorded_by"]
    list_filter = ["scope", "to_value", "at"]
    list_select_related = ["recorded_by", "undo_of"]
    search_fields = ["=id", "recorded_by__username"]


@admin.register(SuppressedNumber)
class SuppressedNumberAdmin(ReadOnlyAdmin):
    """Only the owner of the phone lifts a block."""

    list_display = ["phone", "covers", "source", "blocked_at", "lifted_at"]
    list_filter = ["covers", "source", ("lifted_at", admin.EmptyFieldListFilter)]
    search_fields = ["phone"]
