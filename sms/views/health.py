"""For the machine that watches over this one."""

from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from sms import tasks
from sms.models import Heartbeat


@login_not_required
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers. No database is asked: restarting this process would not mend one."""
    return HttpResponse("ok", content_type="text/plain")


@login_not_required
@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """Database, broker and sender: 200 if all are well, else 503; either way it says which is not."""
    found = {"database": _database(), "broker": tasks.broker_answers(), "sender": False}
    if found["database"]:
        found["sender"] = not Heartbeat.is_silent(now=timezone.now())
    return JsonResponse(found, status=200 if all(found.values()) else 503)


def _database() -> bool:
    try:
        connection.ensure_connection()
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return False
    return True
