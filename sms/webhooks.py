"""Twilio's side door: status callbacks and replies. Verify, store, answer."""

import logging
from uuid import UUID
from xml.sax.saxutils import escape

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from sms import delivery, gateway, inbound
from sms.models import OddCallback
from sms.models.odd_callback import Oddity

logger = logging.getLogger(__name__)


@csrf_exempt
@login_not_required
@require_POST
def status(request: HttpRequest, token: UUID) -> HttpResponse:
    """News of one text. Unknown texts are answered 204 too, so that Twilio stops asking."""
    if not _is_from_twilio(request):
        return HttpResponse(status=403)
    form = _sent(request)
    sid, word = form.get("MessageSid", ""), form.get("MessageStatus", "")
    if not sid or not word:
        return HttpResponse(status=400)
    code = form.get("ErrorCode", "")
    known = delivery.record_news(
        token=token,
        sid=sid[:34],
        status=word[:20],
        error_code=int(code) if code.isdecimal() and len(code) < 7 else None,
        at=timezone.now(),
    )
    if not known:
        OddCallback.count(Oddity.UNKNOWN_TEXT, at=timezone.now())
        logger.warning("A status callback for a text that we do not have")
    return HttpResponse(status=204)


@csrf_exempt
@login_not_required
@require_POST
def reply(request: HttpRequest) -> HttpResponse:
    """A text from a phone."""
    if not _is_from_twilio(request):
        return HttpResponse(status=403)
    form = _sent(request)
    if not form.get("MessageSid") or not form.get("From"):
        return HttpResponse(status=400)
    answer = inbound.receive(
        inbound.Reply(
            sid=form["MessageSid"][:34],
            phone=form["From"][:16],
            sender=(form.get("MessagingServiceSid") or form.get("To", ""))[:34],
            body=form.get("Body", ""),
            read_as=form.get("OptOutType", ""),
        ),
        at=timezone.now(),
    )
    message = f"<Message>{escape(answer)}</Message>" if answer else ""
    return HttpResponse(f"<Response>{message}</Response>", content_type="text/xml")


def _sent(request: HttpRequest) -> dict[str, str]:
    """The fields, without what PostgreSQL cannot store."""
    return {name: str(value).replace("\0", "") for name, value in request.POST.items()}


def _is_from_twilio(request: HttpRequest) -> bool:
    """Signed for the address that Twilio was given, whatever the proxy in between made of it."""
    signed = gateway.is_signed(
        url=settings.PUBLIC_BASE_URL + request.get_full_path(),
        params={name: request.POST.getlist(name) for name in request.POST},
        signature=request.headers.get("X-Twilio-Signature", ""),
    )
    if not signed:
        OddCallback.count(Oddity.NOT_SIGNED, at=timezone.now())
    return signed
