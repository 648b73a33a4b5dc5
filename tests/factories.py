"""Believable rows. Patients are born through the one door, as everywhere else."""

from datetime import UTC, datetime, timedelta
from typing import Any

import factory
from django.contrib.auth.models import Group, User
from factory.django import DjangoModelFactory

from clinic.lib import phone as phones
from patients import registration, suppression
from patients.consent import Choice
from patients.models import (
    Appointment,
    ConsentHow,
    ConsentSource,
    Covers,
    Patient,
    SuppressedNumber,
    SuppressionSource,
)

NOW = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)  # Tuesday noon in Sydney


class UserFactory(DjangoModelFactory[User]):
    """`role` names one of the groups of the roles migration."""

    class Meta:
        model = User
        skip_postgeneration_save = True

    username = factory.Sequence(lambda n: f"user{n}")

    @factory.post_generation
    def role(self: User, create: bool, extracted: str | None, **_: Any) -> None:
        if extracted:
            self.groups.add(Group.objects.get(name=extracted))


class PatientFactory(DjangoModelFactory[Patient]):
    """A patient with an Australian mobile number of their own.

    `phone` is a number as typed, or "" for none. `accepts` True or False is a choice that staff recorded;
    None leaves the default. `archived`, `deceased` and `number_refused` do what they say.
    """

    class Meta:
        model = Patient

    first_name = factory.Faker("first_name")
    last_name = factory.Faker("last_name")
    # No number that ends in a 9 misbehaves at the simulator, however many patients a run makes.
    phone = factory.Sequence(lambda n: f"+6141{n:06d}9")
    accepts = None
    archived = False
    deceased = False
    number_refused = False
    at = NOW - timedelta(days=30)
    by = None

    @classmethod
    def _create(cls, model_class: type[Patient], *args: Any, **given: Any) -> Patient:
        at, by, accepts = given.pop("at"), given.pop("by"), given.pop("accepts")
        states = {name: given.pop(name) for name in ("archived", "deceased", "number_refused")}
        number = given.pop("phone")
        patient = registration.register_patient(
            details=registration.Details(
                phone=phones.parse(number, country="AU") if number else None, **given
            ),
            choice=None if accepts is None else Choice(accepts, ConsentSource.STAFF, ConsentHow.IN_PERSON),
            at=at,
            by=by,
        )
        if states["archived"]:
            registration.archive(patient_id=patient.pk, at=at)
        if states["deceased"]:
            registration.mark_deceased(patient_id=patient.pk, at=at)
        if states["number_refused"]:
            registration.mark_number_refused(phone=patient.phone, code=30003, at=at)
        patient.refresh_from_db()
        return patient


class AppointmentFactory(DjangoModelFactory[Appointment]):
    class Meta:
        model = Appointment

    patient = factory.SubFactory(PatientFactory)
    starts_at = NOW + timedelta(hours=20)
    practitioner = "Dr Osei"


def block(
    number: str,
    *,
    covers: Covers = Covers.EVERYTHING,
    source: SuppressionSource = SuppressionSource.SMS_STOP,
    at: datetime = NOW - timedelta(days=1),
) -> SuppressedNumber:
    """A STOP (or a carrier's word) that came for `number` (E.164)."""
    suppression.block_number(phone=number, covers=covers, source=source, at=at)
    return SuppressedNumber.objects.in_force().get(phone=number, covers=covers)
