"""An application that Twilio calls back: it keeps every request as it came, and answers what it is told to."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl


@dataclass(frozen=True, slots=True)
class Call:
    """One request: the address as the caller must have signed it, the fields, the headers in lower case."""

    url: str
    params: dict[str, str]
    headers: dict[str, str]

    @property
    def signature(self) -> str:
        return self.headers.get("x-twilio-signature", "")


@dataclass
class Application:
    origin: str = ""
    answers: int = 204
    calls: list[Call] = field(default_factory=list)

    def statuses(self) -> list[str]:
        return [call.params["MessageStatus"] for call in self.calls]


@contextmanager
def listening() -> Iterator[Application]:
    application = Application()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            headers = {name.lower(): value for name, value in self.headers.items()}
            params = dict(parse_qsl(body, keep_blank_values=True))
            application.calls.append(Call(application.origin + self.path, params, headers))
            self.send_response(application.answers)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    application.origin = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield application
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
