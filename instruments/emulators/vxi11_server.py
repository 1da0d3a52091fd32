"""SCPI over VXI-11, as instruments at `TCPIP0::HOST::INSTR` have it: remote procedure calls in place of a plain socket.

Calls are ONC RPC version 2 (RFC 5531) in records with a length before each; the procedures are those of the device
core channel (VXI-11 revision 1.0, B.6). No port mapper is here: who calls knows the port. An answer stays until it is
read, a new message takes its place, and a clear drops it.
"""

import asyncio
import struct
import threading
from collections.abc import Callable

from instruments.emulators.scpi_instrument import ScpiInstrument

INPUT_LIMIT = 8192
"""Longest call, bytes: of a program message and what is around it."""
HEADER_BYTES = 4
DEVICE_CORE, RPC_VERSION = 0x0607AF, 2
CREATE_LINK, DEVICE_WRITE, DEVICE_READ, DEVICE_CLEAR, DESTROY_LINK = 10, 11, 12, 15, 23
NO_ERROR, INVALID_LINK, NOT_SUPPORTED, IO_TIMEOUT = 0, 4, 8, 15
END = 4
"""Why a read ended: with the end of the answer."""
LINK = 1
_CALL = struct.Struct(">IiIIII")
_WORD = struct.Struct(">I")


class Vxi11Connection(asyncio.Protocol):
    """One client's channel; who sends what is no call, or one that is too long, is hung up on."""

    def __init__(self, instrument: ScpiInstrument, lock: threading.RLock, termination: bytes) -> None:
        self._instrument, self._lock, self._termination = instrument, lock, termination
        self._received, self._record = bytearray(), b""
        self._message, self._answer = b"", b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Wait to be called."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101  create_server makes no other kind
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Carry out every call that is complete."""
        self._received += data
        while self._transport is not None and len(self._received) >= HEADER_BYTES:
            header = _WORD.unpack(self._received[:HEADER_BYTES])[0]
            last, length = header >> 31, header & 0x7FFF_FFFF
            if len(self._record) + length > INPUT_LIMIT:
                self._hang_up()
                return
            if len(self._received) < HEADER_BYTES + length:
                return
            self._record += bytes(self._received[HEADER_BYTES : HEADER_BYTES + length])
            del self._received[: HEADER_BYTES + length]
            if last:
                record, self._record = self._record, b""
                self._called(record)

    def _called(self, record: bytes) -> None:
        try:
            number, *channel, _, procedure = _CALL.unpack_from(record)
            parameters = _without_credentials(record[_CALL.size :])
            result = self._carry_out(procedure, parameters) if channel == [0, RPC_VERSION, DEVICE_CORE] else None
        except (struct.error, ValueError):
            result = None
        if result is None:
            self._hang_up()
            return
        reply = struct.pack(">IIIIII", number, 1, 0, 0, 0, 0) + result
        if self._transport is not None:
            self._transport.write(_WORD.pack(1 << 31 | len(reply)) + reply)

    def _carry_out(self, procedure: int, parameters: bytes) -> bytes:
        if procedure == CREATE_LINK:
            return struct.pack(">IIII", NO_ERROR, LINK, 0, INPUT_LIMIT // 2)
        known = {DEVICE_WRITE: self._write, DEVICE_READ: self._read, DEVICE_CLEAR: self._clear, DESTROY_LINK: _nothing}
        if procedure not in known:
            return _WORD.pack(NOT_SUPPORTED)
        if _WORD.unpack_from(parameters)[0] != LINK:
            return struct.pack(">III", INVALID_LINK, 0, 0)
        return known[procedure](parameters)

    def _write(self, parameters: bytes) -> bytes:
        """Take a piece of a message: link, two timeouts, flags, and the text with its length before it."""
        _, _, _, _, length = struct.unpack_from(">IIIII", parameters)
        text = parameters[20 : 20 + length]
        if len(text) != length:
            raise ValueError("a text that is cut short")
        *messages, self._message = (self._message + text).split(self._termination)
        for message in messages:
            with self._lock:
                answer = self._instrument.execute(message.decode("latin-1").rstrip("\r"))
            self._answer = answer.encode("ascii") + self._termination if answer else b""
        return struct.pack(">II", NO_ERROR, length)

    def _read(self, parameters: bytes) -> bytes:
        """Give as much of the answer as is asked for; where there is none, nothing comes in time."""
        _, size = struct.unpack_from(">II", parameters)
        if not self._answer:
            return struct.pack(">III", IO_TIMEOUT, 0, 0)
        given, self._answer = self._answer[:size], self._answer[size:]
        reason = 0 if self._answer else END
        return struct.pack(">III", NO_ERROR, reason, len(given)) + given + bytes(-len(given) % 4)

    def _clear(self, _parameters: bytes) -> bytes:
        self._message = self._answer = b""
        return _WORD.pack(NO_ERROR)

    def _hang_up(self) -> None:
        if self._transport is not None:
            self._transport.close()
            self._transport = None


def _nothing(_parameters: bytes) -> bytes:
    return _WORD.pack(NO_ERROR)


def _without_credentials(rest: bytes) -> bytes:
    """Take off credentials and verifier, each a flavour and a body with its length before it."""
    for _ in range(2):
        _, length = struct.unpack_from(">II", rest)
        rest = rest[8 + length + -length % 4 :]
    return rest


def vxi11_protocol(
    instrument: ScpiInstrument, lock: threading.RLock, termination: str = "\n"
) -> Callable[[], Vxi11Connection]:
    """Make the protocol factory that an emulator host serves; `lock` guards the instrument's state."""
    return lambda: Vxi11Connection(instrument, lock, termination.encode("ascii"))
