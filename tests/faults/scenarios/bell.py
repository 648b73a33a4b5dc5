"""Redis is a bell: emptied, restarted, frozen or away, it loses nothing and holds up no page."""

import signal
import threading
import time

from django.utils import timezone

from sms import tasks
from tests.faults.programs import wait_until
from tests.faults.stage import Browser, Scenario, Stage

ROW = "Redis FLUSHALL, restart, frozen 60 s, away 10 min"
LONGEST_ANSWER_S = 2.0


def flush_all(stage: Stage) -> None:
    stage.people()
    stage.mid_batch()
    for _ in range(5):
        redis_says(stage, "FLUSHALL")
        time.sleep(stage.chance.uniform(0.1, 0.6))
    stage.over()


def restart(stage: Stage) -> None:
    stage.people()
    stage.mid_batch()
    stage.world.redis.kill_all()
    time.sleep(stage.chance.uniform(0, 2))
    stage.world.redis.start()
    stage.over()


def frozen(stage: Stage, seconds: float = 60) -> None:
    """Confirmed by a page while Redis does not answer; the page must."""
    browser = Browser(stage.world)
    stage.people()
    path, fields = browser.draft(f"Frozen, {stage.word}")
    stage.world.redis.tell(signal.SIGSTOP)
    _confirm(stage, browser, path, fields)
    _other_pages(stage, browser)
    time.sleep(seconds)
    stage.world.redis.tell(signal.SIGCONT)
    stage.over()


def away(stage: Stage, seconds: float = 600) -> None:
    browser = Browser(stage.world)
    stage.people()
    path, fields = browser.draft(f"Away, {stage.word}")
    stage.world.redis.kill_all()
    _confirm(stage, browser, path, fields)
    _other_pages(stage, browser)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        time.sleep(1)
        for program in (stage.world.web, stage.world.worker, stage.world.beat):
            if program.ended():  # As Docker does it: again and again, until its broker is back.
                program.start(wait=False)
    stage.world.redis.start()
    stage.over()


def _confirm(stage: Stage, browser: Browser, path: str, fields: dict[str, str]) -> None:
    answered = browser.session.post(browser.url + path, data=fields, timeout=60, allow_redirects=False)
    stage.must(answered.status_code == 302, f"the confirmation was answered {answered.status_code}")
    _in_time(stage, answered.elapsed.total_seconds(), "the confirmation")
    [(group, people)] = stage.world.ask(
        "SELECT id::text, (SELECT count(*) FROM patients_patient) FROM sms_groupmessage"
    )
    stage.lists[group] = people


def _other_pages(stage: Stage, browser: Browser) -> None:
    for page in ("/", "/sms/", "/patients/", "/readyz"):
        began = time.monotonic()
        browser.get(page)
        _in_time(stage, time.monotonic() - began, page)


def _in_time(stage: Stage, seconds: float, what: str) -> None:
    stage.must(seconds < LONGEST_ANSWER_S, f"{what} took {seconds:.1f} s")


def two_of_everything(stage: Stage) -> None:
    """A second beat, a second worker, sweepers and reconcilers beside them, all at once."""
    stage.people()
    others = [stage.world.new_beat("extra-beat"), stage.world.new_worker("extra-worker")]
    try:
        for program in others:
            program.start()
        stage.world.to_twilio.plan = lambda post: None
        stage.mid_batch(latency_ms=150)
        bells = [threading.Thread(target=_ring, args=(task,)) for task in RUNG for _ in range(10)]
        for bell in bells:
            bell.start()
        for bell in bells:
            bell.join()
        stage.over()
        stage.world.settle()
    finally:
        for program in others:
            program.end()


def _ring(name: str) -> None:
    getattr(tasks, name).delay()


RUNG = ("tick", "drain", "look_up_unknown")


def redis_says(stage: Stage, command: str) -> None:
    import redis

    with redis.Redis.from_url(stage.world.broker) as client:
        client.execute_command(command)


def lost_bell(stage: Stage) -> None:
    """Confirmed without any bell at all: the tick finds it."""
    stage.people()
    began = timezone.now()
    stage.group_sms(ring=False)
    stage.over()
    wait_until(lambda: stage.posted() >= 1, "the tick")
    stage.must((timezone.now() - began).total_seconds() < 30, "the tick came late")


SCENARIOS = [
    Scenario("Redis FLUSHALL", ROW, 10, flush_all),
    Scenario("Redis killed and started again", ROW, 10, restart, smoke=True),
    Scenario("Redis frozen for 60 s", ROW, 5, frozen, patience=180),
    Scenario("Redis away for 10 minutes", ROW, 3, away, patience=300),
]
DOUBLES = [
    Scenario(
        "two beats, two workers, thirty bells",
        "50 double submits; two tabs; two beats, two dispatchers, two reconcilers",
        10,
        two_of_everything,
    ),
]
