"""One of each kind that a page shows in a way of its own, to be looked at beside a crowd."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import cycle
from typing import Any

from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from django.contrib.auth.models import User

from patients.eligibility import Purpose, Reason
from patients.models import ConsentEvent, ImportState, Patient, PatientImport, Step
from sms import erasure
from sms.models import GroupMessage, InboundMessage, Message, SendingPause
from sms.models.inbound import Handled, ReplyKind
from sms.models.pause import PauseKind
from sms.status import GroupStatus, Status
from tests.crowd import NUMBER, Crowd
from tests.factories import AppointmentFactory, PatientFactory, UserFactory, block
from tests.naughty import NAMES, TEXTS

CODES = [30003, 30005, 30007, 21610, 99999, None]
OTHER_NUMBER = "+61412000002"
LONG = NAMES["one long word"]


class Kinds:
    """`values` are for the arguments of addresses, in place of those of `crowd` by the same name."""

    def __init__(self, crowd: Crowd) -> None:
        self.crowd, self.by, self.now = crowd, crowd.by, crowd.now
        self.people = list(self._people())
        self.promotion = self._promotion()
        self.values: dict[str, list[Any]] = {
            "patients:detail pk": [crowd.patient.pk, *(each.pk for each in self.people)],
            "patients:import_step import_id": [each.pk for each in self._imports()],
            "accounts:colleague pk": [each.pk for each in self._colleagues()],
            "sms:review group_id": [crowd.draft.pk, self._draft().pk],
            "sms:review_people group_id": [self._draft().pk],
            "sms:group_detail group_id": [crowd.finished.pk, *(each.pk for each in self._groups())],
            "sms:reply reply_id": [each.pk for each in self._replies()],
            "sms:why message_id": [each.pk for each in self._texts()],
        }
        SendingPause.objects.create(kind=PauseKind.FAILURES, number=9, out_of=50, paused_at=self.now)
        self._lost_reminder()

    def _people(self) -> Iterator[Patient]:
        """Nobody of them gets a promotion, each for another reason."""
        name = {"first_name": NAMES["joined emoji"], "last_name": LONG, "at": self.now, "by": self.by}
        yield PatientFactory.create(**name, phone="", accepts=True)
        yield PatientFactory.create(**name, number_refused=True, archived=True)
        yield PatientFactory.create(**name, phone="+61255500123", deceased=True)
        yield PatientFactory.create(**name, phone=OTHER_NUMBER, accepts=False)
        yield PatientFactory.create(**name, phone=OTHER_NUMBER, accepts=True)
        stopped = PatientFactory.create(**name)
        block(stopped.phone, at=self.now)
        yield stopped
        erased = PatientFactory.create(**name)
        erasure.erase(patient_id=erased.pk, at=self.now, by=self.by)
        yield erased

    def _draft(self) -> GroupMessage:
        """A promotion that sounds like one, with somebody unticked."""
        draft = self.crowd.group(GroupStatus.DRAFT, is_marketing=True)
        draft.save(force_insert=True)
        draft.deselected.add(self.crowd.patient)
        return draft

    def _promotion(self) -> GroupMessage:
        """Finished, with a text in each status and one left out for each reason."""
        group = self.crowd.group(GroupStatus.FINISHED, is_marketing=True, finished_at=self.now)
        group.save(force_insert=True)
        codes = cycle(CODES)
        left_out = [(Status.LEFT_OUT, reason) for reason in Reason]
        for status, reason in [*((each, "") for each in Status if each != Status.LEFT_OUT), *left_out]:
            person = PatientFactory.create(last_name=LONG, at=self.now)
            values = {"group": group, "left_out_reason": reason, "claimed_at": self.now, "parts": 2}
            failed = status in {Status.FAILED, Status.UNDELIVERED}
            if not reason:
                values["consent_event"] = ConsentEvent.objects.filter(patient=person).latest("pk")
            self.crowd.text(
                person, Purpose.MARKETING, status, error_code=next(codes) if failed else None, **values
            ).save(force_insert=True)
        return group

    def _groups(self) -> Iterator[GroupMessage]:
        yield self.promotion
        yield self.crowd.running
        who = {"by": self.by, "at": self.now}
        for status, values in (
            (GroupStatus.CONFIRMED, {"frozen_at": None}),
            (GroupStatus.SENDING, {"starts_at": self.now + timedelta(hours=3)}),
            (GroupStatus.PAUSED, {f"paused_{key}": value for key, value in who.items()}),
            (GroupStatus.CANCELLED, {f"cancelled_{key}": value for key, value in who.items()}),
        ):
            group = self.crowd.group(status, is_marketing=True, **values)
            group.save(force_insert=True)
            text = self.crowd.text(self.crowd.patient, Purpose.MARKETING, Status.QUEUED, group=group)
            text.save(force_insert=True)
            yield group

    def _texts(self) -> list[Message]:
        """One in each status; those that were left out for each reason stand in one list."""
        texts = Message.objects.filter(group=self.promotion).order_by("pk")
        return [*texts.exclude(status=Status.LEFT_OUT), *texts.filter(status=Status.LEFT_OUT)[:1]]

    def _replies(self) -> Iterator[InboundMessage]:
        """From nobody, from one of several, from somebody known, decided, and done."""
        yield self._reply(ReplyKind.OTHER, phone="+61412999999", body="\n".join(TEXTS["joined emoji"] * 9))
        yield self._reply(ReplyKind.MAY_BE_STOP, body=LONG * 4)
        known: dict[str, Any] = {
            "patient": self.crowd.patient,
            "assigned_at": self.now,
            "assigned_by": self.by,
        }
        yield self._reply(ReplyKind.OTHER, **known, body=NAMES["arabic"] * 20)
        yield self._reply(
            ReplyKind.MAY_BE_STOP,
            **known,
            body=NAMES["markup"],
            handled_as=Handled.REFUSAL,
            handled_at=self.now,
            handled_by=self.by,
            done_at=self.now,
            done_by=self.by,
        )

    def _reply(self, kind: ReplyKind, *, phone: str = NUMBER, **values: Any) -> InboundMessage:
        sid = f"SMkind{InboundMessage.objects.count()}"
        return InboundMessage.objects.create(
            sid=sid, phone=phone, sender="MG1", kind=kind, received_at=self.now, **values
        )

    def _imports(self) -> Iterator[PatientImport]:
        """In each state; what has been checked shows its file, which is not here."""
        for at, state in enumerate(ImportState):
            step = Step.IMPORT if state in {ImportState.DONE, ImportState.REFUSED} else Step.CHECK
            yield PatientImport.objects.create(
                file=f"kind{at}.csv",
                rows=123_456,
                step=step,
                state=state,
                places={},
                seen={"new": 123_000, "here": 456, "refused": 0},
                counts={"new": 123_000, "here": 456, "refused": 0},
                asked_by=self.by,
                asked_at=self.now,
            )

    def _colleagues(self) -> Iterator[User]:
        """Oneself, invited, at work with a second step, switched off, and whoever runs the server."""
        yield self.by
        for number, values in enumerate(({}, {"is_active": False}, {"is_superuser": True}, {})):
            name = f"{LONG[:40]}{number}"
            user = UserFactory.create(
                username=name, email=f"{name}@clinic.example", last_name=LONG, role="Sender", **values
            )
            user.set_password("x") if number != 3 else user.set_unusable_password()
            user.save(update_fields=["password"])
            if number == 0:
                TOTP.activate(user, "A" * 32)
                RecoveryCodes.activate(user)
            yield user

    def _lost_reminder(self) -> None:
        appointment = AppointmentFactory.create(
            patient=self.crowd.patient, starts_at=self.now + timedelta(hours=5), practitioner=LONG
        )
        self.crowd.text(
            self.crowd.patient, Purpose.REMINDER, Status.FAILED, appointment=appointment, error_code=30003
        ).save(force_insert=True)
