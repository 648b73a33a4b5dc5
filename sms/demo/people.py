"""The patients: households that come through the door, each person with details and perhaps a choice."""

import random
from collections.abc import Callable, Iterator
from datetime import date, timedelta

from clinic.lib.phone import Phone
from patients.consent import Choice
from patients.models import ConsentHow, ConsentSource
from patients.registration import Details, Row
from sms.demo import numbers
from sms.demo.names import MONONYMS, ORIGINS, Origin

# Every reference begins with it, so that an invented patient is never taken for a real one.
REFERENCE = "DEMO-"
FIRST_REFERENCE = f"{REFERENCE}000001"
YEAR = timedelta(days=365.25)

_EVIDENCE: dict[ConsentHow, tuple[str, ...]] = {
    ConsentHow.IN_PERSON: ("Asked at the desk", "Said so at check-in", ""),
    ConsentHow.FORM: ("New patient form, signed", "Form in the paper file", "Tablet form at reception"),
    ConsentHow.PHONE: ("Asked when booking", ""),
    ConsentHow.EMAIL: ("Email kept in the file",),
}


class People:
    """An endless, always identical row of patients. One person is made at a time: nothing is remembered."""

    def __init__(self, *, today: date) -> None:
        self.today = today
        self.random = random.Random("people")  # noqa: S311 - invents, guards nothing
        self.ordinary = numbers.ordinary_mobiles()
        self.fated = numbers.fated_mobiles()
        self.foreign = numbers.foreign_mobiles()
        self.landlines = numbers.landlines()
        self.registered = 0

    def __iter__(self) -> Iterator[Row]:
        weights = [origin.weight for origin in ORIGINS]
        households: list[Callable[[Origin], Iterator[Row]]] = [self.single, self.couple, self.family]
        while True:
            origin = self.random.choices(ORIGINS, weights)[0]
            yield from self.random.choices(households, [91, 3, 6])[0](origin)

    def single(self, origin: Origin) -> Iterator[Row]:
        age = self.random.triangular(0, 97, 42)
        yield self.person(origin, self.family_name(origin), age, self.phone_of(age)), self.choice()

    def couple(self, origin: Origin) -> Iterator[Row]:
        """Two old people with one phone between them."""
        name, phone, says = self.family_name(origin), next(self.ordinary), self.says()
        for _ in range(2):
            yield self.person(origin, name, self.random.uniform(66, 92), phone), self.choice(says)

    def family(self, origin: Origin) -> Iterator[Row]:
        """One or two parents and children, two to five in all, on one phone. Half of them agree about marketing."""
        name, phone = self.family_name(origin), next(self.ordinary)
        parents = self.random.randint(1, 2)
        children = self.random.randint(1, 5 - parents)
        says = self.says() if self.random.random() < 0.5 else None
        for number in range(parents + children):
            age = self.random.uniform(27, 48) if number < parents else self.random.uniform(0.1, 17.9)
            yield self.person(origin, name, age, phone), self.choice(says)

    def person(self, origin: Origin, family_name: str, age: float, phone: Phone | None) -> Details:
        self.registered += 1
        chance = self.random.random
        only_one_name = chance() < 0.005
        has_reference = self.registered == 1 or chance() < 0.94
        return Details(
            first_name="" if only_one_name else self.random.choice(origin.given),
            last_name=self.random.choice(MONONYMS) if only_one_name else family_name,
            phone=phone,
            birth_date=self.today - age * YEAR if chance() < 0.97 else None,
            reference=f"{REFERENCE}{self.registered:06d}" if has_reference else "",
            wants_reminders=chance() >= 0.03,
        )

    def family_name(self, origin: Origin) -> str:
        return self.random.choice(origin.family)

    def phone_of(self, age: float) -> Phone | None:
        """Old people have landlines more often, and small children no phone of their own."""
        kind = self.random.random()
        if kind < (0.15 if age < 12 else 0.03):
            return None
        if kind > (0.88 if age > 75 else 0.98):
            return next(self.landlines)
        if 0.50 < kind < 0.513:
            return next(self.fated, None) or next(self.ordinary)
        if 0.60 < kind < 0.66:
            return next(self.foreign, None) or next(self.ordinary)
        return next(self.ordinary)

    def says(self) -> bool:
        return self.random.random() < 0.72

    def choice(self, says: bool | None = None) -> Choice | None:
        """Six of ten were asked; of the others nobody knows more than the clinic's default."""
        if self.random.random() < 0.4:
            return None
        accepts = self.says() if says is None else says
        how = self.random.choices(list(_EVIDENCE), [40, 40, 15, 5])[0]
        return Choice(accepts, ConsentSource.STAFF, how, self.random.choice(_EVIDENCE[how]))


def imported(people: Iterator[Row]) -> Iterator[Row]:
    """The same people as another practice's list brings them: with a column for each choice."""
    for details, choice in people:
        if choice:
            told = "Y" if choice.accepts else "N"
            choice = Choice(
                choice.accepts, ConsentSource.IMPORT, evidence=f"Old system's list, column SMS_OK = {told}"
            )
        yield details, choice
