"""A clinic with as many of everything as one likes, one of each kind to look at, and names that are hard to show."""

from datetime import datetime, timedelta
from itertools import cycle, islice
from typing import Any
from uuid import UUID, uuid4

from django.contrib.auth.models import Group, User
from django.db.models import QuerySet

from clinic.lib.phone import Phone, PhoneKind
from patients.eligibility import Purpose, Reason
from patients.models import (
    Appointment,
    ConsentEvent,
    ConsentSource,
    Covers,
    ImportState,
    Patient,
    PatientImport,
    PreferenceBatch,
    Step,
    SuppressedNumber,
    SuppressionSource,
)
from patients.registration import Details, register_many
from sms.models import (
    DeliveryEvent,
    GroupMessage,
    InboundMessage,
    Message,
    OddCallback,
    SavedText,
    SendingPause,
    StrayRecord,
)
from sms.models.inbound import ReplyKind
from sms.models.odd_callback import Oddity
from sms.models.pause import PauseKind
from sms.status import GroupStatus, Status
from tests.factories import PatientFactory
from tests.naughty import NAMES

NUMBER = "+61412000001"
TEXT = "Hi {first_name|there}, we’re “closed” 😀 this afternoon: https://clinic.example/" + "long" * 30
# In every ten rows each of these once.
STANDINGS = [
    *(Status.DELIVERED, Status.FAILED, Status.UNKNOWN, Status.NOT_SENT, Status.UNDELIVERED),
    *(Status.SENT, Status.CANCELLED, Status.EXPIRED, Status.ACCEPTED, Status.DELIVERED),
]


