"""What the navigation says of the inbox."""

from django import template

from sms.models import InboundMessage

register = template.Library()

MOST = 100


@register.simple_tag
def unread_replies() -> str:
    """How many replies nobody has read: "" for none, "99+" for many. It counts no further than that."""
    number = InboundMessage.objects.unread().order_by()[:MOST].count()
    return f"{MOST - 1}+" if number == MOST else str(number or "")
