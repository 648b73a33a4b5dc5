"""The communications log as a file."""

from collections.abc import Iterator
from zoneinfo import ZoneInfo

from clinic.downloads import csv_lines, time_cell
from sms.communications import Entry, Talk
from sms.models import InboundMessage, Message

HEADER = (
    *("At", "Direction", "Patient", "Reference", "Number", "Purpose", "Status", "Status at", "Reason"),
    *("Written by", "Text", "Error", "Twilio's id"),
)


def lines(talk: Talk, *, zone: ZoneInfo, user: int) -> Iterator[str]:
    """The newest first. `user` is the primary key of who asked: it is logged, with the number of rows."""
    rows = (_row(entry, zone) for entry in talk.all())
    return csv_lines(HEADER, rows, user=user, what="communications")


def _row(entry: Entry, zone: ZoneInfo) -> list[str]:
    if entry.reply:
        return _reply(entry.reply, zone)
    assert entry.text
    return _text(entry.text, zone)


def _text(text: Message, zone: ZoneInfo) -> list[str]:
    return [
        time_cell(text.created_at, zone),
        "sent",
        text.patient.full_name,
        text.patient.reference,
        text.phone,
        text.get_purpose_display(),
        text.get_status_display(),
        time_cell(text.status_at, zone),
        text.get_left_out_reason_display() if text.left_out_reason else "",
        text.created_by.get_username() if text.created_by else "",
        text.body,
        str(text.error_code or ""),
        text.sid,
    ]


def _reply(reply: InboundMessage, zone: ZoneInfo) -> list[str]:
    """Without a patient while nobody knows which of those on the number wrote it."""
    return [
        time_cell(reply.received_at, zone),
        "received",
        reply.patient.full_name if reply.patient else "",
        reply.patient.reference if reply.patient else "",
        reply.phone,
        "",
        reply.get_kind_display(),
        time_cell(reply.handled_at or reply.done_at, zone),
        "",
        "",
        reply.body,
        "",
        reply.sid,
    ]
