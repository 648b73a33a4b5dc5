"""The texts of the past weeks: two group SMS, reminders, one-offs, and what came back."""

import hashlib
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.contrib.auth.models import User

from patients.eligibility import Purpose, still_refused
from patients.models import Covers, Patient, SuppressionSource
from patients.suppression import block_number, lift_block
from settings_app.models import SmsSettings
from sms import audience, composing, inbound, keywords, one_off, outbox, reminders
from sms.demo import fates, staff
from sms.models import GroupMessage, InboundMessage, Message
from sms.models.inbound import FOR_STAFF_TO_READ, ReplyKind
from sms.status import Status

MARKETING = (
    "Hi {first_name|there}, flu vaccines have arrived at {clinic_name}. Call {clinic_phone} to book yours. "
    "Reply STOP to opt out."
)
SERVICE = (
    "Hi {first_name|there}, {clinic_name} now opens at 8:30 every day, Sundays too. "
    "Your appointments stay as they are. Questions? {clinic_phone}"
)
# Each with what people answer to it.
ONE_OFFS = {
    "Your results are back and all is well. Dr Osei will go through them at your next visit.": (
        "Thank you so much 🙏",
        "Cảm ơn bác sĩ!",
        "What a relief, thanks",
    ),
    "Your prescription is ready at the desk.": ("Thanks!", "谢谢", "Can my daughter pick it up?"),
    "We found a blue scarf after your visit. It is waiting for you at the desk.": (
        "Not mine I think",
        "Oh great, I will come by tomorrow",
        "Ευχαριστώ πολύ!",
    ),
    "Dr Tran is running 30 minutes late today. Sorry! Would you rather come tomorrow?": (
        "No worries, I'll wait",
        "Can I come at 3 instead?",
        "Tomorrow please",
    ),
    f"The specialist's letter has arrived. Please call us on {staff.CLINIC_PHONE} when you have a moment.": (
        "ok will do",
        "شكرا",
        "Can you email it to me?",
    ),
    "Please bring your Medicare card next time: we have an old number on file.": ("👍", "Will do", "Va bene"),
    "Your referral to the physiotherapist has been sent.": ("Merci beaucoup", "Thanks Tom"),
}
MARKETING_ANSWERS = (
    "HELP",
    "What does it cost?",
    "Is it free for over 65s?",
    "Had mine at work, take me off the list please",
    "Can I bring the kids too?",
    "多少钱?",
    "Booked for Friday, thank you!",
    "Who is this?",
    "Is there parking?",
)
STOPS = ("STOP", "Stop", "stop.", "UNSUBSCRIBE", "STOP", "STOPALL", "Stop ", "QUIT")
HOW_MANY_STOP = 12


def send_group(
    *, body: str, is_marketing: bool, at: datetime, by: User, unticked: int = 0
) -> GroupMessage | None:
    """Write, review, confirm, freeze and send a group SMS, as staff would; None if nobody would get it."""
    group = composing.create_draft(body=body, is_marketing=is_marketing, at=at - timedelta(minutes=9), by=by)
    for patient in audience.recipients(group).order_by("pk")[5 : 5 + unticked]:
        composing.untick(group_id=group.pk, patient_id=patient.pk, ticked=False)
    number = audience.recipients(group).count()
    if not number:
        group.delete()
        return None
    reviewed = composing.fingerprint(group, SmsSettings.load())
    composing.confirm(group_id=group.pk, reviewed=reviewed, at_most=number, at=at, by=by)
    composing.freeze(group_id=group.pk, at=at + timedelta(seconds=2))
    fates.settle(at=at + timedelta(seconds=5))
    composing.finish(at=at + timedelta(seconds=75))
    group.refresh_from_db()
    return group


def remind(*, at: datetime) -> int:
    """The reminders of one morning, for the next 24 hours; returns how many texts went out."""
    reminders.queue_due_reminders(now=at)
    return fates.settle(at=at + timedelta(seconds=20))


