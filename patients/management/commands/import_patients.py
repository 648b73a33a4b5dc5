"""Import patients from a CSV file."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import IntegrityError
from django.utils import timezone

from patients import csv_import
from settings_app.models import SmsSettings

PROBLEMS_SHOWN = 50


class Command(BaseCommand):
    help = (
        "Import patients from a CSV file whose first row names its columns (first name, last name, mobile number, "
        "date of birth, reference, wants reminders, accepts SMS marketing, consent source, consent date). "
        "Either everybody is imported or nobody. New patients get the clinic's default; a yes to marketing "
        "counts with a consent source and a consent date, a no always counts. Exits with 1 if the file has problems."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "file", type=Path, help="the CSV file: commas, semicolons or tabs; UTF-8, UTF-16 or Windows-1252"
        )
        parser.add_argument("--dry-run", action="store_true", help="check the file and change nothing")

    def handle(self, *args: Any, file: Path, dry_run: bool, **options: Any) -> None:
        settings, now = SmsSettings.load(), timezone.now()
        try:
            data = file.read_bytes()
        except OSError as error:
            raise CommandError(f"The file cannot be read ({error.strerror}).") from None
        reading = csv_import.read(data, country=settings.country, today=now.astimezone(settings.zone).date())
        for notice in reading.notices:
            self.stdout.write(notice)
        for problem in reading.problems[:PROBLEMS_SHOWN]:
            self.stderr.write(str(problem))
        if reading.problems:
            raise CommandError(f"Nothing was imported. Problems: {len(reading.problems)}.")
        if dry_run:
            self.stdout.write(
                f"Nothing was imported (dry run). Patients in the file: {len(reading.patients)}."
            )
            return
        try:
            made = csv_import.save(reading, at=now)
        except IntegrityError:
            raise CommandError(
                "Nothing was imported. A reference was taken in the meantime: try again."
            ) from None
        self.stdout.write(self.style.SUCCESS(f"Patients imported: {made}."))
