"""The one form of the switchboard."""

import re
from dataclasses import dataclass
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrPromise

from clinic.lib import clock, phone
from clinic.lib.closing import asks_for_a_reply
from clinic.one_line import OneLine
from settings_app.models import SmsSettings

ACCEPT, REJECT = "accept", "reject"


def is_a_name(sender: str) -> bool:
    """Whether `sender` is neither a number nor a messaging service: patients cannot reply to it."""
    return bool(sender) and not re.fullmatch(r"\+?\d+|MG[0-9a-f]+", sender)


@dataclass(frozen=True, slots=True)
class Explained:
    """The label of a choice, with a line of help that the field template shows below it."""

    label: str | StrPromise
    help: str | StrPromise

    def __str__(self) -> str:
        return str(self.label)


def countries() -> list[tuple[str, str]]:
    """(ISO code, name) of every country, by its name in the language of the page."""
    return sorted(
        ((code, gettext(name)) for code, name in phone.countries()), key=lambda each: phone.sort_key(each[1])
    )


class SmsSettingsForm(forms.ModelForm):  # type: ignore[type-arg]  # has no type arguments at run time
    """`apply_to_all` is not a setting: it asks to be led on to the page that applies the default."""

    new_patients = forms.ChoiceField(
        label=_("New patients"),
        widget=forms.RadioSelect,
        choices=[
            (ACCEPT, Explained(_("Accept SMS marketing"), _("They get promotions until they say no."))),
            (REJECT, Explained(_("Reject SMS marketing"), _("They get promotions once they say yes."))),
        ],
    )
    apply_to_all = forms.BooleanField(
        label=_("Apply to all existing patients"),
        required=False,
        help_text=_("First you see how many patients would change, then you confirm. It can be undone."),
    )

    class Meta:
        model = SmsSettings
        fields = [
            "stop_means_everything",
            "country",
            "time_zone",
            "clinic_name",
            "clinic_phone",
            "marketing_not_before",
            "marketing_not_after",
            "hold_minutes",
            "reminders_enabled",
            "reminder_hours_before",
            "reminder_text",
            "two_step_for_senders",
            "idle_minutes",
            "marketing_rate",
            "marketing_daily_cap",
            "care_rate",
            "care_daily_cap",
            "opt_out_words",
            "part_price",
            "currency",
        ]
        field_classes = dict.fromkeys(["clinic_name", "clinic_phone", "opt_out_words"], OneLine)
        help_texts = {
            "stop_means_everything": (
                _(
                    "A STOP to a promotion then ends reminders and one-off texts too, "
                    "also for those who said it before."
                )
            ),
            "country": _("How a phone number is read that was typed without a country code."),
            "time_zone": _("All times on these pages, and in reminders, are in this zone."),
            "clinic_phone": _("As it should stand in a text, for example (02) 9999 0000."),
            "marketing_not_before": _("In the patient’s own time zone, or the clinic’s if they have none."),
            "marketing_not_after": _(
                "23:59 means until midnight. From 00:00 to 23:59 there are no quiet hours."
            ),
            "hold_minutes": _("From 0 to 30. As long, a group SMS can be stopped with nothing sent."),
            "reminder_hours_before": _("From 1 to 168 (a week)."),
            "reminder_text": (
                _(
                    "You can use {first_name} {last_name} {date} {time} {practitioner} {clinic_name} {clinic_phone}. "
                    "For patients without a first name write {first_name|there}."
                )
            ),
            "two_step_for_senders": (
                _(
                    "Whoever can send to groups needs more than a password: an app on their phone or a security key. "
                    "Those who have none yet set it up at their next page, you included."
                )
            ),
            "idle_minutes": _("Minutes without a click or a key, up to 720 (twelve hours). 0 is never."),
            "opt_out_words": _(
                "Below every marketing text that does not say it already. It counts for the price."
            ),
            "part_price": _("What your contract with Twilio says. Empty: no cost is shown."),
            "currency": _("Three letters, for example AUD or GBP."),
        }
        help_texts |= dict.fromkeys(
            ["marketing_rate", "care_rate"], _("What the sender can do. Blank: no limit.")
        )
        help_texts |= dict.fromkeys(
            ["marketing_daily_cap", "care_daily_cap"],
            _("From 50. The rest waits until the next day. Blank: no limit."),
        )
        widgets = {
            "reminder_text": forms.Textarea(attrs={"rows": 4}),
            "marketing_not_before": forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
            "marketing_not_after": forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["new_patients"] = ACCEPT if self.instance.new_patients_accept_marketing else REJECT
        self.fields["country"] = forms.ChoiceField(
            label=self.fields["country"].label,
            help_text=self.fields["country"].help_text,
            choices=countries(),
        )
        zones = sorted({*clock.zones(), self.instance.time_zone})  # an older name in use stays on offer
        self.fields["time_zone"] = forms.ChoiceField(
            label=self.fields["time_zone"].label,
            help_text=self.fields["time_zone"].help_text,
            choices=[(zone, zone.replace("_", " ")) for zone in zones],
        )

    def clean_opt_out_words(self) -> str:
        words = str(self.cleaned_data["opt_out_words"])
        sender = settings.TWILIO_MARKETING_SENDER
        if is_a_name(sender) and asks_for_a_reply(words):
            raise forms.ValidationError(
                gettext(
                    "Marketing texts come from the name %(sender)s, and nobody can reply to a name. "
                    "Say another way, for example: Opt out: {clinic_phone}"
                )
                % {"sender": sender},
                code="reply",
            )
        return words

    @property
    def accepts(self) -> bool:
        """Whether new patients accept marketing, once the form is valid."""
        return bool(self.cleaned_data["new_patients"] == ACCEPT)

    def save_changes(self, *, by: Any) -> None:
        """Write the settings that staff changed, and who did it; nothing if nothing changed."""
        changed = [name for name in self.changed_data if name in self.Meta.fields]
        if "new_patients" in self.changed_data:
            changed.append("new_patients_accept_marketing")
        if changed:
            self.instance.new_patients_accept_marketing = self.accepts
            self.instance.updated_by = by
            self.instance.save(update_fields=[*changed, "updated_by", "updated_at"])
