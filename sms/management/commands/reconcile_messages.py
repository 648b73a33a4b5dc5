from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from sms import delivery, lost_news

LONGEST = timedelta(minutes=10)


class Command(BaseCommand):
    help = (
        "Ask Twilio about texts of which we do not know whether they were sent, and about those of which no callback "
        "brought the end. It sends nothing itself."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        until = timezone.now() + LONGEST
        settled = delivery.look_up_unknown(clock=timezone.now, until=until)
        told = lost_news.ask(clock=timezone.now, until=until)
        self.stdout.write(f"{settled} settled, lost news of {told}.")
