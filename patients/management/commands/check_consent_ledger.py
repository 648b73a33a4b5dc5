"""Compare every patient's preference with the ledger."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from patients.consent import out_of_step, wrongly_blanked
from patients.models import SuppressedNumber


class Command(BaseCommand):
    help = (
        "Check that every patient's SMS marketing preference is what the newest row of the consent ledger says. "
        "Prints the ids of patients for whom it is not, one a line, and then exits with 1. So it does if a row of "
        "the ledger has lost its words without an erasure, or kept them in spite of one, and if the numbers of "
        "erased patients cannot be recognised because SECRET_KEY has changed."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        ids = list(out_of_step().values_list("pk", flat=True))
        for pk in ids:
            self.stdout.write(str(pk))
        if ids:
            raise CommandError(f"Patients whose preference is not the ledger's: {len(ids)}.")
        if wrong := wrongly_blanked().count():
            raise CommandError(f"Rows of the ledger whose words are gone, or kept, wrongly: {wrong}.")
        if lost := SuppressedNumber.objects.unreadable().count():
            raise CommandError(
                f"Numbers of erased patients that no key here made: {lost}. "
                "Add the earlier SECRET_KEY to OLD_SECRET_KEYS."
            )
        self.stdout.write(self.style.SUCCESS("Every preference is what the ledger says."))
