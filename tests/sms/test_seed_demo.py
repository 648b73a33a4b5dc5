"""The demo's clinic is believable, safe to send to, and never mixed with anybody else's data."""

import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from io import StringIO
from itertools import islice, pairwise
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import transaction
from django.db.models import Count, F
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoDbBlocker

from clinic.lib import phone as phones
from clinic.lib.phone import PhoneKind
from patients.eligibility import Purpose, Reason, counts, judged, still_refused
from patients.models import Appointment, ConsentEvent, ConsentSource, Patient, SuppressedNumber
from patients.registration import register_many
from settings_app.models import SmsSettings
from sms import gateway, reminders
from sms.demo import diary, numbers
from sms.demo.people import REFERENCE, People
from sms.management.commands.seed_demo import DEMO_LOGINS
from sms.models import DeliveryEvent, GroupMessage, InboundMessage, Message
from sms.models.inbound import ReplyKind
from sms.quiet import QuietHours
from sms.reports import progress
from sms.simulator import outcomes
from sms.status import FINAL, FROM_TWILIO, GroupStatus, Status
from tests.factories import PatientFactory

OWN, IMPORTED = 2_000, 100


def seed(*arguments: str) -> str:
    out = StringIO()
    call_command("seed_demo", *arguments, stdout=out)
    return out.getvalue()


