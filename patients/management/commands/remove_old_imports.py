"""Remove files that were uploaded for an import and then forgotten."""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from patients.csv_import import uploads


class Command(BaseCommand):
    help = (
        "Remove files that were uploaded for an import more than a day ago and neither imported nor given up. "
        "Every visit of the import page does so too; run this each day, on the web machine, where nobody may come "
        "by for long."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"Files removed: {uploads.remove_old(timezone.now())}.")
