"""Bytes on a serial line: any stream leaves an emulated line at work, and no driver takes an unsound answer."""

import asyncio
import os
import random
import select
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import pytest
import serial
from hypothesis import given, settings
from hypothesis import strategies as st

from instruments import SunSpecBattery, SunSpecInverter
from instruments.emulators.battery import BatteryEmulator
from instruments.emulators.host import EmulatorHost
from instruments.emulators.modbus_rtu import RtuLine, framed, is_sound
from instruments.emulators.modbus_server import ModbusServer
from instruments.emulators.pseudo_terminal import PseudoTerminal
from instruments.errors import BenchError, InstrumentError, TransportError
from instruments.transports.modbus import ModbusConnections
from instruments.transports.serial_line import SerialLine
from tests.hostile.guard import within
from tests.hostile.twisted import inverter

BAUD, UNIT, FEW = 115200, 5, 15
MARKER = framed(UNIT, bytes.fromhex("03 9c40 0002"))
SUNS = framed(UNIT, bytes.fromhex("03 04 5375 6e53"))
SETTLED_S = 0.05
"""Longer than the silence after which an emulated line begins anew."""


@contextmanager
def served() -> Iterator[tuple[ModbusServer, int]]:
    """An emulated battery on a line, and the descriptor of a client."""
    with within(), EmulatorHost() as host:
        server = ModbusServer(host, {UNIT: BatteryEmulator("store", 25.0, 50.0).registers})
        line = host.serve_terminal(lambda terminal: RtuLine(terminal, BAUD))
        line.add(server)
        with serial.Serial(line.path, BAUD) as port:
            os.set_blocking(port.fileno(), False)
            yield server, port.fileno()


def heard(port: int, patience_s: float, enough: int = 1 << 20) -> bytes:
    data = b""
    while len(data) < enough and select.select([port], [], [], patience_s)[0]:
        data += os.read(port, 4096)
    return data


def still_serves(server: ModbusServer, port: int) -> None:
    """Ask until there is an answer, as a master does: on a busy machine the line may not have heard the silence."""
    for _ in range(5):
        heard(port, SETTLED_S)
        os.write(port, MARKER)
        if answer := heard(port, 1.0, len(SUNS)):
            assert answer == SUNS
            break
    else:
        pytest.fail("the line is not served as before")
    assert not server.failures


@settings(max_examples=FEW, deadline=None)
@given(stream=st.lists(st.binary(min_size=1, max_size=300), max_size=3))
def test_any_stream_leaves_the_line_at_work(stream: list[bytes]) -> None:
    with served() as (server, port):
        for part in stream:
            with suppress(BlockingIOError):
                os.write(port, part)
        still_serves(server, port)


@settings(max_examples=FEW, deadline=None)
@given(pdu=st.binary(min_size=1, max_size=200))
def test_any_sound_frame_has_one_sound_answer_or_none(pdu: bytes) -> None:
    with served() as (server, port):
        os.write(port, framed(UNIT, pdu))
        answer = heard(port, 2 * SETTLED_S)
        if answer:
            assert is_sound(answer)
            assert answer[0] == UNIT
            assert answer[1] & 0x7F == pdu[0] & 0x7F
        still_serves(server, port)


def test_a_frame_without_end_fills_no_memory() -> None:
    with served() as (server, port):
        for _ in range(200):
            with suppress(BlockingIOError):
                os.write(port, b"\x05\x10" + b"\xff" * 1000)
        still_serves(server, port)


