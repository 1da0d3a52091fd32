"""Bytes to the emulators: each frame and each message is answered as the standard has it, or ends its connection.

Nobody else is disturbed, nothing grows, and what was refused changed nothing.
"""

import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from instruments.emulators.acme_registers import inverter_bank
from instruments.emulators.battery import BatteryEmulator
from instruments.emulators.digital_io import DigitalIOEmulator
from instruments.emulators.electrical import ElectricalNode
from instruments.emulators.grid_simulator import GridSimulatorEmulator
from instruments.emulators.host import EmulatorHost
from instruments.emulators.modbus_server import HEADER, ModbusServer, RegisterBank
from instruments.emulators.power_analyzer import PowerAnalyzerEmulator
from instruments.emulators.scpi_emulator import ScpiEmulator
from instruments.emulators.scpi_server import INPUT_LIMIT, ScpiConnection, scpi_protocol
from instruments.emulators.sensing_source import SensingSourceEmulator
from tests.hostile.guard import within
from tests.hostile.twisted import capacitor, inverter, meters, tap_changer

FEW, MANY = 40, 2000
UNSHRUNK = settings(phases=[Phase.generate])
"""Devices take too long to make for an example to be made smaller."""
UNIT = 1
READS, WRITES = (3, 4), (6, 16)
FUNCTIONS = (*READS, *WRITES, 23, 1, 2, 5, 15, 22, 24, 43, 8, 0, 0x7F, 0x80, 0xFF)
REFUSED = 0x80


@dataclass(frozen=True)
class Bank:
    """Registers of an emulated device, what lets its time pass, and where the registers are."""

    registers: RegisterBank
    advance: Callable[[float], None]
    first: int
    last: int


def _sunspec(device: Any) -> Bank:
    return Bank(device.registers, device.advance, 40000, 40000 + len(device.registers._registers))


def _control(made: tuple[Any, RegisterBank]) -> Bank:
    return Bank(made[1], made[0].advance, 0, 310)


def _acme() -> Bank:
    device = inverter()
    return Bank(inverter_bank(device), device.advance, 990, 1115)


def _customer() -> Bank:
    device = inverter()
    return Bank(device.customer_registers, device.advance, 40000, 40400)


def _meter() -> Bank:
    fleet = meters()
    return Bank(fleet.registers[0], fleet.advance, 40000, 40180)


BANKS: dict[str, Callable[[], Bank]] = {
    "inverter": lambda: _sunspec(inverter()),
    "customer's side of an inverter": _customer,
    "battery": lambda: _sunspec(BatteryEmulator("store", 25.0, 50.0)),
    "meter": _meter,
    "tap changer": lambda: _control(tap_changer()),
    "capacitor": lambda: _control(capacitor()),
    "Acme inverter": _acme,
}
WORDS = st.one_of(st.sampled_from([0, 1, 2, 3, 0x7FFF, 0x8000, 0x8001, 0xFFFE, 0xFFFF]), st.integers(0, 0xFFFF))


@st.composite
def requests(draw: st.DrawFn, bank: Bank, functions: tuple[int, ...] = FUNCTIONS) -> bytes:
    """Draw a PDU: mostly sound in form, near what the device has; sometimes anything."""
    if functions is FUNCTIONS and draw(st.integers(0, 9)) == 0:
        return draw(st.binary(min_size=1, max_size=253))
    function = draw(st.sampled_from(functions))
    address = draw(st.one_of(st.integers(bank.first, bank.last), st.sampled_from([0, 0xFFFF, 39999])))
    count = draw(st.one_of(st.integers(0, 12), st.sampled_from([121, 123, 124, 125, 126, 0xFFFF])))
    if function == 6:
        return struct.pack(">BHH", function, address, draw(WORDS))
    values = draw(st.lists(WORDS, min_size=min(count, 12), max_size=min(count, 12)))
    data = struct.pack(f">{len(values)}H", *values)
    if function == 23:
        head = struct.pack(">BHHHH", function, bank.first, 2, address, count)
        return head + bytes([2 * count & 0xFF]) + data
    head = struct.pack(">BHH", function, address, count)
    return head if function in READS else head + bytes([2 * count & 0xFF]) + data


def snapshot(bank: Bank) -> list[Any]:
    """Read every register by itself, as far as it can be read."""
    found: list[Any] = []
    for address in range(bank.first, bank.last):
        try:
            found.append(bank.registers.read(address, 1))
        except Exception as error:
            found.append(str(error))
    return found


