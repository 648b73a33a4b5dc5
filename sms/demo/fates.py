"""What became of the texts of the past: what the simulator would have made of them, written down at once."""

import uuid
from collections import defaultdict
from datetime import datetime, timedelta

from django.db.models import CharField, F, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.expressions import BaseExpression, CombinedExpression
from django.db.models.functions import MD5, Cast, Concat, Mod

from clinic.insert_select import insert_select
from clinic.lib.sms_text import segments
from patients.eligibility import Purpose
from patients.models import Patient
from sms import consequences, outbox
from sms.demo.numbers import FATES
from sms.models import DeliveryEvent, Message
from sms.simulator.outcomes import ENDINGS
from sms.status import Status

# Of ordinary phones one in so many was off.
PHONE_OFF_ONE_IN, PHONE_OFF = 67, 30003
AT_ONCE = 5000
# The news of a batch comes in over a minute.
STEPS, STEP = 12, timedelta(seconds=5)


def settle(*, at: datetime) -> int:
    """Send, on paper, every text that waits at `at`, and give each its end; returns how many texts there were.

    The statements are the same few, however many texts wait, but for the parts, which Python counts. What a refusal
    means for the number is drawn by the same rules as in real life.
    """
    claim = uuid.uuid5(uuid.NAMESPACE_URL, at.isoformat())
    waiting = Message.objects.filter(status=Status.QUEUED)
    newest_consent = Patient.objects.filter(pk=OuterRef("patient_id")).values("consent_event")[:1]
    waiting.filter(purpose=Purpose.MARKETING).update(consent_event=Subquery(newest_consent))
    first = waiting.order_by("pk").values_list("pk", flat=True).first() or 0
    number = waiting.update(claim=claim, claimed_at=at, attempt=1, status=Status.ACCEPTED, sid=_sid())
    # No index leads to a claim, so the newest rows are named as well.
    sent = Message.objects.filter(pk__gte=first, claim=claim)
    _count_parts(sent)
    for ending in sorted(set(FATES)):
        _meet_fate(sent.filter(phone__endswith=ending), ending)
    off = sent.filter(status=Status.ACCEPTED).annotate(turn=Mod(F("pk"), PHONE_OFF_ONE_IN)).filter(turn=7)
    off.update(status=Status.UNDELIVERED, error_code=PHONE_OFF)
    sent.filter(status=Status.ACCEPTED).update(status=Status.DELIVERED)
    for step in range(STEPS):
        of_this_step = sent.annotate(turn=Mod(F("pk"), STEPS)).filter(turn=step)
        of_this_step.update(status_at=at + timedelta(seconds=4) + step * STEP)
    _tell(sent.exclude(sid="").order_by("pk"))
    for message in sent.filter(error_code__isnull=False).order_by("pk"):
        assert message.error_code is not None
        consequences.draw(
            code=message.error_code,
            phone=message.phone,
            sender=outbox.sender_of(message),
            at=message.status_at,
        )
    return number


def _count_parts(sent: QuerySet[Message]) -> None:
    by_parts: dict[int, list[int]] = defaultdict(list)
    for pk, body in sent.values_list("pk", "body"):
        by_parts[len(segments(body))].append(pk)
    for parts, pks in by_parts.items():
        for start in range(0, len(pks), AT_ONCE):
            Message.objects.filter(pk__in=pks[start : start + AT_ONCE]).update(parts=parts)


def _sid() -> BaseExpression:
    """ "SM" and 32 hexadecimal digits, of each text its own."""
    return Concat(Value("SM"), MD5(Cast("pk", CharField())), output_field=CharField())


def _meet_fate(texts: QuerySet[Message], ending: str) -> None:
    outcome = ENDINGS[ending]
    if outcome.created:
        texts.update(status=Status(outcome.last_status), error_code=outcome.error_code)
    else:
        texts.update(status=Status.FAILED, error_code=outcome.refused_with, sid="")


def _tell(created: QuerySet[Message]) -> None:
    """The callbacks: first "sent", unless the text failed before, and then the end."""
    row = {"message": F("pk"), "sid": F("sid")}
    earlier = CombinedExpression(F("status_at"), "-", Value(timedelta(seconds=2)))
    left_for_the_phone = created.filter(~Q(status=Status.FAILED))
    insert_select(DeliveryEvent, {**row, "status": Value("sent"), "received_at": earlier}, left_for_the_phone)
    end = {"status": F("status"), "error_code": F("error_code"), "received_at": F("status_at")}
    insert_select(DeliveryEvent, {**row, **end}, created)
