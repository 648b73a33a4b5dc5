"""The worker dies while a batch is on its way: one process of it, all of them, politely or not."""

import os
import signal
import time
from pathlib import Path

from tests.faults.stage import Scenario, Stage

ROW = "SIGKILL a pool child, the whole worker; SIGTERM deploy; SIGQUIT, mid-batch"


def pool_child(stage: Stage) -> None:
    """The process of the pool that is talking to Twilio just now; Celery starts another one."""
    stage.people()
    stage.mid_batch()
    victim = a_busy_child(stage)
    stage.must(victim is not None, "no process was sending")
    if victim:
        os.kill(victim, signal.SIGKILL)
    stage.over()


def whole_worker(stage: Stage) -> None:
    stage.people()
    stage.mid_batch()
    stage.must(a_busy_child(stage) is not None, "no process was sending")
    stage.world.worker.kill_all()
    stage.over()
    stage.world.worker.start()


def deploy(stage: Stage) -> None:
    """SIGTERM lets the batch end; a new worker starts, as at a deployment."""
    stage.people()
    stage.mid_batch()
    stage.must(a_busy_child(stage) is not None, "no process was sending")
    stage.world.worker.end(signal.SIGTERM)
    stage.over()
    stage.world.worker.start()


def quit_at_once(stage: Stage) -> None:
    stage.people()
    stage.mid_batch()
    stage.must(a_busy_child(stage) is not None, "no process was sending")
    stage.world.worker.end(signal.SIGQUIT)
    stage.over()
    stage.world.worker.start()


def a_busy_child(stage: Stage) -> int | None:
    """A process of the pool as soon as one is talking to Twilio; between two batches none is."""
    end = time.monotonic() + 10
    while time.monotonic() < end:
        if child := busy_child(stage):
            return child
        time.sleep(0.01)
    return None


def busy_child(stage: Stage) -> int | None:
    """A process of the pool with a connection to Twilio. Linux says which sockets a process holds."""
    wanted = f"{stage.world.to_twilio.port:04X}"
    connections = (line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:])
    ours = {f"socket:[{field[9]}]" for field in connections if field[2].endswith(f":{wanted}")}
    for child in stage.world.worker.children():
        for descriptor in Path(f"/proc/{child}/fd").iterdir():
            try:
                if os.readlink(descriptor) in ours:
                    return child
            except OSError:
                continue
    return None


SCENARIOS = [
    Scenario("SIGKILL a pool child", ROW, 20, pool_child, smoke=True),
    Scenario("SIGKILL the whole worker", ROW, 20, whole_worker),
    Scenario("SIGTERM, a new worker", ROW, 10, deploy),
    Scenario("SIGQUIT, a new worker", ROW, 10, quit_at_once),
]
