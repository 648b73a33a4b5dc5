from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from sms import composing, outbox, steering


class Command(BaseCommand):
    help = (
        "Find texts whose worker died (they become 'unknown', never a second text) and texts whose time is over. "
        "The worker's tick does the same every few seconds."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        unknown, expired = outbox.sweep(now=now), outbox.expire(now=now)
        steering.stop_leftovers(at=now)
        finished = composing.finish(at=now)
        self.stdout.write(f"{unknown} became unknown, {expired} expired, {finished} group SMS finished.")
