"""PostgreSQL ends and starts again, or the line to it is cut at each step from claim to settle."""

import resource
import time
from functools import partial

from tests.faults.bad_database_line import Cut
from tests.faults.programs import wait_until
from tests.faults.stage import Scenario, Stage

ROW = "PostgreSQL immediate restart; connection cut at each step from claim to settle"

ASK = r"^SELECT EXISTS\("
LOCK = r'^SELECT .*FROM "sms_message".*"purpose" = \'service\'.*SKIP LOCKED'
JUDGE = r'^SELECT .*"own_reason" FROM "patients_patient" WHERE .*= ANY'
CLAIM = r'^UPDATE "sms_message" SET "status" = \'sending\''
SETTLE = r'^UPDATE "sms_message" SET "status" = \'accepted\''
COMMIT = r"^COMMIT"

# Where the line is cut: after which statements, and whether the last one was carried out.
POINTS: dict[str, tuple[list[str], bool]] = {
    "before it is asked what waits": ([ASK], False),
    "before the claim locks": ([LOCK], False),
    "before the claim judges": ([LOCK, JUDGE], False),
    "before the claim writes": ([LOCK, CLAIM], False),
    "before the claim commits": ([CLAIM, COMMIT], False),
    "as the claim has committed": ([CLAIM, COMMIT], True),
    # One statement, which is a transaction of its own.
    "before the settling writes": ([CLAIM, COMMIT, SETTLE], False),
    "as the settling has been written": ([CLAIM, COMMIT, SETTLE], True),
}


def immediate_restart(stage: Stage) -> None:
    stage.people()
    stage.mid_batch()
    stage.world.restart_postgres(away=stage.chance.uniform(0, 1))
    stage.lost_news = True
    stage.over()


def cut(stage: Stage, point: str) -> None:
    statements, answered = POINTS[point]
    stage.people()
    stage.world.twilio.set(latency_ms=100)
    stage.world.line.cut = cut = Cut(statements, answered, times=stage.chance.randint(1, 3))
    stage.group_sms()
    wait_until(lambda: cut.made > 0, f"the line to be cut {point}")
    stage.over()


def read_only(stage: Stage) -> None:
    """The database takes no writes for a while, as after a full disk or a failover to a replica."""
    stage.people()
    stage.mid_batch()
    stage.world.let_write(False)
    time.sleep(stage.chance.uniform(3, 6))
    stage.world.let_write(True)
    stage.lost_news = True  # What was called back meanwhile found nobody who could write it down.
    stage.over()


def full_disk(stage: Stage) -> None:
    """Whatever the worker writes to its log, there is no room for it: not one byte more, in any of its processes."""
    stage.people()
    stage.mid_batch()
    _room(stage, 0)
    time.sleep(stage.chance.uniform(3, 6))
    stage.must(stage.posted() > 0, "nothing left")
    _room(stage, resource.RLIM_INFINITY)
    stage.over()


def _room(stage: Stage, most: int) -> None:
    """How large a file may become that the worker writes to. (A full disk says so with another number.)"""
    for pid in (stage.world.worker.pid, *stage.world.worker.children()):
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))


SCENARIOS = [
    Scenario("PostgreSQL restarted at once", ROW, 10, immediate_restart, smoke=True),
    *(
        Scenario(f"line cut {point}", ROW, 10, partial(cut, point=point), smoke=point == list(POINTS)[3])
        for point in POINTS
    ),
]
DISKS = [
    Scenario(
        "read-only database", "worker on a full disk or a read-only database", 3, read_only, patience=180
    ),
    Scenario("worker on a full disk", "worker on a full disk or a read-only database", 3, full_disk),
]
