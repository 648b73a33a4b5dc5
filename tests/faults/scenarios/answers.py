"""Twilio answers with too much to do, with nonsense, or not at all; or it cannot be reached."""

import time
from functools import partial

from tests.faults.bad_network import Fault, Post
from tests.faults.stage import Scenario, Stage

BUSY = "429 bursts with and without Retry-After; 500/502/503/504 before and after accepting"
BROKEN = (
    "refused, DNS, TLS; accept then silence; reset before and after accepting; "
    "201 garbage, empty, `{}`, no sid, 302, 1 MB"
)


def some(stage: Stage, fault: Fault, *, share: float = 0.3) -> None:
    """A share of the texts meets `fault`, each at its first attempt only; every other run hears no callbacks."""
    stage.world.twilio.set(latency_ms=20, callbacks=stage.run % 2 == 0)
    met: set[str] = set()

    def plan(post: Post) -> Fault | None:
        if post.to in met or stage.chance.random() > share:
            return None
        met.add(post.to)
        return fault

    stage.world.to_twilio.plan = plan
    stage.lost_news = stage.run % 2 == 1
    stage.people()
    stage.group_sms()
    stage.until_posted(200)
    stage.over()
    stage.must(bool(met), "no text met the fault")


def met(stage: Stage, *, created: bool, answers: list[str]) -> None:
    some(stage, Fault(created, answers[stage.run % len(answers)]))


def too_many(stage: Stage) -> None:
    """Twilio takes 15 a second and answers 429 to the rest; every other run without Retry-After."""
    stage.people()
    stage.world.twilio.set(rate=15 if stage.run % 2 else 0)
    if not stage.run % 2:
        stage.world.twilio.set(fail_next={"count": 60, "outcome": "429_once_bare"})
    stage.group_sms()
    stage.until_posted(200)
    stage.over()
    refused = stage.world.twilio._ask("/_simulator/summary.json")["refused_by_code"]
    stage.must(refused.get("20429", 0) > 0, "nothing was answered 429")


def refused(stage: Stage) -> None:
    """Nobody listens at Twilio's address for a while."""
    stage.people()
    stage.world.to_twilio.close()
    stage.group_sms()
    time.sleep(stage.chance.uniform(2, 5))
    stage.world.to_twilio.open()
    stage.over()


def no_such_host(stage: Stage) -> None:
    _elsewhere(stage, "http://nowhere.invalid")


def no_tls(stage: Stage) -> None:
    """The one who answers does not speak TLS."""
    _elsewhere(stage, stage.world.to_twilio.url.replace("http:", "https:"))


def _elsewhere(stage: Stage, address: str) -> None:
    """A worker that finds nobody at Twilio's address, then one that does."""
    lost = stage.world.new_worker("worker", TWILIO_API_URL=address)
    worker, stage.world.worker = stage.world.worker, lost
    worker.end()
    try:
        lost.start()
        stage.people()
        stage.group_sms()
        time.sleep(stage.chance.uniform(2, 5))
        stage.must(stage.created() == 0, "a text reached Twilio")
    finally:
        lost.end()
        stage.world.worker = worker
        worker.start()
    stage.over()


NONSENSE = ["garbage", "empty", "{}", "no sid", "302", "1 MB"]

SCENARIOS = [
    Scenario("429 bursts", BUSY, 10, too_many),
    Scenario(
        "5xx before accepting",
        BUSY,
        8,
        partial(met, created=False, answers=["500", "502", "503", "504"]),
    ),
    Scenario(
        "5xx after accepting",
        BUSY,
        8,
        partial(met, created=True, answers=["500", "502", "503", "504"]),
    ),
    # After many attempts in vain the next one is minutes away.
    Scenario("Twilio refuses connections", BROKEN, 2, refused, patience=400),
    Scenario("Twilio's name is not found", BROKEN, 2, no_such_host, patience=400),
    Scenario("Twilio speaks no TLS", BROKEN, 2, no_tls, patience=400),
    Scenario(
        "accepted, then silence", BROKEN, 5, partial(met, created=True, answers=["silence"]), smoke=True
    ),
    Scenario("reset before accepting", BROKEN, 5, partial(met, created=False, answers=["reset"])),
    Scenario("reset after accepting", BROKEN, 5, partial(met, created=True, answers=["reset"])),
    Scenario("accepted, answered with nonsense", BROKEN, 7, partial(met, created=True, answers=NONSENSE)),
]
