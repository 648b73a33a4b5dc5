"""Compare every patient's preference with the ledger."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from patients.consent import out_of_step


class Command(BaseCommand):
    help = (
        "Check that every patient's SMS marketing preference is what the newest row of the consent ledger says. "
        "Prints the ids of patients for whom it is not, one a line, and then exits with 1."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        ids = list(out_of_step().values_list("pk", flat=True))
        for pk in ids:
            self.stdout.write(str(pk))
        if ids:
            raise CommandError(f"Patients whose preference is not the ledger's: {len(ids)}.")
        self.stdout.write(self.style.SUCCESS("Every preference is what the ledger says."))
