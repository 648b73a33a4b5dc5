"""Apply the default for SMS marketing to all existing patients, or undo that."""

import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from patients import batches
from patients.models import PreferenceBatch
from settings_app.models import SmsSettings

Scope = PreferenceBatch.Scope
SOMEBODY_ELSE = (
    "Somebody else is changing all patients at this moment, or importing some. Nothing was changed. "
    "Try again later."
)
UNDER_WAY = (
    "Change {batch.pk} of all patients is under way: {batch.changed} of {batch.expected}. Nothing else was changed. A "
    "running worker goes on with it by itself; apply_sms_default --resume does so here."
)
INTERRUPTED = (
    "Interrupted: {batch.changed} of {batch.expected} patients are done. A running worker goes on with the others "
    "by itself; apply_sms_default --resume does so here. To take it back, let it end, then use --undo {batch.pk}."
)
MOMENT = 0.2  # seconds: somebody else has a slice in hand


class Command(BaseCommand):
    help = (
        "Set the SMS marketing preference of all existing patients to yes (--accept) or no (--reject); without "
        "either, to the clinic's present default. Shows what would change and asks. A number that is blocked by "
        "STOP stays blocked. Many patients are changed in slices, each of them whole: interrupted, it is gone on "
        "with by a running worker, or by --resume. Exits with 1 if it was not done."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        what = parser.add_mutually_exclusive_group()
        what.add_argument("--accept", action="store_true", help="set to yes")
        what.add_argument("--reject", action="store_true", help="set to no")
        what.add_argument("--undo", type=int, metavar="BATCH", help="undo the change with this number")
        what.add_argument("--resume", action="store_true", help="go on with a change that was interrupted")
        parser.add_argument(
            "--only-never-chosen",
            action="store_true",
            help="leave alone patients who ever said yes or no themselves",
        )
        parser.add_argument(
            "--dry-run", action="store_true", help="show what would change, and change nothing"
        )
        parser.add_argument("--yes", action="store_true", help="do not ask")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["resume"]:
            self._resume(dry_run=options["dry_run"])
            return
        if options["undo"] is not None:
            if options["only_never_chosen"]:
                raise CommandError(
                    "--undo restores exactly what its change changed: leave out --only-never-chosen."
                )
            self._undo(options["undo"], dry_run=options["dry_run"], yes=options["yes"])
            return
        accept = options["accept"] or (
            not options["reject"] and SmsSettings.load().new_patients_accept_marketing
        )
        scope = Scope.NEVER_CHOSE if options["only_never_chosen"] else Scope.EVERYONE
        self._apply(accept=accept, scope=scope, dry_run=options["dry_run"], yes=options["yes"])

    def _apply(self, *, accept: bool, scope: Scope, dry_run: bool, yes: bool) -> None:
        found = batches.preview(accept=accept, scope=scope)
        self.stdout.write(f"To yes: {found.to_yes}")
        self.stdout.write(f"To no: {found.to_no}")
        self.stdout.write(f"Unchanged: {found.unchanged}")
        self.stdout.write(f"Own choices replaced: {found.choices_overwritten}")
        self.stdout.write(f"Blocked by STOP, and staying blocked: {found.blocked}")
        if not self._go_on(found.changed, dry_run=dry_run, yes=yes):
            return
        try:
            batch = batches.apply_default(
                accept=accept, scope=scope, at=timezone.now(), confirmed=found.changed
            )
        except batches.CountChanged as changed:
            raise CommandError(
                f"In the meantime it has become {changed.found}. Nothing was changed."
            ) from None
        except batches.AnotherUnderWay:
            raise CommandError(_under_way()) from None
        self._finish(batch)

    def _undo(self, pk: int, *, dry_run: bool, yes: bool) -> None:
        batch = PreferenceBatch.objects.filter(pk=pk).first()
        if batch is None:
            raise CommandError("There is no change with this number.")
        if batch.undos.exists():
            raise CommandError("This change has been undone already.")
        found = batches.undo_preview(batch)
        self.stdout.write(f"Restored: {found.restored}")
        self.stdout.write(f"Changed since, and staying as they are: {found.touched_since}")
        if not self._go_on(found.restored, dry_run=dry_run, yes=yes):
            return
        try:
            undone = batches.undo(batch_id=pk, at=timezone.now())
        except batches.AlreadyUndone:
            raise CommandError("This change has been undone already.") from None
        except batches.AnotherUnderWay:
            raise CommandError(_under_way()) from None
        self._finish(undone)

    def _resume(self, *, dry_run: bool) -> None:
        batch = batches.running()
        if batch is None:
            raise CommandError("No change of all patients is under way.")
        self.stdout.write(f"Under way: change {batch.pk}, {batch.changed} of {batch.expected} patients.")
        if not dry_run:
            self._finish(batch)

    def _finish(self, batch: PreferenceBatch) -> None:
        """Work off what is left, and say how far it is: a worker may be at work on it as well."""
        try:
            while batch.running:
                for batch in batches.work_off(clock=timezone.now):
                    self.stderr.write(f"{batch.changed:,} of {batch.expected:,}", style_func=str)
                time.sleep(MOMENT)
                batch.refresh_from_db()
        except KeyboardInterrupt:
            raise CommandError(INTERRUPTED.format(batch=batch)) from None
        if batch.left_alone:
            self.stdout.write(f"Changed by somebody else meanwhile, and left alone: {batch.left_alone}")
        done, back = ("restored", "take that back") if batch.undo_of_id else ("changed", "undo")
        said = f"Patients {done}: {batch.changed}. To {back}: apply_sms_default --undo {batch.pk}"
        self.stdout.write(self.style.SUCCESS(said))

    def _go_on(self, number: int, *, dry_run: bool, yes: bool) -> bool:
        """Whether to do it. Raises CommandError if the answer is not the number."""
        if dry_run or not number:
            self.stdout.write("Nothing was changed (dry run)." if dry_run else "Nothing would change.")
            return False
        if yes:
            return True
        try:
            answer = input(f"To confirm, type the number of patients who will change ({number}): ")
        except EOFError:
            raise CommandError("Nobody is there to confirm. Nothing was changed. Add --yes.") from None
        if answer.strip() != str(number):
            raise CommandError("That is not the number. Nothing was changed.")
        return True


def _under_way() -> str:
    """Why nothing was changed, and what to do."""
    batch = batches.running()
    return SOMEBODY_ELSE if batch is None else UNDER_WAY.format(batch=batch)