class Crowd:
    """`grow` adds rows until there are as many of each kind as asked for. All is as it might be at `now`."""

    def __init__(self, *, by: User, now: datetime) -> None:
        self.by, self.now, self.size = by, now, 0
        self.patient = PatientFactory.create(
            first_name=NAMES["joined emoji"], last_name=NAMES["one long word"], phone=NUMBER, accepts=True
        )
        self.draft = self.group(GroupStatus.DRAFT)
        self.finished = self.group(GroupStatus.FINISHED)
        self.running = self.group(GroupStatus.SENDING)
        self.groups = [self.draft, self.finished, self.running]
        for group in self.groups:
            group.save(force_insert=True)

    def grow(self, size: int) -> None:
        new, self.size = range(self.size, size), size
        people = self._people(new)
        self._blocks(people)
        self._texts(people, new)
        self._of_the_patient(new)
        self._of_the_clinic(new)

    def values(self) -> dict[str, list[Any]]:
        """For the arguments of addresses, by name; for one address alone under "name argument"."""
        texts = Message.objects.filter(group=self.finished)
        batch = [_first(PreferenceBatch.objects.all())]
        return {
            "pk": [self.patient.pk],
            "patient_id": [self.patient.pk],
            "appointment_pk": [_first(Appointment.objects.all())],
            "group_id": [self.draft.pk],
            "sms:group_detail group_id": [self.finished.pk, self.running.pk],
            "sms:group_people group_id": [self.finished.pk, self.running.pk],
            "sms:progress group_id": [self.finished.pk, self.running.pk],
            "sms:stop group_id": [self.running.pk],
            "message_id": [_first(texts.filter(status=each)) for each in (Status.DELIVERED, Status.LEFT_OUT)],
            "import_id": [_first(PatientImport.objects.all())],
            "text_id": [_first(SavedText.objects.all())],
            "reply_id": [_first(InboundMessage.objects.waiting())],
            "patients:batch pk": batch,
            "patients:batch_progress pk": batch,
            "patients:undo_default pk": batch,
            "accounts:colleague pk": [_first(User.objects.exclude(pk=self.by.pk))],
            "accounts:end_session pk": [1],
            "page": ["first-send"],
            "token": ["0" * 32],
            "uidb64": ["MQ"],
        }

    def group(self, status: GroupStatus, **values: Any) -> GroupMessage:
        """As yet unsaved."""
        begun = {"confirmed_at": self.now, "confirmed_by": self.by, "send_by": self.now + timedelta(1)}
        times = {} if status == GroupStatus.DRAFT else begun | {"frozen_at": self.now}
        return GroupMessage(
            body=TEXT, status=status, created_at=self.now, created_by=self.by, **(times | values)
        )

    def _people(self, new: range) -> list[Patient]:
        """Every fifth has the number of `patient`, every fifth another has none, the others one of their own."""
        numbers = {0: NUMBER, 1: ""}
        names = islice(cycle(NAMES.values()), new.start, new.stop)
        details = []
        for at, name in zip(new, names, strict=True):
            number = numbers.get(at % 5, f"+61413{at:06}")
            phone = Phone(number, PhoneKind.MOBILE, "") if number else None
            details.append(Details(first_name="Ada" if at % 2 else "", last_name=name, phone=phone))
        before = Patient.objects.order_by("-pk").values_list("pk", flat=True)[0]
        register_many(details=details, at=self.now)
        people = Patient.objects.filter(pk__gt=before).order_by("pk")
        for field, turn in (("archived_at", 3), ("deceased_at", 4)):
            # All but one of them are still here.
            turned = [each.pk for each in people[turn :: 100 if new.start else 5]]
            Patient.objects.filter(pk__in=turned).update(**{field: self.now})
        return list(people)

    def _blocks(self, people: list[Patient]) -> None:
        """Every fifth is blocked; `patient` was, as often as there are people."""
        kind = {"covers": Covers.EVERYTHING, "source": SuppressionSource.SMS_STOP, "blocked_at": self.now}
        SuppressedNumber.objects.bulk_create(
            [SuppressedNumber(phone=each.phone, **kind) for each in people[2::5]]
            + [SuppressedNumber(phone=NUMBER, lifted_at=self.now, **kind) for _ in people]
        )

    def _texts(self, people: list[Patient], new: range) -> None:
        """One of the finished and one of the running group SMS for each of `people`, one-offs for `patient`."""
        texts = []
        for at, person in zip(new, people, strict=True):
            left_out = at % 5 < 2
            reason = [Reason.SHARED_NUMBER, Reason.NO_MOBILE][at % 5] if left_out else ""
            for group, standing in ((self.finished, STANDINGS[at % 10]), (self.running, Status.QUEUED)):
                status = Status.LEFT_OUT if left_out else standing
                texts.append(self.text(person, Purpose.SERVICE, status, group=group, left_out_reason=reason))
            texts.append(self.text(self.patient, Purpose.ONE_OFF, Status.DELIVERED))
        Message.objects.bulk_create(texts)
        newest = Message.objects.filter(patient=self.patient).order_by("-pk")[: len(new)]
        DeliveryEvent.objects.bulk_create(
            DeliveryEvent(message=each, sid=f"SM{each.pk}", status="delivered", received_at=self.now)
            for each in newest
        )

    def text(self, patient: Patient, purpose: Purpose, status: Status, **values: Any) -> Message:
        return Message(
            patient=patient,
            purpose=purpose,
            status=status,
            phone=patient.phone,
            body=TEXT,
            created_at=self.now,
            created_by=self.by,
            send_by=self.now + timedelta(1),
            status_at=self.now,
            token=uuid4(),
            **values,
        )

    def _of_the_patient(self, new: range) -> None:
        """Appointments, choices and replies, all of the one patient."""
        Appointment.objects.bulk_create(
            Appointment(patient=self.patient, starts_at=self.now + timedelta(hours=at + 1), practitioner=name)
            for at, name in zip(new, cycle(NAMES.values()), strict=False)
        )
        ConsentEvent.objects.bulk_create(
            ConsentEvent(patient=self.patient, from_value=True, to_value=True, source=ConsentSource.STAFF,
                         from_source=ConsentSource.STAFF, evidence=NAMES["markup"], phone=NUMBER,
                         recorded_by=self.by, at=self.now)
            for _ in new
        )  # fmt: skip
        kinds = cycle([ReplyKind.MAY_BE_STOP, ReplyKind.OTHER])
        InboundMessage.objects.bulk_create(
            InboundMessage(
                sid=f"SM{at}", phone=NUMBER, sender="MG1", body=name, kind=kind, received_at=self.now
            )
            for at, name, kind in zip(new, cycle(NAMES.values()), kinds, strict=False)
        )

    def _of_the_clinic(self, new: range) -> None:
        """Group SMS, changes of all preferences, imports, saved texts, colleagues, and what went wrong."""
        later, soon = self.now + timedelta(9), {"finished_at": self.now}
        for at in new:
            GroupMessage.objects.bulk_create([
                self.group(GroupStatus.DRAFT), self.group(GroupStatus.FINISHED, **soon),
                self.group(GroupStatus.SENDING), self.group(GroupStatus.SENDING, starts_at=later),
            ])  # fmt: skip
            SavedText(name=f"{at} {NAMES['one long word'][:50]}", body=TEXT, updated_at=self.now,
                      updated_by=self.by).save(force_insert=True)  # fmt: skip
        PreferenceBatch.objects.bulk_create(
            PreferenceBatch(to_value=True, scope="everyone", changed=1, recorded_by=self.by, at=self.now)
            for _ in new
        )
        PatientImport.objects.bulk_create(
            PatientImport(id=UUID(int=at + 1), file=f"{at}.csv", rows=5000, step=Step.CHECK, places={},
                          state=ImportState.WAITING, asked_by=self.by, asked_at=self.now)
            for at in new
        )  # fmt: skip
        self._colleagues(new)
        day = self.now.date()
        OddCallback.objects.bulk_create(
            OddCallback(day=day - timedelta(at), kind=Oddity.NOT_SIGNED, number=3, last_at=self.now)
            for at in new
        )
        SendingPause.objects.bulk_create(
            SendingPause(kind=PauseKind.ERROR, error_code=20003, paused_at=self.now, resumed_at=self.now,
                         resumed_by=self.by)
            for _ in new
        )  # fmt: skip
        StrayRecord.objects.bulk_create(
            StrayRecord(sid=f"SM{at}", digest="0", sender="MG1", sent_at=self.now, found_at=self.now)
            for at in new
        )

    def _colleagues(self, new: range) -> None:
        users = User.objects.bulk_create(
            User(username=f"colleague{at}", first_name=name, last_name=NAMES["arabic"], password="!")
            for at, name in zip(new, cycle(NAMES.values()), strict=False)
        )
        Group.objects.get(name="Receptionist").user_set.add(*users)


def _first(rows: QuerySet[Any]) -> Any:
    """The key of the oldest."""
    return rows.order_by("pk").values_list("pk", flat=True)[0]