def check_answer(pdu: bytes, answer: bytes) -> None:
    assert 2 <= len(answer) <= 253
    if answer[0] & REFUSED and not (pdu[0] & REFUSED and answer[0] == pdu[0] and len(answer) != 2):
        assert answer[0] == pdu[0] | REFUSED
        assert len(answer) == 2
        assert answer[1] in {1, 2, 3, 6}, f"{pdu.hex()} was answered with exception {answer[1]}"
    elif pdu[0] in {3, 4, 23}:
        assert answer[0] == pdu[0]
        assert answer[1] == len(answer) - 2
    else:
        assert answer == pdu[: len(answer)], "the answer to a write repeats it"


def talk(kind: str, data: st.DataObject, count: int) -> None:
    bank = BANKS[kind]()
    with EmulatorHost() as host:
        server = ModbusServer(host, {UNIT: bank.registers})
        for _ in range(count):
            pdu = data.draw(requests(bank), label="request")
            answer = server.answer(UNIT, pdu)
            assert not server.failures, f"{pdu.hex(' ')} made the {kind} fail: {server.failures!r}"
            check_answer(pdu, answer)
            bank.advance(data.draw(st.sampled_from([0.1, 1.0, 30.0])))
        snapshot(bank)


@pytest.mark.parametrize("kind", BANKS)
@settings(UNSHRUNK, max_examples=FEW)
@given(data=st.data())
def test_any_request_to_any_device_is_answered_and_it_goes_on(kind: str, data: st.DataObject) -> None:
    talk(kind, data, 8)


@pytest.mark.soak
@pytest.mark.parametrize("kind", BANKS)
@settings(UNSHRUNK, max_examples=MANY)
@given(data=st.data())
def test_many_requests_to_any_device(kind: str, data: st.DataObject) -> None:
    talk(kind, data, 12)


@pytest.mark.parametrize("kind", BANKS)
@settings(UNSHRUNK, max_examples=8)
@given(data=st.data())
def test_what_was_refused_changed_nothing(kind: str, data: st.DataObject) -> None:
    bank = BANKS[kind]()
    with EmulatorHost() as host:
        server = ModbusServer(host, {UNIT: bank.registers})
        for _ in range(4):
            before = snapshot(bank)
            pdu = data.draw(requests(bank, WRITES), label="request")
            if server.answer(UNIT, pdu)[0] & REFUSED:
                assert snapshot(bank) == before, f"{pdu.hex(' ')} was refused and changed registers"


READ_ONE = bytes.fromhex("0007 0000 0006 01 03 9c40 0002")
SUNS = bytes.fromhex("0007 0000 0007 01 03 04 5375 6e53")


class Served:
    """Inverter and meter on one server, with a client of its own that goes on asking."""

    def __init__(self, host: EmulatorHost) -> None:
        self.server = ModbusServer(host, {1: inverter().registers, 2: meters().registers[0]})
        self.address = self.server.listen()

    def client(self) -> socket.socket:
        return socket.create_connection(self.address, timeout=5.0)

    def still_serves(self) -> None:
        with self.client() as client:
            client.sendall(READ_ONE)
            assert received(client, len(SUNS)) == SUNS, "another client is not served as before"
        assert not self.server.failures


@contextmanager
def served() -> Iterator[Served]:
    with within(), EmulatorHost() as host:
        yield Served(host)


