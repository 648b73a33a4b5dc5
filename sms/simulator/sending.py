"""POST Messages.json: check as Twilio checks, then accept, refuse or misbehave."""

import asyncio

from aiohttp import web

from sms.simulator import outcomes
from sms.simulator.answers import give, http_status_of, refuse, refused_access
from sms.simulator.errors import Refusal, refusal
from sms.simulator.messages import Message, as_twilio, new_sid
from sms.simulator.outcomes import News, Outcome
from sms.simulator.request_form import RequestForm, read_form, refused_form
from sms.simulator.segments import count_segments
from sms.simulator.simulator import Post, Simulator, now, simulator_of


async def create_message(request: web.Request) -> web.StreamResponse:
    """The handler of POST /2010-04-01/Accounts/{sid}/Messages.json."""
    simulator = simulator_of(request)
    sent = await request.read()
    half_latency_s = simulator.behaviour.settings.latency_ms / 2000
    # Half before and half after creation: whoever gives up on the way may or may not have caused a message.
    if half_latency_s:
        await asyncio.sleep(half_latency_s)
    form = read_form(sent)
    refused = refused_access(request, simulator) or refused_form(form)
    outcome = None if refused else _choose(simulator, form)
    if outcome:
        refused = _refused_by(outcome, simulator, form)
    message = _accept(simulator, form, outcome) if outcome and outcome.created and not refused else None
    simulator.note_post(_post(sent, refused, outcome, message))
    if half_latency_s:
        await asyncio.sleep(half_latency_s)
    if refused or not outcome:
        return refuse(refused or refusal(20500), outcome.retry_after_s if outcome else None)
    resource = as_twilio(message, simulator.account_sid) if message else {}
    if message:
        await _set_going(simulator, outcome, message)
    return await give(outcome.answer, resource, request)


def _choose(simulator: Simulator, form: RequestForm) -> Outcome:
    behaviour = simulator.behaviour
    if (forced := behaviour.next_forced()) is not None:
        return forced
    if not behaviour.within_rate(now()):
        return outcomes.TOO_FAST
    outcome = outcomes.for_number(form.to) if behaviour.settings.magic_endings else outcomes.DELIVERED
    if not outcome.once:
        return outcome
    if form.to in simulator.met_once:
        return outcomes.DELIVERED
    simulator.met_once.add(form.to)
    return outcome


def _refused_by(outcome: Outcome, simulator: Simulator, form: RequestForm) -> Refusal | None:
    if outcome.refused_with:
        return refusal(outcome.refused_with, to=form.to)
    if outcome.created and simulator.opt_outs.blocks(form.to, form.sender):
        return refusal(21610)
    return None


def _accept(simulator: Simulator, form: RequestForm, outcome: Outcome) -> Message:
    created_at = now()
    message = Message(
        sid=new_sid(),
        direction="outbound-api",
        to=form.to,
        from_=form.from_,
        service_sid=form.service_sid,
        body=form.body,
        segments=count_segments(form.body),
        status="accepted" if form.service_sid else "queued",
        created_at=created_at,
        updated_at=created_at,
        status_callback=form.status_callback,
        validity_period=int(form.validity_period) if form.validity_period else None,
        outcome=outcome.name,
    )
    simulator.record.created(message)
    return message


def _post(sent: bytes, refused: Refusal | None, outcome: Outcome | None, message: Message | None) -> Post:
    if refused:
        http_status: int | None = refused.http_status
    else:
        http_status = http_status_of(outcome.answer) if outcome else None
    return Post(
        at=now(),
        form=sent,
        http_status=http_status,
        code=refused.code if refused else None,
        outcome=outcome.name if outcome else None,
        sid=message.sid if message else None,
    )


async def _set_going(simulator: Simulator, outcome: Outcome, message: Message) -> None:
    steps = outcomes.timeline(outcome, via_service=message.service_sid is not None)
    steps = simulator.behaviour.disturb(steps)
    if outcome.news is News.BEFORE_THE_ANSWER:
        await simulator.deliveries.finish_now(message, steps)
    else:
        simulator.deliveries.start(message, steps)
