"""Everything that is held on one patient: for the person who asks what we know of them."""

import json
import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db.models import Model, Prefetch, QuerySet

from patients.models import Appointment, ConsentEvent, Patient, PreferenceBatch, SuppressedNumber
from sms.models import DeliveryEvent, InboundMessage, Message

logger = logging.getLogger(__name__)

CHUNK = 500


@dataclass(frozen=True, slots=True)
class Everything:
    """The rows that speak of a patient, each kind the oldest first. Not read before somebody looks.

    `replies` came from a number of theirs, without those that are known to be somebody else's. `others_on_number`
    counts patients on the present one, who may have written some of the replies.
    """

    patient: Patient
    consents: QuerySet[ConsentEvent]
    batches: QuerySet[PreferenceBatch]
    appointments: QuerySet[Appointment]
    texts: QuerySet[Message]
    replies: QuerySet[InboundMessage]
    blocks: QuerySet[SuppressedNumber]
    others_on_number: int


def held_on(patient: Patient) -> Everything:
    numbers = numbers_of(patient)
    news = Prefetch("delivery_events", DeliveryEvent.objects.order_by("pk"))
    consents = ConsentEvent.objects.filter(patient=patient)
    return Everything(
        patient=patient,
        consents=consents.select_related("recorded_by", "batch").order_by("pk"),
        batches=PreferenceBatch.objects.filter(pk__in=consents.order_by().values("batch")).order_by("pk"),
        appointments=patient.appointments.order_by("starts_at", "pk"),
        texts=Message.objects.filter(patient=patient)
        .select_related("group", "created_by", "consent_event")
        .prefetch_related(news)
        .order_by("pk"),
        replies=InboundMessage.objects.from_anybody_of([patient], numbers=numbers)
        .select_related("assigned_by", "handled_by", "done_by")
        .order_by("pk"),
        blocks=SuppressedNumber.objects.filter(phone__in=numbers).order_by("pk"),
        others_on_number=Patient.objects.on_number(patient.phone).exclude(pk=patient.pk).count(),
    )


def numbers_of(patient: Patient) -> set[str]:
    """The patient's number, and earlier ones of theirs that are nobody else's today."""
    earlier = set(ConsentEvent.objects.filter(patient=patient).order_by().values_list("phone", flat=True))
    earlier |= set(Message.objects.filter(patient=patient).order_by().values_list("phone", flat=True))
    return (earlier - in_use_by_others(patient, earlier) | {patient.phone}) - {""}


def in_use_by_others(patient: Patient, numbers: set[str]) -> set[str]:
    """Those of `numbers` that some other patient has today."""
    others = Patient.objects.filter(phone__in=numbers - {""}).exclude(pk=patient.pk).order_by()
    return set(others.values_list("phone", flat=True))


def disclosed(*, patient_id: int, by: AbstractBaseUser, how: str) -> None:
    """Write down that somebody looked at everything, or took it away: who, whose, and nothing that it says."""
    logger.info("Disclosed", extra={"user": by.pk, "patient": patient_id, "how": how})


def as_json(everything: Everything) -> Iterator[str]:
    """The same as one JSON object, in pieces, so that it may be longer than memory. Times are in UTC."""
    sections: list[tuple[str, QuerySet[Any], Callable[[Any], dict[str, Any]]]] = [
        ("consents", everything.consents, _consent),
        ("changes_of_all_patients", everything.batches, _batch),
        ("appointments", everything.appointments, _appointment),
        ("texts", everything.texts, _text),
        ("replies", everything.replies, _reply),
        ("blocks_of_the_number", everything.blocks, _block),
    ]
    yield f'{{"patient": {_dump(_person(everything.patient))}'
    for name, rows, shape in sections:
        yield f',\n"{name}": ['
        yield from _joined(_dump(shape(row)) for row in rows.iterator(CHUNK))
        yield "]"
    yield "}\n"


def _joined(pieces: Iterable[str]) -> Iterator[str]:
    for at, piece in enumerate(pieces):
        yield f",\n{piece}" if at else piece


def _dump(values: dict[str, Any]) -> str:
    return json.dumps(values, ensure_ascii=False, default=_as_text)


def _as_text(value: Any) -> str:
    if isinstance(value, AbstractBaseUser):
        return value.get_username()
    return str(value.isoformat() if hasattr(value, "isoformat") else value)


def _fields(row: Model, *names: str) -> dict[str, Any]:
    return {name: getattr(row, name) for name in names}


def _person(patient: Patient) -> dict[str, Any]:
    return _fields(
        patient,
        *("id", "first_name", "last_name", "birth_date", "reference", "phone", "phone_kind"),
        *("number_refused_at", "number_refused_code", "accepts_sms_marketing", "sms_marketing_source"),
        *("wants_reminders", "archived_at", "deceased_at", "created_at", "updated_at"),
    )


def _consent(event: ConsentEvent) -> dict[str, Any]:
    names = ("at", "from_value", "from_source", "to_value", "source", "how", "evidence", "phone")
    return _fields(event, *names, "recorded_by") | {"change_of_all_patients": event.batch_id}


def _batch(batch: PreferenceBatch) -> dict[str, Any]:
    return _fields(batch, "id", "at", "scope", "to_value") | {"undo_of": batch.undo_of_id}


def _appointment(appointment: Appointment) -> dict[str, Any]:
    return _fields(appointment, "id", "starts_at", "practitioner", "cancelled_at", "created_at")


def _text(message: Message) -> dict[str, Any]:
    names = (
        "id",
        "purpose",
        "phone",
        "body",
        "created_at",
        "created_by",
        "claimed_at",
        "status",
        "status_at",
    )
    news = [_fields(each, "status", "error_code", "received_at") for each in message.delivery_events.all()]
    return _fields(message, *names, "left_out_reason", "error_code", "sid") | {
        "group_sms": message.group_id,
        "appointment": message.appointment_id,
        "consent": message.consent_event.at if message.consent_event else None,
        "news": news,
    }


def _reply(reply: InboundMessage) -> dict[str, Any]:
    names = ("received_at", "phone", "sender", "body", "kind", "handled_as", "handled_at", "sid")
    return _fields(
        reply, *names, "handled_by", "read_at", "assigned_at", "assigned_by", "done_at", "done_by"
    ) | {"is_known_to_be_theirs": reply.patient_id is not None}


def _block(block: SuppressedNumber) -> dict[str, Any]:
    return _fields(block, "phone", "covers", "source", "blocked_at", "lifted_at")
