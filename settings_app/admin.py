from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from clinic.one_line import IN_ADMIN
from settings_app.models import SmsSettings


@admin.register(SmsSettings)
class SmsSettingsAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # has no type arguments at run time
    """The one row. The settings page is where it is changed: it says what a change does."""

    formfield_overrides = IN_ADMIN
    list_display = [
        "__str__",
        "new_patients_accept_marketing",
        "country",
        "time_zone",
        "updated_at",
        "updated_by",
    ]
    readonly_fields = ["updated_at", "updated_by"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: SmsSettings | None = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: SmsSettings, form: Any, change: bool) -> None:
        obj.updated_by_id = request.user.pk
        obj.save(update_fields=[*form.changed_data, "updated_by", "updated_at"])
