"""Why somebody got a text, or did not: everything that answers it, from the rows themselves."""

from dataclasses import dataclass

from django.db.models import Q, QuerySet

from patients.eligibility import EVERY_PURPOSE, Purpose, stopped_by
from patients.models import ConsentEvent, Covers, SuppressedNumber
from patients.models.consent import CHOSEN
from sms import consequences
from sms.models import DeliveryEvent, Message
from sms.outbox import sender_for
from sms.status import MAY_EXIST, Status

SHOWN = 50


@dataclass(frozen=True, slots=True)
class Why:
    """One text and what stands behind it.

    `proof` is the consent that allowed a promotion, or what the ledger said when one was withheld; `since` are later
    entries of the ledger, oldest first, and `blocks` the STOPs of the number it went to that came after it was made.
    """

    message: Message
    proof: ConsentEvent | None
    since: list[ConsentEvent]
    blocks: list[SuppressedNumber]
    news: list[DeliveryEvent]
    stop_ends_all: bool

    @property
    def is_marketing(self) -> bool:
        return self.message.purpose == Purpose.MARKETING

    @property
    def was_sent(self) -> bool:
        """Whether it left, so far as anybody knows."""
        return self.message.status in MAY_EXIST

    @property
    def waits(self) -> bool:
        return self.message.status == Status.QUEUED

    @property
    def they_chose(self) -> bool:
        """Whether the proof is the patient's own word; a default that was copied is nobody's."""
        return self.proof is not None and self.proof.source in CHOSEN

    @property
    def numbers_differ(self) -> bool:
        """Whether the number of the consent, of the text and of today are not one and the same."""
        numbers = {self.message.phone, self.message.patient.phone}
        return len(numbers | ({self.proof.phone} if self.proof else set())) > 1


def why(message: Message) -> Why:
    """Five queries at most, whatever has happened since."""
    proof = message.consent_event or _said_when_withheld(message)
    sender = sender_for(message.purpose)
    blocks = SuppressedNumber.objects.filter(phone=message.phone, blocked_at__gte=message.created_at)
    blocks = blocks.exclude(covers=Covers.PROMOTIONS)
    return Why(
        message=message,
        proof=proof,
        since=list(_since(message, proof).select_related("recorded_by").order_by("pk")[:SHOWN]),
        blocks=list(blocks.exclude(phone="").order_by("pk")[:SHOWN]),
        news=list(message.delivery_events.all()[:SHOWN]),
        stop_ends_all=stopped_by(consequences.covers(sender)) == EVERY_PURPOSE,
    )


def _said_when_withheld(message: Message) -> ConsentEvent | None:
    if message.purpose != Purpose.MARKETING or message.status != Status.LEFT_OUT:
        return None
    said = ConsentEvent.objects.filter(patient=message.patient_id, at__lte=message.status_at)
    return said.select_related("recorded_by").order_by("-pk").first()


def _since(message: Message, proof: ConsentEvent | None) -> QuerySet[ConsentEvent]:
    """By the ledger's own order where there is a proof: two entries may bear the same time."""
    later = Q(pk__gt=proof.pk) if proof else Q(at__gt=message.created_at)
    return ConsentEvent.objects.filter(later, patient=message.patient_id)
