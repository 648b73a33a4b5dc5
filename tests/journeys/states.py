"""States of a clinic, each made in an empty database. What they return is for the arguments of addresses, by name."""

from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import User
from django.core.management import call_command

from patients.eligibility import Purpose
from patients.models import PreferenceBatch
from settings_app.models import LEAST_DAILY_CAP, SmsSettings
from sms.models import Heartbeat, SenderBudget
from sms.outbox import sender_for
from sms.status import Status
from tests.crowd import Crowd
from tests.factories import UserFactory
from tests.journeys.still import MANAGER
from tests.kinds import Kinds

Values = dict[str, list[Any]]


def demo(now: datetime) -> Values:
    """The clinic of `manage.py demo`."""
    call_command("seed_demo", verbosity=0)
    # No worker runs here, and no page should complain of it.
    Heartbeat.beat(at=now)
    return {}


def empty(now: datetime) -> Values:
    """A new clinic, in which somebody has just made the first account."""
    _hire(MANAGER[0])
    return {}


def full(now: datetime) -> Values:
    """As many of everything as make two pages of every list, and one of each kind to look at."""
    return _lived_in(now, 51)


def few(now: datetime) -> Values:
    """One of each kind, and colleagues who may do little."""
    _hire("practitioner", role="Practitioner")
    _hire("newcomer", role=None)
    return _lived_in(now, 10)


def busy(now: datetime) -> Values:
    """All patients are being changed, today's parts are used up, and nothing is sent before Twilio has been read."""
    crowd = Crowd(by=_hire(MANAGER[0]), now=now)
    crowd.text(crowd.patient, Purpose.SERVICE, Status.QUEUED, group=crowd.running).save(force_insert=True)
    PreferenceBatch.objects.create(
        to_value=True,
        scope="everyone",
        running=True,
        changed=400,
        expected=123_456,
        recorded_by=crowd.by,
        at=now,
    )
    SmsSettings.objects.update(care_daily_cap=LEAST_DAILY_CAP, part_price="0.0515")
    sender = sender_for(Purpose.SERVICE)
    SenderBudget.objects.create(sender=sender, day=now.date(), used=LEAST_DAILY_CAP, filled_at=now)
    Heartbeat.beat(at=now - timedelta(minutes=10))
    Heartbeat.beat(at=now)
    return {"group_id": [crowd.running.pk, crowd.draft.pk]}


def _lived_in(now: datetime, size: int) -> Values:
    crowd = Crowd(by=_hire(MANAGER[0]), now=now)
    crowd.grow(size)
    return crowd.values() | Kinds(crowd).values


def _hire(name: str, *, role: str | None = "Manager") -> User:
    user = UserFactory.create(username=name, role=role, first_name="Grace", last_name="Adeyemi")
    user.set_password(MANAGER[1])
    user.save(update_fields=["password"])
    return user
