"""A server that knows one conversation by heart, byte for byte, and a socket client without any of our code."""

import asyncio
import socket
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from instruments.emulators.host import EmulatorHost

CLEAR = ("*CLS;*OPC?", "1")
"""What every link does first."""


class Script:
    """Expected messages with their answers; None stays silent. `heard` holds what really came, terminators included."""

    def __init__(self, *turns: tuple[str, str | bytes | None], end: str = "\n") -> None:
        self.turns = deque(turns)
        self.end = end.encode()
        self.heard: list[bytes] = []
        self.wrong: list[str] = []

    def reply_to(self, line: bytes) -> bytes | None:
        self.heard.append(line)
        expected, answer = self.turns.popleft() if self.turns else ("nothing more", None)
        if line != expected.encode() + self.end:
            self.wrong.append(f"heard {line!r} in place of {expected!r}")
            return b"not in the script" + self.end
        return answer.encode() + self.end if isinstance(answer, str) else answer

    def check(self) -> None:
        assert not self.wrong, "; ".join(self.wrong)
        assert not self.turns, f"never heard: {list(self.turns)}"


class _ScriptConnection(asyncio.Protocol):
    def __init__(self, script: Script) -> None:
        self._script = script
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        *lines, self._buffer = (self._buffer + data).split(self._script.end)
        for line in lines:
            answer = self._script.reply_to(line + self._script.end)
            if answer is not None:
                self._transport.write(answer)  # type: ignore[attr-defined]


@contextmanager
def scripted(*turns: tuple[str, str | bytes | None], end: str = "\n") -> Iterator[str]:
    """Serve a conversation; gives the VISA resource, and checks at the end that all of it was held, byte for byte."""
    script = Script(*turns, end=end)
    with EmulatorHost() as host:
        yield resource(host.serve(lambda: _ScriptConnection(script)))
    script.check()


def resource(address: tuple[str, int]) -> str:
    return f"TCPIP0::{address[0]}::{address[1]}::SOCKET"


@contextmanager
def raw_client(address: tuple[str, int]) -> Iterator[socket.socket]:
    with socket.create_connection(address, timeout=5.0) as connection:
        yield connection


def ask(connection: socket.socket, message: bytes) -> bytes:
    """Send bytes as they are and read one line."""
    connection.sendall(message)
    return read_line(connection)


def read_line(connection: socket.socket) -> bytes:
    answer = b""
    while not answer.endswith(b"\n"):
        part = connection.recv(4096)
        assert part, f"the server closed the connection after {answer!r}"
        answer += part
    return answer
