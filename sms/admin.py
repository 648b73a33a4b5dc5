"""Texts in the admin: to look at, not to touch. They are made, sent and settled by the app alone."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from clinic.lib.phone import masked
from sms.models import (
    DeliveryEvent,
    GroupMessage,
    Heartbeat,
    InboundMessage,
    Message,
    OddCallback,
    SavedText,
    SenderBudget,
    SendingPause,
    StrayRecord,
)


class ReadOnly(admin.ModelAdmin[Any]):
    """Nobody adds, changes or deletes; not even a superuser."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(GroupMessage)
class GroupMessageAdmin(ReadOnly):
    list_display = [
        "id",
        "status",
        "is_marketing",
        "created_at",
        "confirmed_at",
        "confirmed_by",
        "finished_at",
    ]
    list_filter = ["status", "is_marketing", "confirmed_at"]
    search_fields = ["body", "id"]
    list_select_related = ["confirmed_by"]
    exclude = ["deselected"]


@admin.register(Message)
class MessageAdmin(ReadOnly):
    list_display = [
        "id",
        "purpose",
        "status",
        "left_out_reason",
        "patient",
        "number",
        "created_at",
        "status_at",
    ]
    list_filter = ["purpose", "status", "left_out_reason", "created_at"]
    search_fields = ["=sid", "patient__search_name", "phone"]
    list_select_related = ["patient"]
    exclude = ["token", "claim", "request_key"]
    show_full_result_count = False

    @admin.display(description="Number")
    def number(self, message: Message) -> str:
        return masked(message.phone) if message.phone else ""


@admin.register(DeliveryEvent)
class DeliveryEventAdmin(ReadOnly):
    list_display = ["id", "message_id", "sid", "status", "error_code", "received_at"]
    list_filter = ["status", "error_code", "received_at"]
    search_fields = ["=sid", "=message__id"]


@admin.register(InboundMessage)
class InboundMessageAdmin(ReadOnly):
    list_display = ["id", "kind", "phone", "sender", "received_at"]
    list_filter = ["kind", "received_at"]
    search_fields = ["phone", "=sid", "body"]


@admin.register(SendingPause)
class SendingPauseAdmin(ReadOnly):
    list_display = ["id", "kind", "error_code", "number", "out_of", "paused_at", "resumed_at", "resumed_by"]
    list_filter = ["kind", "error_code", "paused_at"]
    search_fields = ["=error_code"]
    list_select_related = ["resumed_by"]


@admin.register(Heartbeat)
class HeartbeatAdmin(ReadOnly):
    list_display = ["id", "at", "compared_at"]


@admin.register(SenderBudget)
class SenderBudgetAdmin(ReadOnly):
    list_display = ["sender", "day", "used", "rests_until", "strikes"]


@admin.register(OddCallback)
class OddCallbackAdmin(ReadOnly):
    list_display = ["day", "kind", "number", "last_at"]
    list_filter = ["kind"]


@admin.register(StrayRecord)
class StrayRecordAdmin(ReadOnly):
    list_display = ["sid", "sent_at", "found_at", "message_id"]
    search_fields = ["=sid"]
    exclude = ["digest"]


@admin.register(SavedText)
class SavedTextAdmin(ReadOnly):
    list_display = ["name", "is_marketing", "updated_at", "updated_by"]
    search_fields = ["name", "body"]
    list_select_related = ["updated_by"]
