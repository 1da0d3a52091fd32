"""Modbus/TCP links over pymodbus. Units behind one address share one connection; each exchange is reported."""

import socket
import threading
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Self, TypeVar

from pymodbus.client import ModbusTcpClient
from pymodbus.exceptions import ConnectionException, ModbusException
from pymodbus.pdu import ModbusPDU

from instruments.errors import InstrumentError, TransportError
from instruments.wire import WireExchange, WireObserver, unobserved

MAX_READ = 125
MAX_WRITE = 123
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


class ModbusConnection:
    """One TCP connection; opened by the first request, and anew after an error.

    A late answer could be taken for that to the next request, so the socket is closed after any failure. One request
    is under way at a time, also when several threads use the connection.
    """

    def __init__(self, host: str, port: int, timeout_s: float = TIMEOUT_S) -> None:
        self.name = f"{host}:{port}"
        self._address = (host, port)
        self._timeout_s = timeout_s
        self._client = ModbusTcpClient(host, port=port, timeout=timeout_s, retries=0)
        self._lock = threading.Lock()

    def request(self, work: Callable[[ModbusTcpClient], ModbusPDU]) -> ModbusPDU:
        """Carry out one request; raises TransportError naming the address when there is no sound answer."""
        with self._lock:
            self._connect()
            try:
                return work(self._client)
            except (ModbusException, OSError) as error:
                self._drop()
                reason = "closed the connection" if isinstance(error, ConnectionException) else "gave no sound answer"
                raise TransportError(f"{self.name} {reason} (time-out {self._timeout_s:g} s)") from error
            except BaseException:  # an interrupt in the middle: the answer on its way belongs to nobody
                self._drop()
                raise

    def close(self) -> None:
        """Close the connection; a later request opens it again."""
        with self._lock:
            self._drop()

    def _drop(self) -> None:
        self._client.close()  # type: ignore[no-untyped-call]  # pymodbus leaves it without annotations

    def _connect(self) -> None:
        if self._client.connected:
            return
        try:
            opened = socket.create_connection(self._address, timeout=self._timeout_s)
        except OSError as error:
            raise TransportError(f"cannot connect to {self.name}: {error.strerror or error}") from error
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._client.socket = opened


class ModbusLink:
    """Holding registers of one unit; reads and writes of any length, split as the protocol demands.

    Raises TransportError when the connection fails, InstrumentError when the unit refuses. Each request and its answer
    go to the observer, with the address written as first register + count.
    """

    def __init__(
        self,
        connection: ModbusConnection,
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
        words: list[int] = []
        for start in range(address, address + count, MAX_READ):
            words += self._read(start, min(MAX_READ, address + count - start))
        return tuple(words)

    def write(self, address: int, values: Sequence[int]) -> None:
        """Write holding registers, a single one with function 6, more with function 16."""
        for start in range(0, len(values), MAX_WRITE):
            self._write(address + start, tuple(values[start : start + MAX_WRITE]))

    def _read(self, address: int, count: int) -> tuple[int, ...]:
        def work(client: ModbusTcpClient) -> ModbusPDU:
            return client.read_holding_registers(address, count=count, device_id=self._unit)

        label = f"{address}+{count}"
        answer = self._exchange("read", label, (), work)
        words = tuple(answer.registers)
        if len(words) != count:
            self._connection.close()
            raise self._reported(
                TransportError(f"{self.name} sent {len(words)} registers, {count} were asked"), "read", label, words
            )
        self._observer(WireExchange("modbus", "read", label, words))
        return words

    def _write(self, address: int, values: tuple[int, ...]) -> None:
        def work(client: ModbusTcpClient) -> ModbusPDU:
            if len(values) == 1:
                return client.write_register(address, values[0], device_id=self._unit)
            return client.write_registers(address, list(values), device_id=self._unit)

        label = f"{address}+{len(values)}"
        self._exchange("write", label, values, work)
        self._observer(WireExchange("modbus", "write", label, values))

    def _exchange(
        self, operation: str, label: str, values: tuple[int, ...], work: Callable[[ModbusTcpClient], ModbusPDU]
    ) -> ModbusPDU:
        self._before(operation)
        try:
            answer = self._connection.request(work)
        except TransportError as error:
            named = TransportError(str(error).replace(self._connection.name, self.name))
            raise self._reported(named, operation, label, values) from error.__cause__
        if answer.isError():
            code = answer.exception_code
            reason = REFUSALS.get(code, f"exception {code}")
            refusal = InstrumentError(f"{self.name} refused the {operation} of {label}: {reason}")
            raise self._reported(refusal, operation, label, values)
        return answer

    def _reported(self, error: E, operation: str, label: str, values: tuple[int, ...]) -> E:
        """Report an exchange that failed; the wire log names devices, so an address that changes stays out of it."""
        told = str(error).replace(self.name, "the device").replace(self._connection.name, "the device")
        self._observer(WireExchange("modbus", operation, label, values, told))
        return error


class ModbusConnections:
    """The connections of a bench, one for each address; a context manager that closes them all."""

    def __init__(self, before: Callable[[str], None] = lambda _operation: None) -> None:
        """Take who is told of each exchange, `read` or `write`, before it is on the wire."""
        self._before = before
        self._open: dict[tuple[str, int], ModbusConnection] = {}

    def link(
        self, host: str, port: int, unit: int, observer: WireObserver = unobserved, timeout_s: float = TIMEOUT_S
    ) -> ModbusLink:
        """Return a link to a unit; the first link to an address sets its time-out."""
        connection = self._open.setdefault((host, port), ModbusConnection(host, port, timeout_s))
        return ModbusLink(connection, unit, observer, self._before)

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
