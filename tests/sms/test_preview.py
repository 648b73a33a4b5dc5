"""What the composer says about a text is what will be sent, and costs as few questions for many as for few."""

from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from clinic.lib import phone as phones
from clinic.lib.sms_text import Encoding, segments
from patients import registration
from settings_app.models import SmsSettings
from sms import preview
from sms.models import GroupMessage, Message
from sms.preview import Preview, pieces
from tests.factories import NOW, PatientFactory
from tests.sms import steps

pytestmark = pytest.mark.django_db

SHARED = "+61412900001"


def look(body: str, *, marketing: bool = False, shown: int = 0, step: int = 0) -> Preview:
    """A draft that nobody has saved."""
    group = GroupMessage(body=body, is_marketing=marketing)
    return Preview(group, SmsSettings.load(), shown=shown, step=step)


def test_parts_and_cost_are_those_of_what_is_sent() -> None:
    SmsSettings.objects.update(part_price=Decimal("0.0515"), clinic_name="Harbour")
    for name in ("Al", "Al", "Zoë", "😀" * 30, ""):
        PatientFactory.create(first_name=name, accepts=True)
    PatientFactory.create(accepts=False)
    body = "Hi {first_name}, " + "x" * 90
    seen = look(body, marketing=True)
    texts = list(steps.frozen(body, marketing=True).messages.exclude(body="").values_list("body", flat=True))
    each = [len(segments(text)) for text in texts]
    assert (seen.number, seen.total) == (5, 6)
    assert (seen.parts.total, seen.parts.fewest, seen.parts.most) == (sum(each), min(each), max(each))
    assert seen.cost == (Decimal("0.0515") * sum(each)).quantize(Decimal("0.01"))
    assert seen.costly_names == 2
    assert seen.phone is not None
    assert "".join(words for words, _ in seen.phone.pieces) in texts


def test_without_a_price_there_is_no_cost() -> None:
    PatientFactory.create()
    assert look("Hello").cost is None


def test_the_longest_the_typical_and_the_shortest_have_a_patient_each() -> None:
    for name in ("Jo", "Maximiliane", "Clara"):
        PatientFactory.create(first_name=name, last_name="Ng")
    found = [(e.label, e.patient.first_name, e.text.parts) for e in look("Hi {first_name}").extremes]
    assert found == [("Longest", "Maximiliane", 1), ("Typical", "Clara", 1), ("Shortest", "Jo", 1)]


def test_a_name_of_dear_letters_is_the_longest_if_it_takes_most_parts() -> None:
    PatientFactory.create(first_name="Maximiliane")
    PatientFactory.create(first_name="Łucja")
    longest = look("Hi {first_name}, " + "x" * 80).extremes[0]
    assert (longest.patient.first_name, longest.text.parts, longest.encoding) == (
        "Łucja",
        2,
        Encoding.UCS_2,
    )


def test_one_text_for_all_needs_no_comparison() -> None:
    PatientFactory.create_batch(3)
    assert [(e.label, e.text.number) for e in look("Closed today").extremes] == [("All alike", 3)]


def test_nobody_and_nothing_are_answered_too() -> None:
    seen = look("Hi {first_name}")
    assert (seen.number, seen.parts.total, seen.extremes, seen.phone, seen.blanks) == (0, 0, [], None, [])
    assert not seen.too_long


def test_next_and_previous_go_round_those_who_get_it() -> None:
    ana, _, ben = (
        PatientFactory.create(first_name="Ana"),
        PatientFactory.create(phone=""),
        PatientFactory.create(first_name="Ben"),
    )

    def after(shown: int, step: int) -> int:
        phone = look("Hi {first_name}", shown=shown, step=step).phone
        assert phone is not None
        return int(phone.patient.pk)

    assert (after(ana.pk, 1), after(ben.pk, 1)) == (ben.pk, ana.pk)
    assert (after(ben.pk, -1), after(ana.pk, -1)) == (ana.pk, ben.pk)
    assert after(ben.pk, 0) == ben.pk
    assert after(10**30, 1) == ana.pk  # whoever was shown is no longer there


def test_blanks_are_counted_by_what_stands_there_instead() -> None:
    PatientFactory.create(first_name="")
    PatientFactory.create(first_name="  ")
    PatientFactory.create_batch(2, phone=SHARED, first_name="Shared")
    PatientFactory.create(first_name="Ana")
    assert look("Hi {first_name}").blanks == [
        preview.Blank("", 1, "there"),
        preview.Blank("first name", 2, "there"),
    ]
    assert look("Hi {first_name|you} {last_name}").blanks[1] == preview.Blank("first name", 2, "you")
    assert look("Hi all").blanks == []


def test_dear_characters_are_told_apart_by_where_they_come_from() -> None:
    SmsSettings.objects.update(clinic_name="Łódź Clinic")
    PatientFactory.create()
    seen = look("We’re closed 😀 at {clinic_name}")
    assert [c.character for c in seen.swappable] == ["’"]
    assert [c.character for c in seen.stubborn] == ["😀"]
    assert [c.character for c in seen.costly_elsewhere] == ["Ł", "ó", "ź"]
    assert (look("’" + "x" * 120).parts_now, look("’" + "x" * 120).parts_plain) == (2, 1)


def test_dear_characters_are_shown_in_place() -> None:
    assert pieces("We’re “in”") == [
        ("We", False),
        ("’", True),
        ("re ", False),
        ("“", True),
        ("in", False),
        ("”", True),
    ]
    assert pieces("plain") == [("plain", False)]
    assert pieces("e\u0301\u0328x") == [("e\u0301\u0328", True), ("x", False)]
    assert pieces("") == []


def test_a_promotion_that_is_not_marked_counts_those_who_refused() -> None:
    PatientFactory.create_batch(2, accepts=False)
    PatientFactory.create(accepts=True)
    PatientFactory.create(accepts=False, phone="")
    seen = look("20% off today")
    assert (seen.promotional, seen.refusing) == (["20% off"], 2)
    assert look("20% off today", marketing=True).promotional == []
    assert look("We are closed today").refusing == 0


def everything(body: str) -> int:
    with CaptureQueriesContext(
        connection,
    ) as asked:
        seen = look(body)
        assert all([seen.number, seen.parts, seen.extremes, seen.phone, seen.refusing])
        assert seen.blanks == []
    return len(asked)


def test_a_thousand_patients_ask_no_more_questions_than_ten() -> None:
    body = "Hi {first_name} {last_name}, 20% off"
    PatientFactory.create_batch(10)
    few = everything(body)
    registration.register_many(
        details=[
            registration.Details(
                first_name=f"A{n}", last_name=f"B{n}", phone=phones.parse(f"+61413{n:06d}", country="AU")
            )
            for n in range(1000)
        ],
        at=timezone.now(),
    )
    assert everything(body) == few <= 8
    assert look(body).number == 1010


def test_what_the_phone_shows_is_what_is_sent() -> None:
    patient = PatientFactory.create(first_name="Ana", accepts=True)
    seen = look("Offer for {first_name}", marketing=True).phone
    group = steps.frozen("Offer for {first_name}", marketing=True, at=NOW)
    assert seen is not None
    assert (
        "".join(words for words, _ in seen.pieces) == Message.objects.get(group=group, patient=patient).body
    )
