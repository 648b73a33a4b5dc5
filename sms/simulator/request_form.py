"""What a caller asks for, and what Twilio would say to it before doing anything."""

import re
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

from sms.simulator.errors import Refusal, refusal

MAX_CHARACTERS = 1600
MAX_VALIDITY_S = 36_000

_E164 = re.compile(r"\+[1-9]\d{6,14}")
_SHORT_CODE = re.compile(r"\d{3,8}")
_SENDER_NAME = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9 +\-_&]{1,11}")
_SERVICE_SID = re.compile(r"MG[0-9a-fA-F]{32}")


@dataclass(frozen=True, slots=True)
class RequestForm:
    """The fields of a POST to Messages.json that matter here, absent and empty alike None."""

    to: str
    body: str
    from_: str | None
    service_sid: str | None
    status_callback: str | None
    validity_period: str | None

    @property
    def sender(self) -> str:
        """What opt-outs are kept for."""
        return self.service_sid or self.from_ or ""


def read_form(form: bytes) -> RequestForm:
    fields = dict(parse_qsl(form.decode("utf-8", "replace"), keep_blank_values=True))
    return RequestForm(
        to=fields.get("To", "").strip(),
        body=fields.get("Body", ""),
        from_=fields.get("From", "").strip() or None,
        service_sid=fields.get("MessagingServiceSid", "").strip() or None,
        status_callback=fields.get("StatusCallback") or None,
        validity_period=fields.get("ValidityPeriod") or None,
    )


def is_phone_number(text: str) -> bool:
    return _E164.fullmatch(text) is not None


def refused_form(form: RequestForm) -> Refusal | None:
    """The first thing that Twilio would object to, None if it would accept the message."""
    return _refused_text(form) or _refused_sender(form) or _refused_extras(form)


def _refused_text(form: RequestForm) -> Refusal | None:
    if not form.to:
        return refusal(21604)
    if not form.body:
        return refusal(21602)
    if len(form.body) > MAX_CHARACTERS:
        return refusal(21617)
    if not is_phone_number(form.to):
        return refusal(21211, to=form.to)
    return None


def _refused_sender(form: RequestForm) -> Refusal | None:
    if form.service_sid is not None and not _SERVICE_SID.fullmatch(form.service_sid):
        return refusal(21705, value=form.service_sid)
    if form.from_ is None:
        return None if form.service_sid else refusal(21603)
    if not any(kind.fullmatch(form.from_) for kind in (_E164, _SHORT_CODE, _SENDER_NAME)):
        return refusal(21212, value=form.from_)
    if form.from_ == form.to:
        return refusal(21266, to=form.to)
    return None


def _refused_extras(form: RequestForm) -> Refusal | None:
    if form.status_callback is not None and not _is_address(form.status_callback):
        return refusal(21609, value=form.status_callback)
    period = form.validity_period
    if period is not None and not (re.fullmatch(r"\d{1,6}", period) and 1 <= int(period) <= MAX_VALIDITY_S):
        return refusal(21624, value=period)
    return None


def _is_address(url: str) -> bool:
    """Whether Twilio would call it back. It refuses names of this machine; a stand-in must not."""
    try:
        parts = urlsplit(url)
        return (
            parts.scheme in ("http", "https") and bool(parts.hostname) and "_" not in (parts.hostname or "")
        )
    except ValueError:
        return False
