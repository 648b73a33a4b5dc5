"""A clinic in which anything may happen next, and what its staff would remember of it.

What happens to the clinic is told to a `Memory` as well, which is compared with the database after each step.
"""

from datetime import datetime, timedelta
from itertools import count
from typing import Any, ClassVar

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from django.test import override_settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    MultipleResults,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    precondition,
    rule,
)

from clinic.lib import phone as phones
from patients import batches, registration
from patients.consent import Choice, out_of_step, record_consent
from patients.eligibility import Purpose, Reason
from patients.models import (
    ConsentEvent,
    ConsentHow,
    ConsentSource,
    Patient,
    PreferenceBatch,
    SuppressedNumber,
)
from patients.registration import Details
from settings_app.models import SmsSettings
from sms import audience, composing, dispatch, gateway, inbound, outbox
from sms.models import Message
from sms.status import Status
from tests.factories import NOW
from tests.patients.consent_memory import HUMAN, Memory, Person, Plan, Word

MARKETING, CARE = "+61480000001", "+61480000002"
NUMBERS = ["+61412000001", "+61412000002"]

# Few numbers and many people: most share a phone with somebody.
numbers = st.sampled_from([*NUMBERS, *NUMBERS, ""])
choices = st.sampled_from([None, True, False])
Asked = tuple[str, bool | None]


