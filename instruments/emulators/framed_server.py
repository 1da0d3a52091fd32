"""SCPI behind Yokogawa's LAN port of the WT3000's time: messages in frames, and a login before them.

Four bytes in network byte order, a bit for the last frame of a message and 31 bits of length, stand before each text.
The server speaks first, asks for a name and for a password, and answers every message, with an empty one where nothing
was asked. The words are this emulator's own; who logs in otherwise is told so and hung up on. Written from what is
known of the instruments, and not from our link.
"""

import asyncio
import threading
from collections.abc import Callable

from instruments.emulators.scpi_instrument import ScpiInstrument

INPUT_LIMIT = 8192
"""Longest program message, bytes."""
USER, PASSWORD = "anonymous", ""
HEADER_BYTES = 4


class FramedConnection(asyncio.Protocol):
    """One client's connection. Who sends a message that is too long is hung up on: its rest would have no end."""

    def __init__(self, instrument: ScpiInstrument, lock: threading.RLock) -> None:
        self._instrument, self._lock = instrument, lock
        self._received, self._message = bytearray(), b""
        self._told: list[str] = []
        """Name and password, as far as they came."""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask who it is."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101  create_server makes no other kind
        self._transport = transport
        self._say("name?")

    def data_received(self, data: bytes) -> None:
        """Answer every message that is complete."""
        self._received += data
        while self._transport is not None and len(self._received) >= HEADER_BYTES:
            header = int.from_bytes(self._received[:HEADER_BYTES], "big")
            last, length = header >> 31, header & 0x7FFF_FFFF
            if len(self._message) + length > INPUT_LIMIT:
                self._hang_up()
                return
            if len(self._received) < HEADER_BYTES + length:
                return
            self._message += bytes(self._received[HEADER_BYTES : HEADER_BYTES + length])
            del self._received[: HEADER_BYTES + length]
            if last:
                whole, self._message = self._message.decode("latin-1"), b""
                self._answer(whole)

    def _answer(self, message: str) -> None:
        if len(self._told) < len((USER, PASSWORD)):
            self._log_in(message)
            return
        with self._lock:
            self._say(self._instrument.execute(message.rstrip("\r\n")))

    def _log_in(self, word: str) -> None:
        self._told.append(word)
        if len(self._told) == 1:
            self._say("password?")
        elif self._told == [USER, PASSWORD]:
            self._say("welcome")
        else:
            self._say("not known here")
            self._hang_up()

    def _say(self, text: str) -> None:
        if self._transport is not None:
            said = text.encode("ascii")
            self._transport.write((1 << 31 | len(said)).to_bytes(HEADER_BYTES, "big") + said)

    def _hang_up(self) -> None:
        if self._transport is not None:
            self._transport.close()
            self._transport = None


def framed_protocol(instrument: ScpiInstrument, lock: threading.RLock) -> Callable[[], FramedConnection]:
    """Make the protocol factory that an emulator host serves; `lock` guards the instrument's state."""
    return lambda: FramedConnection(instrument, lock)