@pytest.fixture(scope="class")
def clinic(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[str]:
    """The demo's clinic, made once for all tests of a class; gives what the command said."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield seed("--patients", str(OWN + IMPORTED))
        transaction.set_rollback(True)


@pytest.mark.usefixtures("clinic", "db")
class TestTheClinic:
    def test_says_what_it_made_and_how_to_get_in(self, clinic: str) -> None:
        assert "Made 2,100 patients" in clinic
        for username, password, _role in DEMO_LOGINS:
            assert f"{username} with the password {password}" in clinic

    def test_has_as_many_patients_as_were_asked_for(self) -> None:
        assert Patient.objects.count() == OWN + IMPORTED

    def test_a_second_run_says_so_and_changes_nothing(self) -> None:
        before = Patient.objects.count(), ConsentEvent.objects.count(), User.objects.count()
        assert "here already" in seed()
        assert (Patient.objects.count(), ConsentEvent.objects.count(), User.objects.count()) == before

    def test_has_somebody_for_every_reason_to_be_left_out(self) -> None:
        found = {reason for purpose in Purpose for reason in counts(judged(Patient.objects.all(), purpose))}
        never = {
            Reason.DESELECTED.value,
            Reason.NUMBER_CHANGED.value,
            *(Reason.ERASED.value, Reason.ERASED_BEFORE.value),
        }  # None is true of a person by itself, and nobody here asked to be erased.
        assert found == {"", *Reason.values} - never

    def test_most_can_be_texted(self) -> None:
        everybody = Patient.objects.count()
        assert counts(judged(Patient.objects.all(), Purpose.SERVICE))[""] > 0.6 * everybody
        assert counts(judged(Patient.objects.all(), Purpose.MARKETING))[""] > 0.2 * everybody

    def test_families_of_two_to_five_share_phones_and_do_not_always_agree(self) -> None:
        on_a_number = (
            Patient.objects.exclude(phone="")
            .order_by()
            .values("phone")
            .annotate(people=Count("pk"), answers=Count("accepts_sms_marketing", distinct=True))
        )
        families = [row for row in on_a_number if row["people"] > 1]
        assert {row["people"] for row in families} == {2, 3, 4, 5}
        assert 20 < sum(row["answers"] == 2 for row in families) < len(families) - 20

    def test_names_come_in_many_scripts(self) -> None:
        letters = {
            letter
            for names in Patient.objects.values_list("first_name", "last_name")
            for letter in "".join(names)
        }
        scripts = {unicodedata.name(letter).split()[0] for letter in letters if letter.isalpha()}
        assert scripts >= {"LATIN", "GREEK", "CYRILLIC", "ARABIC", "HEBREW", "DEVANAGARI", "TAMIL", "THAI"}
        assert scripts >= {"ETHIOPIC", "CJK", "HANGUL", "HIRAGANA"}

    def test_every_reference_tells_that_the_patient_is_invented(self) -> None:
        assert not Patient.objects.exclude(reference="").exclude(reference__startswith=REFERENCE).exists()

    def test_most_mobiles_are_australian_and_some_are_not(self) -> None:
        mobiles = Patient.objects.filter(phone_kind__in=[PhoneKind.MOBILE, PhoneKind.MAYBE_MOBILE])
        assert mobiles.filter(phone__startswith="+614").count() > 0.9 * mobiles.count()
        for abroad in ("+64", "+44", "+1", "+46", "+49"):
            assert mobiles.filter(phone__startswith=abroad).count() > 3

    def test_preferences_were_learned_in_every_way_and_by_both(self) -> None:
        chosen = ConsentEvent.objects.filter(source=ConsentSource.STAFF)
        assert {*chosen.values_list("how", flat=True)} == {"in_person", "form", "phone", "email"}
        assert {*chosen.values_list("recorded_by__username", flat=True)} == {"manager", "receptionist"}
        assert chosen.values("at").distinct().count() > 150

    def test_those_over_two_thousand_are_an_import(self) -> None:
        newest = Patient.objects.order_by("-pk")[: IMPORTED // 2]
        assert {patient.sms_marketing_source for patient in newest} <= {
            ConsentSource.DEFAULT,
            ConsentSource.IMPORT,
            ConsentSource.STAFF,  # The clinic's own who came yesterday.
        }
        imported = Patient.objects.filter(sms_marketing_source=ConsentSource.IMPORT)
        assert 0.4 * IMPORTED < imported.count() < 0.8 * IMPORTED

    def test_the_ledger_agrees_with_the_patients(self) -> None:
        call_command("check_consent_ledger", stdout=StringIO())

    def test_the_ledger_is_a_chain_in_the_order_of_time(self) -> None:
        events = defaultdict(list)
        for event in ConsentEvent.objects.order_by("pk"):
            events[event.patient_id].append(event)
        assert len(events) == OWN + IMPORTED
        for first, *_ in events.values():
            assert (first.from_value, first.source) == (None, ConsentSource.DEFAULT)
        for before, after in (pair for chain in events.values() for pair in pairwise(chain)):
            assert (after.from_value, after.from_source) == (before.to_value, before.source)
            assert before.at <= after.at

    def test_two_group_sms_are_finished_with_every_kind_of_end(self) -> None:
        marketing, service = GroupMessage.objects.order_by("created_at")
        assert (marketing.is_marketing, service.is_marketing) == (True, False)
        for group in (marketing, service):
            now = progress(group)
            assert group.status == GroupStatus.FINISHED
            assert {Status.DELIVERED, Status.UNDELIVERED, Status.FAILED, Status.LEFT_OUT} == {*now.per_status}
            assert now.per_status[Status.DELIVERED] > 0.9 * now.total
        assert Reason.NOT_SUBSCRIBED in progress(marketing).per_reason
        assert progress(service).per_reason[Reason.DESELECTED] == 3

    def test_every_marketing_text_points_at_a_yes_from_before(self) -> None:
        sent = Message.objects.filter(purpose=Purpose.MARKETING).exclude(status=Status.LEFT_OUT)
        proved = sent.filter(
            consent_event__patient=F("patient"),
            consent_event__to_value=True,
            consent_event__at__lt=F("created_at"),
        )
        assert sent.count() == proved.count() > 400

    def test_nothing_waits_or_is_in_doubt(self) -> None:
        """So that the demo's worker has nothing to do with the past."""
        assert not Message.objects.exclude(status__in=FINAL).exists()

    def test_texts_have_sids_as_twilio_writes_them_and_news_that_led_to_their_state(self) -> None:
        texts = Message.objects.exclude(sid="").prefetch_related("delivery_events")
        assert texts.exclude(sid__regex=r"^SM[0-9a-f]{32}$").count() == 0
        for text in texts:
            *earlier, last = text.delivery_events.all()
            assert FROM_TWILIO[last.status] == text.status
            assert (last.error_code, last.received_at, last.sid) == (
                text.error_code,
                text.status_at,
                text.sid,
            )
            assert [event.status for event in earlier] == ([] if text.status == Status.FAILED else ["sent"])
        assert not DeliveryEvent.objects.filter(message__sid="").exists()
        without = Message.objects.filter(sid="").exclude(status=Status.LEFT_OUT)
        assert {*without.values_list("status", "error_code")} <= {(Status.FAILED, 21211)}

    def test_reminders_one_offs_and_replies_of_the_last_days_are_there(self) -> None:
        texts = Counter(Message.objects.values_list("purpose", flat=True))
        assert texts[Purpose.REMINDER] > 30
        assert texts[Purpose.ONE_OFF] > 15
        kinds = Counter(InboundMessage.objects.values_list("kind", flat=True))
        assert {*kinds} == {*ReplyKind}
        assert kinds[ReplyKind.OTHER] > kinds[ReplyKind.STOP] > 5
        assert SuppressedNumber.objects.in_force().count() > 5
        assert SuppressedNumber.objects.exclude(lifted_at=None).exists()

    def test_nobody_got_marketing_after_their_stop(self) -> None:
        for block in SuppressedNumber.objects.all():
            later = Message.objects.filter(phone=block.phone, created_at__gt=block.blocked_at)
            assert not later.filter(purpose=Purpose.MARKETING).exclude(status=Status.LEFT_OUT).exists()

    def test_only_appointments_lie_ahead(self) -> None:
        now = timezone.now()
        assert Appointment.objects.filter(starts_at__gt=now).count() > 100
        for found in (
            Patient.objects.filter(created_at__gt=now),
            Patient.objects.filter(archived_at__gt=now),
            ConsentEvent.objects.filter(at__gt=now),
            Message.objects.filter(status_at__gt=now),
            DeliveryEvent.objects.filter(received_at__gt=now),
            InboundMessage.objects.filter(received_at__gt=now),
            Appointment.objects.filter(created_at__gt=now),
            Appointment.objects.filter(cancelled_at__gt=now),
        ):
            assert not found.exists()

    def test_reminders_go_out_as_soon_as_the_demo_runs(self) -> None:
        now = timezone.now()
        queued = reminders.queue_due_reminders(now=now)
        assert queued > 8
        waiting = Patient.objects.filter(messages__status=Status.QUEUED)
        assert not still_refused(waiting, Purpose.REMINDER)

    def test_the_logins_work_and_have_their_roles(self) -> None:
        for username, password, role in DEMO_LOGINS:
            user = User.objects.get(username=username)
            assert user.check_password(password)
            assert [group.name for group in user.groups.all()] == [role]
            assert not user.is_superuser

    def test_the_manager_sees_patients_in_the_admin_and_the_receptionist_is_not_let_in(self) -> None:
        seen = {}
        for username, _password, _role in DEMO_LOGINS:
            client = Client()
            client.force_login(User.objects.get(username=username))
            seen[username] = client.get("/admin/patients/patient/").status_code
        assert seen == {"manager": 200, "receptionist": 302, "sender": 302, "practitioner": 302}

    def test_the_clinic_has_a_name_and_ships_with_reject(self) -> None:
        settings = SmsSettings.load()
        assert settings.clinic_name == "Harbour Street Medical Centre"
        assert phones.parse(settings.clinic_phone, country="AU").kind == PhoneKind.LANDLINE
        assert settings.new_patients_accept_marketing is False

    def test_a_promotion_can_be_tried_at_any_hour(self) -> None:
        quiet = QuietHours.of(SmsSettings.load())
        assert quiet.are_none


@pytest.mark.parametrize(
    "plan", [numbers.ordinary_mobiles, numbers.fated_mobiles, numbers.foreign_mobiles, numbers.landlines]
)
def test_numbers_are_ones_that_the_form_would_take_and_all_different(plan: object) -> None:
    assert callable(plan)
    made = list(islice(plan(), 2_000))
    assert len(set(made)) == len(made) > 1_000
    for phone in made:
        assert phones.parse(phone.e164, country="AU") == phone


def test_ordinary_numbers_are_delivered_and_no_number_makes_the_account_rest() -> None:
    ordinary = [*islice(numbers.ordinary_mobiles(), 20_000), *numbers.foreign_mobiles()]
    assert {outcomes.for_number(phone.e164) for phone in ordinary} == {outcomes.DELIVERED}
    for phone in numbers.fated_mobiles():
        fate = outcomes.for_number(phone.e164)
        code = fate.refused_with or fate.error_code
        assert code
        assert fate.answer is outcomes.Answer.AS_TWILIO
        assert gateway.meaning(code).klass is not gateway.Klass.STOP_EVERYTHING


def test_it_is_always_the_same_people() -> None:
    first, second = (list(islice(People(today=date(2026, 11, 24)), 500)) for _ in range(2))
    assert first == second


@pytest.mark.django_db
@pytest.mark.parametrize("hour", [0, 9, 19])
@pytest.mark.parametrize("day", [date(2026, 11, 28), date(2026, 10, 3), date(2027, 4, 3)])
def test_somebody_has_an_appointment_within_a_day_whenever_the_demo_starts(day: date, hour: int) -> None:
    """On a Saturday too, and on the eves of summer and winter time."""
    sydney = ZoneInfo("Australia/Sydney")
    now = datetime(day.year, day.month, day.day, hour, 30, tzinfo=sydney).astimezone(UTC)
    register_many(details=islice(iter(People(today=day)), 200), at=now - timedelta(days=40))
    diary.book(diary.Diary(now=now, zone=sydney), diary.bookable(200))
    assert Appointment.objects.starting_between(now, now + timedelta(hours=24)).count() > 5
    hours = {appointment.starts_at.astimezone(sydney).hour for appointment in Appointment.objects.all()}
    assert hours <= set(range(8, 18))


@pytest.mark.django_db
def test_a_dry_run_says_what_it_would_make_and_makes_nothing() -> None:
    said = seed("--dry-run", "--patients", "5000")
    assert "Would make 5,000 patients, 3,000 of them imported" in said
    assert "manager (Manager) and receptionist (Receptionist)" in said
    assert not Patient.objects.exists()
    assert not User.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("dry_run", [[], ["--dry-run"]])
@pytest.mark.parametrize("what", ["a patient", "a user"])
def test_a_database_with_people_in_it_is_left_alone(what: str, dry_run: list[str]) -> None:
    if what == "a patient":
        PatientFactory.create()
    else:
        User.objects.create_user("somebody")
    before = Patient.objects.count(), User.objects.count()
    with pytest.raises(CommandError, match="the demo did not make, so nothing was added") as refusal:
        seed(*dry_run)
    assert refusal.value.returncode == 1
    assert (Patient.objects.count(), User.objects.count()) == before


@pytest.mark.django_db
@pytest.mark.parametrize("number", [1, 30])
def test_a_clinic_may_be_tiny(number: int) -> None:
    seed("--patients", str(number))
    assert Patient.objects.count() == number
    call_command("check_consent_ledger", stdout=StringIO())
    assert Appointment.objects.filter(starts_at__gt=timezone.now()).exists()


@pytest.mark.parametrize("number", ["0", "-1", "many"])
def test_no_patients_are_no_clinic(number: str) -> None:
    with pytest.raises(CommandError, match="must be a whole number, 1 or more"):
        seed("--patients", number)
