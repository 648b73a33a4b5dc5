"""The account-wide switchboard. It knows no patients: applying the default to them is `patients.batches`."""

from datetime import time
from decimal import Decimal
from functools import cache
from typing import Self
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models, router
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from clinic.compiled import Compiled
from clinic.lib import clock, phone, placeholders
from clinic.words import in_words

DEFAULT_REMINDER = (
    "Hi {first_name|there}, this is a reminder of your appointment at {clinic_name} on {date} at {time}."
)

# The longest text has 24 parts: one that is longer than the limit of a day would wait for ever.
LEAST_DAILY_CAP = 50

# What `sms.reminders` can fill in.
REMINDER_PLACEHOLDERS = frozenset(
    {"first_name", "last_name", "clinic_name", "clinic_phone", "date", "time", "practitioner"}
)
# What the words that say how to opt out may hold: nothing that differs by patient.
OPT_OUT_PLACEHOLDERS = frozenset({"clinic_name", "clinic_phone"})


def validate_time_zone(name: str) -> None:
    """Raises ValidationError unless `name` is a zone of the IANA database."""
    if not clock.is_zone(name):
        raise ValidationError(gettext("This is not a time zone we know."), code="time_zone")


def validate_reminder_text(text: str) -> None:
    """Raises ValidationError, a sentence for staff, unless all placeholders of `text` can be filled in."""
    try:
        placeholders.parse(text, known=REMINDER_PLACEHOLDERS)
    except placeholders.PlaceholderError as error:
        raise ValidationError(in_words(error), code="placeholder") from None


def validate_opt_out_words(text: str) -> None:
    """Raises ValidationError, a sentence for staff, unless all placeholders of `text` can be filled in."""
    try:
        placeholders.parse(text, known=OPT_OUT_PLACEHOLDERS)
    except placeholders.PlaceholderError as error:
        raise ValidationError(in_words(error), code="placeholder") from None


class SmsSettings(models.Model):
    """One row, made by a migration. Read it with `SmsSettings.load()`."""

    new_patients_accept_marketing = models.BooleanField(
        default=False,
        help_text=_("Copied to a patient when the patient is made. Changing it changes nobody."),
    )
    # Read where a text is judged, so it counts for every STOP, the earlier ones too.
    stop_means_everything = models.BooleanField(_("STOP means everything"), default=False)
    clinic_name = models.CharField(_("Clinic name"), max_length=60, default="Our clinic")
    clinic_phone = models.CharField(_("Clinic phone"), max_length=30, blank=True)
    country = models.CharField(_("Country"), max_length=2, default="AU", choices=phone.countries)
    time_zone = models.CharField(
        _("Time zone"), max_length=50, default="Australia/Sydney", validators=[validate_time_zone]
    )
    reminders_enabled = models.BooleanField(_("Send appointment reminders"), default=True)
    reminder_hours_before = models.PositiveSmallIntegerField(
        _("Hours before the appointment"),
        default=24,
        validators=[MinValueValidator(1), MaxValueValidator(168)],
    )
    reminder_text = models.TextField(
        _("Reminder text"), max_length=640, default=DEFAULT_REMINDER, validators=[validate_reminder_text]
    )
    marketing_not_before = models.TimeField(_("Marketing texts not before"), default=time(9))
    marketing_not_after = models.TimeField(_("Marketing texts not after"), default=time(20))
    hold_minutes = models.PositiveSmallIntegerField(
        _("Minutes to wait before the first text leaves"), default=0, validators=[MaxValueValidator(30)]
    )
    two_step_for_senders = models.BooleanField(_("Two-step log-in for senders"), default=False)
    idle_minutes = models.PositiveSmallIntegerField(
        _("Log out after"), default=30, validators=[MaxValueValidator(720)]
    )
    # Of each sender; parts are what Twilio bills and phone networks count. Blank is no limit.
    marketing_rate = models.PositiveSmallIntegerField(
        _("Marketing: parts a second"), null=True, blank=True, validators=[MinValueValidator(1)]
    )
    marketing_daily_cap = models.PositiveIntegerField(
        _("Marketing: parts a day"), null=True, blank=True, validators=[MinValueValidator(LEAST_DAILY_CAP)]
    )
    care_rate = models.PositiveSmallIntegerField(
        _("Other texts: parts a second"), null=True, blank=True, validators=[MinValueValidator(1)]
    )
    care_daily_cap = models.PositiveIntegerField(
        _("Other texts: parts a day"), null=True, blank=True, validators=[MinValueValidator(LEAST_DAILY_CAP)]
    )
    updated_at = models.DateTimeField(auto_now=True)
    updated_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        editable=False,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    # Stands below every marketing text that does not say it already.
    opt_out_words = models.CharField(
        _("How to opt out, in words"),
        max_length=80,
        default="Reply STOP to opt out.",
        validators=[validate_opt_out_words],
    )
    part_price = models.DecimalField(
        _("Price of one part"),
        max_digits=8,
        decimal_places=4,
        null=True,
        blank=True,
        validators=[MinValueValidator(0)],
    )
    currency = models.CharField(
        _("Currency"),
        max_length=3,
        default="AUD",
        validators=[
            RegexValidator(r"\A[A-Z]{3}\Z", _("Write three capital letters, for example AUD or GBP."))
        ],
    )

    class Meta:
        verbose_name = verbose_name_plural = _("SMS settings")
        constraints = [
            # Two rows would mean two answers to "what is the default?".
            models.CheckConstraint(condition=models.Q(pk=1), name="sms_settings_one_row"),
            # Else there would be no time of the day at all for marketing.
            models.CheckConstraint(
                condition=models.Q(marketing_not_before__lt=models.F("marketing_not_after")),
                name="sms_settings_marketing_window",
                violation_error_message=_("“Marketing texts not before” must be earlier than “not after”."),
            ),
        ]

    def __str__(self) -> str:
        return "SMS settings"

    @classmethod
    def load(cls) -> Self:
        """The row, with the values the product ships with if nobody has saved any yet."""
        for row in _compiled_row().rows():
            return cls.from_db(router.db_for_write(cls), _columns(), row)
        return cls.objects.get_or_create(pk=1)[0]

    def clean(self) -> None:
        opens, closes = self.marketing_not_before, self.marketing_not_after
        if opens and closes and opens >= closes:
            raise ValidationError(
                {
                    "marketing_not_after": gettext(
                        "This must be later than “Marketing texts not before”. "
                        "For the end of the day write 23:59."
                    )
                }
            )

    def cost_of(self, parts: int) -> Decimal | None:
        """What so many parts cost, in the clinic's currency; None if no price is known."""
        return None if self.part_price is None else (self.part_price * parts).quantize(Decimal("0.01"))

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)


def _columns() -> list[str]:
    return [field.attname for field in SmsSettings._meta.concrete_fields]


@cache
def _compiled_row() -> Compiled:
    """The sender reads it for every batch."""
    return Compiled(lambda: SmsSettings.objects.filter(pk=1).values_list(*_columns()))
