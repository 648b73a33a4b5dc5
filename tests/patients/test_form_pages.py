"""/patients/new/, and what it has in common with /patients/<id>/edit/"""

import re
from datetime import date, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from patients import registration
from patients.models import Patient
from patients.registration import Details
from settings_app.models import SmsSettings
from tests.factories import NOW, PatientFactory
from tests.patients.as_shown import as_shown, edit_url, page, ticked, unticked

pytestmark = pytest.mark.django_db

NEW = reverse("patients:create")


def new(client: Client, **typed: str) -> Any:
    return client.post(NEW, page(client, NEW) | {"last_name": "Ito"} | typed)


class TestWhoMay:
    def test_receptionists_may(self, reception_client: Client) -> None:
        assert reception_client.get(NEW).status_code == 200
        assert reception_client.get(edit_url(PatientFactory.create())).status_code == 200

    def test_practitioners_may_not(self, practitioner_client: Client) -> None:
        assert practitioner_client.get(NEW).status_code == 403
        assert practitioner_client.post(NEW, {"last_name": "Ito"}).status_code == 403
        assert practitioner_client.get(edit_url(PatientFactory.create())).status_code == 403


def test_the_words_on_the_page(reception_client: Client) -> None:
    html = reception_client.get(NEW).content.decode()
    for label in (
        "First name",
        "Last name",
        "Mobile number",
        "Time zone",
        "Agrees to receive promotional SMS marketing",
        "Wants appointment reminders",
    ):
        assert re.search(rf'<label for="id_\w+">{label}</label>', html)
    assert re.search(r"<legend>.*Communication preferences.*</legend>", html)
    assert '<button class="button" type="submit">Save</button>' in html


class TestNewPatient:
    def test_is_made_with_what_was_typed(self, reception_client: Client, receptionist: User) -> None:
        response = new(
            reception_client,
            first_name="Yuki",
            phone="0412 345 678",
            birth_date="1987-03-14",
            reference="MR-1",
        )
        patient = Patient.objects.get()
        assert response.url == patient.get_absolute_url()
        assert (patient.full_name, patient.phone) == ("Yuki Ito", "+61412345678")
        assert (patient.birth_date, patient.reference) == (date(1987, 3, 14), "MR-1")
        assert patient.wants_reminders is True
        assert patient.consent_event.recorded_by == receptionist

    @pytest.mark.parametrize("default", [False, True])
    def test_gets_the_default_if_the_box_is_left_alone(self, reception_client: Client, default: bool) -> None:
        SmsSettings.objects.update(new_patients_accept_marketing=default)
        new(reception_client)
        patient = Patient.objects.get()
        assert (patient.accepts_sms_marketing, patient.sms_marketing_source) == (default, "default")

    def test_the_box_beats_the_default_no(self, reception_client: Client, receptionist: User) -> None:
        sent = ticked(page(reception_client, NEW))
        reception_client.post(NEW, sent | {"last_name": "Ito", "how": "form", "evidence": "form of 2 May"})
        patient = Patient.objects.get()
        assert (patient.accepts_sms_marketing, patient.sms_marketing_source) == (True, "staff")
        event = patient.consent_event
        assert (event.how, event.evidence, event.recorded_by) == ("form", "form of 2 May", receptionist)

    def test_the_box_beats_the_default_yes(self, reception_client: Client) -> None:
        SmsSettings.objects.update(new_patients_accept_marketing=True)
        reception_client.post(NEW, unticked(page(reception_client, NEW)) | {"last_name": "Ito"})
        patient = Patient.objects.get()
        assert (patient.accepts_sms_marketing, patient.sms_marketing_source) == (False, "staff")

    def test_the_default_that_was_shown_counts_if_it_changes_meanwhile(
        self, reception_client: Client
    ) -> None:
        """A box that staff saw empty and left empty is no choice: the patient gets the default of today."""
        sent = page(reception_client, NEW) | {"last_name": "Ito"}
        SmsSettings.objects.update(new_patients_accept_marketing=True)
        reception_client.post(NEW, sent)
        assert Patient.objects.get().sms_marketing_source == "default"

    def test_how_they_were_told_makes_the_default_a_choice(self, reception_client: Client) -> None:
        new(reception_client, how="phone")
        patient = Patient.objects.get()
        assert (patient.accepts_sms_marketing, patient.sms_marketing_source) == (False, "staff")

    def test_a_note_without_a_choice_is_not_lost_silently(self, reception_client: Client) -> None:
        response = new(reception_client, evidence="said something")
        assert "choose how they told you" in response.content.decode()
        assert "said something" in response.content.decode()
        assert not Patient.objects.exists()

    def test_may_want_no_reminders(self, reception_client: Client) -> None:
        reception_client.post(
            NEW, unticked(page(reception_client, NEW), "wants_reminders") | {"last_name": "Ito"}
        )
        assert Patient.objects.get().wants_reminders is False


