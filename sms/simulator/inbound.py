"""A text from a phone: kept, heeded if it says STOP or START, and posted to the application."""

import asyncio
from dataclasses import dataclass

from sms.simulator.messages import API_VERSION, CallbackAttempt, Message, new_sid, pool_number
from sms.simulator.opt_out import opt_out_type
from sms.simulator.request_form import MAX_CHARACTERS, is_phone_number
from sms.simulator.segments import count_segments
from sms.simulator.simulator import Simulator
from sms.simulator.webhooks import Heard


class InvalidReply(ValueError):
    """A reply that no phone could have sent. Its words are for the person who tried."""


@dataclass(frozen=True, slots=True)
class Received:
    """A reply and what each address of the application said to it."""

    message: Message
    heard: list[tuple[str, Heard]]


async def receive(simulator: Simulator, *, from_: str, body: str, to: str | None, at: float) -> Received:
    """Let the phone `from_` text `body` to the sender `to`: a number or a messaging service.

    Without `to` the latest sender that texted this phone is meant. InvalidReply if there is none, or if the sender
    is a name, which cannot be answered.
    """
    if not is_phone_number(from_):
        raise InvalidReply("A reply comes from a phone number such as +61491570006.")
    if not body.strip() or len(body) > MAX_CHARACTERS:
        raise InvalidReply(f"A reply has between 1 and {MAX_CHARACTERS} characters.")
    message = _message(from_, body, to or _latest_sender(simulator, from_), at)
    simulator.record.created(message)
    params = _params(simulator, message)
    urls = simulator.behaviour.settings.inbound_urls
    answers = await asyncio.gather(*(simulator.webhooks.post(url, params) for url in urls))
    for heard in answers:
        simulator.record.callback(message, CallbackAttempt("received", at, heard.http_status, heard.error))
    return Received(message, list(zip(urls, answers, strict=True)))


def _latest_sender(simulator: Simulator, number: str) -> str:
    phone = simulator.ledger.phone(number)
    if phone is None or not phone.senders:
        raise InvalidReply("This phone has had no text yet: say which sender it answers.")
    return next(reversed(phone.senders))


def _message(from_: str, body: str, sender: str, at: float) -> Message:
    service_sid = sender if sender.startswith("MG") else None
    to = pool_number(service_sid) if service_sid else sender
    if not to.removeprefix("+").isdigit():
        raise InvalidReply("A sender that is a name cannot be answered.")
    return Message(
        sid=new_sid(),
        direction="inbound",
        to=to,
        from_=from_,
        service_sid=service_sid,
        body=body,
        segments=count_segments(body),
        status="received",
        created_at=at,
        updated_at=at,
        sent_at=at,
        outcome="received",
    )


def _params(simulator: Simulator, message: Message) -> dict[str, str]:
    params = {
        "AccountSid": simulator.account_sid,
        "ApiVersion": API_VERSION,
        "Body": message.body,
        "From": message.from_ or "",
        "MessageSid": message.sid,
        "NumMedia": "0",
        "NumSegments": str(message.segments),
        "SmsMessageSid": message.sid,
        "SmsSid": message.sid,
        "SmsStatus": message.status,
        "To": message.to,
    }
    if message.service_sid:
        params["MessagingServiceSid"] = message.service_sid
    kind = opt_out_type(message.body)
    if kind and simulator.behaviour.settings.advanced_opt_out:
        params["OptOutType"] = kind
    return params
