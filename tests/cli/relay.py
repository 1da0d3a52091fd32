"""A link between a client and a server that can be cut, or fall silent in the middle of an exchange."""

import socket
from contextlib import suppress
from threading import Thread


class Relay:
    """Passes everything on between its own address and the target's, until `cut`, or until a request is swallowed."""

    def __init__(self, target: str) -> None:
        host, _, port = target.partition(":")
        self._target = (host, int(port))
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self._silent_after: bytes | None = None
        self._is_silent = False
        Thread(target=self._accept, daemon=True).start()

    @property
    def port(self) -> int:
        return int(self._listener.getsockname()[1])

    def fall_silent_after(self, request: bytes) -> None:
        """Let a request that contains these bytes through, and after it nothing in either direction, for good."""
        self._silent_after = request

    def cut(self) -> None:
        """Close every connection, and refuse new ones."""
        for opened in (self._listener, *self._open):
            with suppress(OSError):
                opened.shutdown(socket.SHUT_RDWR)
            opened.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                self._open.append(client)
                server = socket.create_connection(self._target)
                self._open.append(server)
                Thread(target=self._pump, args=(client, server, True), daemon=True).start()
                Thread(target=self._pump, args=(server, client, False), daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket, is_request: bool) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                if self._is_silent:
                    continue
                if is_request and self._silent_after is not None and self._silent_after in data:
                    self._is_silent = True
                sink.sendall(data)
        for ended in (source, sink):
            with suppress(OSError):
                ended.shutdown(socket.SHUT_RDWR)
