from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from sms import reminders, tasks


class Command(BaseCommand):
    help = "Queue a reminder for each appointment that starts soon and has none. Safe to run as often as you like."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only say how many are due")

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        if options["dry_run"]:
            self.stdout.write(f"{reminders.count_due(now=now)} appointments are due for a reminder.")
            return
        queued = reminders.queue_due_reminders(now=now)
        tasks.send_soon()
        self.stdout.write(f"{queued} reminders queued.")
