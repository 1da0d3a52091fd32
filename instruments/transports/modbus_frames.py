"""A Modbus/TCP client at frame level: what it sends is exactly what it was told, in whatever pieces.

For conformance tests, which ask what a device does with requests that no driver would send. Drivers use `modbus`.
After the MODBUS Messaging on TCP/IP Implementation Guide V1.0b.
"""

import socket
import struct
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from instruments.errors import TransportError

HEADER = struct.Struct(">HHHB")
EXCEPTION_BIT = 0x80
READ_HOLDING, WRITE_MANY = 0x03, 0x10


@dataclass(frozen=True)
class Answer:
    """One answer: transaction, unit, function and what follows it."""

    transaction: int
    unit: int
    function: int
    body: bytes

    @property
    def exception(self) -> int | None:
        """Exception code, None where the device did what was asked."""
        return self.body[0] if self.function & EXCEPTION_BIT and self.body else None

    @property
    def words(self) -> tuple[int, ...]:
        """Registers of an answer to a read."""
        return struct.unpack(f">{(len(self.body) - 1) // 2}H", self.body[1:]) if len(self.body) > 1 else ()


def read_request(address: int, count: int) -> bytes:
    """Return the PDU that reads holding registers."""
    return struct.pack(">BHH", READ_HOLDING, address, count)


def write_request(address: int, words: tuple[int, ...]) -> bytes:
    """Return the PDU that writes registers."""
    return struct.pack(f">BHHB{len(words)}H", WRITE_MANY, address, len(words), 2 * len(words), *words)


def frame(transaction: int, unit: int, pdu: bytes) -> bytes:
    """Return a request as it goes on the wire."""
    return HEADER.pack(transaction, 0, len(pdu) + 1, unit) + pdu


class ModbusFrames:
    """One connection. A context manager; raises TransportError for silence, a closed connection and broken frames."""

    def __init__(self, host: str, port: int, timeout_s: float = 2.0) -> None:
        try:
            self._socket = socket.create_connection((host, port), timeout_s)
        except OSError as error:
            raise TransportError(f"cannot connect to {host}:{port}: {error}") from error
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._name = f"{host}:{port}"

    def send(self, data: bytes) -> None:
        """Put bytes on the wire as they are."""
        try:
            self._socket.sendall(data)
        except OSError as error:
            raise TransportError(f"{self._name} takes no more: {error}") from error

    def receive(self) -> Answer:
        """Wait for the next answer."""
        transaction, protocol, length, unit = HEADER.unpack(self._exactly(HEADER.size))
        pdu = self._exactly(length - 1) if length > 1 else b""
        if protocol != 0 or not pdu:
            raise TransportError(f"{self._name} answers with a frame that is none of Modbus")
        return Answer(transaction, unit, pdu[0], pdu[1:])

    def ask(self, unit: int, pdu: bytes, transaction: int = 1) -> Answer:
        """Send one request whole, and wait for its answer."""
        self.send(frame(transaction, unit, pdu))
        return self.receive()

    def _exactly(self, count: int) -> bytes:
        data = b""
        try:
            while len(data) < count:
                more = self._socket.recv(count - len(data))
                if not more:
                    raise TransportError(f"{self._name} closed the connection in the middle of an answer")
                data += more
        except OSError as error:
            raise TransportError(f"{self._name} does not answer: {error}") from error
        return data

    def close(self) -> None:
        """Close the connection."""
        self._socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
