"""What a scenario is played on: people, group SMS, and the words for what every scenario does."""

import random
import re
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import requests
from django.contrib.auth.models import User
from django.utils import timezone

from clinic.lib import phone as phones
from patients import registration
from patients.consent import Choice
from patients.models import ConsentHow, ConsentSource, Patient
from settings_app.models import SmsSettings
from sms import audience, composing, lost_news, one_off, outbox, tasks
from sms.models import GroupMessage, Message, SendingPause
from tests.faults.programs import wait_until
from tests.faults.world import World

PEOPLE = 200


@dataclass(frozen=True, slots=True)
class Scenario:
    """One fault. `row` is its line of the table in docs/reliability.md; `runs` how often the whole table plays it."""

    name: str
    row: str
    runs: int
    play: Callable[["Stage"], None]
    smoke: bool = False
    patience: float = 120


@dataclass
class Stage:
    """One run. `chance` makes it like no other run, and the same again with the same seed."""

    world: World
    chance: random.Random
    run: int
    word: str = ""
    lists: dict[str, int] = field(default_factory=dict)
    more: dict[str, Any] = field(default_factory=dict)
    objections: list[str] = field(default_factory=list)
    over_at: float | None = None
    may_wait: bool = False
    lost_news: bool = False
    somebody_resumes: bool = False

    def __post_init__(self) -> None:
        self.word = "Wattle" + "".join(self.chance.choices("bcdfghjkmnpqrstvwxz", k=8))

    # --- People and texts -----------------------------------------------------------------------------------

    def people(self, number: int = PEOPLE, *, accept: bool = True, sharing: int = 1) -> list[Patient]:
        """Patients with mobile numbers, `sharing` of them on each, who agreed to marketing or refused it."""
        choice = Choice(accept, ConsentSource.STAFF, ConsentHow.IN_PERSON)
        taken = Patient.objects.count()
        details = (
            registration.Details(
                first_name=f"P{taken + n}",
                last_name=f"{self.word}name",
                phone=phones.parse(f"+61412{(taken + n) // sharing:06d}", country="AU"),
            )
            for n in range(number)
        )
        registration.register_many(details=((one, choice) for one in details), at=timezone.now())
        return list(Patient.objects.order_by("pk")[taken:])

    def group_sms(self, *, marketing: bool = False, ring: bool = True) -> GroupMessage:
        """Written and confirmed; with a bell, its texts begin to leave."""
        group = composing.create_draft(
            body=f"Hello {{first_name}}, {self.word} {uuid.uuid4().hex[:6]}",
            is_marketing=marketing,
            at=timezone.now(),
            by=someone(),
        )
        assert composing.confirm(
            group_id=group.pk,
            reviewed=composing.fingerprint(group, SmsSettings.load()),
            at_most=audience.recipients(group).count(),
            at=timezone.now(),
            by=someone(),
        )
        self.lists[str(group.pk)] = Patient.objects.count()
        if ring:
            tasks.freeze_soon(group.pk)
        return group

    def one_off(self, patient: Patient) -> None:
        one_off.queue_one_off(
            patient=patient,
            body=f"Results, {self.word}",
            request_key=uuid.uuid4(),
            at=timezone.now(),
            by=someone(),
        )
        tasks.send_soon()

    # --- Waiting --------------------------------------------------------------------------------------------

    def created(self) -> int:
        return int(self.world.twilio._ask("/_simulator/summary.json")["created"])

    def posted(self) -> int:
        return self.world.to_twilio.posts

    def until_posted(self, number: int, *, seconds: float = 60) -> None:
        def happened() -> bool:
            self.world.keep_alive()  # Celery's worker may end when it loses its broker.
            return self.posted() >= number

        wait_until(happened, f"{number} texts to leave", seconds=seconds)

    def mid_batch(self, *, latency_ms: int = 300) -> None:
        """Confirm a group SMS of all, and come back at a moment when a batch is on its way."""
        self.world.twilio.set(latency_ms=latency_ms)
        self.group_sms()
        self.until_posted(self.chance.randint(5, 150))
        time.sleep(self.chance.uniform(0, latency_ms / 1000))

    def over(self) -> None:
        """The fault has ended; recovery is counted from now."""
        self.over_at = time.monotonic()

    def must(self, condition: bool, otherwise: str) -> None:
        """Keep an objection: the run counts as failed."""
        if not condition:
            self.objections.append(otherwise)

    def settle(self, seconds: float) -> None:
        """Wait until everything is decided. If all sending rests, that is what a person must hear of."""
        self.world.settle(
            seconds=seconds,
            may_wait=self.may_wait,
            meanwhile=self.resume if self.somebody_resumes else lambda: None,
        )
        if (rest := SendingPause.objects.in_force().first()) and not self.may_wait:
            self.must(False, f"sending rests: {rest.kind} {rest.error_code}, {rest.number} of {rest.out_of}")

    def resume(self) -> None:
        """A person looks into it and lets sending go on."""
        outbox.resume(now=timezone.now(), by_id=someone().pk)

    def ask_for_lost_news(self) -> None:
        """As beat does ten minutes after a claim: callbacks that were lost must not be missed in the end."""
        lost_news.ask(
            clock=lambda: timezone.now() + timedelta(minutes=11), until=timezone.now() + timedelta(hours=1)
        )

    @property
    def secrets(self) -> list[str]:
        return [self.word, *self.numbers()]

    def numbers(self) -> Iterable[str]:
        """All that anybody had; of who was erased only the ledger knows it."""
        ours = self.world.ask("SELECT phone FROM sms_message UNION SELECT phone FROM patients_patient")
        return {phone for (phone,) in ours if phone} | {text["to"] for text in self.world.twilio.texts()}


def someone() -> User:
    user, made = User.objects.get_or_create(username="maria", defaults={"is_superuser": True})
    if made:
        user.set_password("Six-kookaburras")
        user.save()
    return user


def statuses() -> dict[str, int]:
    found: dict[str, int] = {}
    for status in Message.objects.values_list("status", flat=True):
        found[status] = found.get(status, 0) + 1
    return found


class Browser:
    """A member of staff who has logged in."""

    def __init__(self, world: World) -> None:
        someone()
        self.url, self.session = world.web_url, requests.Session()
        page = self.get("/accounts/login/")
        self.post("/accounts/login/", page, username="maria", password="Six-kookaburras")

    def get(self, path: str) -> str:
        return self.session.get(self.url + path, timeout=60).text

    def post(self, path: str, page: str, **fields: str) -> requests.Response:
        form = {"csrfmiddlewaretoken": hidden(page)["csrfmiddlewaretoken"], **fields}
        return self.session.post(self.url + path, data=form, timeout=60)

    def draft(self, body: str) -> tuple[str, dict[str, str]]:
        """A draft that only has to be confirmed: the path of its review and the fields of the button."""
        answer = self.post("/sms/new/", self.get("/sms/new/"), body=body)
        fields = {
            name: value
            for name, value in hidden(answer.text).items()
            if name in {"reviewed", "number", "csrfmiddlewaretoken"}
        }
        return answer.url.removeprefix(self.url), fields


def hidden(page: str) -> dict[str, str]:
    return dict(re.findall(r'name="(csrfmiddlewaretoken|reviewed|number)" value="(\w+)"', page))


def several(chance: random.Random, number: int, share: float) -> Iterator[bool]:
    """Whether each of `number` things meets the fault."""
    for _ in range(number):
        yield chance.random() < share
