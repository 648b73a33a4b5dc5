"""/patients/<id>/ and what is done from there"""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.contrib.auth.models import User
from django.template.loader import render_to_string
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from clinic.lib import phone as phones
from patients.batches import apply_default, undo
from patients.consent import Choice, record_consent
from patients.eligibility import Reason
from patients.models import (
    Appointment,
    ConsentHow,
    ConsentSource,
    Covers,
    Patient,
    PreferenceBatch,
    SuppressionSource,
)
from patients.registration import Details, change_details
from settings_app.models import SmsSettings
from tests.factories import NOW, AppointmentFactory, PatientFactory, block

pytestmark = pytest.mark.django_db


def shown(client: Client, patient: Patient) -> str:
    return " ".join(client.get(patient.get_absolute_url()).content.decode().split())


def words(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def test_only_for_those_who_may_see_patients(client: Client, practitioner_client: Client) -> None:
    patient = PatientFactory.create()
    assert client.get(patient.get_absolute_url()).status_code == 302
    assert practitioner_client.get(patient.get_absolute_url()).status_code == 200
    assert practitioner_client.get("/patients/999/").status_code == 404


def test_who_may_not_change_is_offered_no_change(practitioner_client: Client) -> None:
    patient = PatientFactory.create()
    AppointmentFactory.create(patient=patient, starts_at=timezone.now() + timedelta(days=1))
    html = shown(practitioner_client, patient)
    for offer in ("/edit/", "/archive/", "/deceased/", "/cancel/", "/appointments/new/"):
        assert offer not in html


def test_a_name_is_never_markup(reception_client: Client) -> None:
    patient = PatientFactory.create(last_name="<b>Ito</b>")
    assert "<b>Ito" not in shown(reception_client, patient)


class TestMayWeTextThem:
    def test_yes_to_everything(self, reception_client: Client) -> None:
        said = words(shown(reception_client, PatientFactory.create(accepts=True)))
        for purpose in ("Marketing", "News that is not marketing", "One-off texts", "Appointment reminders"):
            assert f"{purpose}: yes" in said

    def test_no_with_the_reason_and_its_fix(self, reception_client: Client) -> None:
        patient = PatientFactory.create(accepts=False)
        html = shown(reception_client, patient)
        assert "Marketing: no Does not accept marketing" in words(html)
        assert "One-off texts: yes" in words(html)
        assert f'href="/patients/{patient.pk}/edit/#id_accepts_sms_marketing"' in html

    def test_a_reason_for_everything_is_explained_once(self, reception_client: Client) -> None:
        html = shown(reception_client, PatientFactory.create(phone=""))
        assert html.count("Ask the patient for one and add it.") >= 1
        assert words(html).count(": no No mobile number") == 4


class TestReasons:
    @pytest.mark.parametrize("reason", list(Reason))
    def test_each_has_a_cause_and_a_remedy(self, reason: Reason) -> None:
        html = render_to_string(f"patients/reasons/_{reason}.html", {})
        paragraphs = [words(text) for text in re.findall(r"<p>(.*?)</p>", html, re.DOTALL)]
        assert len(paragraphs) >= 2
        assert all(text.endswith(".") for text in paragraphs[:2])

    @pytest.mark.parametrize("reason", sorted(set(Reason) - {Reason.DESELECTED}))
    def test_each_links_to_where_it_is_fixed_and_back(
        self, reason: Reason, receptionist: User, reception_client: Client
    ) -> None:
        patient = PatientFactory.create()
        perms = {"patients": {"change_patient": True}}
        context = {"patient": patient, "next": "/sms/x/review/?page=2&y", "perms": perms}
        html = render_to_string(f"patients/reasons/_{reason}.html", context)
        [link] = re.findall(r'href="([^"]+)"', html)
        assert link.startswith(f"/patients/{patient.pk}/")
        if "?next=" in link:
            assert "?next=%2Fsms%2Fx%2Freview%2F%3Fpage%3D2%26y" in link
        assert reception_client.get(link).status_code == 200

    def test_unticked_links_back_to_the_review(self) -> None:
        html = render_to_string("patients/reasons/_deselected.html", {"next": "/sms/x/review/"})
        assert 'href="/sms/x/review/"' in html

    def test_there_is_a_fragment_for_each_reason_and_none_besides(self) -> None:
        folder = Path(__file__).parents[2] / "templates/patients/reasons"
        assert {path.name for path in folder.iterdir()} == {f"_{reason}.html" for reason in Reason}


class TestTimeline:
    def test_says_in_plain_words_what_happened(self, reception_client: Client, manager: User) -> None:
        patient = PatientFactory.create(by=manager)
        for how in ConsentHow:
            choice = Choice(True, ConsentSource.STAFF, how, "her words")
            record_consent(patient_id=patient.pk, choice=choice, at=NOW, by=manager)
        for source in (ConsentSource.STAFF, ConsentSource.IMPORT, ConsentSource.SMS_START):
            record_consent(patient_id=patient.pk, choice=Choice(False, source), at=NOW)
        batch = apply_default(accept=True, scope=PreferenceBatch.Scope.EVERYONE, at=NOW, by=manager)
        undo(batch_id=batch.pk, at=NOW, by=manager)
        block(patient.phone)
        block(patient.phone, covers=Covers.MARKETING, source=SuppressionSource.CARRIER)
        record_consent(patient_id=patient.pk, choice=Choice(False, ConsentSource.CARRIER), at=NOW)
        said = words(shown(reception_client, patient))
        for sentence in (
            "the clinic’s default when the patient was added. Nobody asked them.",
            "they said so in person.",
            "they said so on the phone.",
            "they filled in a form.",
            "they wrote an email.",
            "they wrote a text.",
            "staff changed it.",
            "it came with an import.",
            "they answered START.",
            "the default was applied to all patients. Nobody asked them.",
            "a change of all patients was undone.",
            "they answered STOP.",
            "the phone network says that they refuse texts.",
            "The number is blocked by a reply from it: no texts at all.",
            "The number is blocked by the carrier: no texts at all. It was about promotions",
            "“her words”",
            "24 November 2026, 12:00, maria.manager",
        ):
            assert sentence in said

    @pytest.mark.parametrize(
        ("care_sender", "means_everything", "said"),
        [
            ("MG2", False, "no marketing texts. Reminders and one-off texts still go out."),
            (
                "MG2",
                True,
                "no texts at all. It was about promotions, and here a STOP to those ends everything.",
            ),
            (
                "MG1",
                False,
                "no texts at all. It was about promotions, and here a STOP to those ends everything.",
            ),
        ],
    )
    def test_says_what_a_stop_to_promotions_covers_now(
        self,
        reception_client: Client,
        settings: LazySettings,
        care_sender: str,
        means_everything: bool,
        said: str,
    ) -> None:
        settings.TWILIO_MARKETING_SENDER, settings.TWILIO_CARE_SENDER = "MG1", care_sender
        SmsSettings.objects.update(stop_means_everything=means_everything)
        patient = PatientFactory.create()
        block(patient.phone, covers=Covers.MARKETING)
        assert f"blocked by a reply from it: {said}" in words(shown(reception_client, patient))

    def test_says_what_was_recorded_for_another_number(self, reception_client: Client) -> None:
        patient = PatientFactory.create(last_name="Okoro", phone="0412 345 678", accepts=True)
        assert "another number" not in words(shown(reception_client, patient))
        number = phones.parse("0412 345 679", country="AU")
        change_details(patient_id=patient.pk, details=Details(last_name="Okoro", phone=number))
        said = words(shown(reception_client, patient))
        assert (
            said.count("Recorded for another number: +61 412 345 678") == 2
        )  # the default, and their choice
        record_consent(patient_id=patient.pk, choice=Choice(True, ConsentSource.STAFF), at=NOW)
        assert words(shown(reception_client, patient)).count("another number") == 2

    def test_is_bounded(self, reception_client: Client, django_assert_max_num_queries: Callable) -> None:
        patient = PatientFactory.create()
        for _ in range(60):
            record_consent(patient_id=patient.pk, choice=Choice(True, ConsentSource.STAFF), at=NOW)
        with django_assert_max_num_queries(30):
            html = shown(reception_client, patient)
        assert html.count('class="timeline-mark"') == 50


class TestOthersOnTheNumber:
    def test_are_named(self, reception_client: Client) -> None:
        patient, other = (PatientFactory.create(phone="0412 345 678") for _ in range(2))
        gone = PatientFactory.create(phone="0412 345 678", deceased=True)
        html = shown(reception_client, patient)
        assert other.get_absolute_url() in html
        assert gone.get_absolute_url() in html

    def test_nobody_shares_having_no_number(self, reception_client: Client) -> None:
        patient, _ = (PatientFactory.create(phone="") for _ in range(2))
        assert "On the same number" not in shown(reception_client, patient)


@pytest.mark.parametrize(("name", "field"), [("archive", "archived_at"), ("deceased", "deceased_at")])
class TestArchiveAndDeceased:
    def test_asks_then_does_then_takes_back(self, reception_client: Client, name: str, field: str) -> None:
        patient = PatientFactory.create()
        url = reverse(f"patients:{name}", args=[patient.pk])
        assert "no more texts of any kind" in reception_client.get(url).content.decode()
        patient.refresh_from_db()
        assert getattr(patient, field) is None

        assert reception_client.post(url, {"to": "on"}).url == patient.get_absolute_url()
        patient.refresh_from_db()
        assert getattr(patient, field) is not None
        assert "may get texts" in reception_client.get(url).content.decode()
        assert reception_client.get(patient.get_absolute_url()).status_code == 200

        reception_client.post(url, {"to": "off"})
        patient.refresh_from_db()
        assert getattr(patient, field) is None

    def test_a_button_of_an_old_page_does_what_it_said(
        self, reception_client: Client, name: str, field: str
    ) -> None:
        patient = PatientFactory.create(**{field.removesuffix("_at"): True})
        reception_client.post(reverse(f"patients:{name}", args=[patient.pk]), {"to": "on"})
        patient.refresh_from_db()
        assert getattr(patient, field) is not None

    def test_returns_to_where_it_was_opened(self, reception_client: Client, name: str, field: str) -> None:
        url = reverse(f"patients:{name}", args=[PatientFactory.create().pk])
        assert 'name="next" value="/sms/"' in reception_client.get(f"{url}?next=/sms/").content.decode()
        assert reception_client.post(url, {"to": "on", "next": "/sms/"}).url == "/sms/"

    def test_without_a_button_changes_nothing(self, reception_client: Client, name: str, field: str) -> None:
        patient = PatientFactory.create()
        assert reception_client.post(reverse(f"patients:{name}", args=[patient.pk])).status_code == 200
        patient.refresh_from_db()
        assert getattr(patient, field) is None

    def test_is_not_for_everybody(self, practitioner_client: Client, name: str, field: str) -> None:
        url = reverse(f"patients:{name}", args=[PatientFactory.create().pk])
        assert practitioner_client.post(url, {"to": "on"}).status_code == 403


class TestAppointments:
    @pytest.fixture
    def url(self) -> str:
        return reverse("patients:add_appointment", args=[PatientFactory.create().pk])

    def test_are_added_in_the_clinics_time(self, reception_client: Client, url: str) -> None:
        year = timezone.now().year + 1
        sent = {"day": f"{year}-01-15", "time": "09:30", "practitioner": "Dr Osei"}
        html = reception_client.post(url, sent, follow=True).content.decode()
        appointment = Appointment.objects.get()
        assert appointment.starts_at == datetime(year, 1, 14, 22, 30, tzinfo=UTC)
        assert f"day, 15 January {year}, 09:30" in html
        assert "Dr Osei" in html

    @pytest.mark.parametrize(
        ("sent", "said"),
        [
            ({"day": "2020-01-15", "time": "09:30"}, "This time has passed."),
            ({"day": "", "time": "09:30"}, "This field is required."),
            ({"day": "2099-01-15", "time": "25:00"}, "Enter a valid time."),
            # The clocks of Sydney are put on at two in the morning.
            ({"day": "2027-10-03", "time": "02:30"}, "may not exist"),
        ],
    )
    def test_that_cannot_be_are_refused_with_what_was_typed(
        self, reception_client: Client, url: str, sent: dict[str, str], said: str
    ) -> None:
        html = reception_client.post(url, sent | {"practitioner": "Dr Osei"}).content.decode()
        assert said in html
        assert "Dr Osei" in html
        assert not Appointment.objects.exists()

    def test_have_a_page_of_their_own(self, reception_client: Client, url: str) -> None:
        assert "Add the appointment" in reception_client.get(url).content.decode()

    def test_are_cancelled_not_deleted(self, reception_client: Client) -> None:
        appointment = AppointmentFactory.create(starts_at=timezone.now() + timedelta(days=1))
        url = reverse("patients:cancel_appointment", args=[appointment.patient_id, appointment.pk])
        html = reception_client.post(url, follow=True).content.decode()
        appointment.refresh_from_db()
        assert appointment.cancelled_at is not None
        assert "No reminder goes out for it." in html
        assert "None to come." in html

        first = appointment.cancelled_at
        reception_client.post(url)
        appointment.refresh_from_db()
        assert appointment.cancelled_at == first

    def test_of_somebody_else_cannot_be_cancelled_here(self, reception_client: Client) -> None:
        appointment = AppointmentFactory.create()
        url = reverse("patients:cancel_appointment", args=[PatientFactory.create().pk, appointment.pk])
        assert reception_client.post(url).status_code == 404

    def test_are_not_for_everybody(self, practitioner_client: Client, url: str) -> None:
        assert practitioner_client.post(url, {}).status_code == 403
        appointment = AppointmentFactory.create()
        cancel = reverse("patients:cancel_appointment", args=[appointment.patient_id, appointment.pk])
        assert practitioner_client.post(cancel).status_code == 403
