"""Says in the language of the page what was written below, where no language is known."""

from django.contrib.humanize.templatetags.humanize import intcomma
from django.utils.translation import gettext

from clinic.lib.sentence import Said


def in_words(wrong: Said) -> str:
    """The sentences of `wrong`, translated. What somebody typed may stand in them."""
    return " ".join(
        gettext(text) % {name: gettext(value) if name == "place" else value for name, value in values.items()}
        for text, values in wrong.sentences
    )


def grouped(number: int) -> str:
    """A whole number as the language writes it: "12,345"."""
    return str(intcomma(number))
