"""The admin offers no way around registration, consent and the ledger."""

from typing import Any

import pytest
from django.contrib import admin
from django.contrib.admin.sites import site
from django.contrib.auth.models import User
from django.db import models
from django.test import Client
from django.urls import reverse

from patients.batches import apply_default
from patients.models import (
    Appointment,
    ConsentEvent,
    Patient,
    PreferenceBatch,
    SuppressedNumber,
)
from settings_app.models import SmsSettings
from tests.factories import NOW, AppointmentFactory, PatientFactory, block

pytestmark = pytest.mark.django_db

OURS: list[type[models.Model]] = [Patient, Appointment, ConsentEvent, PreferenceBatch, SuppressedNumber]
READ_ONLY = [ConsentEvent, PreferenceBatch, SuppressedNumber]


def url(model: type[models.Model], page: str, *args: Any) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


@pytest.fixture
def rows() -> dict[type[models.Model], Any]:
    appointment = AppointmentFactory.create(patient__phone="0412 345 678", patient__last_name="Ito")
    batch = apply_default(accept=True, scope=PreferenceBatch.Scope.EVERYONE, at=NOW)
    return {
        Patient: appointment.patient,
        Appointment: appointment,
        ConsentEvent: appointment.patient.consent_events.first(),
        PreferenceBatch: batch,
        SuppressedNumber: block("+61412345678"),
    }


def form_of(client: Client, address: str) -> dict[str, str]:
    """What a browser would send if nothing was touched."""
    form = client.get(address).context["adminform"].form
    sent = {}
    for bound in form:
        value = bound.value()
        if bound.field.show_hidden_initial:
            sent[bound.html_initial_name] = str(bool(value))
        if value not in (None, False, ""):
            sent[bound.html_name] = "on" if value is True else str(value)
    return sent


@pytest.mark.parametrize("model", OURS)
class TestEachModel:
    def test_is_listed_filtered_and_searched(
        self, model: type[models.Model], rows: dict[type[models.Model], Any], admin_client: Client
    ) -> None:
        options = site._registry[model]
        assert len(options.list_display) >= 4
        assert options.list_filter
        assert options.search_fields
        assert admin_client.get(url(model, "changelist")).status_code == 200
        assert admin_client.get(url(model, "changelist"), {"q": "0412 345"}).status_code == 200
        assert admin_client.get(url(model, "change", rows[model].pk)).status_code == 200

    def test_is_never_deleted_nor_edited_in_the_list(
        self, model: type[models.Model], rows: dict[type[models.Model], Any], admin_client: Client
    ) -> None:
        before = model._default_manager.count()
        delete = url(model, "delete", rows[model].pk)
        assert admin_client.post(delete, {"post": "yes"}).status_code == 403
        chosen = {"action": "delete_selected", "_selected_action": rows[model].pk, "post": "yes"}
        admin_client.post(url(model, "changelist"), chosen)
        assert model._default_manager.count() == before
        options = site._registry[model]
        assert not options.list_editable
        assert options.actions is None
        assert not options.inlines


@pytest.mark.parametrize("model", READ_ONLY)
def test_the_ledger_batches_and_blocks_are_only_read(
    model: type[models.Model], rows: dict[type[models.Model], Any], admin_client: Client
) -> None:
    assert admin_client.get(url(model, "add")).status_code == 403
    assert admin_client.post(url(model, "add"), {}).status_code == 403
    assert admin_client.post(url(model, "change", rows[model].pk), {"evidence": "forged"}).status_code == 403