Twist = Callable[[bytes, bytes], bytes]
"""Of the request and the right answer."""
NOISE = random.Random(7).randbytes(40)  # noqa: S311  for noise, not for secrets
TWISTS: dict[str, Twist] = {
    "silence": lambda *_: b"",
    "half an answer": lambda _, right: right[: len(right) // 2],
    "a checksum that is none": lambda _, right: right[:-1] + bytes([right[-1] ^ 1]),
    "a bit that flipped": lambda _, right: right[:2] + bytes([right[2] ^ 4]) + right[3:],
    "another unit": lambda _, right: framed(UNIT + 1, right[1:-2]),
    "another function": lambda _, right: framed(UNIT, bytes([{3: 4, 6: 16, 16: 6}[right[1]]]) + right[2:-2]),
    "the exception of another function": lambda *_: framed(UNIT, bytes([0x81, 2])),
    "a longer answer": lambda _, right: framed(UNIT, right[1:-2] + b"\0\0"),
    "one register too few": lambda _, right: framed(UNIT, right[1:2] + bytes([right[2] - 2]) + right[3:-4]),
    "the answer twice": lambda _, right: right + right,
    "noise": lambda *_: NOISE,
    "noise in front": lambda _, right: b"\0" + right,
    "the echo": lambda asked, right: asked + right,
}


class Twisting(asyncio.Protocol):
    """Answers as an emulated device does, but for one exchange."""

    def __init__(self, terminal: PseudoTerminal, server: ModbusServer) -> None:
        self.path, self._terminal, self._server = terminal.path, terminal, server
        self.twist: Twist | None = None
        self.at, self.done = 0, 0

    def data_received(self, data: bytes) -> None:
        right = framed(UNIT, self._server.answer(UNIT, data[1:-2]))
        twisted = self.twist is not None and self.done == self.at
        self.done += 1
        self._terminal.write(self.twist(data, right) if self.twist and twisted else right)


@dataclass(frozen=True)
class Subject:
    bank: Callable[[], Any]
    driver: Callable[[Any], Any]
    calls: dict[str, Callable[[Any], Any]]


SUBJECTS = {
    "inverter": Subject(
        lambda: inverter().registers,
        SunSpecInverter,
        {
            "read_ac": lambda d: d.read_ac(),
            "set_power_w": lambda d: d.set_power_w(5e3, 60.0),
            "make_safe": lambda d: d.make_safe(),
        },
    ),
    "battery": Subject(
        lambda: BatteryEmulator("store", 25.0, 50.0).registers,
        SunSpecBattery,
        {"read_storage": lambda d: d.read_storage(), "make_safe": lambda d: d.make_safe()},
    ),
}
CALLS = [(kind, call) for kind, subject in SUBJECTS.items() for call in subject.calls]


@contextmanager
def twisting(kind: str) -> Iterator[tuple[Twisting, Any]]:
    subject = SUBJECTS[kind]
    with within(), EmulatorHost() as host, ModbusConnections() as connections:
        server = ModbusServer(host, {UNIT: subject.bank()})
        line = host.serve_terminal(lambda terminal: Twisting(terminal, server))
        driver = subject.driver(connections.serial_link(SerialLine(line.path, BAUD), UNIT, timeout_s=0.2))
        yield line, driver


@pytest.mark.parametrize(("kind", "call"), [("inverter", "set_power_w"), ("battery", "read_storage")])
def test_an_unsound_answer_ends_a_method_and_the_link_works_again(kind: str, call: str) -> None:
    """Twisted is an exchange that is drawn; what is right in its form and not for its request counts too."""
    twist_all(kind, call, 0)


@pytest.mark.soak
@pytest.mark.parametrize(("kind", "call"), CALLS)
def test_so_it_is_with_every_method(kind: str, call: str) -> None:
    for seed in range(5):
        twist_all(kind, call, seed)


def twist_all(kind: str, call: str, seed: int) -> None:
    method, draw = SUBJECTS[kind].calls[call], random.Random(f"{call}{seed}")  # noqa: S311
    with twisting(kind) as (line, driver):
        patiently(lambda: method(driver))
        count = patiently(lambda: exchanges_of(line, lambda: method(driver)))
        for name, twist in TWISTS.items():
            line.at, line.twist = line.done + draw.randrange(count), twist
            try:
                method(driver)
            except (TransportError, InstrumentError):
                pass
            else:
                pytest.fail(f"{kind}.{call} took {name}")
            line.twist = None
            assert patiently(driver.read_command) is not None, f"the link does not work any more after {name}"


def patiently(call: Callable[[], Any]) -> Any:
    """Call again where a busy machine let the short time-out pass, which is right for what never answers."""
    for _ in range(5):
        with suppress(TransportError):
            return call()
    return call()


def exchanges_of(line: Twisting, call: Callable[[], Any]) -> int:
    began = line.done
    call()
    return line.done - began


def test_a_refusal_is_one_with_its_reason() -> None:
    with twisting("battery") as (line, driver):
        for code in (1, 2, 3, 4, 6, 11, 0, 255):
            line.at = line.done
            line.twist = lambda _, right, code=code: framed(UNIT, bytes([right[1] | 0x80, code]))
            with pytest.raises(InstrumentError, match="refused the"):
                driver.read_storage()


def test_a_line_that_never_falls_silent_ends_in_words() -> None:
    with within(), EmulatorHost() as host, ModbusConnections() as connections:
        line = host.serve_terminal(Babbling)
        link = connections.serial_link(SerialLine(line.path, BAUD), UNIT, timeout_s=0.1)
        for _ in range(2):
            with pytest.raises(BenchError, match=r"gave no (sound )?answer|never falls silent"):
                link.read(0, 1)


class Babbling(asyncio.Protocol):
    """Puts a byte on the line, and the next a little later, for ever."""

    def __init__(self, terminal: PseudoTerminal) -> None:
        self.path, self._terminal = terminal.path, terminal

    def connection_made(self, _transport: asyncio.BaseTransport) -> None:
        self._babble()

    def _babble(self) -> None:
        if not self._terminal.is_closing():
            self._terminal.write(b"\xaa")
            asyncio.get_running_loop().call_later(0.002, self._babble)
