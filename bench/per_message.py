"""The peer of sending: a Celery task for each message, with the ORM's get and save and Twilio's ordinary client.

    python -m bench.per_message

The tasks are called in this process: what the broker would cost besides is given to it.
"""

import json
import os
import time
from typing import Any
from urllib.parse import urlsplit

import django


def main() -> None:
    django.setup()
    from celery import shared_task
    from django.conf import settings
    from django.utils import timezone
    from twilio.http.http_client import TwilioHttpClient  # type: ignore[import-untyped]
    from twilio.rest import Client  # type: ignore[import-untyped]

    from sms.models import Message
    from sms.status import Status

    ours = urlsplit(os.environ["TWILIO_API_URL"])

    class Redirected(TwilioHttpClient):  # type: ignore[misc]
        def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> Any:
            here = urlsplit(url)._replace(scheme=ours.scheme, netloc=ours.netloc).geturl()
            return super().request(method, here, *args, **kwargs)

    client = Client(settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN, http_client=Redirected())

    @shared_task
    def send(pk: int) -> None:
        message = Message.objects.get(pk=pk)
        message.status, message.claimed_at = Status.SENDING, timezone.now()
        message.save()
        created = client.messages.create(
            to=message.phone,
            body=message.body,
            messaging_service_sid=settings.TWILIO_CARE_SENDER,
            status_callback=f"{settings.PUBLIC_BASE_URL}/{message.token.hex}/",
            validity_period=36_000,
        )
        message.sid, message.status, message.status_at = created.sid, Status.ACCEPTED, timezone.now()
        message.save()

    waiting = list(Message.objects.filter(status=Status.QUEUED).values_list("pk", flat=True))
    for pk in waiting[:20]:
        send.apply((pk,), throw=True)
    wall, processor = time.perf_counter(), time.process_time()
    for pk in waiting[20:]:
        send.apply((pk,), throw=True)
    seconds, used = time.perf_counter() - wall, time.process_time() - processor
    print(json.dumps({"number": len(waiting) - 20, "seconds": seconds, "processor_seconds": used}))


if __name__ == "__main__":
    main()
