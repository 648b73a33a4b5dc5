"""A field for one line of text: a name, a reference, a note."""

from typing import Any

from django import forms
from django.db import models
from django.utils.translation import gettext_lazy as _

from clinic.lib.typed import has_unseen

UNSEEN = _("It holds a character that no screen shows, as pasted text may. Type it by hand.")


def validate_seen(text: str) -> None:
    """Raises ValidationError for text that nobody would find again, because nobody sees all of it."""
    if has_unseen(text):
        raise forms.ValidationError(UNSEEN, code="unseen")


class OneLine(forms.CharField):
    """White space of any kind and length is one blank; characters that no screen shows are refused."""

    default_validators = [validate_seen]

    def to_python(self, value: Any) -> str | None:
        typed = super().to_python(value)
        return typed and " ".join(typed.split())


# For `ModelAdmin.formfield_overrides`.
IN_ADMIN: dict[type[models.Field[Any, Any]], dict[str, Any]] = {models.CharField: {"form_class": OneLine}}
