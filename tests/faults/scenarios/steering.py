"""Sending is made to rest while texts leave: by staff, who pause or stop it, and by what Twilio says of us."""

import threading
import time
from functools import partial

from django.utils import timezone

from settings_app.models import SmsSettings
from sms import outbox, steering
from sms.models import SendingPause
from tests.faults.programs import wait_until
from tests.faults.stage import Scenario, Stage, someone
from tests.sms import twilio

STAFF = "pause and cancel mid-send; refusals mid-send by reply, page, import, apply-to-all, 21610"
CAPS = "daily cap and rate of two senders, two workers (I6)"
SYSTEMIC = "20003, 63038, 30002, 30034 mid-batch"


def paused_and_resumed(stage: Stage) -> None:
    """Paused three times, for longer each time than a batch takes."""
    stage.people()
    stage.world.twilio.set(latency_ms=150)
    group = stage.group_sms(marketing=stage.run % 2 == 0)
    for _ in range(3):
        stage.until_posted(min(stage.posted() + stage.chance.randint(1, 40), 200))
        if not steering.pause(group_id=group.pk, at=timezone.now(), by=someone()):
            break
        time.sleep(stage.chance.uniform(1, 3))
        steering.resume(group_id=group.pk)
    stage.over()


def paused_for_good(stage: Stage) -> None:
    stage.people()
    stage.world.twilio.set(latency_ms=150)
    group = stage.group_sms()
    stage.until_posted(stage.chance.randint(5, 100))
    stage.must(steering.pause(group_id=group.pk, at=timezone.now(), by=someone()), "too late to pause")
    stage.over()
    stage.may_wait = stage.more["may_wait"] = True
    stage.world.settle(may_wait=True)
    time.sleep(3)
    stage.must(bool(stage.world.ask("SELECT 1 FROM sms_message WHERE status = 'queued'")), "all had left")


def cancelled(stage: Stage) -> None:
    """Stopped by two people at once; what the answer counts is what became of them."""
    stage.people()
    stage.world.twilio.set(latency_ms=150)
    group = stage.group_sms(marketing=stage.run % 2 == 0)
    stage.until_posted(stage.chance.randint(5, 100))
    answers: list[steering.Stopped | None] = []

    def stop() -> None:
        answers.append(steering.cancel(group_id=group.pk, at=timezone.now(), by=someone()))
        from django.db import connection

        connection.close()

    both = [threading.Thread(target=stop) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    stage.over()
    stage.world.settle()
    [counts] = [answer for answer in answers if answer]
    stage.must(counts.gone + counts.stopped == 200, f"{counts.gone} gone and {counts.stopped} stopped of 200")
    stage.must(stage.created() <= counts.gone, "more left than were said to have gone")


def account_wide(stage: Stage, outcome: str, number: int) -> None:
    """Some texts of 500 meet what no next text would get past; somebody puts it right and resumes."""
    stage.people(500)
    stage.world.twilio.set(latency_ms=50, magic_endings=False)
    stage.group_sms()
    stage.until_posted(stage.chance.randint(20, 150))
    stage.world.twilio.set(fail_next={"count": number, "outcome": outcome})
    wait_until(lambda: SendingPause.objects.in_force().exists(), "sending to rest", seconds=60)
    time.sleep(4)  # What was on its way has ended.
    posted = stage.posted()
    time.sleep(2)
    stage.must(stage.posted() == posted, "texts left while sending rested")
    stage.world.twilio.set(fail_next=[])
    outbox.resume(now=timezone.now(), by_id=someone().pk)
    stage.over()
    end = time.monotonic() + 60
    while time.monotonic() < end and not stage.world.is_settled():
        # News from before the repair may come after it: a person resumes again.
        outbox.resume(now=timezone.now(), by_id=someone().pk)
        time.sleep(1)


def capped(stage: Stage) -> None:
    """Two senders, each with its parts a day and a second, and two workers: not one more, and not faster."""
    care, marketing = twilio.CARE, twilio.MARKETING
    caps, rates = {care: 120, marketing: 70}, {care: 40, marketing: 25}
    SmsSettings.objects.update(
        care_daily_cap=caps[care],
        care_rate=rates[care],
        marketing_daily_cap=caps[marketing],
        marketing_rate=rates[marketing],
    )
    stage.more |= {"daily_caps": caps, "parts_a_second": rates, "may_wait": True}
    stage.may_wait = True
    other = stage.world.new_worker("extra-worker")
    try:
        other.start()
        stage.people()
        stage.group_sms()
        stage.group_sms(marketing=True)
        wait_until(lambda: stage.created() >= sum(caps.values()), "both caps to be reached", seconds=60)
        time.sleep(5)
        stage.over()
        stage.world.settle(may_wait=True)
    finally:
        other.end()


SCENARIOS = [
    Scenario("group SMS paused and resumed", STAFF, 8, paused_and_resumed),
    Scenario("group SMS paused for good", STAFF, 4, paused_for_good),
    Scenario("group SMS stopped", STAFF, 8, cancelled, smoke=True),
    Scenario("daily cap and rate", CAPS, 4, capped),
    *(
        Scenario(
            f"{code} mid-batch", SYSTEMIC, 1, partial(account_wide, outcome=f"{kind}_{code}", number=count)
        )
        for code, kind, count in (
            (20003, "refused", 10_000),
            (63038, "refused", 10_000),
            (30002, "failed", 30),
            (30034, "failed", 30),
        )
    ),
]
