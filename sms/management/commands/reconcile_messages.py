from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from sms import delivery


class Command(BaseCommand):
    help = "Ask Twilio about texts of which we do not know whether they were sent. It never sends anything."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"{delivery.look_up_unknown(now=timezone.now())} settled.")
