"""A small HTTP server whose every answer a test writes itself, down to the bytes and the silence."""

import json
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit


@dataclass
class Request:
    """What arrived, and the means to answer it."""

    method: str
    path: str
    query: dict[str, list[str]]
    form: dict[str, list[str]]
    headers: dict[str, str]
    peer: tuple[str, int]
    raw: BaseHTTPRequestHandler

    def field(self, name: str) -> str:
        [value] = self.form[name]
        return value

    def answer(self, status: int, body: object = b"", **headers: str) -> None:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.raw.send_response(status)
        for name, value in headers.items():
            self.raw.send_header(name.replace("_", "-"), value)
        self.raw.send_header("Content-Length", str(len(content)))
        self.raw.end_headers()
        self.raw.wfile.write(content)

    def write(self, content: bytes) -> None:
        self.raw.wfile.write(content)
        self.raw.wfile.flush()

    def reset(self) -> None:
        """Close so that the other side sees "connection reset by peer"."""
        self.raw.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close()

    def close(self) -> None:
        self.raw.close_connection = True
        self.raw.connection.close()


@dataclass
class StandIn:
    """`url`, and the `requests` that arrived. `over` is set when the test ends: what waits for it ends too."""

    url: str
    requests: list[Request] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    def stay_silent(self, _: Request) -> None:
        self.over.wait()

    @property
    def posts(self) -> list[Request]:
        return [request for request in self.requests if request.method == "POST"]


@contextmanager
def serving(behave: Callable[[Request], None]) -> Iterator[StandIn]:
    """Answer every request by `behave`, on a free port, with connections kept alive."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def respond(self) -> None:
            parts = urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            request = Request(
                self.command,
                parts.path,
                parse_qs(parts.query, keep_blank_values=True),
                parse_qs(body, keep_blank_values=True),
                dict(self.headers),
                self.client_address,
                self,
            )
            stand_in.requests.append(request)
            try:
                behave(request)
            except OSError:
                self.close_connection = True

        do_GET = do_POST = respond  # noqa: N815  The server looks for these names.

        def handle(self) -> None:
            with suppress(OSError, ValueError):  # The other side hung up, or the test closed the connection.
                super().handle()

        def finish(self) -> None:
            with suppress(OSError, ValueError):
                super().finish()

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 128

        def shutdown_request(self, request: socket.socket) -> None:  # type: ignore[override]
            with suppress(OSError):
                super().shutdown_request(request)

    server = Server(("127.0.0.1", 0), Handler)
    stand_in = StandIn(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield stand_in
    finally:
        stand_in.over.set()
        server.shutdown()
        server.server_close()
        thread.join()
