"""Log-in, a forgotten password, and what a manager fills in about a colleague."""

from typing import Any

from allauth.account.forms import LoginForm
from django import forms
from django.contrib.auth.forms import UsernameField
from django.contrib.auth.models import User
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from clinic.accounts.roles import MEANINGS, RECEPTIONIST, ROLES, name_of
from clinic.lib import phone as phones
from clinic.one_line import OneLine
from clinic.words import in_words
from settings_app.forms import Explained
from settings_app.models import SmsSettings


class LogInForm(LoginForm):  # type: ignore[misc]  # allauth ships no types
    """allauth's, under the names that browsers and password managers have always known here."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget.attrs.pop("placeholder", None)
        self.fields["password"].help_text = ""
        self.fields["login"].widget.attrs |= {"autocapitalize": "none", "autofocus": True}

    def add_prefix(self, field_name: str) -> str:
        return super().add_prefix("username" if field_name == "login" else field_name)  # type: ignore[no-any-return]


class ForgotForm(forms.Form):
    email = forms.EmailField(
        label=_("E-mail address"),
        help_text=_("The one that your clinic's manager has for you."),
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )


class RoleForm(forms.Form):
    role = forms.ChoiceField(
        label=_("Role"),
        widget=forms.RadioSelect,
        choices=lambda: [(role, Explained(name_of(role), MEANINGS[role])) for role in ROLES],
    )


class InviteForm(RoleForm):
    first_name = OneLine(label=_("First name"), max_length=150)
    last_name = OneLine(label=_("Last name"), max_length=150)
    email = forms.EmailField(
        label=_("E-mail address"),
        max_length=254,
        help_text=_("For the invitation, and for a forgotten password."),
    )
    username = UsernameField(
        label=_("Username"),
        max_length=150,
        validators=[UnicodeUsernameValidator()],
        help_text=_("What they log in with, for example rosa.martin. It cannot be changed later."),
        widget=forms.TextInput(attrs={"autocapitalize": "none"}),
    )

    field_order = ["first_name", "last_name", "email", "username", "role"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["role"].initial = RECEPTIONIST
        self.fields["username"].widget.attrs["autocomplete"] = "off"  # the browser knows one's own

    def clean_username(self) -> str:
        # Log-in takes no notice of case, so two names that differ only there would be one.
        username: str = self.cleaned_data["username"]
        if User.objects.filter(username__iexact=username).exists():
            raise forms.ValidationError(gettext("Somebody has this username already. Choose another one."))
        return username

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"]
        if User.objects.filter(email__iexact=email).exists():
            raise forms.ValidationError(
                gettext(
                    "A colleague has this e-mail address already. Everybody needs their own, "
                    "or a forgotten password could be set by another."
                )
            )
        return email


class OwnPhoneForm(forms.Form):
    """`cleaned_data["phone"]` is in E.164, or "" if it shall be forgotten."""

    phone = forms.CharField(
        label=_("Your mobile number"),
        required=False,
        max_length=40,
        help_text=_("Texts that you try out go there. Nobody else is shown it."),
        widget=forms.TextInput(attrs={"class": "input-phone", "inputmode": "tel", "autocomplete": "tel"}),
    )

    def clean_phone(self) -> str:
        typed = str(self.cleaned_data["phone"]).strip()
        if not typed:
            return ""
        try:
            found = phones.parse(typed, country=SmsSettings.load().country)
        except phones.InvalidPhone as invalid:
            raise forms.ValidationError(in_words(invalid), code=invalid.problem) from None
        if problem := phones.landline_problem(found):
            raise forms.ValidationError(gettext(problem), code="landline")
        return found.e164