class TestErrors:
    @pytest.mark.parametrize(
        ("typed", "said"),
        [
            ({"phone": "02 9374 4000"}, "This is a landline, so it cannot get texts."),
            ({"phone": "1800 801 920"}, "This is not a mobile number"),
            ({"phone": "0412 345 67"}, "This number is too short for Australia."),
            ({"phone": "0412 345 6789"}, "This number is too long for Australia."),
            ({"phone": "ask her"}, "This is not a phone number."),
            ({"last_name": ""}, "This field is required."),
            ({"birth_date": "2126-03-14"}, "This date is still to come."),
            ({"birth_date": "1787-03-14"}, "Nobody is that old."),
            ({"birth_date": "1987-02-30"}, "Enter a valid date."),
        ],
    )
    def test_are_said_by_the_field_and_nothing_typed_is_lost(
        self, reception_client: Client, typed: dict[str, str], said: str
    ) -> None:
        response = new(reception_client, **({"first_name": "Yuki", "reference": "MR-7"} | typed))
        html = response.content.decode()
        [field] = typed
        error = re.search(rf'id="id_{field}_error".*?</div>', html, re.DOTALL)
        assert error
        assert said in error[0]
        for value in ["Yuki", "MR-7", *typed.values()]:
            assert value in html
        assert not Patient.objects.exists()

    def test_a_number_abroad_is_read_by_the_clinics_country(self, reception_client: Client) -> None:
        SmsSettings.objects.update(country="NZ")
        new(reception_client, phone="021 123 4567")
        assert Patient.objects.get().phone == "+64211234567"

    def test_a_taken_reference(self, reception_client: Client) -> None:
        PatientFactory.create(reference="MR-1")
        assert (
            "Another patient has this reference." in new(reception_client, reference="MR-1").content.decode()
        )

    def test_a_reference_taken_this_very_moment(
        self, reception_client: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        register = registration.register_patient

        def overtaken(**given: Any) -> Patient:
            register(details=Details(last_name="Quick", reference="MR-1"), at=NOW)
            return register(**given)

        monkeypatch.setattr(registration, "register_patient", overtaken)
        response = new(reception_client, reference="MR-1")
        assert "Another patient has this reference." in response.content.decode()

    def test_another_broken_promise_of_the_database_is_not_hidden(
        self, reception_client: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def broken(**_: Any) -> Patient:
            raise IntegrityError

        monkeypatch.setattr(registration, "register_patient", broken)
        with pytest.raises(IntegrityError):
            new(reception_client)

    def test_today_is_a_birth_date(self, reception_client: Client) -> None:
        zone = SmsSettings.load().zone
        today = timezone.now().astimezone(zone).date()
        assert new(reception_client, birth_date=today.isoformat()).status_code == 302
        tomorrow = today + timedelta(days=1)
        assert new(reception_client, birth_date=tomorrow.isoformat()).status_code == 200


class TestLikelyDuplicates:
    @pytest.fixture(autouse=True)
    def _ana(self) -> None:
        PatientFactory.create(
            first_name="Ana", last_name="Ito", birth_date=date(1987, 3, 14), phone="0412 345 678"
        )

    def test_are_shown_first_and_saved_when_staff_save_again(self, reception_client: Client) -> None:
        response = new(reception_client, first_name="ANA", birth_date="1987-03-14")
        html = response.content.decode()
        assert "This may be somebody you already have" in html
        assert "14 March 1987" in html
        assert Patient.objects.count() == 1

        reception_client.post(NEW, as_shown(html))
        assert Patient.objects.count() == 2

    def test_without_a_birth_date_by_the_number(self, reception_client: Client) -> None:
        html = new(reception_client, first_name="Ana", phone="0412 345 678").content.decode()
        assert "This may be somebody you already have" in html

    @pytest.mark.parametrize(
        "typed",
        [
            {"first_name": "Ana"},
            {"first_name": "Ana", "birth_date": "1988-03-14", "phone": "0412 345 678"},
            {"first_name": "Bo", "birth_date": "1987-03-14"},
        ],
    )
    def test_others_are_saved_at_once(self, reception_client: Client, typed: dict[str, str]) -> None:
        new(reception_client, **typed)
        assert Patient.objects.count() == 2

    def test_a_patient_is_not_their_own_duplicate(self, reception_client: Client) -> None:
        url = edit_url(Patient.objects.get())
        assert (
            reception_client.post(url, page(reception_client, url) | {"first_name": "ana"}).status_code == 302
        )

    def test_one_that_was_saved_is_not_asked_about_for_ever(self, reception_client: Client) -> None:
        twin = PatientFactory.create(first_name="Ana", last_name="Ito", birth_date=date(1987, 3, 14))
        url = edit_url(twin)
        sent = page(reception_client, url) | {"reference": "MR-2"}
        assert reception_client.post(url, sent).status_code == 302


class TestSharedNumber:
    def test_is_saved_with_a_warning_and_the_page_names_who_has_it_too(
        self, reception_client: Client
    ) -> None:
        PatientFactory.create(first_name="Bo", last_name="Osei", phone="0412 345 678")
        sent = page(reception_client, NEW) | {"last_name": "Ito", "phone": "0412 345 678"}
        html = reception_client.post(NEW, sent, follow=True).content.decode()
        assert "Somebody else has the same mobile number." in html
        assert "On the same number" in html
        assert "Bo Osei" in html

    def test_is_no_news_when_nothing_changed(self, reception_client: Client) -> None:
        first, _ = (PatientFactory.create(phone="0412 345 678") for _ in range(2))
        url = edit_url(first)
        response = reception_client.post(url, page(reception_client, url), follow=True)
        assert "Somebody else has" not in response.content.decode()
