"""The line between the worker and PostgreSQL, which can be cut at a chosen statement."""

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass

from tests.faults.bad_network import Loop, hang_up

READY = b"Z\x00\x00\x00\x05"  # ReadyForQuery: the server has done what it was asked.


@dataclass(slots=True)
class Cut:
    """Cut the line of whichever connection says `statements` in this order, `times` times in all.

    `answered` False cuts before the last statement reaches the server; True after the server has carried it out,
    so that only its answer is lost.
    """

    statements: Sequence[str]
    answered: bool
    times: int = 1
    made: int = 0


class DatabaseLine:
    def __init__(self, loop: Loop, port: int) -> None:
        self._loop, self._target, self.port = loop, port, 0
        self.cut: Cut | None = None

    def open(self) -> None:
        self._loop.run(self._open())

    async def _open(self) -> None:
        server = await asyncio.start_server(self._connected, "127.0.0.1", self.port)
        self.port = server.sockets[0].getsockname()[1]

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            to_read, to_write = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            hang_up(writer.transport)
            return
        connection = _Connection(self, (reader, writer), (to_read, to_write))
        await asyncio.gather(connection.up(), connection.down(), return_exceptions=True)
        connection.drop()


class _Connection:
    """One connection. A message from the client is a letter, four bytes of length, and the content."""

    def __init__(
        self,
        line: DatabaseLine,
        client: tuple[asyncio.StreamReader, asyncio.StreamWriter],
        server: tuple[asyncio.StreamReader, asyncio.StreamWriter],
    ) -> None:
        self._line, self._client, self._server = line, client, server
        self._reached = 0
        self._doomed = False

    def drop(self) -> None:
        for _, writer in (self._client, self._server):
            hang_up(writer.transport)

    async def up(self) -> None:
        try:
            await self._up()
        finally:
            self.drop()

    async def _up(self) -> None:
        reader, writer = self._client[0], self._server[1]
        begin = await reader.readexactly(4)  # The first message has no letter.
        writer.write(begin + await reader.readexactly(int.from_bytes(begin, "big") - 4))
        while True:
            head = await reader.readexactly(5)
            content = await reader.readexactly(int.from_bytes(head[1:], "big") - 4)
            if head[:1] in (b"Q", b"P") and self._is_the_moment(content.decode(errors="replace")):
                cut = self._line.cut
                assert cut is not None
                cut.made += 1
                if not cut.answered:
                    return
                self._doomed = True
            writer.write(head + content)
            await writer.drain()

    async def down(self) -> None:
        reader, writer = self._server[0], self._client[1]
        while data := await reader.read(65536):
            if self._doomed:
                if READY in data:
                    self.drop()
                    return
                continue
            writer.write(data)
            await writer.drain()
        self.drop()

    def _is_the_moment(self, statement: str) -> bool:
        cut = self._line.cut
        if cut is None or cut.made >= cut.times:
            return False
        if re.search(cut.statements[self._reached], statement, re.DOTALL):
            self._reached += 1
            if self._reached == len(cut.statements):
                self._reached = 0
                return True
        return False
