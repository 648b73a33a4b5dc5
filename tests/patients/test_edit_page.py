"""/patients/<id>/edit/"""

from datetime import date

import pytest
from django.contrib.auth.models import User
from django.test import Client

from patients.consent import Choice, record_consent
from patients.models import ConsentSource
from tests.factories import NOW, PatientFactory, block
from tests.patients.as_shown import BOX, as_shown, edit_url, page, ticked, unticked

pytestmark = pytest.mark.django_db


class TestEdit:
    def test_saves_what_changed(self, reception_client: Client) -> None:
        patient = PatientFactory.create(first_name="Ana", accepts=True)
        url = edit_url(patient)
        response = reception_client.post(url, page(reception_client, url) | {"first_name": "Anna"})
        assert response.url == patient.get_absolute_url()
        patient.refresh_from_db()
        assert (patient.first_name, patient.accepts_sms_marketing) == ("Anna", True)

    def test_a_zone_of_their_own_is_chosen_kept_and_given_up(self, reception_client: Client) -> None:
        patient = PatientFactory.create(first_name="Ana")
        url = edit_url(patient)
        assert "The clinic’s (Sydney, Australia)" in reception_client.get(url).content.decode()
        # An older name of a zone is not on offer, so nothing is saved then.
        for zone in ("Australia/Perth", "Asia/Calcutta", ""):
            reception_client.post(url, page(reception_client, url) | {"time_zone": zone})
            patient.refresh_from_db()
            assert patient.time_zone == ("" if not zone else "Australia/Perth")
            reception_client.post(url, page(reception_client, url) | {"first_name": f"Ana {zone}"})
            patient.refresh_from_db()
            assert patient.time_zone == ("" if not zone else "Australia/Perth")
            detail = reception_client.get(patient.get_absolute_url()).content.decode()
            assert ("Perth, Australia" in detail) is bool(zone)

    def test_an_older_name_of_a_zone_stays_on_offer(self, reception_client: Client) -> None:
        patient = PatientFactory.create(time_zone="Asia/Calcutta")
        url = edit_url(patient)
        reception_client.post(url, page(reception_client, url) | {"first_name": "Anna"})
        patient.refresh_from_db()
        assert (patient.first_name, patient.time_zone) == ("Anna", "Asia/Calcutta")

    def test_an_untouched_box_writes_nothing_to_the_ledger(self, reception_client: Client) -> None:
        patient = PatientFactory.create(accepts=True)
        url = edit_url(patient)
        reception_client.post(url, page(reception_client, url))
        assert patient.consent_events.count() == 2

    @pytest.mark.parametrize("before", [False, True])
    def test_a_changed_box_is_recorded(
        self, reception_client: Client, receptionist: User, before: bool
    ) -> None:
        patient = PatientFactory.create(accepts=before)
        url = edit_url(patient)
        shown = page(reception_client, url)
        sent = unticked(shown) if before else ticked(shown)
        reception_client.post(url, sent | {"how": "phone"})
        patient.refresh_from_db()
        assert patient.accepts_sms_marketing is not before
        assert (patient.consent_event.source, patient.consent_event.recorded_by) == ("staff", receptionist)

    def test_a_number_that_cannot_get_texts_does_not_stop_other_changes(
        self, reception_client: Client
    ) -> None:
        patient = PatientFactory.create(phone="02 9374 4000")
        url = edit_url(patient)
        reception_client.post(url, page(reception_client, url) | {"first_name": "Anna"})
        patient.refresh_from_db()
        assert (patient.first_name, patient.phone_kind) == ("Anna", "landline")

    def test_the_same_number_typed_differently_is_the_same_number(self, reception_client: Client) -> None:
        patient = PatientFactory.create(phone="0412 345 678", number_refused=True)
        url = edit_url(patient)
        reception_client.post(url, page(reception_client, url) | {"phone": "0412345678"})
        patient.refresh_from_db()
        assert patient.number_refused_at is not None

    def test_a_patient_without_a_number_can_be_given_one(self, reception_client: Client) -> None:
        patient = PatientFactory.create(phone="")
        url = edit_url(patient)
        reception_client.post(url, page(reception_client, url) | {"phone": "0412 345 678"})
        patient.refresh_from_db()
        assert patient.phone == "+61412345678"

    def test_a_birth_date_can_be_mended(self, reception_client: Client) -> None:
        patient = PatientFactory.create(birth_date=date(1987, 3, 14))
        url = edit_url(patient)
        assert page(reception_client, url)["birth_date"] == "1987-03-14"
        reception_client.post(url, page(reception_client, url) | {"birth_date": "1978-03-14"})
        patient.refresh_from_db()
        assert patient.birth_date == date(1978, 3, 14)

    def test_of_nobody(self, reception_client: Client) -> None:
        assert reception_client.get("/patients/999/edit/").status_code == 404