def received(client: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count and (more := client.recv(count - len(data))):
        data += more
    return data


def all_of(client: socket.socket) -> bytes:
    data = b""
    with suppress(ConnectionError):
        while more := client.recv(65536):
            data += more
    return data


@settings(max_examples=FEW)
@given(stream=st.lists(st.binary(min_size=1, max_size=400), max_size=4))
def test_any_stream_is_answered_or_cut_off_and_others_are_served(stream: list[bytes]) -> None:
    with served() as wire:
        with wire.client() as client, suppress(OSError):
            for part in stream:
                client.sendall(part)
            client.shutdown(socket.SHUT_WR)
            all_of(client)
        wire.still_serves()


@pytest.mark.parametrize(
    "frame",
    [
        pytest.param("0001 0001 0006 01 03 9c40 0001", id="another protocol"),
        pytest.param("0001 0000 0000", id="no length"),
        pytest.param("0001 0000 0001 01", id="too short"),
        pytest.param("0001 0000 00ff 01 03", id="too long"),
        pytest.param("1603 0100 0200 0100", id="the beginning of TLS"),
        pytest.param("4745 5420 2f20 4854", id="a browser"),
    ],
)
def test_a_header_that_is_none_ends_the_connection(frame: str) -> None:
    with served() as wire:
        with wire.client() as client:
            client.sendall(bytes.fromhex(frame) + b"\0" * 8)
            assert all_of(client) == b""
        wire.still_serves()


def test_two_hundred_connections_that_never_finish_a_frame_keep_nobody_out() -> None:
    with served() as wire:
        slow = [wire.client() for _ in range(200)]
        try:
            for byte in READ_ONE[:7]:
                for client in slow:
                    client.sendall(bytes([byte]))
            wire.still_serves()
            for client in slow:
                client.sendall(READ_ONE[7:])
            assert all(received(client, len(SUNS)) == SUNS for client in slow)
        finally:
            for client in slow:
                client.close()


def test_a_client_that_closes_its_half_gets_its_answers_first() -> None:
    with served() as wire:
        with wire.client() as client:
            client.sendall(READ_ONE * 50)
            client.shutdown(socket.SHUT_WR)
            assert all_of(client) == SUNS * 50
        wire.still_serves()


def test_a_client_that_asks_and_never_reads_fills_no_memory() -> None:
    """Its answers wait for it in the kernel, and no more than a bound of them in the emulator."""
    asked = bytes.fromhex("0007 0000 0006 01 03 9c40 007d") * 400
    with served() as wire:
        greedy = wire.client()
        greedy.settimeout(0.3)
        with suppress(TimeoutError), greedy:
            for _ in range(5000):  # 500 MB of answers, if the server took all
                greedy.sendall(asked)
            pytest.fail("the server takes requests without end from a client that reads no answer")
        wire.still_serves()


@settings(max_examples=20)
@given(asked=st.lists(st.tuples(st.integers(0, 255), st.binary(min_size=1, max_size=100)), min_size=1, max_size=6))
def test_pipelined_requests_are_answered_one_by_one_in_order(asked: list[tuple[int, bytes]]) -> None:
    frames = [HEADER.pack(n, 0, len(pdu) + 1, unit) + pdu for n, (unit, pdu) in enumerate(asked)]
    with served() as wire, wire.client() as client:
        client.sendall(b"".join(frames))
        client.shutdown(socket.SHUT_WR)
        answers = all_of(client)
        for number, (asked_unit, pdu) in enumerate(asked):
            transaction, protocol, length, unit = HEADER.unpack_from(answers)
            assert (transaction, protocol, unit) == (number, 0, asked_unit)
            assert answers[7] == pdu[0] or answers[7] == pdu[0] | REFUSED
            answers = answers[6 + length :]
        assert answers == b""
        wire.still_serves()


INSTRUMENTS: dict[str, Callable[[], ScpiEmulator]] = {
    "grid simulator": lambda: GridSimulatorEmulator("source", ElectricalNode(3)),
    "analyzer": lambda: PowerAnalyzerEmulator("analyzer", ElectricalNode(3)),
    "sensing source": lambda: SensingSourceEmulator("sensing"),
    "contacts": lambda: DigitalIOEmulator("contacts", inputs=4, outputs=3),
}
HEADERS = [
    *("*IDN?", "*RST", "*CLS", "*ESE", "*ESE?", "*SRE", "*OPC?", "*TST?", "SYST:ERR?", "STAT:QUES:ENAB", ":OUTP"),
    *("SOUR:VOLT", "SOUR:VOLT1", "VOLT999", "VOLT? MAX", "FREQ", "PHAS2", "CURR", "MEAS:VOLT?", "MEAS:POW:REAC?"),
    *("NUM:NORM:NUMB", "NUM:NORM:ITEM1", "NUM:NORM:ITEM255", "NUM:NORM:VAL?", "NUM:FORM", "INP:VOLT:RANG"),
    *("INP:CURR:RANG", "ROUT:CLOS", "ROUT:OPEN", "ROUT:CLOS?", "ROUT:OPEN:ALL", "SENS:DIG:DATA?", "SENS:TOT:DATA?"),
    *("A:" * 200, "::", "?", "*", "OUTP?"),
]
PARAMETERS = [
    *("", "1", "0", "ON", "OFF", "MAX", "MIN", "DEF", "1E999", "-1E999", "NAN", "INF", "1E-400", "9" * 400, "1_0"),
    *("(@1)", "(@1:3)", "(@9)", "(@)", "(@1,", "(@-1)", "(@" + "9" * 300 + ")", "(@1:999999999)", "(@1,1,1)"),
    *('"a;b"', "'a", '""""', "U,1", "U,9", "U", "ZZ,1", ",,,", "#10", "#9999999999", "ASC", "1,2,3", "1 2"),
    *("<script>", "(@(@1))", "+", ".", "(@" + "9" * 5000 + ")", "(@0:0)"),
]
MESSAGES = st.lists(
    st.tuples(st.sampled_from(HEADERS), st.sampled_from(PARAMETERS)).map(" ".join) | st.text(max_size=40), max_size=4
).map(";".join)


@pytest.mark.parametrize("kind", INSTRUMENTS)
@settings(max_examples=150)
@given(messages=st.lists(MESSAGES, max_size=4))
def test_any_message_to_any_instrument_is_carried_out_or_queued_as_an_error(kind: str, messages: list[str]) -> None:
    converse(kind, messages)


@pytest.mark.soak
@pytest.mark.parametrize("kind", INSTRUMENTS)
@settings(max_examples=5000)
@given(messages=st.lists(MESSAGES, max_size=6))
def test_many_messages_to_any_instrument(kind: str, messages: list[str]) -> None:
    converse(kind, messages)


def converse(kind: str, messages: list[str]) -> None:
    instrument = INSTRUMENTS[kind]()
    for message in messages:
        answer = instrument.scpi.execute(message)
        assert answer.isascii()
        assert "\n" not in answer
        instrument.advance(1.0)
    instrument.scpi.execute("*CLS")
    assert instrument.scpi.execute("SYST:ERR?") == '0,"No error"'
    assert instrument.scpi.execute("*IDN?").startswith("derbench,")
    assert instrument.scpi.execute("FOO;*IDN?;SYST:ERR?").count("-113") == 1


def test_an_instrument_remembers_no_more_headers_than_it_can_be_asked() -> None:
    """Unknown headers, and suffixes of known ones, are without number."""
    instrument = INSTRUMENTS["grid simulator"]()
    for number in range(5000):
        instrument.scpi.execute(f"NOSUCH{number};VOLT{number % 1000:03}?")
    assert len(instrument.scpi._found) < 3000
    assert len(instrument.scpi.received) <= 1000


@contextmanager
def instrument_served() -> Iterator[tuple[tuple[str, int], list[ScpiConnection]]]:
    made: list[ScpiConnection] = []
    source = INSTRUMENTS["grid simulator"]()

    with within(), EmulatorHost() as host:
        factory = scpi_protocol(source.scpi, host.lock)

        def noted() -> ScpiConnection:
            made.append(factory())
            return made[-1]

        yield host.serve(noted), made


def identity(address: tuple[str, int]) -> bytes:
    with socket.create_connection(address, timeout=5.0) as client:
        client.sendall(b"*IDN?\n")
        return client.recv(200)


def test_a_line_without_an_end_fills_no_memory() -> None:
    with instrument_served() as (address, made), socket.create_connection(address, timeout=5.0) as client:
        for _ in range(200):
            client.sendall(b"A" * 50_000)
        assert identity(address).startswith(b"derbench,")
        assert len(made[0]._received) <= INPUT_LIMIT
        client.sendall(b"\n*CLS\n*IDN?\n")
        assert client.recv(200).startswith(b"derbench,")


@settings(max_examples=FEW)
@given(stream=st.lists(st.binary(min_size=1, max_size=300), max_size=4))
def test_any_bytes_leave_an_instrument_that_answers_others(stream: list[bytes]) -> None:
    with instrument_served() as (address, _):
        with socket.create_connection(address, timeout=5.0) as client, suppress(OSError):
            for part in stream:
                client.sendall(part)
            client.shutdown(socket.SHUT_WR)
            all_of(client)
        assert identity(address).startswith(b"derbench,")


def test_no_thread_is_left() -> None:
    before = threading.active_count()
    with served() as wire:
        wire.still_serves()
    assert threading.active_count() == before
