"""Plain words for what only Twilio has a number for."""

from django import template

from sms import gateway
from sms.models import Message
from sms.status import Status

register = template.Library()


@register.filter
def what_happened(code: int) -> str:
    """An error code as staff can use it: what happened, and what to do."""
    meaning = gateway.meaning(code)
    return f"{meaning.happened} {meaning.remedy}"


@register.filter
def in_doubt(message: Message) -> str:
    """For a text of which we do not know, or that was not sent: what happened and what to do; else nothing."""
    if message.status == Status.UNKNOWN:
        return f"{gateway.NOT_KNOWN.happened} {gateway.NOT_KNOWN.remedy}"
    if message.status == Status.NOT_SENT:
        again = "" if message.group_id else " Write it again if it still matters, or call the patient."
        return f"Twilio never had this text, so it did not arrive.{again}"
    return ""