class TestAPageThatIsOlderThanAStop:
    def test_does_not_undo_it_by_a_box_that_was_left_ticked(self, reception_client: Client) -> None:
        patient = PatientFactory.create(accepts=True)
        url = edit_url(patient)
        sent = page(reception_client, url) | {"first_name": "Anna"}
        block(patient.phone)
        reception_client.post(url, sent)
        patient.refresh_from_db()
        assert (patient.first_name, patient.accepts_sms_marketing) == ("Anna", False)
        assert patient.consent_event.source == "sms_stop"

    def test_asks_once_more_before_a_box_ticked_just_now_counts(self, reception_client: Client) -> None:
        patient = PatientFactory.create(accepts=False)
        url = edit_url(patient)
        sent = ticked(page(reception_client, url)) | {"how": "phone", "first_name": "Anna"}
        block(patient.phone)
        html = reception_client.post(url, sent).content.decode()
        assert "a STOP reply set this to no" in html
        patient.refresh_from_db()
        assert (patient.consent_event.source, patient.first_name == "Anna") == ("sms_stop", False)

        again = as_shown(html) | {"how": "phone"}
        assert again[BOX] == "on"
        assert reception_client.post(url, again).status_code == 302
        patient.refresh_from_db()
        assert (patient.accepts_sms_marketing, patient.first_name) == (True, "Anna")

    def test_a_confirmation_by_how_is_asked_about_too(self, reception_client: Client) -> None:
        patient = PatientFactory.create(accepts=True)
        url = edit_url(patient)
        sent = page(reception_client, url) | {"how": "phone"}
        block(patient.phone)
        assert reception_client.post(url, sent).status_code == 200
        patient.refresh_from_db()
        assert patient.accepts_sms_marketing is False

    def test_a_no_is_never_too_old(self, reception_client: Client) -> None:
        patient = PatientFactory.create(accepts=True)
        url = edit_url(patient)
        sent = unticked(page(reception_client, url))
        record_consent(patient_id=patient.pk, choice=Choice(True, ConsentSource.STAFF), at=NOW)
        assert reception_client.post(url, sent).status_code == 302
        patient.refresh_from_db()
        assert patient.accepts_sms_marketing is False


class TestWhereItReturnsTo:
    def test_the_page_it_was_opened_from(self, reception_client: Client) -> None:
        url = edit_url(PatientFactory.create()) + "?next=/sms/some%3Fpage%3D2"
        sent = page(reception_client, url)
        assert sent["next"] == "/sms/some?page=2"
        assert reception_client.post(url, sent).url == "/sms/some?page=2"

    def test_also_after_an_error(self, reception_client: Client) -> None:
        url = edit_url(PatientFactory.create()) + "?next=/sms/"
        html = reception_client.post(url, page(reception_client, url) | {"last_name": ""}).content.decode()
        assert as_shown(html)["next"] == "/sms/"

    @pytest.mark.parametrize(
        "elsewhere",
        ["https://evil.example/", "//evil.example/", "javascript:alert(1)", "http:///evil.example"],
    )
    def test_never_another_site(self, reception_client: Client, elsewhere: str) -> None:
        patient = PatientFactory.create()
        url = edit_url(patient)
        sent = page(reception_client, url) | {"next": elsewhere}
        assert reception_client.post(url, sent).url == patient.get_absolute_url()
