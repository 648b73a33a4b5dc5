"""/_simulator/: what tests, judges and people ask the simulator itself."""

import asyncio
import json
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import web

from sms.simulator.answers import json_answer
from sms.simulator.inbound import InvalidReply, receive
from sms.simulator.messages import Message, as_entry, iso
from sms.simulator.settings import InvalidSetting
from sms.simulator.simulator import Post, now, simulator_of

ENTRIES_AT_ONCE = 200


async def healthz(request: web.Request) -> web.Response:
    return web.Response(text="ok\n")


async def read_ledger(request: web.Request) -> web.StreamResponse:
    """Every message, oldest first. Filters: `to`, `since` (ISO 8601 or seconds), `direction`, `limit`."""
    ledger = simulator_of(request).ledger
    try:
        since = _since(request)
    except ValueError:
        return _complain("since is ISO 8601 or seconds since 1970.")
    messages = _wanted(request, ledger.oldest_first(), since)
    limit = request.query.get("limit", "")
    found = list(islice(messages, int(limit) if limit.isascii() and limit.isdigit() else None))
    return await _stream(
        request, f'{{"created": {ledger.outbound}, "kept": {len(ledger)}, "messages": [', found, "]}"
    )


async def _stream(
    request: web.Request, before: str, messages: list[Message], after: str
) -> web.StreamResponse:
    """A long JSON list, written in pieces: between them the simulator goes on with its work."""
    response = web.StreamResponse(headers={"Content-Type": "application/json; charset=utf-8"})
    await response.prepare(request)
    await response.write(before.encode())
    for start in range(0, len(messages), ENTRIES_AT_ONCE):
        piece = ", ".join(
            json.dumps(as_entry(message)) for message in messages[start : start + ENTRIES_AT_ONCE]
        )
        await response.write(((", " if start else "") + piece).encode())
        await asyncio.sleep(0)
    await response.write_eof(after.encode())
    return response


async def reset_ledger(request: web.Request) -> web.Response:
    simulator_of(request).reset()
    return web.Response(status=204)


async def read_posts(request: web.Request) -> web.Response:
    """Every POST to Messages.json, also those that were refused, oldest first. Filter: `to`."""
    simulator = simulator_of(request)
    number = request.query.get("to")
    # Forms are read only if they can be meant: however the plus is written, the digits stand as they are.
    digits = (number or "").removeprefix("+").encode()
    told = (_told(post) for post in simulator.posts if digits in post.form)
    posts = [post for post in told if number is None or post["form"].get("To") == number]
    return json_answer({"received": simulator.posts_received, "posts": posts})


async def read_summary(request: web.Request) -> web.Response:
    """Counts, and nothing that says who: what a benchmark or a judge looks at between two waits."""
    simulator = simulator_of(request)
    outbound = [message for message in simulator.ledger.oldest_first() if message.is_outbound]
    per_number = Counter(message.to for message in outbound)
    tried = [attempt for message in outbound for attempt in message.callbacks]
    return json_answer(
        {
            "posts": simulator.posts_received,
            "created": simulator.ledger.outbound,
            "replies": simulator.ledger.created - simulator.ledger.outbound,
            "numbers": len(per_number),
            "most_to_one_number": max(per_number.values(), default=0),
            "by_status": Counter(message.status for message in outbound),
            "refused_by_code": Counter(str(post.code) for post in simulator.posts if post.code),
            "callbacks": Counter(str(attempt.http_status or attempt.error) for attempt in tried),
            "under_way": simulator.deliveries.pending,
        }
    )


async def read_settings(request: web.Request) -> web.Response:
    return json_answer(simulator_of(request).behaviour.as_json())


async def change_settings(request: web.Request) -> web.Response:
    """Change the settings that the JSON object names, and answer with all of them."""
    behaviour = simulator_of(request).behaviour
    wanted = await _json_object(request)
    if wanted is None:
        return _complain("Send a JSON object of settings.")
    try:
        behaviour.change(wanted)
    except InvalidSetting as invalid:
        return _complain(str(invalid))
    return json_answer(behaviour.as_json())


async def reply(request: web.Request) -> web.Response:
    """Text from a phone: `{"from": ..., "body": ..., "to": ...}`; without `to` its latest sender is answered."""
    wanted = await _json_object(request)
    if wanted is None:
        return _complain('Send a JSON object: {"from": number, "body": text, "to": sender (optional)}.')
    to = wanted.get("to")
    try:
        received = await receive(
            simulator_of(request),
            from_=str(wanted.get("from", "")),
            body=str(wanted.get("body", "")),
            to=str(to) if to else None,
            at=now(),
        )
    except InvalidReply as invalid:
        return _complain(str(invalid))
    webhooks = [{"url": url, "http_status": h.http_status, "error": h.error} for url, h in received.heard]
    return json_answer(
        {"sid": received.message.sid, "to": received.message.to, "webhooks": webhooks}, status=201
    )


def _wanted(request: web.Request, messages: Iterator[Message], since: float) -> Iterator[Message]:
    to, direction = request.query.get("to"), request.query.get("direction")
    for message in messages:
        if message.created_at < since or (to is not None and message.to != to):
            continue
        if direction is None or message.is_outbound == (direction != "inbound"):
            yield message


def _since(request: web.Request) -> float:
    text = request.query.get("since")
    if not text:
        return 0.0
    try:
        return float(text)
    except ValueError:
        at = datetime.fromisoformat(text)
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()


def _told(post: Post) -> dict[str, Any]:
    return {
        "at": iso(post.at),
        "form": dict(parse_qsl(post.form.decode("utf-8", "replace"), keep_blank_values=True)),
        "http_status": post.http_status,
        "code": post.code,
        "outcome": post.outcome,
        "sid": post.sid,
    }


async def _json_object(request: web.Request) -> dict[str, Any] | None:
    try:
        content = await request.json()
    except ValueError:
        return None
    return content if isinstance(content, dict) else None


def _complain(words: str) -> web.Response:
    return json_answer({"error": words}, status=400)
