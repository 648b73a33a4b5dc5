"""What the words of one text cost, and which characters make it dear."""

from decimal import Decimal
from functools import cached_property

from django.contrib.humanize.templatetags.humanize import intcomma
from django.utils.translation import gettext, ngettext

from clinic.lib.sms_text import (
    MAX_CHARACTERS,
    CostlyCharacter,
    Encoding,
    costly_characters,
    encoding,
    segments,
    swap_costly,
)
from settings_app.models import SmsSettings


class Wording:
    """`typed` is what staff wrote, `fixed` the same as it is sent, without anybody's name."""

    def __init__(self, typed: str, fixed: str) -> None:
        self.typed, self.fixed = typed, fixed

    @cached_property
    def costly(self) -> list[CostlyCharacter]:
        """What makes the text dear, as staff typed it."""
        return costly_characters(self.typed)

    @property
    def swappable(self) -> list[CostlyCharacter]:
        return [costly for costly in self.costly if costly.replacement is not None]

    @property
    def stubborn(self) -> list[CostlyCharacter]:
        """Those that nothing plain stands for, such as emoji."""
        return [costly for costly in self.costly if costly.replacement is None]

    @property
    def encoding(self) -> Encoding:
        return encoding(self.fixed)

    @property
    def parts_now(self) -> int:
        """Of the text without anybody's name."""
        return len(segments(self.fixed))

    @property
    def parts_plain(self) -> int:
        """The same with every costly character swapped, or taken out where nothing plain stands for it."""
        plain = swap_costly(self.fixed)
        for costly in costly_characters(plain):
            plain = plain.replace(costly.character, "")
        return len(segments(plain))


class OneText(Wording):
    """A text to one patient, sent as it is typed."""

    def __init__(self, body: str, settings: SmsSettings) -> None:
        super().__init__(body, body)
        self.settings = settings

    @property
    def is_blank(self) -> bool:
        return not self.fixed.strip()

    @property
    def too_long(self) -> bool:
        return len(self.fixed) > MAX_CHARACTERS

    @property
    def cost(self) -> Decimal | None:
        """In the clinic's currency; None if no price is known."""
        return self.settings.cost_of(self.parts_now)

    @property
    def summary(self) -> str:
        """A sentence for under the text."""
        if self.is_blank:
            return gettext("Nothing written yet.")
        if self.too_long:
            too_many = {"number": intcomma(len(self.fixed)), "most": intcomma(MAX_CHARACTERS)}
            return gettext("Too long: %(number)s characters. %(most)s is the most.") % too_many
        parts = ngettext("%(number)d part", "%(number)d parts", self.parts_now) % {"number": self.parts_now}
        price = f": {self.settings.currency} {self.cost}" if self.cost is not None else ""
        return f"{parts}, {self.encoding}{price}."
