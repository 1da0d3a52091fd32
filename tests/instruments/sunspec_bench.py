"""What the SunSpec tests share: emulators served on a free port, and a driver's link that records its exchanges."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager

from instruments.emulators.host import EmulatorHost
from instruments.emulators.modbus_server import ModbusServer, RegisterBank
from instruments.transports.modbus import ModbusConnections, ModbusLink
from instruments.wire import WireExchange


class Wire:
    """One server with its banks, links to it, and what crossed the wire on both sides."""

    def __init__(self, host: EmulatorHost, connections: ModbusConnections, banks: dict[int, RegisterBank]) -> None:
        self.host = host
        self.server = ModbusServer(host, banks)
        self.address = self.server.listen()
        self.exchanges: list[WireExchange] = []
        self._connections = connections

    def link(self, unit: int = 1, timeout_s: float = 2.0) -> ModbusLink:
        return self._connections.link(*self.address, unit, self.exchanges.append, timeout_s)

    def socket(self) -> socket.socket:
        return socket.create_connection(self.address, timeout=2.0)

    def written(self) -> list[tuple[int, tuple[int, ...]]]:
        return [(entry.address, entry.values) for entry in self.server.log if entry.function in {6, 16}]


@contextmanager
def serving(**banks: RegisterBank) -> Iterator[Wire]:
    """Serve banks given as unit_1=..., unit_2=..."""
    by_unit = {int(name.removeprefix("unit_")): bank for name, bank in banks.items()}
    with EmulatorHost() as host, ModbusConnections() as connections:
        wire = Wire(host, connections, by_unit)
        yield wire
        assert not wire.server.failures, f"the emulator failed while it answered: {wire.server.failures!r}"
