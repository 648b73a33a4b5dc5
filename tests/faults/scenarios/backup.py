"""Yesterday's database comes back: what has been sent since is not sent again."""

import subprocess
import time
from collections import Counter

from django.db import connections
from django.utils import timezone

from sms import outbox, restored
from sms.models import SendingPause
from tests.faults.programs import wait_until
from tests.faults.servers import newest
from tests.faults.stage import Scenario, Stage, someone

ROW = "a restored backup (point 11)"


def restored_backup(stage: Stage) -> None:
    """A backup of the moment in which all texts wait; they leave; the backup is restored, and nothing makes it rest."""
    world, backup = stage.world, stage.world.folder / "backup.sql"
    stage.people()
    outbox.pause(code=20003, now=timezone.now())
    stage.group_sms()
    waiting = "SELECT count(*) FROM sms_message WHERE status = 'queued'"
    wait_until(lambda: world.ask(waiting)[0][0] == 200, "the list")
    with backup.open("wb") as file:
        subprocess.run([newest("pg_dump"), world.database], stdout=file, check=True)
    began = time.monotonic()
    outbox.resume(now=timezone.now(), by_id=someone().pk)
    wait_until(lambda: stage.created() == 200, "all to have left", seconds=120)
    world.settle()
    ours = (world.web, world.worker, world.beat)
    for program in ours:
        program.end()
    connections.close_all()
    world.ask_server("DROP DATABASE clinic WITH (FORCE)")
    world.ask_server("CREATE DATABASE clinic")
    with backup.open("rb") as file:
        subprocess.run(
            [newest("psql"), "-q", world.database], stdin=file, stdout=subprocess.DEVNULL, check=True
        )
    outbox.resume(now=timezone.now(), by_id=someone().pk)
    time.sleep(max(0.0, restored.GAP.total_seconds() + 5 - (time.monotonic() - began)))
    for program in ours:
        program.start()
    stage.over()
    wait_until(lambda: SendingPause.objects.in_force().exists(), "somebody to notice")
    time.sleep(10)
    stage.must(stage.created() == 200, f"{stage.created()} texts of 200 exist")
    # What was claimed between the backup and its return is in no database any more.
    stage.more |= {"posts": Counter(), "news_is_complete": False, "may_wait": True}
    stage.may_wait = True


SCENARIOS = [Scenario("a backup is restored", ROW, 2, restored_backup, patience=30)]
