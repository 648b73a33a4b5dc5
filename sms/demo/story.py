"""The clinic's life, day by day until now: everything happens in its order, through the doors it always uses.

So every row is one that the program itself could have written: who opted out on Tuesday is left out on Wednesday.
"""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Mod

from patients.consent import Choice, record_consent
from patients.models import ConsentHow, ConsentSource, Covers, Patient, SuppressionSource
from patients.registration import Row, mark_number_refused, register_many
from patients.suppression import block_number
from sms.demo import diary, people, staff, texts

# The clinic grew to this size by itself. Whoever is more came last, with the list of another practice: thus the
# history stays the size of a clinic's, whatever the number of patients.
OWN_PATIENTS = 2_000
# Days from now.
OPENED = -900
MARKETING, CLEAN_UP, CARRIERS, SERVICE, IMPORT = -33, -20, -12, -6, -2
FIRST_ONE_OFFS, FIRST_REMINDERS = -9, -5
SAY_EVERY = 100_000


@dataclass(frozen=True, slots=True)
class Scale:
    """How many patients there will be: the clinic's own, and those of the other practice."""

    patients: int

    @property
    def own(self) -> int:
        return min(self.patients, OWN_PATIENTS)

    @property
    def imported(self) -> int:
        return self.patients - self.own

    def own_by(self, day: int) -> int:
        """How many patients of its own the clinic has at the end of that day; at the end of yesterday, all."""
        return -(self.own * (day - OPENED + 1) // OPENED)


def is_told() -> bool:
    """Whether this database holds the demo's clinic already."""
    return Patient.objects.filter(reference=people.FIRST_REFERENCE).exists()


def tell(*, patients: int, now: datetime, say: Callable[[str], object]) -> None:
    """Fill an empty database, all or nothing. The same `patients` and `now` give the same clinic."""
    with transaction.atomic():
        life = _Life(Scale(patients), now, say)
        for day in range(OPENED, 0):
            life.live(day)
        texts.work_off(until=life.diary.at(-1, 0), by=life.users["receptionist"])


class _Life:
    def __init__(self, scale: Scale, now: datetime, say: Callable[[str], object]) -> None:
        self.scale, self.say = scale, say
        self.users = staff.hire()
        settings = staff.put_up_the_sign(by=self.users["manager"])
        self.diary = diary.Diary(now=now, zone=settings.zone)
        self.arrivals: Iterator[Row] = iter(people.People(today=now.astimezone(settings.zone).date()))
        self.random = random.Random("days")  # noqa: S311 - invents, guards nothing
        self.post = texts.Post()
        self.desk = texts.Desk(by=self.users["receptionist"], post=self.post)
        self.registered = 0

    def live(self, day: int) -> None:
        if day > FIRST_REMINDERS:
            texts.remind(at=self.diary.at(day, 7))
        # In the early years the new patients of five days are written down together: that is a lot quicker.
        if day % 5 == 0 or day >= MARKETING - 7:
            self.welcome(day)
        if day == FIRST_REMINDERS:
            diary.book(self.diary, diary.bookable(OWN_PATIENTS))
        special = {
            MARKETING: self.promote,
            CLEAN_UP: lambda on: clean_up(after=0, at=self.diary.at(on, 16, 40)),
            CARRIERS: self.hear_from_carriers,
            SERVICE: self.announce,
            IMPORT: self.take_over_a_practice,
        }
        if day in special:
            special[day](day)
        if day >= FIRST_ONE_OFFS:
            for hour in (13, 15, 16):
                self.desk.write(self.diary.at(day, hour, 10))

    def welcome(self, day: int) -> None:
        """Register whoever has come; now and then somebody who came before has changed their mind."""
        number = self.scale.own_by(day) - self.registered
        register_many(
            details=islice(self.arrivals, number),
            at=self.diary.at(day, self.random.randint(9, 10), self.random.randint(0, 59)),
            by=self.somebody(),
        )
        self.registered += number
        if self.registered > 20 and self.random.random() < 0.5:
            self.change_a_mind(self.diary.at(day, 11, self.random.randint(0, 25)))

    def change_a_mind(self, at: datetime) -> None:
        place = self.random.randrange(self.registered)
        patient = Patient.objects.order_by("pk")[place]
        accepts = not patient.accepts_sms_marketing
        how = self.random.choice([ConsentHow.PHONE, ConsentHow.IN_PERSON, ConsentHow.EMAIL])
        words = "Would like to hear about offers" if accepts else "Asked for no more promotions"
        choice = Choice(accepts, ConsentSource.STAFF, how, words)
        record_consent(patient_id=patient.pk, choice=choice, at=at, by=self.somebody())

    def somebody(self) -> User:
        return self.users["receptionist" if self.random.random() < 0.8 else "manager"]

    def promote(self, day: int) -> None:
        at, by = self.diary.at(day, 11, 30), self.users["manager"]
        group = texts.send_group(body=texts.MARKETING, is_marketing=True, at=at, by=by)
        if group:
            texts.answer_marketing(group, self.post)

    def announce(self, day: int) -> None:
        at, by = self.diary.at(day, 12, 5), self.users["manager"]
        texts.send_group(body=texts.SERVICE, is_marketing=False, at=at, by=by, unticked=3)

    def hear_from_carriers(self, day: int) -> None:
        """Some numbers turn out to be gone, and some phones to refuse texts of any kind."""
        at = self.diary.at(day, 14, 20)
        phones = list(
            Patient.objects.active()
            .filter(phone_kind="mobile")
            .order_by("pk")
            .values_list("phone", flat=True)
        )
        for place, code in (
            (40, 30005),
            (140, 30006),
            (340, 21614),
            (540, 30005),
            (940, 30006),
            (1340, 30005),
        ):
            for phone in phones[place : place + 1]:
                mark_number_refused(phone=phone, code=code, at=at)
        for place in (90, 490, 1090):
            for phone in phones[place : place + 1]:
                block_number(
                    phone=phone,
                    covers=Covers.EVERYTHING,
                    source=SuppressionSource.CARRIER,
                    at=at,
                    evidence="Twilio 21610",
                )

    def take_over_a_practice(self, day: int) -> None:
        """The other practice's patients; some of its list had moved away, or died, as it turns out at once."""
        if not self.scale.imported:
            return
        last_own = Patient.objects.order_by("pk").values_list("pk", flat=True).last() or 0
        new = people.imported(islice(self.arrivals, self.scale.imported))
        at = self.diary.at(day, 17, 15)
        register_many(details=self.counted(new), at=at, by=self.users["manager"])
        clean_up(after=last_own, at=self.diary.at(day, 17, 50))

    def counted(self, rows: Iterator[Row]) -> Iterator[Row]:
        for number, row in enumerate(rows, start=1):
            yield row
            if number % SAY_EVERY == 0:
                self.say(f"{number:,} of {self.scale.imported:,} patients taken over")


def clean_up(*, after: int, at: datetime) -> None:
    """Archive one in 41 of the patients with a higher id than `after`, and one in 97 has died."""
    newer = Patient.objects.filter(pk__gt=after)
    first = newer.order_by("pk").values_list("pk", flat=True).first()
    if first is None:
        return
    for field, one_in, turn in (("archived_at", 41, 23), ("deceased_at", 97, 61)):
        whose_turn = newer.annotate(turn=Mod(F("pk") - first, one_in)).filter(turn=turn)
        whose_turn.update(**{field: at, "updated_at": at})
