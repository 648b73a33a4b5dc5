"""manage.py seed_demo: fill an empty database with an invented clinic."""

from argparse import ArgumentTypeError
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from patients.models import Appointment, ConsentEvent, Patient, SuppressedNumber
from sms.demo import staff, story
from sms.models import GroupMessage, InboundMessage, Message

# Username, password, and role: the name of a group.
DEMO_LOGINS: tuple[tuple[str, str, str], ...] = staff.LOGINS


class Command(BaseCommand):
    help = (
        "Fill an empty database with an invented clinic: patients from many countries, families that share a phone, "
        "preferences with their history, appointments, texts and replies, and four log-ins whose passwords everybody "
        "knows. A database with people in it is left alone."
    )

    verbosity = 1

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--patients",
            type=at_least_one,
            default=story.OWN_PATIENTS,
            metavar="N",
            help=f"how many patients (default: {story.OWN_PATIENTS:,}); those over {story.OWN_PATIENTS:,} come "
            "as an import of the day before yesterday",
        )
        parser.add_argument("--dry-run", action="store_true", help="only say what would be made")

    def handle(self, *args: Any, **options: Any) -> None:
        patients, self.verbosity = options["patients"], options["verbosity"]
        if story.is_told():
            self.stdout.write("The demo clinic is here already. Nothing was changed.")
            return
        if User.objects.exists() or Patient.objects.exists() or GroupMessage.objects.exists():
            raise CommandError(
                "This database holds users, patients or texts that the demo did not make, so nothing was added. "
                "Set DATABASE_URL to an empty database for the demo."
            )
        if options["dry_run"]:
            self.stdout.write(plan(story.Scale(patients)))
            return
        story.tell(patients=patients, now=timezone.now(), say=self.say)
        self.say(self.style.SUCCESS(made()))

    def say(self, text: str) -> None:
        if self.verbosity:
            self.stdout.write(text)


def at_least_one(text: str) -> int:
    """Raises ArgumentTypeError unless `text` is a whole number from 1 up."""
    try:
        number = int(text)
    except ValueError:
        number = 0
    if number < 1:
        raise ArgumentTypeError("must be a whole number, 1 or more")
    return number


def plan(scale: story.Scale) -> str:
    """What a run would make, in words."""
    logins = " and ".join(f"{name} ({role})" for name, _password, role in DEMO_LOGINS)
    imported = f", {scale.imported:,} of them imported from another practice" if scale.imported else ""
    return (
        f"Would make {scale.patients:,} patients{imported}, with the default and their own choices in the consent "
        f"ledger; appointments from three weeks ago to two weeks from now; one marketing and one other group "
        f"SMS, reminders, one-off texts and replies of the last weeks; and the log-ins {logins}. "
        "Nothing was changed."
    )


def made() -> str:
    """What is in the database now, in words."""
    return (
        f"Made {Patient.objects.count():,} patients with {ConsentEvent.objects.count():,} rows in the consent ledger, "
        f"{Appointment.objects.count():,} appointments, {GroupMessage.objects.count()} group SMS, "
        f"{Message.objects.count():,} texts and people left out, {InboundMessage.objects.count()} replies and "
        f"{SuppressedNumber.objects.in_force().count()} blocked numbers.\n"
        "Log in as "
        + " or ".join(f"{name} with the password {password}" for name, password, _ in DEMO_LOGINS)
        + "."
    )
