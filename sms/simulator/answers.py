"""How an answer travels, or fails to."""

import asyncio
import hmac
import json
import socket
import struct
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from sms.simulator.errors import Refusal, refusal
from sms.simulator.outcomes import Answer
from sms.simulator.simulator import Simulator

LONGEST_SILENCE_S = 300
_GATEWAY_PAGE = (
    "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"
)
# What is answered in HTTP for each kind of answer; silence and a reset have no status.
_HTTP_STATUS = {
    Answer.AS_TWILIO: 201,
    Answer.GARBAGE: 201,
    Answer.EMPTY_OBJECT: 201,
    Answer.SERVER_ERROR: 500,
    Answer.GATEWAY_PAGE: 502,
}


def json_answer(
    content: object, *, status: int = 200, headers: Mapping[str, str] | None = None
) -> web.Response:
    body = json.dumps(content).encode()
    return web.Response(
        body=body, status=status, headers=headers, content_type="application/json", charset="utf-8"
    )


def refuse(refused: Refusal, retry_after_s: int | None = None) -> web.Response:
    """Twilio's error JSON."""
    headers = {"Retry-After": str(retry_after_s)} if retry_after_s is not None else None
    return json_answer(refused.as_twilio(), status=refused.http_status, headers=headers)


def refused_access(request: web.Request, simulator: Simulator) -> Refusal | None:
    """Twilio's objection to wrong credentials or to somebody else's account, None if there is none."""
    scheme, _, credentials = request.headers.get("Authorization", "").partition(" ")
    right = hmac.compare_digest(credentials.strip().encode(), simulator.credentials)
    if scheme.lower() != "basic" or not right:
        return refusal(20003)
    if request.match_info["account_sid"] != simulator.account_sid:
        return refusal(20404, value=request.path)
    return None


def http_status_of(answer: Answer) -> int | None:
    return _HTTP_STATUS.get(answer)


async def give(answer: Answer, resource: dict[str, Any], request: web.Request) -> web.StreamResponse:
    """Answer a POST that was not refused. `resource` is the message, if there is to be one to show."""
    match answer:
        case Answer.AS_TWILIO:
            return json_answer(resource, status=201)
        case Answer.EMPTY_OBJECT:
            return json_answer({}, status=201)
        case Answer.GARBAGE:
            return web.Response(text='{"sid": "SM', status=201, content_type="application/json")
        case Answer.SERVER_ERROR:
            return refuse(refusal(20500))
        case Answer.GATEWAY_PAGE:
            return web.Response(text=_GATEWAY_PAGE, status=502, content_type="text/html")
        case Answer.SILENCE:
            await _say_nothing(request)
    return _hang_up(request)


async def _say_nothing(request: web.Request) -> None:
    """Keep the caller waiting until they give up. Should the simulator stop meanwhile, the framework ends this."""
    for _ in range(LONGEST_SILENCE_S * 10):
        if request.transport is None or request.transport.is_closing():
            return
        await asyncio.sleep(0.1)


def _hang_up(request: web.Request) -> web.Response:
    """Drop the connection with a reset. The response is for the framework, which finds nobody to send it to."""
    transport = request.transport
    if isinstance(transport, asyncio.Transport):
        connection = transport.get_extra_info("socket")
        # Lingering for no time makes the system send RST instead of a polite FIN.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
    return web.Response(status=500)
