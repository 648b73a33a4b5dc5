"""Start, serve, stop."""

import asyncio
import errno
import signal
import socket
import sys
from collections.abc import Callable
from typing import TextIO

from aiohttp import web

from sms.simulator.app import make_app
from sms.simulator.options import Options
from sms.simulator.simulator import Simulator

# Open requests get this long to end when the simulator is told to stop.
GRACE_S = 0.5
BACKLOG = 2048


class CannotStart(Exception):
    """The simulator cannot listen or write. Its words are one sentence for the person who started it."""


def run(options: Options, out: TextIO | None = None) -> int:
    """Serve until SIGTERM or SIGINT, and return the exit code: 0, or 1 with a sentence on stderr.

    Once it listens, one line on `out` says where: with port 0 that is the only way to know.
    """
    told = out or sys.stdout

    def ready(origin: str) -> None:
        told.write(f"Twilio simulator on {origin}\n")
        told.flush()

    try:
        asyncio.run(_serve_until_signalled(options, ready))
    except CannotStart as problem:
        sys.stderr.write(f"{problem}\n")
        return 1
    return 0


async def _serve_until_signalled(options: Options, ready: Callable[[str], None]) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await serve(options, stop=stop, ready=ready)


async def serve(options: Options, *, stop: asyncio.Event, ready: Callable[[str], None]) -> None:
    """Serve until `stop` is set. `ready` is told the origin, such as http://127.0.0.1:8100. Raises CannotStart."""
    listening = _listen(options.host, options.port)
    try:
        simulator = _simulator(options)
    except OSError as problem:
        listening.close()
        raise CannotStart(f"The ledger cannot be written: {problem.strerror or 'unknown reason'}.") from None
    except (KeyError, TypeError):
        listening.close()
        raise CannotStart(
            "The ledger holds lines that are not this simulator's: name another file."
        ) from None
    runner = web.AppRunner(
        make_app(simulator), access_log=None, shutdown_timeout=GRACE_S, keepalive_timeout=75
    )
    try:
        await runner.setup()
        simulator.open()
        await web.SockSite(runner, listening, backlog=BACKLOG).start()
        ready(_origin(listening))
        await stop.wait()
    finally:
        await runner.cleanup()
        await simulator.close()
        listening.close()


def _simulator(options: Options) -> Simulator:
    return Simulator(
        account_sid=options.account_sid,
        auth_token=options.auth_token,
        settings=options.settings,
        keep=options.keep,
        ledger_path=options.ledger,
    )


def _listen(host: str, port: int) -> socket.socket:
    if not 0 <= port <= 65535:
        raise CannotStart("A port is a number from 0 to 65535.")
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family, backlog=BACKLOG)
    except OSError as problem:
        if problem.errno == errno.EADDRINUSE:
            raise CannotStart(
                f"Port {port} on {host} is in use: stop what listens there, or choose another with --port."
            ) from None
        raise CannotStart(f"Cannot listen on port {port} of {host}: {problem.strerror or problem}.") from None


def _origin(listening: socket.socket) -> str:
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
