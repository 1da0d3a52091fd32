"""SCPI over a raw TCP socket: lines in, at most one segment with the answer out."""

import asyncio
import socket
import threading
from collections.abc import Callable

from instruments.emulators.scpi_instrument import ScpiInstrument

INPUT_LIMIT = 8192
"""Longest program message, bytes; the 8 kB of Pacific Power's AC sources."""


class ScpiConnection(asyncio.Protocol):
    """One client's connection. A message that is too long is dropped to its end and reported as -363.

    When a further message lies behind a query in the same segment, the query's answer was never fetched: it is lost and
    -410 is queued, as instruments with one output queue do.
    """

    def __init__(self, instrument: ScpiInstrument, lock: threading.RLock, termination: bytes) -> None:
        self._instrument = instrument
        self._lock = lock
        self._termination = termination
        self._received = bytearray()
        self._overrun = False
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send answers at once."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101  create_server makes no other kind
        self._transport = transport
        _set_tcp_option(transport, "TCP_NODELAY")

    def data_received(self, data: bytes) -> None:
        """Carry out every complete message and answer the last."""
        if self._transport is None:
            return
        # Without it the kernel holds back its acknowledgement, and a client that keeps Nagle on waits 44 ms.
        _set_tcp_option(self._transport, "TCP_QUICKACK")
        self._received += data
        with self._lock:
            answer = self._execute_lines()
        if answer:
            self._transport.write(answer.encode("ascii") + self._termination)

    def pause_writing(self) -> None:
        """Hear nothing more from a client that does not take its answers."""
        if self._transport is not None:
            self._transport.pause_reading()

    def resume_writing(self) -> None:
        """Hear it again."""
        if self._transport is not None:
            self._transport.resume_reading()

    def _execute_lines(self) -> str:
        answer = ""
        *lines, rest = self._received.split(self._termination)
        for line in lines:
            if answer:
                self._instrument.status.report(-410)
            answer = self._execute_line(line)
        self._received = rest
        if len(rest) > INPUT_LIMIT:
            self._report_overrun()
            del self._received[: -len(self._termination)]
        return answer

    def _execute_line(self, line: bytearray) -> str:
        if self._overrun or len(line) > INPUT_LIMIT:
            self._report_overrun()
            self._overrun = False
            return ""
        return self._instrument.execute(line.decode("latin-1").rstrip("\r"))

    def _report_overrun(self) -> None:
        if not self._overrun:
            self._instrument.status.report(-363)
        self._overrun = True


def scpi_protocol(
    instrument: ScpiInstrument, lock: threading.RLock, termination: str = "\n"
) -> Callable[[], ScpiConnection]:
    """Make the protocol factory that an emulator host serves; `lock` guards the instrument's state."""
    return lambda: ScpiConnection(instrument, lock, termination.encode("ascii"))


def _set_tcp_option(transport: asyncio.Transport, name: str) -> None:
    connection = transport.get_extra_info("socket")
    if connection is not None and hasattr(socket, name):  # TCP_QUICKACK is known to Linux only
        connection.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), 1)
