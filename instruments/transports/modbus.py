"""Modbus links over pymodbus, on TCP or a serial line. Units at one address share it; each exchange is reported."""

import os
import socket
import ssl
import threading
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Protocol, Self, TypeVar

from pymodbus.client.base import ModbusBaseSyncClient
from pymodbus.exceptions import ConnectionException, ModbusException
from pymodbus.pdu import ModbusPDU

from instruments.errors import InstrumentError, TransportError, Unanswered
from instruments.tls import TlsClient
from instruments.transports.modbus_client import StrictClient
from instruments.transports.modbus_serial import SerialConnection
from instruments.transports.secure_channel import SecureChannel
from instruments.transports.serial_line import SerialLine
from instruments.wire import WireExchange, WireObserver, unobserved

MAX_READ = 125
MAX_WRITE = 123
ADDRESSES = 0x10000
TIMEOUT_S = 1.0
E = TypeVar("E", bound=Exception)
REFUSALS = {
    1: "illegal function",
    2: "illegal data address",
    3: "illegal data value",
    4: "device failure",
    5: "acknowledge",
    6: "device busy",
    10: "gateway path unavailable",
    11: "gateway target failed to respond",
}
"""MODBUS Application Protocol Specification V1.1b3, section 7."""
BY_GATEWAY = frozenset({10, 11})
"""Of them, what a gateway says and not the unit."""


class Connection(Protocol):
    """What a link needs of what carries its requests; `name` is its address."""

    name: str

    def request(self, work: Callable[[ModbusBaseSyncClient], ModbusPDU]) -> ModbusPDU:
        """Carry out one request; raises TransportError naming the address when there is no sound answer."""

    def close(self) -> None:
        """Close it for good: a later request raises TransportError."""


class ModbusConnection:
    """One TCP connection, inside TLS where the far end has to prove who it is; opened anew after an error.

    A late answer could be taken for that to the next request, so the socket is closed after any failure, and when
    something came that nobody had asked for. One request is under way at a time, also when several threads use the
    connection. There is no way from TLS back to plain text.
    """

    def __init__(self, host: str, port: int, timeout_s: float = TIMEOUT_S, tls: TlsClient | None = None) -> None:
        """Nothing is opened yet; raises ConfigError for certificates that cannot be used."""
        self.name = f"{host}:{port}"
        self._address = (host, port)
        self._timeout_s = timeout_s
        self._client = StrictClient(host, port, timeout_s)
        self._tls = SecureChannel(self.name, tls, host) if tls is not None else None
        self._lock, self._ended = threading.Lock(), False

    def request(self, work: Callable[[ModbusBaseSyncClient], ModbusPDU]) -> ModbusPDU:
        """Carry out one request; raises TransportError naming the address when there is no sound answer."""
        with self._lock:
            if self._client.drain():
                self._drop()
            self._connect()
            try:
                return work(self._client)
            except (ModbusException, OSError) as error:
                self._drop()
                raise TransportError(f"{self.name} {self._reason(error)} (time-out {self._timeout_s:g} s)") from error
            except BaseException:  # an interrupt in the middle: the answer on its way belongs to nobody
                self._drop()
                raise

    def close(self) -> None:
        """Close the connection for good: a later request raises TransportError.

        Who hangs in another thread, and goes on after everything was closed, would leave one open.
        """
        with self._lock:
            self._ended = True
            self._drop()

    def _reason(self, error: Exception) -> str:
        if isinstance(error, ConnectionException | OSError):
            hint = self._tls.hint if self._tls else ""
            return f"closed the connection{hint}" if not isinstance(error, ssl.SSLError) else f"broke it off{hint}"
        told = str(error).partition("] ")[2]  # behind pymodbus' own "Modbus Error: [Input/Output]"
        return "gave no sound answer" + ("" if told.startswith("No response") else f": {told}")

    def _drop(self) -> None:
        self._client.close()  # type: ignore[no-untyped-call]  # pymodbus leaves it without annotations

    def _connect(self) -> None:
        if self._client.connected:
            return
        if self._ended:
            raise TransportError(f"{self.name} was closed")
        try:
            opened = socket.create_connection(self._address, timeout=self._timeout_s)
        except (OSError, ValueError) as error:  # ValueError: a host name that cannot be one
            reason = getattr(error, "strerror", None) or error
            raise TransportError(f"cannot connect to {self.name}: {reason}") from error
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._client.socket = opened if self._tls is None else self._tls.secured(opened)


