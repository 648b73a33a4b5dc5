"""Texts: to many, to one, what became of them, what came back, and why sending rests."""

from sms.models.delivery_event import DeliveryEvent
from sms.models.group_message import GroupMessage
from sms.models.heartbeat import Heartbeat
from sms.models.inbound import InboundMessage
from sms.models.message import Message
from sms.models.pause import SendingPause
from sms.models.saved_text import SavedText

__all__ = [
    "DeliveryEvent",
    "GroupMessage",
    "Heartbeat",
    "InboundMessage",
    "Message",
    "SavedText",
    "SendingPause",
]
