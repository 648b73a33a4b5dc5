"""Texts: to many, to one, what became of them, what came back, and why sending rests."""

from sms.models.budget import SenderBudget
from sms.models.delivery_event import DeliveryEvent
from sms.models.group_message import GroupMessage
from sms.models.heartbeat import Heartbeat
from sms.models.inbound import InboundMessage
from sms.models.message import Message
from sms.models.odd_callback import OddCallback
from sms.models.pause import SendingPause
from sms.models.saved_text import SavedText
from sms.models.stray import StrayRecord

__all__ = [
    "DeliveryEvent",
    "GroupMessage",
    "Heartbeat",
    "InboundMessage",
    "Message",
    "OddCallback",
    "SavedText",
    "SenderBudget",
    "SendingPause",
    "StrayRecord",
]