class TestAddAPatient:
    ADD = "/admin/patients/patient/add/"

    def test_registers_them_with_the_default(self, admin_client: Client, admin_user: User) -> None:
        sent = form_of(admin_client, self.ADD) | {"last_name": "Ito", "phone": "0412 345 678"}
        assert admin_client.post(self.ADD, sent).status_code == 302
        patient = Patient.objects.get()
        assert (patient.phone, patient.phone_kind, patient.search_name) == ("+61412345678", "mobile", "ito")
        assert patient.consent_event == patient.consent_events.get()
        assert (patient.consent_event.source, patient.consent_event.recorded_by) == ("default", admin_user)

    @pytest.mark.parametrize("default", [False, True])
    def test_a_changed_box_is_a_choice_of_staff(self, admin_client: Client, default: bool) -> None:
        SmsSettings.objects.update(new_patients_accept_marketing=default)
        sent = form_of(admin_client, self.ADD) | {"last_name": "Ito"}
        if default:
            del sent["accepts_sms_marketing"]
        else:
            sent["accepts_sms_marketing"] = "on"
        admin_client.post(self.ADD, sent)
        patient = Patient.objects.get()
        assert (patient.accepts_sms_marketing, patient.sms_marketing_source) == (not default, "staff")
        assert patient.consent_events.count() == 2

    @pytest.mark.parametrize(
        "typed", [{"phone": "02 9374 4000"}, {"phone": "12"}, {"reference": "MR-1"}, {"last_name": ""}]
    )
    def test_what_is_wrong_is_said(self, admin_client: Client, typed: dict[str, str]) -> None:
        PatientFactory.create(reference="MR-1")
        response = admin_client.post(self.ADD, form_of(admin_client, self.ADD) | {"last_name": "Ito"} | typed)
        assert response.status_code == 200
        assert response.context["errors"]
        assert Patient.objects.count() == 1


class TestChangeAPatient:
    def test_changes_facts_without_touching_the_ledger(self, admin_client: Client) -> None:
        patient = PatientFactory.create(accepts=True, phone="02 9374 4000")
        address = url(Patient, "change", patient.pk)
        admin_client.post(address, form_of(admin_client, address) | {"first_name": "Anna"})
        patient.refresh_from_db()
        assert (patient.first_name, patient.accepts_sms_marketing) == ("Anna", True)
        assert patient.phone_kind == "landline"
        assert patient.consent_events.count() == 2

    def test_records_a_changed_preference(self, admin_client: Client, admin_user: User) -> None:
        patient = PatientFactory.create()
        address = url(Patient, "change", patient.pk)
        admin_client.post(address, form_of(admin_client, address) | {"accepts_sms_marketing": "on"})
        patient.refresh_from_db()
        assert patient.accepts_sms_marketing is True
        assert (patient.consent_event.source, patient.consent_event.recorded_by) == ("staff", admin_user)

    def test_an_old_page_does_not_undo_a_stop(self, admin_client: Client) -> None:
        patient = PatientFactory.create(accepts=True)
        address = url(Patient, "change", patient.pk)
        sent = form_of(admin_client, address)
        block(patient.phone)
        admin_client.post(address, sent | {"first_name": "Anna"})
        patient.refresh_from_db()
        assert (patient.first_name, patient.accepts_sms_marketing) == ("Anna", False)

    def test_the_source_and_the_proof_cannot_be_typed(self, admin_client: Client) -> None:
        patient = PatientFactory.create()
        address = url(Patient, "change", patient.pk)
        forged = {"sms_marketing_source": "staff", "consent_event": "", "archived_at_0": "2020-01-01"}
        admin_client.post(address, form_of(admin_client, address) | forged)
        patient.refresh_from_db()
        assert (patient.sms_marketing_source, patient.archived_at) == ("default", None)
        assert patient.consent_event is not None


def test_a_patient_is_searched_as_on_the_patients_page(admin_client: Client) -> None:
    PatientFactory.create(last_name="Smith-Jönes", phone="0412 345 678")
    PatientFactory.create(last_name="Osei")
    for typed in ("jones", "0412 345"):
        found = admin_client.get(url(Patient, "changelist"), {"q": typed}).context["cl"].queryset
        assert [patient.last_name for patient in found] == ["Smith-Jönes"]


def test_every_model_of_patients_is_in_the_admin() -> None:
    assert {model for model in site._registry if model._meta.app_label == "patients"} == set(OURS)
    assert isinstance(site._registry[Patient], admin.ModelAdmin)
