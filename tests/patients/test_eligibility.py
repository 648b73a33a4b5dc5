"""The table of who gets a text: each rule stops the purposes it is for, and lets the others pass."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import LazySettings
from django.db import connection
from django.test.utils import CaptureQueriesContext

from clinic.lib import phone as phones
from patients import eligibility
from patients.eligibility import Purpose, Reason
from patients.models import Covers, Patient
from patients.registration import Details, change_details
from settings_app.models import SmsSettings
from tests.factories import NOW, PatientFactory, block

pytestmark = pytest.mark.django_db

M, S, ONE, R = Purpose.MARKETING, Purpose.SERVICE, Purpose.ONE_OFF, Purpose.REMINDER
EVERY = {M, S, ONE, R}
LANDLINE, FREE_CALL = "02 9374 4000", "1800 801 920"


@pytest.fixture(autouse=True)
def _separate_senders(settings: LazySettings) -> None:
    settings.TWILIO_MARKETING_SENDER, settings.TWILIO_CARE_SENDER = "MGmarketing", "MGcare"


def made(**facts: Any) -> Callable[[], Patient]:
    return lambda: PatientFactory.create(**{"accepts": True, **facts})


def made_on_blocked(covers: Covers) -> Callable[[], Patient]:
    def make() -> Patient:
        patient = PatientFactory.create(accepts=True)
        block(patient.phone, covers=covers)
        # The STOP took the preference along; somebody ticked the box again, which does not lift the block.
        Patient.objects.filter(pk=patient.pk).update(accepts_sms_marketing=True)
        return patient

    return make


def made_with_refusing_sibling() -> Patient:
    PatientFactory.create(phone="0412 345 678", accepts=False)
    return PatientFactory.create(phone="0412 345 678", accepts=True)


RULES = [
    pytest.param(made(phone=""), Reason.NO_MOBILE, EVERY, id="no number"),
    pytest.param(made(phone=LANDLINE), Reason.INVALID_NUMBER, EVERY, id="landline"),
    pytest.param(made(phone=FREE_CALL), Reason.INVALID_NUMBER, EVERY, id="toll-free"),
    pytest.param(made(number_refused=True), Reason.INVALID_NUMBER, EVERY, id="refused by the carrier"),
    pytest.param(made(deceased=True), Reason.DECEASED, EVERY, id="deceased"),
    pytest.param(made(archived=True), Reason.ARCHIVED, EVERY, id="archived"),
    pytest.param(made_on_blocked(Covers.EVERYTHING), Reason.NUMBER_BLOCKED, EVERY, id="STOP to everything"),
    pytest.param(made_on_blocked(Covers.MARKETING), Reason.NUMBER_BLOCKED, {M}, id="STOP to marketing"),
    pytest.param(made(accepts=False), Reason.NOT_SUBSCRIBED, {M}, id="says no"),
    pytest.param(made(accepts=None), Reason.NOT_SUBSCRIBED, {M}, id="default no"),
    pytest.param(made(wants_reminders=False), Reason.REMINDERS_OFF, {R}, id="no reminders"),
    pytest.param(made_with_refusing_sibling, Reason.SHARED_NUMBER_REFUSED, {M}, id="sibling refuses"),
    pytest.param(made(), None, set(), id="nothing against it"),
    pytest.param(made(phone="+1 212 555 2368"), None, set(), id="perhaps a mobile number"),
]


def judge(purpose: Purpose, **options: Any) -> dict[int, str]:
    judged = eligibility.judged(Patient.objects.order_by("pk"), purpose, **options)
    return dict(judged.values_list("pk", "left_out_reason"))


@pytest.mark.parametrize("purpose", list(Purpose))
@pytest.mark.parametrize(("make", "reason", "stops"), RULES)
def test_a_rule_stops_its_purposes_and_lets_the_others_pass(
    make: Callable[[], Patient], reason: Reason | None, stops: set[Purpose], purpose: Purpose
) -> None:
    patient = make()
    expected = reason if purpose in stops else None
    # An active sibling with a lower id takes the one text to the number.
    takes_turn = Reason.SHARED_NUMBER if make is made_with_refusing_sibling and purpose is S else None

    assert judge(purpose)[patient.pk] == (expected or takes_turn or "")
    assert (
        eligibility.still_refused(Patient.objects.filter(pk=patient.pk), purpose).get(patient.pk) is expected
    )
    assert eligibility.reasons_for(patient)[purpose] is (expected or takes_turn)


class TestStopToTheMarketingSender:
    def test_stops_everything_where_all_texts_come_from_one_sender(self, settings: LazySettings) -> None:
        settings.TWILIO_CARE_SENDER = settings.TWILIO_MARKETING_SENDER
        patient = made_on_blocked(Covers.MARKETING)()
        assert set(eligibility.reasons_for(patient).values()) == {Reason.NUMBER_BLOCKED}

    def test_stops_marketing_alone_where_care_has_its_own(self) -> None:
        assert eligibility.stop_to_marketing_covers() == {M}

    def test_stops_everything_where_the_clinic_says_so_at_once_and_for_earlier_stops(self) -> None:
        patient = made_on_blocked(Covers.MARKETING)()
        assert eligibility.reasons_for(patient)[R] is None
        for says_so, stops in ((True, EVERY), (False, {M})):
            SmsSettings.objects.update(stop_means_everything=says_so)
            reasons = eligibility.reasons_for(patient)
            assert {purpose for purpose in EVERY if reasons[purpose]} == stops
            assert eligibility.stop_to_marketing_covers() == stops
            assert eligibility.stopped_by(Covers.MARKETING) == stops
            last = {p for p in EVERY if eligibility.still_refused(Patient.objects.all(), p)}
            assert last == stops
        assert eligibility.stopped_by(Covers.EVERYTHING) == EVERY

    def test_that_means_everything_stops_nobody_who_never_said_it(self) -> None:
        SmsSettings.objects.update(stop_means_everything=True)
        patient = PatientFactory.create(accepts=True)
        assert set(eligibility.reasons_for(patient).values()) == {None}

    def test_lifted_it_stops_nothing(self) -> None:
        patient = PatientFactory.create(accepts=True)
        row = block(patient.phone)
        row.lifted_at = NOW
        row.save(update_fields=["lifted_at"])
        Patient.objects.update(accepts_sms_marketing=True)
        assert set(eligibility.reasons_for(patient).values()) == {None}

    def test_on_another_number_stops_nothing(self) -> None:
        patient = PatientFactory.create(accepts=True)
        block("+61498765432")
        assert set(eligibility.reasons_for(patient).values()) == {None}


class TestFirstMatchWins:
    def test_in_the_order_in_which_staff_should_fix_things(self) -> None:
        patient = PatientFactory.create(phone=LANDLINE, deceased=True, archived=True, wants_reminders=False)
        block(patient.phone)
        reasons = []
        fixes = [
            {"phone": "+61412345678", "phone_kind": "mobile"},
            {"deceased_at": None},
            {"archived_at": None},
            {"phone": "+61412345679"},
            {"accepts_sms_marketing": True},
        ]
        block("+61412345678")
        for fix in fixes:
            reasons.append(judge(M)[patient.pk])
            Patient.objects.filter(pk=patient.pk).update(**fix)
        assert reasons == ["invalid_number", "deceased", "archived", "number_blocked", "not_subscribed"]
        assert judge(M)[patient.pk] == ""


class TestFamilies:
    """Several people, one number."""

    @pytest.fixture
    def family(self) -> list[Patient]:
        return [PatientFactory.create(phone="0412 345 678", accepts=True) for _ in range(3)]

    @pytest.mark.parametrize("purpose", [M, S])
    def test_a_group_sms_goes_to_the_number_once(self, family: list[Patient], purpose: Purpose) -> None:
        assert list(judge(purpose).values()) == ["", "shared_number", "shared_number"]

    @pytest.mark.parametrize("purpose", [ONE, R])
    def test_one_off_and_reminder_go_to_each_of_them(self, family: list[Patient], purpose: Purpose) -> None:
        assert set(judge(purpose).values()) == {""}

    def test_marketing_goes_to_nobody_if_one_refuses(self, family: list[Patient]) -> None:
        Patient.objects.filter(pk=family[1].pk).update(accepts_sms_marketing=False)
        assert list(judge(M).values()) == ["shared_number_refused", "not_subscribed", "shared_number_refused"]
        assert list(judge(S).values()) == ["", "shared_number", "shared_number"]

    @pytest.mark.parametrize("gone", ["archived_at", "deceased_at"])
    def test_somebody_archived_or_deceased_refuses_nothing(self, family: list[Patient], gone: str) -> None:
        Patient.objects.filter(pk=family[0].pk).update(**{"accepts_sms_marketing": False, gone: NOW})
        assert list(judge(M).values()) == [gone.removesuffix("_at"), "", "shared_number"]

    @pytest.mark.parametrize("purpose", [M, S])
    def test_if_one_is_unticked_the_next_gets_it(self, family: list[Patient], purpose: Purpose) -> None:
        unticked = Patient.objects.filter(pk=family[0].pk).values("pk")
        assert list(judge(purpose, deselected=unticked).values()) == ["deselected", "", "shared_number"]

    def test_another_number_is_another_family(self, family: list[Patient]) -> None:
        stranger = PatientFactory.create(accepts=True)
        assert judge(M)[stranger.pk] == ""

    def test_the_last_check_leaves_one_text_per_number_to_the_list(self, family: list[Patient]) -> None:
        assert eligibility.still_refused(Patient.objects.all(), S) == {}

    def test_people_without_a_number_are_no_family(self) -> None:
        first, second = (PatientFactory.create(phone="") for _ in range(2))
        assert set(judge(S).values()) == {"no_mobile"}
        assert eligibility.reasons_for(second)[S] is Reason.NO_MOBILE
        PatientFactory.create(accepts=False, phone="")
        assert eligibility.reasons_for(first)[M] is Reason.NO_MOBILE

    def test_for_one_patient_the_whole_family_is_asked(self, family: list[Patient]) -> None:
        first, second, _ = (eligibility.reasons_for(member) for member in family)
        assert (first[M], second[M]) == (None, Reason.SHARED_NUMBER)

    def test_who_moves_to_their_own_number_is_judged_alone(self, family: list[Patient]) -> None:
        details = Details(last_name="Moved", phone=phones.parse("0498 765 432", country="AU"))
        moved = change_details(patient_id=family[2].pk, details=details)
        assert eligibility.reasons_for(moved)[M] is None


class TestDeselected:
    @pytest.mark.parametrize("purpose", [ONE, R])
    def test_means_nothing_to_one_off_and_reminder(self, purpose: Purpose) -> None:
        patient = PatientFactory.create(accepts=True)
        assert judge(purpose, deselected=Patient.objects.values("pk"))[patient.pk] == ""

    def test_a_graver_reason_is_said_first(self) -> None:
        patient = PatientFactory.create(archived=True)
        assert judge(M, deselected=Patient.objects.values("pk"))[patient.pk] == "archived"


def test_counts_add_up_to_everybody_and_name_no_reason_that_does_not_occur() -> None:
    for _ in range(3):
        PatientFactory.create(accepts=True)
    PatientFactory.create(accepts=False)
    PatientFactory.create(phone="")
    assert eligibility.counts(eligibility.judged(Patient.objects.all(), M)) == {
        "": 3,
        "not_subscribed": 1,
        "no_mobile": 1,
    }


@pytest.fixture
def queries() -> Iterator[CaptureQueriesContext]:
    with CaptureQueriesContext(connection) as context:
        yield context


@pytest.mark.parametrize("purpose", list(Purpose))
def test_a_list_of_any_size_is_judged_in_one_query(purpose: Purpose) -> None:
    for _ in range(5):
        PatientFactory.create()
    with CaptureQueriesContext(connection) as queries:
        eligibility.counts(
            eligibility.judged(Patient.objects.all(), purpose, deselected=Patient.objects.none())
        )
    assert len(queries) == 1


def test_every_reason_that_the_table_gives_is_a_reason_of_the_list() -> None:
    reasons = {reason for reason, _, _ in eligibility._rules(eligibility._looked_up())}
    assert reasons | {Reason.DESELECTED, Reason.SHARED_NUMBER, Reason.NUMBER_CHANGED} == set(Reason)
