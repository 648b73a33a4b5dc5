"""Plain words for what only Twilio has a number for."""

from datetime import datetime, timedelta
from typing import Any

from django import template
from django.utils import timezone
from django.utils.formats import date_format, time_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from clinic.lib import clock
from sms import gateway, lost_news
from sms.models import GroupMessage, Message
from sms.status import Status

register = template.Library()


@register.filter
def what_happened(code: int) -> str:
    """An error code as staff can use it: what happened, and what to do."""
    meaning = gateway.meaning(code)
    return f"{meaning.happened} {meaning.remedy}"


@register.filter
def happened(code: int) -> str:
    """The first half of that, where what to do stands already."""
    return gateway.meaning(code).happened


@register.filter
def is_the_numbers_fault(code: int) -> bool:
    """Whether nothing gets through until somebody corrects the number."""
    return gateway.meaning(code).klass is gateway.Klass.PERMANENT_NUMBER


@register.filter
def why(message: Message) -> str:
    """Why a text stands where it stands, and what to do, where no error code says so; "" if there is nothing to say."""
    match message.status:
        case Status.UNKNOWN:
            return f"{gateway.NOT_KNOWN.happened} {gateway.NOT_KNOWN.remedy}"
        case Status.NOT_SENT:
            if message.group_id:
                return _("Twilio never had this text, so it did not arrive.")
            return _(
                "Twilio never had this text, so it did not arrive. "
                "Write it again if it still matters, or call the patient."
            )
        case Status.FAILED | Status.UNDELIVERED:
            return f"{gateway.NO_REASON.happened} {gateway.NO_REASON.remedy}"
        case Status.EXPIRED:
            by = date_format(timezone.localtime(message.send_by), _("j M, H:i"))
            return _("It could not leave by %(by)s. After that it would have been too late.") % {"by": by}
        case Status.CANCELLED if message.appointment_id:
            return _("The appointment was cancelled.")
        case Status.ACCEPTED | Status.SENT if message.news_asked >= len(lost_news.ASK_AFTER):
            return _("Twilio has said no more about it for a day: it may have arrived.")
    return ""


@register.inclusion_tag("partials/_status.html")
def group_status(group: GroupMessage) -> dict[str, Any]:
    """The state of a group SMS; one that has not begun is scheduled."""
    if group.waits_until(timezone.now()):
        return {"status": "scheduled", "label": _("Scheduled")}
    return {"status": group.status, "label": group.get_status_display()}


@register.filter
def town(zone: str) -> str:
    """What people call a time zone: its town."""
    return clock.town(zone)


@register.filter
def there(at: datetime, zone: str) -> str:
    """An instant by the clocks of `zone`, as one says it today: "tomorrow from 9:00"."""
    then, now = clock.local(at, zone), clock.local(timezone.now(), zone)
    time = time_format(then.time(), _("G:i"))
    if then.date() == now.date():
        return _("today from %(time)s") % {"time": time}
    if then.date() == now.date() + timedelta(days=1):
        return _("tomorrow from %(time)s") % {"time": time}
    return _("on %(day)s from %(time)s") % {"day": date_format(then.date(), _("l j F")), "time": time}


@register.filter
def until(at: datetime) -> str:
    """How long it is until `at`: "4 min 12 s" within the hour, else "3 hours"; "" once it has come."""
    seconds = round((at - timezone.now()).total_seconds())
    if seconds <= 0:
        return ""
    if seconds < 3600:
        return _("%(minutes)s min %(seconds)s s") % {
            "minutes": seconds // 60,
            "seconds": f"{seconds % 60:02}",
        }
    if seconds < 2 * 86_400:
        hours = seconds // 3600
        return ngettext("%(number)s hour", "%(number)s hours", hours) % {"number": hours}
    days = seconds // 86_400
    return ngettext("%(number)s day", "%(number)s days", days) % {"number": days}
