"""A server that takes any POST for a text and answers as Twilio does, after a pause; it costs as little as it can.

    python -m bench.wire LATENCY_MS

It prints its origin and serves until it is told to stop. What Twilio decides is the simulator's business: here only the
time of the client counts, and a server that needs more than the client would be measured instead of it.
"""

import asyncio
import json
import sys
from itertools import count
from typing import cast

_HEAD = (
    "HTTP/1.1 201 Created\r\nContent-Type: application/json;charset=utf-8\r\nContent-Length: {}\r\n"
    "Connection: keep-alive\r\n\r\n"
)
_SIDS = count(1)


def _answer() -> bytes:
    told = {
        "sid": f"SM{next(_SIDS):032x}",
        "status": "accepted",
        "account_sid": "AC" + "0" * 32,
        "messaging_service_sid": "MG" + "0" * 32,
        "to": "+61400000000",
        "from": None,
        "body": "Hello there, we are closed this afternoon. Yours, the clinic.",
        "num_segments": "0",
        "num_media": "0",
        "direction": "outbound-api",
        "api_version": "2010-04-01",
        "price": None,
        "price_unit": "USD",
        "error_code": None,
        "error_message": None,
        "date_created": "Tue, 24 Nov 2026 09:00:00 +0000",
        "date_updated": "Tue, 24 Nov 2026 09:00:00 +0000",
        "date_sent": None,
        "uri": "/2010-04-01/Accounts/AC/Messages/SM.json",
        "subresource_uris": {"media": "/2010-04-01/Accounts/AC/Messages/SM/Media.json"},
    }
    body = json.dumps(told)
    return (_HEAD.format(len(body)) + body).encode()


class _Wire(asyncio.Protocol):
    def __init__(self, latency_s: float) -> None:
        self.latency_s = latency_s
        self.read = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self.read += data
        while (end := self.read.find(b"\r\n\r\n")) >= 0:
            head = bytes(self.read[:end]).lower()
            length = int(head.partition(b"content-length:")[2].partition(b"\r\n")[0] or 0)
            if len(self.read) < end + 4 + length:
                return
            del self.read[: end + 4 + length]
            asyncio.get_running_loop().call_later(self.latency_s, self._reply)

    def _reply(self) -> None:
        if not self.transport.is_closing():
            self.transport.write(_answer())


async def _serve(latency_s: float) -> None:
    server = await asyncio.get_running_loop().create_server(
        lambda: _Wire(latency_s), "127.0.0.1", 0, backlog=1024
    )
    host, port = server.sockets[0].getsockname()
    print(f"http://{host}:{port}", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1]) / 1000))
