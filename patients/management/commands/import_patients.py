"""Import patients from a CSV file."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any, NoReturn

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
        "Either everybody new is imported or nobody; patients who are here already are left as they are. New "
        "patients get the clinic's default; a yes to marketing counts with a consent source and a consent date, a "
        "no always counts. Exits with 1 if the file has problems."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "file", type=Path, help="the CSV file: commas, semicolons or tabs; UTF-8, UTF-16 or Windows-1252"
        )
        parser.add_argument("--dry-run", action="store_true", help="check the file and change nothing")

    def handle(self, *args: Any, file: Path, dry_run: bool, **options: Any) -> None:
        try:
            sheet = csv_import.Sheet.open(file)
        except OSError as error:
            raise CommandError(f"The file cannot be read ({error.strerror}).") from None
        except csv_import.Unreadable as unreadable:
            raise CommandError(f"Nothing was imported. The file: {unreadable}") from None
        self.stdout.write(f"Read as {sheet.described}.")
        checked = self._check(sheet) if dry_run else self._import(sheet)
        for notice in checked.notices:
            self.stdout.write(notice)
        new = checked.counts[csv_import.Outcome.NEW]
        if dry_run:
            self.stdout.write(f"Nothing was imported (dry run). New patients in the file: {new}.")
        else:
            self.stdout.write(self.style.SUCCESS(f"Patients imported: {new}."))

    def _check(self, sheet: csv_import.Sheet) -> csv_import.Checked:
        settings = SmsSettings.load()
        today = timezone.localdate(timezone=settings.zone)
        checked = csv_import.check(sheet, self._places(sheet), country=settings.country, today=today)
        return checked if checked.may_run else self._refuse(checked)

    def _import(self, sheet: csv_import.Sheet) -> csv_import.Checked:
        settings, now = SmsSettings.load(), timezone.now()
        try:
            return csv_import.run(
                sheet,
                self._places(sheet),
                country=settings.country,
                today=now.astimezone(settings.zone).date(),
                at=now,
            )
        except csv_import.HasProblems as refused:
            return self._refuse(refused.checked)
        except IntegrityError:
            raise CommandError(
                "Nothing was imported. A reference was taken in the meantime: try again."
            ) from None

    def _places(self, sheet: csv_import.Sheet) -> csv_import.Places:
        places = csv_import.guess(sheet.header)
        for column, at in places.items():
            self.stdout.write(f"Column {csv_import.letter(at)}: {column}")
        return places

    def _refuse(self, checked: csv_import.Checked) -> NoReturn:
        for problem in checked.problems[:PROBLEMS_SHOWN]:
            self.stderr.write(str(problem))
        rows = checked.counts[csv_import.Outcome.REFUSED]
        raise CommandError(f"Nothing was imported.{f' Rows with problems: {rows}.' if rows else ''}")
