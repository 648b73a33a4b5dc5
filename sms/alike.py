"""Group SMS of the last days that said nearly the same to the same people: a warning for whoever sends the next."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from difflib import SequenceMatcher

from django.db.models import Exists, OuterRef

from clinic.lib.names import folded
from settings_app.models import SmsSettings
from sms import audience
from sms.models import GroupMessage, Message
from sms.status import MAY_EXIST, GroupStatus, Status

LOOKS_BACK = timedelta(days=14)
# As difflib reckons it, over words: 1 is the same text.
NEARLY = 0.85
# A clinic that sends more than this in two weeks is warned of the newest only.
COMPARED = 50
# Each costs a pass over all who would get the text.
COUNTED = 3

# Chinese, Japanese and Thai put no spaces between words: there each letter counts as one.
_WORD = re.compile(r"[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff]|\w+")
GOT_IT = (MAY_EXIST | {Status.QUEUED}) - {Status.FAILED}


@dataclass(frozen=True, slots=True)
class Earlier:
    """A group SMS like this one, and how many of those who would get this one got it, or are about to."""

    group: GroupMessage
    number: int


def nearly_the_same(group: GroupMessage, settings: SmsSettings, *, now: datetime) -> Earlier | None:
    """Of the group SMS like this draft the one that most of its people have got; None if none of them has any.

    The text counts as it is sent, names aside. Raises PlaceholderError.
    """
    own = str(audience.whole(group, settings))
    earlier = (
        GroupMessage.objects.filter(confirmed_at__gt=now - LOOKS_BACK)
        .exclude(pk=group.pk)
        .exclude(status=GroupStatus.DRAFT)
        .select_related("confirmed_by")
        .order_by("-confirmed_at")
    )
    alike = [each for each in earlier[:COMPARED] if likeness(own, each.body) >= NEARLY]
    found = [Earlier(each, _who_got_it(group, each)) for each in alike[:COUNTED]]
    return max((each for each in found if each.number), key=lambda each: each.number, default=None)


def likeness(one: str, other: str) -> float:
    """From 0 for two texts without a word in common to 1 for the same words in the same order.

    Case, accents and punctuation do not count. Of texts that are not nearly the same it is too high.
    """
    matcher = SequenceMatcher(None, _words(one), _words(other), autojunk=False)
    quick = min(matcher.real_quick_ratio(), matcher.quick_ratio())
    return quick if quick < NEARLY else matcher.ratio()


def _words(text: str) -> list[str]:
    return _WORD.findall(folded(text))


def _who_got_it(group: GroupMessage, earlier: GroupMessage) -> int:
    """By number, since a phone that several share rings twice all the same."""
    got_it = Message.objects.filter(
        group=earlier, phone=OuterRef("phone"), status__in=GOT_IT, erased_at=None
    ).exclude(status=Status.LEFT_OUT)  # as the index of one text a number says it
    return audience.recipients(group).filter(Exists(got_it)).count()
