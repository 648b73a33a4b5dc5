"""Many patients at once are the same rows as one patient after the other."""

from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from clinic.lib import phone as phones
from patients.consent import Choice
from patients.models import ConsentEvent, ConsentHow, ConsentSource, Patient
from patients.registration import Details, register_many, register_patient
from settings_app.models import SmsSettings

pytestmark = pytest.mark.django_db

YES = Choice(True, ConsentSource.STAFF, ConsentHow.FORM, "Signed form")
NO = Choice(False, ConsentSource.IMPORT)
PEOPLE: list[tuple[Details, Choice | None]] = [
    (Details(first_name=" Thị  Mai ", last_name="Nguyễn", birth_date=date(1980, 2, 29)), None),
    (Details(last_name="Smith-Jones", phone=phones.parse("0491 570 156", country="AU")), YES),
    (
        Details(last_name="Smith-Jones", phone=phones.parse("0491 570 156", country="AU"), reference=" r1 "),
        NO,
    ),
    (
        Details(last_name="O'Neil", phone=phones.parse("02 5550 1234", country="AU"), wants_reminders=False),
        None,
    ),
    (Details(last_name="Ng", phone=phones.parse("+1 212 555 0123", country="AU")), YES),
]


def rows(of: type[Patient] | type[ConsentEvent]) -> list[dict[str, Any]]:
    """Everything that is stored, with ids counted from the first one, so that two runs can be compared."""
    first_patient = Patient.objects.order_by("pk").values_list("pk", flat=True)[0]
    first_event = ConsentEvent.objects.order_by("pk").values_list("pk", flat=True)[0]
    found = list(of._default_manager.order_by("pk").values())
    for row in found:
        if of is Patient:
            row["id"] -= first_patient
            row["consent_event_id"] = events_in_order(row["consent_event_id"], first_event)
        else:
            row["patient_id"] -= first_patient
            del row["id"]
    return found


def events_in_order(pk: int, first_event: int) -> tuple[bool, str, bool | None]:
    event = ConsentEvent.objects.get(pk=pk)
    assert event.pk >= first_event
    return event.to_value, event.source, event.from_value


def both_ways(
    people: Iterable[tuple[Details, Choice | None]], at: datetime, by: User | None
) -> Iterator[Any]:
    """What is stored after one by one, then (on a clean slate) after all at once."""
    people = list(people)

    def one_by_one() -> None:
        for details, choice in people:
            register_patient(details=details, choice=choice, at=at, by=by)

    def at_once() -> None:
        register_many(details=people, at=at, by=by, batch_size=2)

    for way in (one_by_one, at_once):
        yield stored_by(way)


def stored_by(way: Callable[[], None]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    class Undo(Exception):
        pass

    try:
        with transaction.atomic():
            way()
            events = sorted(rows(ConsentEvent), key=lambda row: (row["patient_id"], row["from_source"]))
            stored = rows(Patient), events
            raise Undo
    except Undo:
        return stored


@pytest.mark.parametrize("default", [False, True])
@pytest.mark.parametrize("with_staff", [False, True])
def test_the_rows_are_those_of_the_one_door(
    default: bool, with_staff: bool, now: datetime, receptionist: User
) -> None:
    SmsSettings.load()
    SmsSettings.objects.update(new_patients_accept_marketing=default)
    with time_machine.travel(now, tick=False):
        single, many = both_ways(PEOPLE, now, receptionist if with_staff else None)
    assert single == many
    patients, events = many
    assert len(patients) == 5
    assert len(events) == 8
    assert [row["accepts_sms_marketing"] for row in patients] == [default, True, False, default, True]
    assert {row["recorded_by_id"] for row in events} == {receptionist.pk if with_staff else None}


def test_details_alone_copy_the_default(now: datetime) -> None:
    assert register_many(details=[details for details, _ in PEOPLE], at=now) == 5
    assert set(Patient.objects.values_list("sms_marketing_source", flat=True)) == {ConsentSource.DEFAULT}
    assert ConsentEvent.objects.count() == 5


def test_nobody_is_nobody(now: datetime) -> None:
    assert register_many(details=[], at=now) == 0
    assert not ConsentEvent.objects.exists()


def test_people_who_were_there_before_are_not_touched(now: datetime) -> None:
    register_patient(details=Details(last_name="Before"), choice=YES, at=now)
    before = Patient.objects.values().get()
    register_many(details=PEOPLE, at=now)
    assert Patient.objects.values().get(pk=before["id"]) == before
    assert ConsentEvent.objects.filter(patient=before["id"]).count() == 2


def test_a_taken_reference_leaves_nobody_of_its_batch(now: datetime) -> None:
    people = [Details(last_name=f"P{n}", reference=reference) for n, reference in enumerate("abcdaf")]
    with pytest.raises(IntegrityError), transaction.atomic():
        register_many(details=people, at=now)
    assert not Patient.objects.exists()
    assert not ConsentEvent.objects.exists()


def test_batches_before_the_taken_reference_are_kept(now: datetime) -> None:
    people = [Details(last_name=f"P{n}", reference=reference) for n, reference in enumerate("abcdaf")]
    with pytest.raises(IntegrityError):
        register_many(details=people, at=now, batch_size=2)
    assert "".join(Patient.objects.order_by("pk").values_list("reference", flat=True)) == "abcd"


def test_the_number_of_statements_does_not_grow_within_a_batch(now: datetime) -> None:
    def statements(number: int) -> int:
        people = ((Details(last_name=f"P{n}"), YES if n % 2 else None) for n in range(number))
        with CaptureQueriesContext(
            connection,
        ) as queries:
            register_many(details=people, at=now)
        return len(queries)

    # SQLite takes no more than some 45 rows in one INSERT, so that is where Django divides them.
    assert statements(10) == statements(40)


def test_people_are_read_a_batch_at_a_time(now: datetime) -> None:
    """So that memory stays flat, whatever the length of the list."""
    furthest_ahead = 0

    def people() -> Iterator[Details]:
        nonlocal furthest_ahead
        for number in range(1, 31):
            furthest_ahead = max(furthest_ahead, number - Patient.objects.count())
            yield Details(last_name=f"P{number}")

    assert register_many(details=people(), at=now, batch_size=5) == 30
    assert furthest_ahead == 5