class Consent(RuleBasedStateMachine):
    """Everything that may happen to a preference, in any order, and marketing texts in between."""

    lengths: ClassVar[list[int]] = []  # How many steps each story had.

    patients: Bundle[int] = Bundle("patients")
    done: Bundle[int] = Bundle("batches")
    replies: Bundle[inbound.Reply] = Bundle("replies")
    claims: Bundle[outbox.Claim] = Bundle("claims")

    def __init__(self) -> None:
        super().__init__()
        self.example = transaction.atomic()
        self.example.__enter__()
        self.steps, self.sids, self.waiting = 0, count(), False
        self.memory, self.separate, self.senders = Memory(), True, override_settings()
        self.plan: Plan | None = None  # of the change that is under way in slices
        self.staff = User.objects.create(username="staff")

    def teardown(self) -> None:
        self.lengths.append(self.steps)
        try:
            assert not out_of_step().exists()
        finally:
            self.senders.disable()
            transaction.set_rollback(True)
            self.example.__exit__(None, None, None)

    def later(self) -> datetime:
        """Each step is a minute after the one before."""
        self.steps += 1
        return NOW + timedelta(minutes=self.steps)

    @initialize(separate=st.booleans(), default=st.booleans())
    def open_the_clinic(self, separate: bool, default: bool) -> None:
        self.separate = separate
        self.senders = override_settings(
            TWILIO_MARKETING_SENDER=MARKETING if separate else CARE, TWILIO_CARE_SENDER=CARE
        )
        self.senders.enable()
        self.memory.default = default
        self.settings = SmsSettings.load()
        SmsSettings.objects.update(new_patients_accept_marketing=default)

    # --- People ---

    @rule(target=patients, number=numbers, accepts=choices)
    def create(self, number: str, accepts: bool | None) -> int:
        choice = _choice(accepts, ConsentSource.STAFF)
        patient = registration.register_patient(details=_details(number), choice=choice, at=self.later())
        self._remember(patient.pk, number, accepts, "staff")
        return patient.pk

    @rule(target=patients, rows=st.lists(st.tuples(numbers, choices), min_size=1, max_size=3))
    def import_(self, rows: list[Asked]) -> MultipleResults[int]:
        before = set(Patient.objects.values_list("pk", flat=True))
        registration.register_many(
            details=[(_details(number), _choice(said, ConsentSource.IMPORT)) for number, said in rows],
            at=self.later(),
        )
        born = Patient.objects.exclude(pk__in=before).order_by("pk").values_list("pk", flat=True)
        for pk, (number, accepts) in zip(born, rows, strict=True):
            self._remember(pk, number, accepts, "import")
        return multiple(*born)

    @rule(pk=patients, accepts=st.booleans(), how=st.sampled_from(ConsentHow))
    def edit(self, pk: int, accepts: bool, how: ConsentHow) -> None:
        choice = Choice(accepts, ConsentSource.STAFF, how, "asked at the desk")
        record_consent(patient_id=pk, choice=choice, at=self.later(), by=self.staff)
        self.memory.people[pk].say(accepts, "staff")

    @rule(pk=patients, number=numbers)
    def change_number(self, pk: int, number: str) -> None:
        self.later()
        registration.change_details(patient_id=pk, details=_details(number))
        self.memory.people[pk].number = number

    @rule(pk=patients, dead=st.booleans())
    def archive(self, pk: int, dead: bool) -> None:
        """Whoever is out of use comes back, the others go."""
        person = self.memory.people[pk]
        away, back = (
            (registration.mark_deceased, registration.unmark_deceased)
            if dead
            else (registration.archive, registration.unarchive)
        )
        at = self.later()
        if person.active:
            away(patient_id=pk, at=at)
        else:
            back(patient_id=pk, at=at)
        patient = Patient.objects.get(pk=pk)
        person.active = patient.archived_at is None and patient.deceased_at is None

    # --- All of them at once ---

    @rule(accept=st.booleans())
    def change_the_default(self, accept: bool) -> None:
        """It changes nobody who is here."""
        SmsSettings.objects.update(new_patients_accept_marketing=accept, updated_at=self.later())
        self.memory.default = accept

    @precondition(lambda self: self.plan is None)
    @rule(target=done, accept=st.booleans(), scope=st.sampled_from(PreferenceBatch.Scope))
    def apply(self, accept: bool, scope: PreferenceBatch.Scope) -> int:
        foretold = batches.preview(accept=accept, scope=scope)
        batch = batches.apply_default(
            accept=accept, scope=scope, at=self.later(), by=self.staff, confirmed=foretold.changed
        )
        self.memory.carry_out(self.memory.apply(accept, scope, batch.pk))
        return batch.pk

    @precondition(lambda self: self.plan is None)
    @rule(target=done, batch=done)
    def undo(self, batch: int) -> MultipleResults[int]:
        before, chose_since = _preferences(), _chose_after(batch)
        try:
            undone = batches.undo(batch_id=batch, at=self.later(), by=self.staff)
        except batches.AlreadyUndone:
            assert PreferenceBatch.objects.filter(undo_of=batch).count() == 1
            return multiple()
        now = _preferences()
        assert all(now[pk] == before[pk] for pk in chose_since), "An undo overwrote a later choice."
        self.memory.carry_out(self.memory.undo(batch, undone.pk))
        return multiple(undone.pk)

    # --- All of them in slices, with anything in between ---

    @precondition(lambda self: self.plan is None)
    @rule(accept=st.booleans(), scope=st.sampled_from(PreferenceBatch.Scope))
    def begin_to_apply(self, accept: bool, scope: PreferenceBatch.Scope) -> None:
        batch = batches.apply_default(accept=accept, scope=scope, at=self.later(), at_once=0)
        if batch.running:
            self.plan = self.memory.apply(accept, scope, batch.pk)

    @precondition(lambda self: self.plan is None)
    @rule(batch=done)
    def begin_to_undo(self, batch: int) -> None:
        try:
            undone = batches.undo(batch_id=batch, at=self.later(), at_once=0)
        except batches.AlreadyUndone:
            return
        if undone.running:
            self.plan = self.memory.undo(batch, undone.pk)

    @precondition(lambda self: self.plan is not None)
    @rule(target=done, patients=st.sampled_from([1, 2, 3, 100]))
    def work_on_a_slice(self, patients: int) -> MultipleResults[int]:
        """Nobody who has chosen since it began is touched, and it ends with whom the memory says."""
        self.later()
        assert self.plan is not None
        before, chose_since = _preferences(), _chose_since(self.plan.batch)
        done = batches.next_slice(self.plan.batch, patients=patients)
        now = _preferences()
        assert all(now[pk] == before[pk] for pk in chose_since), "A slice overwrote a later choice."
        is_over = self.memory.slice(self.plan, patients)
        assert done is not None
        assert (done.running, done.done_up_to) == (not is_over, self.plan.position)
        if not is_over:
            return multiple()
        self.plan = None
        return multiple(done.pk)

    @precondition(lambda self: self.plan is not None)
    @rule(accept=st.booleans())
    def somebody_else_applies(self, accept: bool) -> None:
        """They are told, and the memory stays as it is."""
        with pytest.raises(batches.AnotherUnderWay):
            batches.apply_default(accept=accept, scope=PreferenceBatch.Scope.EVERYONE, at=self.later())

    @precondition(lambda self: self.plan is not None)
    @rule(batch=done)
    def somebody_else_undoes(self, batch: int) -> None:
        with pytest.raises(batches.AnotherUnderWay):
            batches.undo(batch_id=batch, at=self.later())

    # --- Numbers ---

    @rule(target=replies, number=st.sampled_from(NUMBERS), to_care=st.booleans(), word=st.sampled_from("SG"))
    def reply(self, number: str, to_care: bool, word: str) -> inbound.Reply:
        sender = CARE if to_care or not self.separate else MARKETING
        body = "Stop!" if word == "S" else "START"
        reply = inbound.Reply(f"SM{next(self.sids):032d}", number, sender, body)
        inbound.receive(reply, at=self.later())
        covers = "marketing" if sender == MARKETING else "everything"
        if word == "S":
            self.memory.stop(number, covers, "sms_stop")
        else:
            self.memory.blocks.discard((number, covers))
        return reply

    @rule(reply=replies)
    def hand_over_again(self, reply: inbound.Reply) -> None:
        """An old START does not undo a newer STOP: the memory stays as it is."""
        inbound.receive(reply, at=self.later())

    # --- Texts ---

    @rule()
    def freeze(self) -> None:
        """A promotion is frozen: each phone on which everybody agrees is on the list, once, and no other."""
        at, people = self.later(), self.memory.people.values()
        expected = {person.number for person in people if self.memory.may_get_marketing(person)}
        group = composing.create_draft(body="A tenth off", is_marketing=True, at=at, by=self.staff)
        if not expected:
            assert not audience.recipients(group).exists()
            return
        reviewed = composing.fingerprint(group, self.settings)
        composing.confirm(group_id=group.pk, reviewed=reviewed, at_most=len(expected), at=at, by=self.staff)
        composing.freeze(group_id=group.pk, at=at)
        self.waiting = True
        waiting = Message.objects.filter(group=group, status=Status.QUEUED).values_list("phone", flat=True)
        assert sorted(waiting) == sorted(expected)

    @precondition(lambda self: self.waiting)
    @rule(target=claims)
    def claim(self) -> MultipleResults[outbox.Claim]:
        """The last check: what is claimed goes to people who agree, with the proof; what is left out does not."""
        at, self.waiting = self.later(), False
        claim = outbox.claim(purpose=Purpose.MARKETING, limit=50, now=at)
        for message in claim.messages:
            person = self.memory.people[message.patient_id]
            newest = ConsentEvent.objects.filter(patient=message.patient_id).latest("id")
            assert newest.to_value, "Somebody whose newest word is a refusal was claimed."
            assert message.consent_event_id == newest.pk
            assert message.phone == person.number
            assert self.memory.may_get_marketing(person)
        left_out = Message.objects.filter(status=Status.LEFT_OUT, status_at=at, created_at__lt=at)
        for message in left_out.exclude(left_out_reason=Reason.NUMBER_CHANGED):
            assert not self.memory.may_get_marketing(self.memory.people[message.patient_id])
        return multiple(claim) if claim.messages else multiple()

    @rule(claim=claims)
    def the_carrier_refuses(self, claim: outbox.Claim) -> None:
        """21610 for the first text of a claim; Twilio takes the others. Told a second time, it says nothing new."""
        first, *others = claim.messages
        outcomes: list[gateway.Outcome] = [gateway.Refused(21610, gateway.meaning(21610).klass)]
        outcomes += [gateway.Accepted(f"SM{next(self.sids):032d}", "queued") for _ in others]
        dispatch.settle(claim, outcomes, now=self.later())
        self.memory.stop(first.phone, "marketing" if self.separate else "everything", "carrier")

    # --- After each step ---

    @invariant()
    def the_ledger_and_the_flag_never_differ(self) -> None:
        events = ConsentEvent.objects.order_by("id").values_list("patient", "to_value", "pk")
        newest = {patient: (value, event) for patient, value, event in events}
        flags = Patient.objects.order_by().values_list("pk", "accepts_sms_marketing", "consent_event")
        assert {patient: (value, event) for patient, value, event in flags} == newest

    @invariant()
    def preferences_are_what_people_remember(self) -> None:
        people = self.memory.people.items()
        assert _preferences() == {pk: (person.accepts, person.words[-1].source) for pk, person in people}

    @invariant()
    def nothing_but_a_start_lifts_a_block(self) -> None:
        blocks = SuppressedNumber.objects.in_force().values_list("phone", "covers")
        assert set(blocks) == self.memory.blocks

    def _remember(self, pk: int, number: str, accepts: bool | None, source: str) -> None:
        person = Person(number, [Word(self.memory.default, "default", "default")])
        if accepts is not None:
            person.say(accepts, source)
        self.memory.people[pk] = person


