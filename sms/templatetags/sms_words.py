"""Plain words for what only Twilio has a number for."""

from django import template

from sms import gateway

register = template.Library()


@register.filter
def what_happened(code: int) -> str:
    """An error code as staff can use it: what happened, and what to do."""
    meaning = gateway.meaning(code)
    return f"{meaning.happened} {meaning.remedy}"
