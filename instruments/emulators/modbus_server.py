"""Modbus/TCP server at frame level: pipelined and split requests, several unit ids, the right exception frames.

After the MODBUS Application Protocol Specification V1.1b3 and the Modbus Messaging on TCP/IP Guide V1.0b.
"""

import asyncio
import socket
import ssl
import struct
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from instruments.emulators.host import EmulatorHost

ILLEGAL_FUNCTION = 0x01
ILLEGAL_ADDRESS = 0x02
ILLEGAL_VALUE = 0x03
DEVICE_FAILURE = 0x04
TARGET_FAILED_TO_RESPOND = 0x0B

MAX_READ = 125
MAX_WRITE = 123
MAX_READ_WRITE = 121
ADDRESSES = 0x10000
HEADER = struct.Struct(">HHHB")
MIN_LENGTH = 2
MAX_LENGTH = 254
"""Unit id and PDU of the shortest and the longest frame, bytes; anything else is not Modbus."""
SPAN_LENGTH = 5
"""Function, address, and count or value, bytes."""

LOG_LENGTH = 10_000
READ_INPUTS = 0x04
BROADCASTABLE = frozenset({0x06, 0x10})
AT_ONCE = 64
"""Requests of one client that are answered before others have their turn."""


class ModbusRefusal(Exception):  # noqa: N818  an answer of the protocol, not a defect of the emulator
    """The device refuses a request with this exception code."""

    def __init__(self, code: int) -> None:
        super().__init__(f"exception {code:#04x}")
        self.code = code


class NoAnswer(Exception):  # noqa: N818  equipment that is gone: nobody is there to call it an error
    """The device is gone in the middle of a request: its connection is closed without an answer."""


class RegisterBank(Protocol):
    """Holding registers of one unit; one that has input registers of their own has `read_inputs` as well."""

    def read(self, address: int, count: int) -> list[int]:
        """Return registers; raises ModbusRefusal."""

    def write(self, address: int, values: list[int]) -> None:
        """Take all of the registers or none; raises ModbusRefusal."""


@dataclass(frozen=True)
class Received:
    """One request as it came in; `refused` is the exception code of the answer, or None."""

    unit: int
    function: int
    address: int
    values: tuple[int, ...]
    refused: int | None


class ModbusServer:
    """Serves register banks by unit id; takes the host's lock for each request.

    `log` holds the last requests, oldest first: what reached the equipment, for whoever must prove it; `heard` is told
    of each, in the server's thread. `defect` says of a kind of fault whether the interface has it. A bank that fails
    with another exception than ModbusRefusal and NoAnswer is answered with exception 04 and listed in `failures`.
    """

    def __init__(
        self,
        host: EmulatorHost,
        banks: Mapping[int, RegisterBank],
        defect: Callable[[str], bool] = lambda _kind: False,
    ) -> None:
        self.log: deque[Received] = deque(maxlen=LOG_LENGTH)
        self.heard: Callable[[Received], None] = lambda _received: None
        self.failures: list[Exception] = []
        self.defect = defect
        self.first: object | None = None
        """The client that is served, where the interface knows but one."""
        self._host = host
        self._banks = dict(banks)

    def listen(self, address: str = "127.0.0.1", port: int = 0, tls: ssl.SSLContext | None = None) -> tuple[str, int]:
        """Serve on an address (port 0: any free one) and return it; raises ConfigError when it cannot be had."""
        return self._host.serve(lambda: _Connection(self), address, port, tls)

    def serves(self, unit: int) -> bool:
        """Tell whether a unit is here."""
        return unit in self._banks

    def broadcast(self, pdu: bytes) -> None:
        """Carry out a write on every unit, as is asked of all on a serial line; raises NoAnswer."""
        for unit in self._banks if pdu[0] in BROADCASTABLE else ():
            self.answer(unit, pdu)

    def answer(self, unit: int, pdu: bytes) -> bytes:
        """Carry out one request and return the PDU of the answer; raises NoAnswer where the equipment is gone."""
        function = pdu[0]
        try:
            return self._carry_out(unit, pdu)
        except ModbusRefusal as refusal:
            return bytes((function | 0x80, refusal.code))
        except NoAnswer:
            raise
        except Exception as error:  # a defect of the emulator must reach its owner and not kill the link
            self.failures.append(error)
            return bytes((function | 0x80, DEVICE_FAILURE))

    def _carry_out(self, unit: int, pdu: bytes) -> bytes:
        handler = _HANDLERS.get(pdu[0])
        if unit not in self._banks:
            raise ModbusRefusal(TARGET_FAILED_TO_RESPOND)
        if handler is None:
            raise ModbusRefusal(ILLEGAL_FUNCTION)
        with self._host.lock:
            return handler(_Unit(self, unit, self._banks[unit]), pdu)


class _Unit:
    """Access to one bank that leaves a line in the server's log for each request."""

    def __init__(self, server: ModbusServer, unit: int, bank: RegisterBank) -> None:
        self._server = server
        self._unit = unit
        self._bank = bank

    def read(self, function: int, address: int, count: int) -> bytes:
        read = getattr(self._bank, "read_inputs", self._bank.read) if function == READ_INPUTS else self._bank.read
        words = self._logged(function, address, (), lambda: read(address, count))
        return bytes((2 * count,)) + struct.pack(f">{count}H", *words)

    def write(self, function: int, address: int, values: tuple[int, ...]) -> None:
        def store() -> list[int]:
            self._bank.write(address, list(values))
            return []

        self._logged(function, address, values, store)

    def _logged(self, function: int, address: int, values: tuple[int, ...], work: Callable[[], list[int]]) -> list[int]:
        refused: int | None = DEVICE_FAILURE
        try:
            words = work()
            refused = None
        except ModbusRefusal as refusal:
            refused = refusal.code
            raise
        else:
            return words
        finally:
            received = Received(self._unit, function, address, values, refused)
            self._server.log.append(received)
            self._server.heard(received)


