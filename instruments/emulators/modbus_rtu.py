"""Modbus RTU at frame level: several units on one line, silence where a sound device keeps silent.

After MODBUS over Serial Line V1.02: a request with a wrong checksum, to another unit or at another rate is not
answered, and one to unit 0 is carried out by all and answered by none.
"""

import asyncio
import struct
from contextlib import suppress

from instruments.emulators.modbus_server import ModbusServer, NoAnswer
from instruments.emulators.pseudo_terminal import PseudoTerminal

BROADCAST = 0
CRC = struct.Struct("<H")
SHORTEST, LONGEST = 4, 256
SILENCE_S = 0.02
"""Silence that ends a frame whose end cannot be told otherwise: longer than any gap that a computer makes by itself."""
FIXED = {0x03: 8, 0x04: 8, 0x06: 8}
COUNTED = {0x10: (6, 9), 0x17: (10, 13)}
"""Requests whose length is fixed, and those that count their bytes: place of the count, and length without them."""


def checksum(data: bytes) -> int:
    """Return the checksum of a frame: polynomial 0xA001, bits from the right, beginning with 0xFFFF."""
    crc = 0xFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0xA001 if crc & 1 else 0)
    return crc


def framed(unit: int, pdu: bytes) -> bytes:
    """Return a frame as it goes on the line."""
    frame = bytes([unit]) + pdu
    return frame + CRC.pack(checksum(frame))


def is_sound(frame: bytes) -> bool:
    """Tell whether a frame has the length of one, and its checksum."""
    sized = SHORTEST <= len(frame) <= LONGEST
    return sized and CRC.unpack(frame[-CRC.size :])[0] == checksum(frame[: -CRC.size])


class RtuLine(asyncio.Protocol):
    """One line with the units of several servers on it, set to a rate.

    `add` and all of its callbacks run in the host's thread.
    """

    def __init__(self, terminal: PseudoTerminal, baud: int) -> None:
        self.path = terminal.path
        self._terminal, self._baud = terminal, baud
        self._servers: list[ModbusServer] = []
        self._pending = bytearray()
        self._ending: asyncio.TimerHandle | None = None
        self._heard_s = 0.0

    def add(self, server: ModbusServer) -> None:
        """Put the units of a server on the line."""
        self._servers.append(server)

    def data_received(self, data: bytes) -> None:
        """Answer a request that is whole, and drop what silence shows to be none."""
        loop = asyncio.get_running_loop()
        if self._ending is not None:
            self._ending.cancel()
        if self._pending and loop.time() - self._heard_s > SILENCE_S:  # a loop that was busy comes to it late
            self._fell_silent()
        self._heard_s = loop.time()
        self._pending += data
        size = _size(self._pending)
        if size and len(self._pending) >= size and is_sound(frame := bytes(self._pending[:size])):
            self._take(frame, bytes(self._pending[size:]))
        if self._pending:
            del self._pending[LONGEST * 2 :]
            self._ending = loop.call_later(SILENCE_S, self._fell_silent)

    def _fell_silent(self) -> None:
        frame = bytes(self._pending)
        if is_sound(frame):
            self._take(frame, b"")
        self._pending.clear()

    def _take(self, frame: bytes, rest: bytes) -> None:
        self._pending[:] = rest
        if self._terminal.baud != self._baud:
            return  # at another rate it is noise
        unit, pdu = frame[0], frame[1 : -CRC.size]
        for server in self._servers:
            with suppress(NoAnswer):  # equipment that is gone says nothing
                if unit == BROADCAST:
                    server.broadcast(pdu)
                elif server.serves(unit):
                    self._terminal.write(framed(unit, server.answer(unit, pdu)))


def _size(pending: bytearray) -> int:
    """Return the length of the request that begins here, 0 as long as it cannot be told."""
    if len(pending) < SHORTEST:
        return 0
    if pending[1] in FIXED:
        return FIXED[pending[1]]
    place, other = COUNTED.get(pending[1], (LONGEST, 0))
    return other + pending[place] if len(pending) > place else 0