class ModbusLink:
    """Registers of one unit; reads and writes of any length, split as the protocol demands.

    Raises TransportError when the connection fails, InstrumentError when the unit refuses, Unanswered, which is one of
    them, when its gateway does in its place. Each request and its answer
    go to the observer, with the address written as first register + count.
    """

    def __init__(
        self,
        connection: Connection,
        unit: int,
        observer: WireObserver = unobserved,
        before: Callable[[str], None] = lambda _operation: None,
    ) -> None:
        """Take who is told of exchanges; `before` is told of each, `read` or `write`, before it is on the wire.

        `name` is what errors call the unit by.
        """
        self.name = f"{connection.name}/{unit}"
        self._connection = connection
        self._unit = unit
        self._observer = observer
        self._before = before

    def read(self, address: int, count: int) -> tuple[int, ...]:
        """Read holding registers."""
        return self._read_all(address, count, "")

    def read_inputs(self, address: int, count: int) -> tuple[int, ...]:
        """Read input registers, with function 4; the observer is told of their address with `input` before it."""
        return self._read_all(address, count, "input ")

    def write(self, address: int, values: Sequence[int]) -> None:
        """Write holding registers, a single one with function 6, more with function 16."""
        self._check_span(address, len(values))
        for start in range(0, len(values), MAX_WRITE):
            self._write(address + start, tuple(values[start : start + MAX_WRITE]))

    def write_many(self, address: int, values: Sequence[int]) -> None:
        """Write up to 123 holding registers with function 16, also a single one."""
        self._check_span(address, len(values))
        self._write(address, tuple(values), alone=False)

    def _check_span(self, address: int, count: int) -> None:
        if not 0 <= address <= ADDRESSES - count:
            raise InstrumentError(f"{self.name} can have no registers {address}+{count}")

    def _read_all(self, address: int, count: int, table: str) -> tuple[int, ...]:
        self._check_span(address, count)
        words: list[int] = []
        for start in range(address, address + count, MAX_READ):
            words += self._read(start, min(MAX_READ, address + count - start), table)
        return tuple(words)

    def _read(self, address: int, count: int, table: str) -> tuple[int, ...]:
        def work(client: ModbusBaseSyncClient) -> ModbusPDU:
            read = client.read_input_registers if table else client.read_holding_registers
            return read(address, count=count, device_id=self._unit)

        label = f"{table}{address}+{count}"
        words = tuple(self._exchange("read", label, (), work).registers)
        self._observer(WireExchange("modbus", "read", label, words))
        return words

    def _write(self, address: int, values: tuple[int, ...], alone: bool = True) -> None:
        def work(client: ModbusBaseSyncClient) -> ModbusPDU:
            if len(values) == 1 and alone:
                return client.write_register(address, values[0], device_id=self._unit)
            return client.write_registers(address, list(values), device_id=self._unit)

        label = f"{address}+{len(values)}"
        self._exchange("write", label, values, work)
        self._observer(WireExchange("modbus", "write", label, values))

    def _exchange(
        self, operation: str, label: str, values: tuple[int, ...], work: Callable[[ModbusBaseSyncClient], ModbusPDU]
    ) -> ModbusPDU:
        self._before(operation)
        try:
            answer = self._connection.request(work)
        except TransportError as error:
            named = TransportError(str(error).replace(self._connection.name, self._whereabouts))
            raise self._reported(named, operation, label, values) from error.__cause__
        if answer.isError():
            code = answer.exception_code
            reason = REFUSALS.get(code, f"exception {code}")
            kind = Unanswered if code in BY_GATEWAY else InstrumentError
            refusal = kind(f"{self.name} refused the {operation} of {label}: {reason}")
            raise self._reported(refusal, operation, label, values)
        return answer

    @property
    def _whereabouts(self) -> str:
        """Its name, with its address where that is not part of it: for whoever has to look at the cable."""
        address = self._connection.name
        return self.name if address in self.name else f"{self.name} at {address}"

    def _reported(self, error: E, operation: str, label: str, values: tuple[int, ...]) -> E:
        """Report an exchange that failed; the wire log names devices, so an address that changes stays out of it."""
        told = str(error)
        for name in (self._whereabouts, self.name, self._connection.name):
            told = told.replace(name, "the device")
        self._observer(WireExchange("modbus", operation, label, values, told))
        return error


class ModbusConnections:
    """The connections of a bench, one for each address; a context manager that closes them all."""

    def __init__(self, before: Callable[[str], None] = lambda _operation: None) -> None:
        """Take who is told of each exchange, `read` or `write`, before it is on the wire."""
        self._before = before
        self._open: dict[tuple[str, int, TlsClient | None] | str, Connection] = {}

    def link(
        self,
        host: str,
        port: int,
        unit: int,
        observer: WireObserver = unobserved,
        timeout_s: float = TIMEOUT_S,
        tls: TlsClient | None = None,
    ) -> ModbusLink:
        """Return a link to a unit; the first link to an address sets its time-out.

        With `tls` it is inside TLS or not at all. Raises ConfigError for certificates that cannot be used.
        """
        key = (host, port, tls)
        if key not in self._open:
            self._open[key] = ModbusConnection(host, port, timeout_s, tls)
        return ModbusLink(self._open[key], unit, observer, self._before)

    def serial_link(
        self, line: SerialLine, unit: int, observer: WireObserver = unobserved, timeout_s: float = TIMEOUT_S
    ) -> ModbusLink:
        """Return a link to a unit on a serial line; the first link to a port sets the line and its time-out."""
        port = os.path.realpath(line.path)  # by whatever name: it can be opened once
        if port not in self._open:
            self._open[port] = SerialConnection(line, timeout_s)
        return ModbusLink(self._open[port], unit, observer, self._before)

    def close(self) -> None:
        """Close all connections."""
        for connection in self._open.values():
            connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