def _checked(ok: bool, code: int) -> None:
    if not ok:
        raise ModbusRefusal(code)


def _span(pdu: bytes, largest: int) -> tuple[int, int]:
    _checked(len(pdu) >= SPAN_LENGTH, ILLEGAL_VALUE)
    address, count = struct.unpack_from(">HH", pdu, 1)
    _checked(1 <= count <= largest, ILLEGAL_VALUE)
    _checked(address + count <= ADDRESSES, ILLEGAL_ADDRESS)
    return address, count


def _values(data: bytes, count: int) -> tuple[int, ...]:
    _checked(len(data) == 1 + 2 * count and data[0] == 2 * count, ILLEGAL_VALUE)
    return struct.unpack_from(f">{count}H", data, 1)


def _read(unit: _Unit, pdu: bytes) -> bytes:
    address, count = _span(pdu, MAX_READ)
    _checked(len(pdu) == SPAN_LENGTH, ILLEGAL_VALUE)
    return pdu[:1] + unit.read(pdu[0], address, count)


def _write_one(unit: _Unit, pdu: bytes) -> bytes:
    _checked(len(pdu) == SPAN_LENGTH, ILLEGAL_VALUE)
    address, value = struct.unpack_from(">HH", pdu, 1)
    unit.write(pdu[0], address, (value,))
    return pdu


def _write_many(unit: _Unit, pdu: bytes) -> bytes:
    address, count = _span(pdu, MAX_WRITE)
    unit.write(pdu[0], address, _values(pdu[SPAN_LENGTH:], count))
    return pdu[:SPAN_LENGTH]


def _read_write(unit: _Unit, pdu: bytes) -> bytes:
    read_address, read_count = _span(pdu, MAX_READ)
    write_address, write_count = _span(pdu[4:], MAX_READ_WRITE)
    unit.write(pdu[0], write_address, _values(pdu[9:], write_count))
    return pdu[:1] + unit.read(pdu[0], read_address, read_count)


_HANDLERS: dict[int, Callable[[_Unit, bytes], bytes]] = {
    0x03: _read,
    0x04: _read,
    0x06: _write_one,
    0x10: _write_many,
    0x17: _read_write,
}


class _Connection(asyncio.Protocol):
    """One client: cuts the byte stream into frames and answers them in order, up to AT_ONCE in one segment.

    Then others have their turn. Nothing more is read from a client that has requests waiting or does not take answers.
    """

    def __init__(self, server: ModbusServer) -> None:
        self._server = server
        self._pending = bytearray()
        self._again = False
        self._blocked = False
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101  the loop makes no other kind
        self._transport = transport
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._server.first = self._server.first or self

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        if self._server.first is self:
            self._server.first = None

    def data_received(self, data: bytes) -> None:
        if self._server.defect("answers-one-client") and self._server.first not in {None, self}:
            return
        self._pending += data
        if not self._again:
            self._answer_some()
        if self._server.defect("drops-partial-requests"):
            self._pending.clear()

    def pause_writing(self) -> None:
        self._blocked = True
        self._regulate()

    def resume_writing(self) -> None:
        self._blocked = False
        self._regulate()
        if self._again:
            self._answer_some()

    def _answer_some(self) -> None:
        if self._transport is None or self._transport.is_closing() or self._blocked:
            return
        self._again = self._answer_up_to(AT_ONCE) == AT_ONCE
        self._regulate()
        if self._again:
            asyncio.get_running_loop().call_soon(self._answer_some)

    def _regulate(self) -> None:
        """Read on from the client, or not."""
        if self._transport is None or self._transport.is_closing():
            return
        if self._again or self._blocked:
            self._transport.pause_reading()
        else:
            self._transport.resume_reading()

    def _answer_up_to(self, most: int) -> int:
        """Answer requests that are here, and return how many."""
        answers, count = bytearray(), 0
        while count < most and (frame := self._next_frame()) is not None:
            count += 1
            transaction, unit, pdu = frame
            try:
                answer = self._server.answer(unit, pdu)
            except NoAnswer:
                self._give_up()
                return count
            if self._server.defect("loses-pipelined-requests"):
                self._pending.clear()
            answers += HEADER.pack(transaction, 0, len(answer) + 1, unit) + answer
        if answers and self._transport is not None:
            self._transport.write(bytes(answers))
        return count

    def _next_frame(self) -> tuple[int, int, bytes] | None:
        if len(self._pending) < HEADER.size:
            return None
        transaction, protocol, length, unit = HEADER.unpack_from(self._pending)
        if protocol != 0 or not MIN_LENGTH <= length <= MAX_LENGTH:
            self._give_up()
            return None
        end = HEADER.size - 1 + length
        if len(self._pending) < end:
            return None
        pdu = bytes(self._pending[HEADER.size : end])
        del self._pending[:end]
        return transaction, unit, pdu

    def _give_up(self) -> None:
        """Drop a client: its stream is not Modbus, so that no next frame can be found, or nobody is there to answer."""
        self._pending.clear()
        if self._transport is not None:
            self._transport.close()
