"""The Twilio simulator as a management command. Everything it does is in `sms.simulator`."""

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from sms.simulator.options import add_arguments, read_options
from sms.simulator.server import run
from sms.simulator.settings import InvalidSetting


class Command(BaseCommand):
    help = "Runs an HTTP stand-in for Twilio, with a page at its root that shows the phones and their texts."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        add_arguments(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            chosen = read_options(options)
        except InvalidSetting as invalid:
            raise CommandError(str(invalid)) from None
        if code := run(chosen):
            sys.exit(code)
