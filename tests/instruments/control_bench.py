"""What the tests of controls share: a record of contact closures, and a server that knows a conversation by heart."""

import asyncio
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from instruments.emulators.capacitor_control import CapacitorControlEmulator
from instruments.emulators.contacts import PulseContact, SensingTerminals
from instruments.emulators.host import EmulatorHost
from instruments.emulators.sensing_source import Secondary
from instruments.emulators.tap_changer_control import TapChangerControlEmulator
from instruments.transports.modbus import ModbusConnections, ModbusLink
from tests.instruments.sunspec_bench import Wire


def sensed(voltage_v: float, current_a: float = 0.0, angle_deg: float = 0.0) -> Secondary:
    return Secondary(voltage_v, current_a, angle_deg, 60.0)


class Bench:
    """A control on terminals that the test sets, and when its contacts closed."""

    def __init__(
        self, terminals: SensingTerminals, control: TapChangerControlEmulator | CapacitorControlEmulator
    ) -> None:
        self.terminals = terminals
        self.control = control
        self.closures: list[tuple[float, str]] = []

    def watch(self, name: str, contact: PulseContact) -> None:
        contact.on_change(lambda closed: self._note(name) if closed else None)

    def sense(self, voltage_v: float, current_a: float = 0.0, angle_deg: float = 0.0) -> None:
        self.terminals.secondary = sensed(voltage_v, current_a, angle_deg)

    def run(self, duration_s: float, step_s: float = 1.0) -> list[tuple[float, str]]:
        """Let time pass in steps and return the closures in it."""
        before = len(self.closures)
        for _ in range(round(duration_s / step_s)):
            self.control.advance(step_s)
        return self.closures[before:]

    def _note(self, name: str) -> None:
        self.closures.append((round(self.control.time_s, 6), name))


class _Conversation(asyncio.Protocol):
    """Expects frames in order, compared without their transaction id, and answers each as written down."""

    def __init__(self, turns: deque[tuple[str, str]], wrong: list[str]) -> None:
        self._turns = turns
        self._wrong = wrong

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        expected, answer = self._turns.popleft() if self._turns else ("nothing more", "")
        if data[2:].hex() != expected.replace(" ", ""):
            self._wrong.append(f"the driver sent {data[2:].hex(' ')} in place of {expected}")
        self._transport.write(data[:2] + bytes.fromhex(answer))  # type: ignore[attr-defined]


@contextmanager
def conversation(*turns: tuple[str, str]) -> Iterator[ModbusLink]:
    """A link to unit 1 of a scripted server; at the end all turns were taken, byte for byte."""
    left, wrong = deque(turns), []
    with EmulatorHost() as host, ModbusConnections() as connections:
        yield connections.link(*host.serve(lambda: _Conversation(left, wrong)), 1)
    assert not wrong, "; ".join(wrong)
    assert not left, f"the driver never sent {[expected for expected, _ in left]}"


def exchange(wire: Wire, pdu: str) -> str:
    """Send one frame to unit 1 over a bare socket and return the PDU of the answer, both as hex."""
    body = bytes.fromhex("01" + pdu)
    with wire.socket() as client:
        client.sendall(bytes.fromhex("0007 0000") + len(body).to_bytes(2, "big") + body)
        answer = client.recv(300)
    assert answer[:4] == bytes.fromhex("0007 0000")
    assert int.from_bytes(answer[4:6], "big") == len(answer) - 6
    return answer[7:].hex(" ")
