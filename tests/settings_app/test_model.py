"""The one row."""

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from clinic.lib import placeholders
from settings_app.models import (
    DEFAULT_REMINDER,
    REMINDER_PLACEHOLDERS,
    SmsSettings,
    validate_reminder_text,
    validate_time_zone,
)

pytestmark = pytest.mark.django_db


def test_a_migration_made_it() -> None:
    assert SmsSettings.objects.get().pk == 1


def test_a_second_row_is_refused_by_the_database() -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        SmsSettings.objects.create(pk=2)


def test_if_it_is_lost_the_shipped_values_are_back() -> None:
    SmsSettings.objects.all().delete()
    row = SmsSettings.load()
    assert (row.new_patients_accept_marketing, row.country, str(row.zone)) == (
        False,
        "AU",
        "Australia/Sydney",
    )
    assert str(row) == "SMS settings"


def test_the_shipped_values_are_valid() -> None:
    SmsSettings.load().full_clean()
    placeholders.parse(DEFAULT_REMINDER, known=REMINDER_PLACEHOLDERS)


@pytest.mark.parametrize("name", ["Nowhere/Land", "", "Factory"])
def test_a_zone_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(ValidationError):
        validate_time_zone(name)
    validate_time_zone("Asia/Calcutta")


def test_a_text_that_cannot_be_filled_is_refused() -> None:
    with pytest.raises(ValidationError, match="not something we can fill in"):
        validate_reminder_text("{name}")
    validate_reminder_text("{first_name|there}")


@pytest.mark.parametrize(("opens", "closes"), [("20:00", "09:00"), ("09:00", "09:00")])
def test_hours_without_a_time_for_marketing_are_refused_by_the_database(opens: str, closes: str) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        SmsSettings.objects.update(marketing_not_before=opens, marketing_not_after=closes)
