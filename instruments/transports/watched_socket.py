"""A socket under PyVISA's Python backend that keeps a deadline and counts what came.

The backend waits anew for each byte that drips in, spins on a connection that was closed, and keeps what nobody asked
for as the answer to the next question.
"""

import socket
import time
import traceback
from contextlib import suppress
from typing import Any


class WatchedSocket:
    """Stands in a backend session's place of its socket."""

    def __init__(self, inner: socket.socket, timeout_s: float) -> None:
        self._inner = inner
        self._timeout_s = timeout_s
        self._deadline_s = 0.0
        self.received = 0
        """Bytes since the last `begin`."""

    def begin(self) -> bool:
        """Begin an exchange; tell whether something is there already, which nobody asked for; raises OSError."""
        self._deadline_s = time.monotonic() + self._timeout_s
        self.received = 0
        try:
            return bool(self._inner.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT))
        except BlockingIOError:
            return False

    def fileno(self) -> int:
        """Return the descriptor that the backend waits on."""
        return self._inner.fileno()

    def recv(self, size: int) -> bytes:
        """Receive; raises TimeoutError after the deadline, ConnectionResetError when the far end has closed."""
        if time.monotonic() > self._deadline_s:
            raise TimeoutError(f"no whole answer within {self._timeout_s:g} s")
        data = self._inner.recv(size)
        if not data:
            raise ConnectionResetError("it closed the connection")
        self.received += len(data)
        return data

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


def close_what_is_left(error: Exception) -> None:
    """Close connections that the backend began and gave up: on VXI-11 it leaves them to the garbage collector."""
    for frame, _ in traceback.walk_tb(error.__traceback__):
        for name in ("sock", "interface"):
            left: Any = getattr(frame.f_locals.get("self"), name, None)
            if left is not None and hasattr(left, "close"):
                with suppress(OSError):
                    left.close()
