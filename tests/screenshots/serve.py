"""python -m tests.screenshots.serve PORT: the demo's clinic, on a day that does not change. Nothing is sent.

The clock stands still, so that pictures differ only where the pages do.
"""

import sys
from datetime import datetime
from zoneinfo import ZoneInfo

import django
import time_machine
from django.core.management import call_command
from django.core.servers.basehttp import run
from django.core.wsgi import get_wsgi_application

OPENED_AT = datetime(2026, 11, 18, 10, 4, tzinfo=ZoneInfo("Australia/Sydney"))


def main(port: int) -> None:
    django.setup()
    # Imported only now, as Django demands.
    from django.utils import timezone

    from sms.models import Heartbeat

    call_command("migrate", interactive=False, verbosity=0)
    call_command("seed_demo", verbosity=0)
    # No worker runs here, and no page should complain of it.
    Heartbeat.beat(at=timezone.now())
    run("127.0.0.1", port, get_wsgi_application(), threading=True)


if __name__ == "__main__":
    with time_machine.travel(OPENED_AT, tick=False):
        main(int(sys.argv[1]))
