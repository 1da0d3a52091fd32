"""One background thread that serves the sockets of all emulators of a bench.

Emulators compute in the owner's thread, when it calls their `advance`, and answer in the server's thread. Both sides
hold `EmulatorHost.lock` while they touch an emulator's state, so that an answer never shows half a step. The owner
never holds it while it talks to an emulator over the wire: the answer would wait for the lock.
"""

import asyncio
import errno
import ssl
import threading
from collections.abc import Callable, Coroutine
from types import TracebackType
from typing import Any, Self, TypeVar

from instruments.emulators.pseudo_terminal import PseudoTerminal
from instruments.emulators.secured import SecuredProtocol
from instruments.errors import ConfigError

ProtocolFactory = Callable[[], asyncio.Protocol]
T = TypeVar("T")
L = TypeVar("L", bound=asyncio.Protocol)


class _Tracked(asyncio.Protocol):
    """Passes everything on to the protocol inside, and keeps the open connections known to the host."""

    def __init__(self, inner: asyncio.Protocol, connections: set[asyncio.Transport]) -> None:
        self._inner = inner
        self._connections = connections
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101  create_server makes no other kind
        self._transport = transport
        self._connections.add(transport)
        self._inner.connection_made(transport)

    def data_received(self, data: bytes) -> None:
        self._inner.data_received(data)

    def pause_writing(self) -> None:
        self._inner.pause_writing()

    def resume_writing(self) -> None:
        self._inner.resume_writing()

    def eof_received(self) -> bool | None:
        return self._inner.eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._transport is not None:
            self._connections.discard(self._transport)
        self._inner.connection_lost(exc)


class EmulatorHost:
    """Event loop in a daemon thread; a context manager that closes every server and connection it made."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self._loop = asyncio.new_event_loop()
        self._servers: list[asyncio.Server] = []
        self._connections: set[asyncio.Transport] = set()
        self._terminals: list[PseudoTerminal] = []
        self._thread = threading.Thread(target=self._loop.run_forever, name="emulator-host", daemon=True)
        self._thread.start()

    def serve(
        self,
        protocol_factory: ProtocolFactory,
        host: str = "127.0.0.1",
        port: int = 0,
        tls: ssl.SSLContext | None = None,
    ) -> tuple[str, int]:
        """Listen on an address and return it with the port in use; port 0 takes a free one.

        With `tls` nobody is served who does not pass its handshake. Raises ConfigError naming the address when it
        cannot be had.
        """

        def connected() -> asyncio.Protocol:
            tracked = _Tracked(protocol_factory(), self._connections)
            return SecuredProtocol(tracked, tls, self._connections) if tls else tracked

        try:
            server = self._call(self._loop.create_server(connected, host, port))
        except OSError as error:
            reason = "the address is in use" if error.errno == errno.EADDRINUSE else error.strerror or error
            raise ConfigError(f"cannot listen on {host}:{port}: {reason}") from error
        self._servers.append(server)
        address = server.sockets[0].getsockname()
        return str(address[0]), int(address[1])

    def serve_terminal(self, make: Callable[[PseudoTerminal], L], link: str = "") -> L:
        """Serve a serial line on a pseudo-terminal with what `make` gives; `link` names a symbolic link to it.

        Raises ConfigError for a link that cannot be made.
        """
        terminal = PseudoTerminal(link)
        protocol = make(terminal)
        self._terminals.append(terminal)
        self._call(self._attach(terminal, protocol))
        return protocol

    async def _attach(self, terminal: PseudoTerminal, protocol: asyncio.Protocol) -> None:
        terminal.attach(self._loop, protocol)

    def close(self) -> None:
        """Close all servers and their connections and end the thread; a second call does nothing."""
        if self._loop.is_closed():
            return
        self._call(self._close_servers())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _call(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    async def _close_servers(self) -> None:
        for transport in tuple(self._connections):  # first, for a handshake is under way as long as its client likes
            transport.abort()
        while accepting := asyncio.all_tasks() - {asyncio.current_task()}:
            # A server that closes while it accepts leaks the connection.
            await asyncio.gather(*accepting, return_exceptions=True)
        for server in self._servers:
            server.close()
        for terminal in self._terminals:
            terminal.close()
        for transport in tuple(self._connections):
            transport.abort()
        await asyncio.sleep(0)  # connection_lost runs in the turn after

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
