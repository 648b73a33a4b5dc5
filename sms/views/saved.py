"""Texts that staff write often: the list, and one of them."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from clinic.paging import page_of
from clinic.staff import permission_required, staff
from sms.forms import SavedTextForm
from sms.models import GroupMessage, SavedText


@permission_required("sms.send_groupmessage", raise_exception=True)
@require_safe
def saved_texts(request: HttpRequest) -> HttpResponse:
    return render(request, "sms/saved_texts.html", {"page": page_of(request, SavedText.objects.all())})


@permission_required("sms.send_groupmessage", raise_exception=True)
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """`?of=` starts from a group SMS."""
    return _form(request, SavedText(), _start(request.GET.get("of", "")))


@permission_required("sms.send_groupmessage", raise_exception=True)
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, text_id: int) -> HttpResponse:
    return _form(request, get_object_or_404(SavedText, pk=text_id), {})


@permission_required("sms.send_groupmessage", raise_exception=True)
@require_POST
def delete(request: HttpRequest, text_id: int) -> HttpResponse:
    SavedText.objects.filter(pk=text_id).delete()
    messages.success(
        request, _("The saved text is deleted. Group SMS that started from it stay as they are.")
    )
    return redirect("sms:saved_texts")


def _form(request: HttpRequest, text: SavedText, start: dict[str, object]) -> HttpResponse:
    form = SavedTextForm(request.POST or None, instance=text, initial=start)
    if not form.is_valid():
        return render(request, "sms/saved_text.html", {"form": form})
    text.updated_at, text.updated_by_id = timezone.now(), staff(request).pk
    fields = None if text._state.adding else [*form.cleaned_data, "updated_at", "updated_by"]
    text.save(update_fields=fields)
    messages.success(request, _("The text is saved."))
    return redirect("sms:saved_texts")


def _start(group_id: str) -> dict[str, object]:
    try:
        group = GroupMessage.objects.filter(pk=UUID(group_id)).first()
    except ValueError:
        return {}
    return {"body": group.body, "is_marketing": group.is_marketing} if group else {}
