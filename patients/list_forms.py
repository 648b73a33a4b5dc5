"""How staff find patients in the list."""

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from patients.models import Patient
from settings_app.models import SmsSettings


class SearchForm(forms.Form):
    SHOW = [
        ("active", _("Active")),
        ("archived", _("Archived")),
        ("deceased", _("Deceased")),
        ("all", _("All")),
    ]

    q = forms.CharField(
        label=_("Name, number or reference"),
        required=False,
        max_length=100,
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off"}),
    )
    show = forms.ChoiceField(label=_("Show"), choices=SHOW, required=False)

    def results(self) -> QuerySet[Patient]:
        """The patients it finds. What cannot be understood is left aside."""
        self.is_valid()
        everybody = Patient.objects.not_erased().search(self.text, country=SmsSettings.load().country)
        match self.cleaned_data.get("show"):
            case "archived":
                return everybody.filter(archived_at__isnull=False)
            case "deceased":
                return everybody.filter(deceased_at__isnull=False)
            case "all":
                return everybody
        return everybody.active()

    @property
    def text(self) -> str:
        return str(self.cleaned_data.get("q", ""))
