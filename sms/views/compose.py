"""Write a group SMS on one screen. It saves itself, and shows while one types what it will be."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from clinic.lib.sms_text import swap_costly
from clinic.lib.typed import whole_number
from clinic.staff import permission_required, staff
from settings_app.forms import is_a_name
from settings_app.models import SmsSettings
from sms import composing, outbox
from sms.composing import Page
from sms.forms import GroupMessageForm
from sms.models import GroupMessage, SavedText
from sms.preview import Preview
from sms.status import GroupStatus

STEPS = {"next": 1, "previous": -1}
OFFERED = 6  # saved texts, and earlier group SMS, to start from


@dataclass(frozen=True, slots=True)
class Saving:
    """What became of the draft: saved `at`, or not, with what `theirs` says in the way."""

    at: datetime | None = None
    theirs: GroupMessage | None = None


@permission_required("sms.send_groupmessage", raise_exception=True)
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """An empty page, or one that starts from a saved text (`?saved=`) or an earlier group SMS (`?again=`)."""
    if request.method == "POST":
        group_id = _uuid(request.POST.get("draft")) or uuid4()
        group = GroupMessage.objects.filter(pk=group_id).first() or GroupMessage(pk=group_id)
        return _written(request, group)
    group = GroupMessage()
    if start := _start(request.GET):
        group.body, group.is_marketing = start.body, start.is_marketing
    return _page(request, GroupMessageForm(instance=group), Saving(), offers=_offers())


@permission_required("sms.send_groupmessage", raise_exception=True)
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, group_id: UUID) -> HttpResponse:
    group = get_object_or_404(GroupMessage, pk=group_id)
    if request.method == "POST":
        return _written(request, group)
    if not group.is_draft:
        return _too_late(request, group_id)
    return _page(request, GroupMessageForm(instance=group), Saving(at=group.saved_at))


@permission_required("sms.send_groupmessage", raise_exception=True)
@require_POST
def discard(request: HttpRequest, group_id: UUID) -> HttpResponse:
    try:
        composing.discard_draft(group_id=group_id)
    except composing.NotADraft:
        messages.warning(request, _("This group SMS has been confirmed before, so it is kept."))
    else:
        messages.success(request, _("The draft is deleted."))
    return redirect("sms:group_list")


def _written(request: HttpRequest, group: GroupMessage) -> HttpResponse:
    """Save what was typed, if it can be; then on to the review, or back to the page."""
    posted: QueryDict = request.POST
    if posted.get("do") == "swap":
        posted = posted.copy()
        posted["body"] = swap_costly(posted.get("body", ""))
    before = group.saved_from
    form = GroupMessageForm(posted, instance=group)
    if posted.get("do") == "swap":  # its button is gone
        form.fields["body"].widget.attrs["autofocus"] = True
    saving = Saving(at=group.saved_at)
    if form.is_valid():
        page = _page_of(posted, before)
        try:
            saving = _save(request, form, page)
        except composing.NotADraft:
            return _too_late(request, group.pk)
        goes_on = "do" not in posted and "show" not in posted and not _is_live(request)
        if goes_on and not saving.theirs and form.is_explained():
            return redirect("sms:review", group.pk)
    return _page(request, form, saving)


def _save(request: HttpRequest, form: GroupMessageForm, page: Page) -> Saving:
    now, group_id = timezone.now(), form.instance.pk
    try:
        composing.save_draft(group_id=group_id, **form.cleaned_data, page=page, at=now, by=staff(request))
    except composing.ChangedElsewhere:
        return Saving(theirs=GroupMessage.objects.get(pk=group_id))
    return Saving(at=now)


def _page(
    request: HttpRequest, form: GroupMessageForm, saving: Saving, *, offers: dict[str, Any] | None = None
) -> HttpResponse:
    """The whole page; or, while one types, what around the text has changed."""
    posted, group, settings = request.POST, form.instance, SmsSettings.load()
    legible = form.is_valid() or "body" not in form.errors if form.is_bound else bool(group.body)
    shown = posted.get("show") or posted.get("shown", "")
    context = {
        "form": form,
        "group": group,
        "is_saved": bool(group.saved_at or saving.at),
        "saving": saving,
        "page": _uuid(posted.get("page")) or uuid4(),
        "seen": posted.get("seen", group.saved_from or ""),
        "settings": settings,
        "problem": next(iter(form.errors.get("body", [])), "") if posted.get("body", "").strip() else "",
        "live": _is_live(request),
        **(offers or {}),
    }
    if legible:
        step = STEPS.get(posted.get("do", ""), 0)
        preview = Preview(group, settings, shown=whole_number(shown), step=step)
        context |= {"preview": preview, **_sender(group)}
    context["summary"] = " ".join(render_to_string("sms/_summary.html", context).split())
    context["says_it_again"] = posted.get("said") == context["summary"]
    if not context["live"]:
        return render(request, "sms/compose.html", context)
    answer = render(request, "sms/_live.html", context)
    if saving.at:
        answer["HX-Replace-Url"] = reverse("sms:edit", args=[group.pk])
    return answer


def _sender(group: GroupMessage) -> dict[str, Any]:
    sender = outbox.sender_for(group.purpose)
    named = is_a_name(sender)
    shown = sender if named or sender.startswith("+") else ""
    return {"sender": shown, "cannot_be_answered": named and group.is_marketing}


def _offers() -> dict[str, Any]:
    earlier = GroupMessage.objects.exclude(status=GroupStatus.DRAFT).order_by("-confirmed_at")
    return {"saved_texts": SavedText.objects.all()[:OFFERED], "earlier": earlier[:OFFERED]}


def _start(asked: QueryDict) -> SavedText | GroupMessage | None:
    """What the address asks to start from; nothing if it is gone."""
    saved, again = asked.get("saved", ""), _uuid(asked.get("again"))
    if number := whole_number(saved):
        return SavedText.objects.filter(pk=number).first()
    return GroupMessage.objects.filter(pk=again).first() if again else None


def _page_of(posted: QueryDict, before: UUID | None) -> Page:
    """Which page this is, and what it has seen. A form without these has just seen what is there."""
    if "overwrite" in posted:
        return Page(_uuid(posted.get("page")) or uuid4(), _uuid(posted.get("overwrite")))
    if page := _uuid(posted.get("page")):
        return Page(page, _uuid(posted.get("seen")))
    return Page(uuid4(), before)


def _is_live(request: HttpRequest) -> bool:
    return request.headers.get("HX-Target") == "panel"


def _uuid(text: str | None) -> UUID | None:
    try:
        return UUID(text or "")
    except ValueError:
        return None


def _too_late(request: HttpRequest, group_id: UUID) -> HttpResponse:
    messages.warning(request, _("This group SMS has been confirmed, so it cannot be changed any more."))
    answer = redirect("sms:group_detail", group_id)
    if _is_live(request):
        answer = HttpResponse()  # type: ignore[assignment]  # htmx would follow a redirect unseen
        answer["HX-Redirect"] = reverse("sms:group_detail", args=[group_id])
    return answer