@dataclass(slots=True)
class Post:
    """What comes back, each text with a sid of its own."""

    received: int = 0

    def deliver(self, *, phone: str, purpose: Purpose, body: str, at: datetime) -> None:
        """Somebody answers a text of that purpose. A STOP or START does what it asks."""
        self.received += 1
        kind = keywords.kind_of(body)
        people = Patient.objects.on_number(phone)[:2]
        known = {"patient": people[0], "assigned_at": at} if len(people) == 1 else {}
        seen = {} if kind in FOR_STAFF_TO_READ else {"read_at": at, "done_at": at}
        InboundMessage.objects.create(
            sid="SM" + hashlib.sha256(f"demo reply {self.received}".encode()).hexdigest()[:32],
            phone=phone,
            sender=outbox.sender_for(purpose) or "MG" + "d0" * 16,
            body=body,
            kind=kind,
            received_at=at,
            **known,
            **seen,
        )
        # The demo's marketing texts have a sender of their own, whatever the environment of this command says.
        covers = Covers.MARKETING if purpose == Purpose.MARKETING else Covers.EVERYTHING
        if kind == ReplyKind.STOP:
            source = SuppressionSource.SMS_STOP
            block_number(phone=phone, covers=covers, source=source, at=at, evidence=body)
        elif kind == ReplyKind.START:
            lift_block(phone=phone, covers=covers, at=at)


def work_off(*, until: datetime, by: User) -> None:
    """Reception has read what came until then, and done what it asked; what may be an opt-out still waits."""
    for reply in InboundMessage.objects.open().filter(received_at__lt=until).order_by("pk"):
        inbound.mark_done(reply_id=reply.pk, at=reply.received_at + timedelta(minutes=25), by=by)


def answer_marketing(group: GroupMessage, post: Post) -> None:
    """STOP from a few, one of whom thinks better of it; questions and thanks from others."""
    rng = random.Random("answers")  # noqa: S311 - invents, guards nothing
    reached = Message.objects.filter(group=group, status=Status.DELIVERED).order_by("pk")
    phones = list(reached.values_list("phone", flat=True))
    chosen = rng.sample(phones, min(HOW_MANY_STOP + len(MARKETING_ANSWERS), len(phones) // 4))
    stopping, others = chosen[:HOW_MANY_STOP], chosen[HOW_MANY_STOP:]
    assert group.confirmed_at is not None
    at = group.confirmed_at + timedelta(minutes=3)
    for phone, word in zip(stopping, _endless(STOPS), strict=False):
        post.deliver(phone=phone, purpose=Purpose.MARKETING, body=word, at=at)
        at += timedelta(minutes=rng.randint(1, 50))
    for phone, words in zip(others, MARKETING_ANSWERS, strict=False):
        post.deliver(phone=phone, purpose=Purpose.MARKETING, body=words, at=at)
        at += timedelta(minutes=rng.randint(1, 50))
    for phone in stopping[:1]:
        post.deliver(phone=phone, purpose=Purpose.MARKETING, body="START", at=at + timedelta(days=2))


class Desk:
    """Reception's one-off texts, each to somebody else, most of them answered."""

    def __init__(self, *, by: User, post: Post) -> None:
        self.by, self.post = by, post
        self.random = random.Random("one-offs")  # noqa: S311 - invents, guards nothing
        self.patients = self._textable()
        self.bodies = _endless(tuple(ONE_OFFS))
        self.written = 0

    def write(self, at: datetime) -> None:
        """A text at `at`, if there is still somebody to write to. One of the first is answered with STOP."""
        patient = next(self.patients, None)
        if patient is None or one_off.why_not(patient):
            return
        self.written += 1
        key = UUID(int=self.random.getrandbits(128), version=4)
        body = next(self.bodies)
        one_off.queue_one_off(patient=patient, body=body, request_key=key, at=at, by=self.by)
        fates.settle(at=at + timedelta(seconds=2))
        answered_at = at + timedelta(minutes=self.random.randint(1, 40))
        answer = "Stop" if self.written == 4 else self.random.choice(ONE_OFFS[body])
        if self.written == 4 or self.random.random() < 0.6:
            self.post.deliver(phone=patient.phone, purpose=Purpose.ONE_OFF, body=answer, at=answered_at)

    def _textable(self) -> Iterator[Patient]:
        """Those of the first two hundred patients who can be texted, in no order."""
        first = Patient.objects.order_by("pk")[:200]
        ids = [patient.pk for patient in first]
        refused = still_refused(Patient.objects.filter(pk__in=ids), Purpose.ONE_OFF)
        free = [patient for patient in first if patient.pk not in refused]
        yield from self.random.sample(free, len(free))


def _endless(words: tuple[str, ...]) -> Iterator[str]:
    while True:
        yield from words
