from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from sms import delivery

LONGEST = timedelta(minutes=10)


class Command(BaseCommand):
    help = "Ask Twilio about texts of which we do not know whether they were sent. It never sends anything."

    def handle(self, *args: Any, **options: Any) -> None:
        settled = delivery.look_up_unknown(clock=timezone.now, until=timezone.now() + LONGEST)
        self.stdout.write(f"{settled} settled.")
