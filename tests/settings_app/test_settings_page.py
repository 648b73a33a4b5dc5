"""/settings/sms/"""

import re
from datetime import time
from decimal import Decimal
from typing import Any

import pytest
from django.conf import LazySettings
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from patients.models import Patient
from settings_app.models import SmsSettings
from tests.factories import PatientFactory

pytestmark = pytest.mark.django_db

URL = reverse("settings_app:sms")
SHIPPED = {
    "new_patients": "reject",
    "country": "AU",
    "time_zone": "Australia/Sydney",
    "clinic_name": "Our clinic",
    "clinic_phone": "",
    "marketing_not_before": "09:00",
    "marketing_not_after": "20:00",
    "hold_minutes": "0",
    "reminders_enabled": "on",
    "reminder_hours_before": "24",
    "reminder_text": "Hi {first_name|there}, see you on {date} at {time}.",
    "idle_minutes": "30",
    "opt_out_words": "Reply STOP to opt out.",
    "part_price": "",
    "currency": "AUD",
}


def words(response: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


class TestWhoMay:
    def test_managers_may(self, manager_client: Client) -> None:
        assert manager_client.get(URL).status_code == 200

    def test_receptionists_may_not(self, reception_client: Client) -> None:
        assert reception_client.get(URL).status_code == 403
        assert reception_client.post(URL, SHIPPED | {"new_patients": "accept"}).status_code == 403
        assert SmsSettings.load().new_patients_accept_marketing is False

    def test_strangers_log_in_first(self, client: Client) -> None:
        assert client.get(URL).url.startswith("/accounts/login/")


def test_the_words_on_the_page(manager_client: Client) -> None:
    html = manager_client.get(URL).content.decode()
    assert re.search(r"<h2[^>]*>SMS subscriptions</h2>", html)
    assert "<legend>New patients</legend>" in html
    for label in (
        "Accept SMS marketing",
        "Reject SMS marketing",
        "Apply to all existing patients",
        "STOP means everything",
        "Country",
        "Time zone",
        "Clinic name",
        "Clinic phone",
        "Marketing texts not before",
        "Marketing texts not after",
        "Minutes to wait before the first text leaves",
    ):
        assert re.search(rf'<label for="[\w-]+">{label}</label>', html)
    assert '<button class="button" type="submit">Save</button>' in html


def test_marketing_ships_by_day_and_without_a_hold(manager_client: Client) -> None:
    html = manager_client.get(URL).content.decode()
    assert re.search(r'<input type="time" name="marketing_not_before" value="09:00"', html)
    assert re.search(r'<input type="time" name="marketing_not_after" value="20:00"', html)
    assert SmsSettings.load().hold_minutes == 0


def test_ships_as_reject_in_australia(manager_client: Client) -> None:
    form = manager_client.get(URL).context["form"]
    assert (form["new_patients"].value(), form["country"].value()) == ("reject", "AU")


def test_says_what_the_default_does_not_do(manager_client: Client) -> None:
    said = words(manager_client.get(URL))
    assert "Changing it changes nobody who is already here, and it is not consent" in said


class TestWhatStopDoes:
    def test_with_one_sender_it_stops_everything(
        self, manager_client: Client, settings: LazySettings
    ) -> None:
        settings.TWILIO_MARKETING_SENDER = settings.TWILIO_CARE_SENDER = "MG1"
        said = words(manager_client.get(URL))
        assert "no promotions, no reminders and no one-off texts" in said
        assert "still gets reminders" not in said

    def test_with_two_it_stops_promotions(self, manager_client: Client, settings: LazySettings) -> None:
        settings.TWILIO_MARKETING_SENDER, settings.TWILIO_CARE_SENDER = "MG1", "MG2"
        said = words(manager_client.get(URL))
        assert "still gets reminders and one-off texts" in said

    def test_the_clinic_can_say_that_it_means_everything(
        self, manager_client: Client, settings: LazySettings
    ) -> None:
        settings.TWILIO_MARKETING_SENDER, settings.TWILIO_CARE_SENDER = "MG1", "MG2"
        said = words(manager_client.get(URL))
        assert "A STOP to a promotion then ends reminders and one-off texts too" in said
        assert "It is so anyway" not in said
        manager_client.post(URL, SHIPPED | {"stop_means_everything": "on"})
        assert SmsSettings.load().stop_means_everything is True
        said = words(manager_client.get(URL))
        assert "no promotions, no reminders and no one-off texts" in said
        assert "still gets reminders" not in said
        manager_client.post(URL, SHIPPED)
        assert SmsSettings.load().stop_means_everything is False

    def test_with_one_sender_it_does_so_anyway(self, manager_client: Client, settings: LazySettings) -> None:
        settings.TWILIO_MARKETING_SENDER = settings.TWILIO_CARE_SENDER = "MG1"
        assert "It is so anyway: all texts come from one sender" in words(manager_client.get(URL))


class TestSave:
    def test_keeps_the_settings_and_who_changed_them(self, manager_client: Client, manager: User) -> None:
        before = SmsSettings.load().updated_at
        sent = {
            "new_patients": "accept",
            "country": "NZ",
            "time_zone": "Pacific/Auckland",
            "clinic_name": "Harbour Clinic",
            "clinic_phone": "09 123 4567",
            "marketing_not_before": "10:30",
            "marketing_not_after": "23:59",
            "hold_minutes": "5",
            "reminder_hours_before": "48",
            "reminder_text": "{first_name}: {date} {time}, {practitioner}. {clinic_name} {clinic_phone} {last_name}",
            "idle_minutes": "15",
            "opt_out_words": "Opt out: {clinic_phone}",
            "part_price": "0.0515",
            "currency": "NZD",
        }
        response = manager_client.post(URL, sent)
        assert response.url == URL
        row = SmsSettings.load()
        assert row.new_patients_accept_marketing is True
        assert (row.country, row.time_zone, row.clinic_name) == ("NZ", "Pacific/Auckland", "Harbour Clinic")
        assert (row.clinic_phone, row.reminders_enabled, row.reminder_hours_before) == (
            "09 123 4567",
            False,
            48,
        )
        assert (row.marketing_not_before, row.marketing_not_after) == (time(10, 30), time(23, 59))
        assert row.hold_minutes == 5
        assert row.reminder_text == sent["reminder_text"]
        assert row.idle_minutes == 15
        assert (row.opt_out_words, row.part_price, row.currency) == (
            "Opt out: {clinic_phone}",
            Decimal("0.0515"),
            "NZD",
        )
        assert (row.updated_by, row.updated_at > before) == (manager, True)
        assert "Last changed by maria.manager" in words(manager_client.get(URL))

    def test_and_back_to_reject(self, manager_client: Client) -> None:
        SmsSettings.objects.update(new_patients_accept_marketing=True)
        manager_client.post(URL, SHIPPED)
        assert SmsSettings.load().new_patients_accept_marketing is False

    def test_changes_no_patient(self, manager_client: Client) -> None:
        patient = PatientFactory.create()
        manager_client.post(URL, SHIPPED | {"new_patients": "accept"})
        patient.refresh_from_db()
        assert patient.accepts_sms_marketing is False
        assert PatientFactory.create().accepts_sms_marketing is True

    def test_of_an_unchanged_page_is_nobodys_change(self, manager_client: Client) -> None:
        sent = SHIPPED | {"reminder_text": SmsSettings.load().reminder_text}
        manager_client.post(URL, sent)
        assert SmsSettings.load().updated_by is None

    @pytest.mark.parametrize("to", ["accept", "reject"])
    def test_with_the_tick_box_leads_on_to_the_preview(self, manager_client: Client, to: str) -> None:
        PatientFactory.create()
        response = manager_client.post(URL, SHIPPED | {"new_patients": to, "apply_to_all": "on"})
        assert response.url == f"/settings/sms/apply/?to={to}"
        assert manager_client.get(response.url).status_code == 200
        assert SmsSettings.load().new_patients_accept_marketing is (to == "accept")
        assert Patient.objects.get().accepts_sms_marketing is False


class TestErrors:
    @pytest.mark.parametrize(
        ("sent", "said"),
        [
            ({"reminder_text": "Hi {firstname}"}, "Did you mean {first_name}?"),
            ({"reminder_text": "Hi {first_name"}, "A { has no } to close it."),
            ({"reminder_text": ""}, "This field is required."),
            ({"reminder_hours_before": "0"}, "greater than or equal to 1"),
            ({"reminder_hours_before": "169"}, "less than or equal to 168"),
            ({"country": "XX"}, "Select a valid choice."),
            ({"time_zone": "Moon/Base"}, "Select a valid choice."),
            ({"new_patients": "perhaps"}, "Select a valid choice."),
            ({"clinic_name": ""}, "This field is required."),
            ({"marketing_not_before": "20:00"}, "This must be later than"),
            ({"marketing_not_before": "21:00"}, "For the end of the day write 23:59."),
            ({"marketing_not_after": "00:00"}, "For the end of the day write 23:59."),
            ({"marketing_not_after": "half past"}, "Enter a valid time."),
            ({"marketing_not_before": ""}, "This field is required."),
            ({"hold_minutes": "31"}, "less than or equal to 30"),
            ({"hold_minutes": "-1"}, "greater than or equal to 0"),
            ({"opt_out_words": ""}, "This field is required."),
            ({"opt_out_words": "Bye {first_name}"}, "{first_name} is not something we can fill in."),
            ({"part_price": "-1"}, "greater than or equal to 0"),
            ({"part_price": "cheap"}, "Enter a number."),
            ({"currency": "$"}, "Write three capital letters"),
        ],
    )
    def test_are_said_and_nothing_is_saved(
        self, manager_client: Client, sent: dict[str, str], said: str
    ) -> None:
        response = manager_client.post(URL, SHIPPED | {"clinic_phone": "12345", "apply_to_all": "on"} | sent)
        assert said in words(response)
        assert 'value="12345"' in response.content.decode()
        assert SmsSettings.load().clinic_phone == ""

    @pytest.mark.parametrize("sender", ["+61412000000", "61412000000", "MG" + "d0" * 16, "12345", ""])
    def test_a_sender_that_can_be_answered_may_ask_for_a_reply(
        self, manager_client: Client, settings: LazySettings, sender: str
    ) -> None:
        settings.TWILIO_MARKETING_SENDER = sender
        assert manager_client.post(URL, SHIPPED).status_code == 302

    def test_a_name_cannot_be_replied_to(self, manager_client: Client, settings: LazySettings) -> None:
        settings.TWILIO_MARKETING_SENDER = "HARBOUR"
        refused = words(manager_client.post(URL, SHIPPED))
        assert "Marketing texts come from the name HARBOUR, and nobody can reply to a name." in refused
        other = SHIPPED | {"opt_out_words": "Opt out: {clinic_phone}"}
        assert manager_client.post(URL, other).status_code == 302


def test_an_older_zone_name_in_use_stays_on_offer(manager_client: Client) -> None:
    SmsSettings.objects.update(time_zone="Asia/Calcutta")
    sent = SHIPPED | {"time_zone": "Asia/Calcutta", "clinic_name": "Kolkata Clinic"}
    assert manager_client.post(URL, sent).status_code == 302


def test_pages_show_times_of_the_clinics_zone(manager_client: Client) -> None:
    SmsSettings.objects.update(time_zone="Pacific/Auckland")
    manager_client.post(URL, SHIPPED | {"time_zone": "Pacific/Auckland", "clinic_name": "New"})
    row = SmsSettings.load()
    assert row.updated_at.astimezone(row.zone).strftime("%H:%M") in words(manager_client.get(URL))


def test_how_fast_texts_leave_can_be_limited_and_is_unlimited_as_it_ships(manager_client: Client) -> None:
    manager_client.post(URL, SHIPPED | {"marketing_rate": "2", "care_daily_cap": "5000"})
    row = SmsSettings.load()
    assert (row.marketing_rate, row.care_daily_cap, row.care_rate) == (2, 5000, None)
    manager_client.post(URL, SHIPPED)
    row = SmsSettings.load()
    assert (row.marketing_rate, row.care_daily_cap) == (None, None)


@pytest.mark.parametrize(
    "limit",
    [{"marketing_rate": "0"}, {"care_rate": "-1"}, {"marketing_daily_cap": "49"}, {"care_daily_cap": "0"}],
)
def test_a_limit_under_which_a_text_would_wait_for_ever_is_refused(
    manager_client: Client, limit: dict[str, str]
) -> None:
    """The longest text has 24 parts."""
    assert "greater than or equal to" in words(manager_client.post(URL, SHIPPED | limit))
    row = SmsSettings.load()
    assert [getattr(row, name) for name in limit] == [None]
