"""Anything may happen next, and now and then somebody is erased: see tests/patients/consent_machine.py."""

import os

import pytest
from hypothesis import settings
from hypothesis.stateful import consumes, invariant, rule, run_state_machine_as_test

from patients.models import ConsentEvent, SuppressedNumber
from patients.models.suppression import numbers_by_digest
from sms import erasure
from sms.models import Message
from tests.patients.consent_machine import NUMBERS, Consent, Memory, Person, _preferences
from tests.patients.test_stateful import QUICK, THOROUGH

HOLD = "promotions"


class LongMemory(Memory):
    """Knows that on a number with a hold only those count whom staff have asked."""

    def may_get_marketing(self, person: Person) -> bool:
        household = [other for other in self.on(person.number) if other.active]
        held = (person.number, HOLD) in self.blocks
        return (
            person.active
            and bool(person.number)
            and not any(number == person.number and covers != HOLD for number, covers in self.blocks)
            and all(other.accepts for other in household)
            and not (held and any(other.words[-1].source != "staff" for other in household))
        )


class Erasure(Consent):
    """Whoever is erased is remembered by their last preference alone, and by nobody's rules any more."""

    def __init__(self) -> None:
        super().__init__()
        self.memory = LongMemory()
        self.gone: dict[int, tuple[bool, str]] = {}

    @rule(pk=consumes(Consent.patients))
    def erase(self, pk: int) -> None:
        person = self.memory.people.pop(pk)
        self.gone[pk] = (person.accepts, person.words[-1].source)
        if person.number:
            self.memory.blocks.add((person.number, HOLD))
        assert erasure.erase(patient_id=pk, at=self.later(), by=self.staff)

    @rule()
    def tidy_up(self) -> None:
        erasure.finish(at=self.later())

    @invariant()
    def preferences_are_what_people_remember(self) -> None:
        people = self.memory.people.items()
        remembered = {pk: (person.accepts, person.words[-1].source) for pk, person in people}
        assert _preferences() == remembered | self.gone

    @invariant()
    def nothing_but_a_start_lifts_a_block(self) -> None:
        """In the clear or as a hash: in the clear whenever somebody has the number, or nobody would find it."""
        numbers = numbers_by_digest(NUMBERS)
        rows = SuppressedNumber.objects.in_force().values_list("phone", "digest", "covers")
        blocks = [(phone or numbers[digest], covers) for phone, digest, covers in rows]
        assert sorted(blocks) == sorted(self.memory.blocks)
        hidden = {numbers[digest] for _, digest, _ in rows if digest}
        assert not [number for number in hidden if self.memory.on(number)]

    @invariant()
    def of_the_erased_nothing_is_left(self) -> None:
        left = ConsentEvent.objects.filter(patient__in=self.gone)
        assert not left.exclude(phone="", evidence="").exists()
        texts = Message.objects.filter(patient__in=self.gone).exclude(phone="", body="")
        assert set(texts.values_list("status", flat=True)) <= {"sending", "unknown"}


@pytest.mark.django_db
def test_consent_holds_whoever_is_erased() -> None:
    thorough = os.environ.get("HYPOTHESIS_PROFILE") == "thorough"
    few = settings(QUICK, max_examples=20, stateful_step_count=30)
    run_state_machine_as_test(Erasure, settings=THOROUGH if thorough else few)
