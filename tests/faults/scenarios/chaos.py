"""Everything at random for ten minutes, and 2,000 messages."""

import os
import signal
import time
from collections.abc import Callable

from django.utils import timezone

from patients.consent import Choice, record_consent
from patients.models import ConsentHow, ConsentSource
from tests.faults.bad_network import ANSWERS, Fault, News
from tests.faults.scenarios.kills import busy_child
from tests.faults.stage import Scenario, Stage
from tests.sms.twilio import MARKETING

ROW = "everything at random for 10 minutes, 2,000 messages"
SECONDS = 600


def everything(stage: Stage, seconds: float = SECONDS) -> None:
    """A group SMS to 400, again and again until 2,000 rows are written; every few seconds another thing breaks."""
    patients = stage.people(400)
    refusing = iter(stage.chance.sample(patients, 100))
    world = stage.world
    world.twilio.set(latency_ms=200, reorder=0.2)
    world.to_us.news = News(lose=0.05, twice=0.1, delay=0.2, chance=stage.chance)
    world.to_twilio.plan = lambda _: _mischief(stage)
    stage.more["news_is_complete"] = False

    def kill_child() -> None:
        if not world.worker.ended() and (child := busy_child(stage)):
            os.kill(child, signal.SIGKILL)

    def kill_worker() -> None:
        world.worker.kill_all()

    def restart_worker() -> None:
        world.worker.end(signal.SIGTERM, seconds=20)

    def restart_postgres() -> None:
        world.postgres.end(signal.SIGQUIT)
        world.postgres.start()

    def restart_redis() -> None:
        world.redis.kill_all()
        time.sleep(stage.chance.uniform(0, 3))
        world.redis.start()

    def freeze_redis() -> None:
        world.redis.tell(signal.SIGSTOP)
        time.sleep(stage.chance.uniform(1, 5))
        world.redis.tell(signal.SIGCONT)

    def refuse_twilio() -> None:
        world.to_twilio.close()
        time.sleep(stage.chance.uniform(1, 3))
        world.to_twilio.open()

    def refuse_on_page() -> None:
        if patient := next(refusing, None):
            no = Choice(False, ConsentSource.STAFF, ConsentHow.PHONE)
            record_consent(patient_id=patient.pk, choice=no, at=timezone.now())

    def stop_by_reply() -> None:
        if patient := next(refusing, None):
            world.twilio.reply(from_=patient.phone, body="STOP", to=MARKETING)

    mischief: list[Callable[[], None]] = [
        *(
            kill_child,
            kill_worker,
            restart_worker,
            restart_postgres,
            restart_redis,
            freeze_redis,
            refuse_twilio,
        ),
        *(refuse_on_page, stop_by_reply) * 3,
    ]
    end, next_group, groups = time.monotonic() + seconds, 0.0, 0
    while time.monotonic() < end:
        if groups < 5 and time.monotonic() > next_group:
            stage.group_sms(marketing=groups % 2 == 0)
            groups, next_group = groups + 1, time.monotonic() + seconds / 6
        stage.chance.choice(mischief)()
        time.sleep(stage.chance.uniform(0.5, 4))
        world.keep_alive()
    world.to_twilio.plan = lambda _: None
    world.to_us.calm()
    stage.over()


def _mischief(stage: Stage) -> Fault | None:
    """One text in eight meets something."""
    if stage.chance.random() > 0.125:
        return None
    answer = stage.chance.choice(["silence", "reset", *ANSWERS])
    return Fault(created=stage.chance.random() < 0.5, answer=answer)


SCENARIOS = [Scenario("everything at random for 10 minutes", ROW, 3, everything, patience=300)]
