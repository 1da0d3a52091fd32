"""What the tests of serial lines share: a scripted far end on a pseudo-terminal, and emulated units on one."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from instruments.emulators.host import EmulatorHost
from instruments.emulators.modbus_rtu import RtuLine
from instruments.emulators.modbus_server import ModbusServer, RegisterBank
from instruments.emulators.pseudo_terminal import PseudoTerminal
from instruments.transports.modbus import ModbusConnections, ModbusLink
from instruments.transports.serial_line import SerialLine
from instruments.wire import WireExchange

BAUD, TIMEOUT_S = 115200, 0.3
Turn = str | tuple[float, str]
"""What comes back for a request: hexadecimal, or after a time, s."""


class ScriptedLine(asyncio.Protocol):
    """Answers whatever comes as told, in order; nothing when the script is over."""

    def __init__(self, terminal: PseudoTerminal, answers: list[Turn]) -> None:
        self.received: list[str] = []
        self.path = terminal.path
        self._terminal, self._answers = terminal, answers

    def data_received(self, data: bytes) -> None:
        self.received.append(data.hex(" "))
        turn = self._answers.pop(0) if self._answers else ""
        delay_s, answer = turn if isinstance(turn, tuple) else (0.0, turn)
        if delay_s:
            asyncio.get_running_loop().call_later(delay_s, self._terminal.write, bytes.fromhex(answer))
        elif answer:
            self._terminal.write(bytes.fromhex(answer))


class Scripted:
    """A link to unit 17 on a scripted line, with what arrived there and what the observer was told."""

    def __init__(self, host: EmulatorHost, connections: ModbusConnections, answers: list[Turn]) -> None:
        self.line = host.serve_terminal(lambda terminal: ScriptedLine(terminal, answers))
        self.observed: list[WireExchange] = []
        self.link = connections.serial_link(SerialLine(self.line.path, BAUD), 17, self.observed.append, TIMEOUT_S)


@contextmanager
def scripted(*answers: Turn) -> Iterator[Scripted]:
    with EmulatorHost() as host, ModbusConnections() as connections:
        yield Scripted(host, connections, list(answers))


class Units:
    """Emulated units on one line, each by a server of its own, as devices of a bench are."""

    def __init__(self, host: EmulatorHost, connections: ModbusConnections, banks: dict[int, RegisterBank]) -> None:
        self.line = host.serve_terminal(lambda terminal: RtuLine(terminal, BAUD))
        self.servers = {unit: ModbusServer(host, {unit: bank}) for unit, bank in banks.items()}
        for server in self.servers.values():
            self.line.add(server)
        self._connections = connections

    def link(self, unit: int, baud: int = BAUD, timeout_s: float = 2.0) -> ModbusLink:
        return self._connections.serial_link(SerialLine(self.line.path, baud), unit, timeout_s=timeout_s)


@contextmanager
def units(banks: dict[int, RegisterBank]) -> Iterator[Units]:
    with EmulatorHost() as host, ModbusConnections() as connections:
        made = Units(host, connections, banks)
        yield made
        failures = [failure for server in made.servers.values() for failure in server.failures]
        assert not failures, f"an emulator failed while it answered: {failures!r}"
