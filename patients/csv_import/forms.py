"""What staff choose when they import a file."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from patients.csv_import.columns import HEADERS, Column, Places, letter

LONGEST_NAME = 40


class UploadForm(forms.Form):
    file = forms.FileField(
        label=_("CSV file"),
        help_text=(
            _(
                "Its first row names the columns. Commas, semicolons or tabs; UTF-8, UTF-16 or Windows-1252. "
                "At most 25 MB and 200,000 rows; so many take some minutes, and you need not wait."
            )
        ),
        widget=forms.FileInput(attrs={"accept": ".csv,.txt,.tsv,text/csv"}),
        allow_empty_file=True,  # said later, in the same words as of other files without patients
        error_messages={"required": _("Choose a file.")},
    )


class MappingForm(forms.Form):
    """Which column of the file holds what. Valid, it gives `places()`."""

    def __init__(self, data: Any = None, *, header: Sequence[str], guessed: Places) -> None:
        super().__init__(data, initial={name_of(column): str(at) for column, at in guessed.items()})
        choices = [("", gettext("Not in the file"))] + [
            (str(at), f"{letter(at)}: {name.strip()[:LONGEST_NAME] or gettext('without a name')}")
            for at, name in enumerate(header)
        ]
        for column in HEADERS:
            self.fields[name_of(column)] = forms.ChoiceField(
                label=capfirst(column.words),
                choices=choices,
                required=column == Column.LAST_NAME,
                error_messages={"required": gettext("Choose the column that holds the last name.")},
            )

    def clean(self) -> None:
        taken: dict[str, str] = {}
        for column in HEADERS:
            at = self.cleaned_data.get(name_of(column))
            if at and at in taken:
                said = gettext("This column is used already, as %(column)s.") % {"column": taken[at]}
                self.add_error(name_of(column), said)
            elif at:
                taken[at] = column.words

    def places(self) -> Places:
        chosen = {column: self.cleaned_data[name_of(column)] for column in HEADERS}
        return {column: int(at) for column, at in chosen.items() if at}


def name_of(column: Column) -> str:
    """The field of the form for `column`: "first name" is first_name."""
    return column.lower().replace(" ", "_")
