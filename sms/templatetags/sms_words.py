"""Plain words for what only Twilio has a number for."""

from django import template

from sms import gateway, lost_news
from sms.models import Message
from sms.status import Status

register = template.Library()


@register.filter
def what_happened(code: int) -> str:
    """An error code as staff can use it: what happened, and what to do."""
    meaning = gateway.meaning(code)
    return f"{meaning.happened} {meaning.remedy}"


@register.filter
def why(message: Message) -> str:
    """Why a text stands where it stands, and what to do, where no error code says so; "" if there is nothing to say."""
    match message.status:
        case Status.UNKNOWN:
            return f"{gateway.NOT_KNOWN.happened} {gateway.NOT_KNOWN.remedy}"
        case Status.NOT_SENT:
            again = "" if message.group_id else " Write it again if it still matters, or call the patient."
            return f"Twilio never had this text, so it did not arrive.{again}"
        case Status.FAILED | Status.UNDELIVERED:
            return "Twilio gave no reason. Send it again later if it still matters, or call the patient."
        case Status.EXPIRED:
            return "Its time was over before it could leave."
        case Status.CANCELLED if message.appointment_id:
            return "The appointment was cancelled."
        case Status.ACCEPTED | Status.SENT if message.news_asked >= len(lost_news.ASK_AFTER):
            return "Twilio has said no more about it for a day: it may have arrived."
    return ""
