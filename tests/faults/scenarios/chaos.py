"""Everything at random for ten minutes, and 2,000 messages."""

import os
import signal
import time

from django.utils import timezone

from patients.consent import Choice, record_consent
from patients.models import ConsentHow, ConsentSource
from tests.faults.bad_network import ANSWERS, Fault, News, Post
from tests.faults.scenarios.kills import busy_child
from tests.faults.stage import Scenario, Stage
from tests.sms.twilio import MARKETING

ROW = "everything at random for 10 minutes, 2,000 messages"
SECONDS = 600
GROUPS = 5


class Mischief:
    """What can go wrong, one method each; all of them end what they began."""

    def __init__(self, stage: Stage) -> None:
        self.stage, self.world, self.chance = stage, stage.world, stage.chance
        patients = stage.people(400)
        self.refusing = iter(self.chance.sample(patients, 100))
        rare = [
            *(self.kill_child, self.kill_worker, self.restart_worker, self.restart_postgres),
            *(self.restart_redis, self.freeze_redis, self.refuse_twilio),
        ]
        self.all = [*rare, *[self.refuse_on_page, self.stop_by_reply] * 3]

    def answer(self, _: Post) -> Fault | None:
        """One text in eight meets something."""
        if self.chance.random() > 0.125:
            return None
        name = self.chance.choice(["silence", "reset", *ANSWERS])
        return Fault(created=self.chance.random() < 0.5, answer=name)

    def kill_child(self) -> None:
        if not self.world.worker.ended() and (child := busy_child(self.stage)):
            os.kill(child, signal.SIGKILL)

    def kill_worker(self) -> None:
        self.world.worker.kill_all()

    def restart_worker(self) -> None:
        self.world.worker.end(signal.SIGTERM, seconds=20)

    def restart_postgres(self) -> None:
        self.world.restart_postgres(away=self.chance.uniform(0, 1))

    def restart_redis(self) -> None:
        self.world.redis.kill_all()
        time.sleep(self.chance.uniform(0, 3))
        self.world.redis.start()

    def freeze_redis(self) -> None:
        self.world.redis.tell(signal.SIGSTOP)
        time.sleep(self.chance.uniform(1, 5))
        self.world.redis.tell(signal.SIGCONT)

    def refuse_twilio(self) -> None:
        self.world.to_twilio.close()
        time.sleep(self.chance.uniform(1, 3))
        self.world.to_twilio.open()

    def refuse_on_page(self) -> None:
        if patient := next(self.refusing, None):
            no = Choice(False, ConsentSource.STAFF, ConsentHow.PHONE)
            record_consent(patient_id=patient.pk, choice=no, at=timezone.now())

    def stop_by_reply(self) -> None:
        if patient := next(self.refusing, None):
            self.world.twilio.reply(from_=patient.phone, body="STOP", to=MARKETING)


def everything(stage: Stage, seconds: float = SECONDS) -> None:
    """Five group SMS to 400 people; every few seconds another thing breaks, and one text in eight is answered badly."""
    mischief = Mischief(stage)
    stage.world.twilio.set(latency_ms=200, reorder=0.2)
    stage.world.to_us.news = News(lose=0.05, twice=0.1, delay=0.2, chance=stage.chance)
    stage.world.to_twilio.plan = mischief.answer
    stage.lost_news = stage.somebody_resumes = True
    end, next_group, groups = time.monotonic() + seconds, 0.0, 0
    while time.monotonic() < end:
        if groups < GROUPS and time.monotonic() > next_group:
            stage.group_sms(marketing=groups % 2 == 0)
            groups, next_group = groups + 1, time.monotonic() + seconds / (GROUPS + 1)
        stage.chance.choice(mischief.all)()
        time.sleep(stage.chance.uniform(0.5, 4))
        stage.world.keep_alive()
        stage.resume()
    stage.world.to_twilio.plan = lambda _: None
    stage.world.to_us.calm()
    stage.over()


SCENARIOS = [Scenario("everything at random for 10 minutes", ROW, 3, everything, patience=300)]