def _details(number: str) -> Details:
    return Details(last_name="Okoro", phone=phones.parse(number, country="AU") if number else None)


def _choice(accepts: bool | None, source: ConsentSource) -> Choice | None:
    return None if accepts is None else Choice(accepts, source)


def _preferences() -> dict[int, tuple[bool, str]]:
    rows = Patient.objects.order_by().values_list("pk", "accepts_sms_marketing", "sms_marketing_source")
    return {pk: (accepts, source) for pk, accepts, source in rows}


def _chose_after(batch: int) -> set[int]:
    """Patients with a choice of a person's in the ledger after their own row of `batch`."""
    rows: Any = ConsentEvent.objects.order_by("id").values_list("patient", "batch", "source")
    since: dict[int, bool] = {}
    for patient, of_batch, source in rows:
        if of_batch == batch:
            since[patient] = False
        elif patient in since and source in HUMAN:
            since[patient] = True
    return {patient for patient, chose in since.items() if chose}


def _chose_since(batch: int) -> set[int]:
    """Patients with a choice of a person's in the ledger since `batch` began."""
    began = PreferenceBatch.objects.get(pk=batch).last_event
    since = ConsentEvent.objects.filter(pk__gt=began, source__in=HUMAN)
    return set(since.values_list("patient", flat=True))
