"""Modbus on a serial line, from both sides: published frames, every way a line can fail, and units that share one."""

import errno
import os
import select
import threading
from pathlib import Path

import pytest
import serial
from serial_bench import BAUD, TIMEOUT_S, ScriptedLine, scripted, units

from instruments import SunSpecBattery, SunSpecInverter
from instruments.emulators.battery import BatteryEmulator
from instruments.emulators.host import EmulatorHost
from instruments.emulators.inverter import InverterEmulator
from instruments.emulators.modbus_rtu import RtuLine, framed
from instruments.emulators.modbus_server import ModbusServer
from instruments.emulators.pseudo_terminal import PseudoTerminal
from instruments.errors import ConfigError, InstrumentError, TransportError
from instruments.transports.modbus import ModbusConnections
from instruments.transports.modbus_serial import transfer_s
from instruments.transports.serial_line import SerialLine
from instruments.wire import WireExchange

READ, ANSWER = "11 03 00 6b 00 03 76 87", "11 03 06 ae 41 56 52 43 40 49 ad"
"""The protocol's own example: three registers of unit 17 from 107."""
WORDS = (0xAE41, 0x5652, 0x4340)
ONE_WORD = "11 03 02 00 07 38 45"


class Words:
    """Registers that hold what was written, 7 at first."""

    def __init__(self) -> None:
        self.words: dict[int, int] = {}

    def read(self, address: int, count: int) -> list[int]:
        return [self.words.get(address + n, 7) for n in range(count)]

    def write(self, address: int, values: list[int]) -> None:
        self.words |= {address + n: value for n, value in enumerate(values)}


def test_a_read_is_the_published_frame_and_is_observed_as_over_tcp():
    with scripted(ANSWER) as bench:
        assert bench.link.read(107, 3) == WORDS
        assert bench.line.received == [READ]
        assert bench.observed == [WireExchange("modbus", "read", "107+3", WORDS)]


def test_one_register_goes_as_06_and_more_as_10():
    with scripted("11 06 00 01 00 03 9a 9b", "11 10 00 01 00 02 12 98") as bench:
        bench.link.write(1, [3])
        bench.link.write(1, [10, 258])
        assert bench.line.received == ["11 06 00 01 00 03 9a 9b", "11 10 00 01 00 02 04 00 0a 01 02 c6 f0"]


def test_a_refusal_is_an_instrument_error_with_its_reason():
    with scripted("11 83 02 c1 34") as bench, pytest.raises(InstrumentError, match=r"107\+3: illegal data address"):
        bench.link.read(107, 3)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        pytest.param("", "gave no answer", id="silence"),
        pytest.param(ANSWER[:-2] + "ae", "wrong checksum", id="checksum"),
        pytest.param("11 03 06 ae 41 56 52 53 40 49 ad", "wrong checksum", id="a bit that flipped"),
        pytest.param(ANSWER[:12], "broke off its answer after 4 bytes", id="half an answer"),
        pytest.param("12 03 02 00 07 7c 45", "unit 18 answered in its place", id="another unit"),
        pytest.param("11 04 02 00 0a f8 f4", "answered function 4 to 3", id="another function"),
        pytest.param(ONE_WORD, "sent 1 registers, 3 were asked", id="too few registers"),
        pytest.param(ANSWER + "00", "more than the answer", id="more than the answer"),
        pytest.param("00 ff 00", "no answer to it: noise", id="noise"),
        pytest.param("ff" + ANSWER, "no answer to it: noise", id="noise before the answer"),
        pytest.param(READ, "the request's own echo: the adapter", id="an adapter that hears itself"),
    ],
)
def test_without_a_sound_answer_the_error_says_why_and_the_next_request_works(answer, reason):
    with scripted(answer, ANSWER) as bench:
        with pytest.raises(TransportError, match=rf"{bench.line.path}/17 .*{reason}"):
            bench.link.read(107, 3)
        assert reason in (bench.observed[-1].error or "")
        assert "/dev" not in (bench.observed[-1].error or ""), "the wire log names devices and no ports"
        assert bench.link.read(107, 3) == WORDS


def test_a_late_answer_is_never_taken_for_that_to_the_next_request():
    """It has the right form, and nothing in it says to what it is the answer: only waiting for it helps."""
    late = (1.5 * TIMEOUT_S, "11 03 02 00 07 38 45")
    with scripted(late, "11 03 02 00 01 b8 47") as bench:
        with pytest.raises(TransportError, match="gave no answer"):
            bench.link.read(107, 1)
        assert bench.link.read(1, 1) == (1,), "the answer to the request before was taken"


def test_what_nobody_asked_for_is_not_taken_for_an_answer():
    with scripted(ANSWER, "11 03 02 00 01 b8 47") as bench:
        bench.link.read(107, 3)
        bench.line._terminal.write(bytes.fromhex(ONE_WORD))
        assert bench.link.read(1, 1) == (1,)


def test_the_line_is_set_as_the_resource_says():
    assert SerialLine("", 9600).settings == "9600 8E1"
    assert SerialLine("", 9600).silence_s == pytest.approx(3.5 * 11 / 9600)
    assert SerialLine("", 1200, "N", 2).silence_s == pytest.approx(3.5 * 11 / 1200)
    assert SerialLine("", 1200, "N", 1).silence_s == pytest.approx(3.5 * 10 / 1200)
    assert SerialLine("", 38400).silence_s == 1.75e-3
    with units({17: Words()}) as bench:
        with pytest.raises(TransportError, match="gave no answer"):
            bench.link(17, baud=9600, timeout_s=0.1).read(0, 1)
        assert bench.line._terminal.baud == 9600


def test_a_slow_line_takes_time_that_is_not_the_devices():
    """125 registers at 1200 baud are 263 characters of eleven bits there and back: more than a time-out of 2 s."""
    read, write = bytes.fromhex("11 03 9c40 007d 0000"), bytes.fromhex("11 10 0001 0002 04 000a 0102 c6f0")
    assert transfer_s(SerialLine("", 1200), read) == pytest.approx((8 + 255) * 11 / 1200)
    assert transfer_s(SerialLine("", 9600, "N", 1), write) == pytest.approx((13 + 8) * 10 / 9600)


def test_an_answer_that_takes_longer_than_the_time_out_on_a_slow_line_is_taken():
    """60 registers are 1.2 s on a line of 1200 baud; the device itself is quick."""
    answer = framed(17, bytes([3, 120]) + b"\0\7" * 60).hex()
    for baud, taken in ((1200, True), (BAUD, False)):
        with EmulatorHost() as host, ModbusConnections() as connections:
            line = host.serve_terminal(lambda terminal: ScriptedLine(terminal, [(2 * TIMEOUT_S, answer)]))
            link = connections.serial_link(SerialLine(line.path, baud), 17, timeout_s=TIMEOUT_S)
            if taken:
                assert link.read(107, 60) == (7,) * 60
            else:
                with pytest.raises(TransportError, match="gave no answer"):
                    link.read(107, 60)


def test_two_units_on_one_line_are_two_devices_with_one_port():
    battery = BatteryEmulator("store", 25.0, 50.0)
    inverter = InverterEmulator("pv", 25.0)
    with units({1: battery.registers, 2: inverter.registers}) as bench:
        drivers = SunSpecBattery(bench.link(1, timeout_s=1.0)), SunSpecInverter(bench.link(2))
        assert [driver.identify().serial for driver in drivers] == ["store", "pv"]
        assert drivers[0].set_power_w(5000.0, 60.0).power_w == 5000.0
        assert battery.registers.model(704).get("WSet") == 5000.0
        assert [len(server.log) > 0 for server in bench.servers.values()] == [True, True]
        with pytest.raises(TransportError, match="/3 gave no answer"):
            bench.link(3).read(0, 1)


def test_requests_of_several_threads_take_turns():
    with units({1: Words(), 2: Words()}) as bench:
        failed = []

        def ask(unit: int) -> None:
            link = bench.link(unit)
            for value in range(40):
                link.write(unit, [value])
                if link.read(unit, 1) != (value,):
                    failed.append((unit, value))

        threads = [threading.Thread(target=ask, args=(unit,)) for unit in (1, 2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not failed


@pytest.mark.parametrize(
    ("sent", "answer"),
    [
        pytest.param("11 03 00 6b 00 01 f7 46", "11 03 02 00 07 38 45", id="a read"),
        pytest.param("11 06 00 01 00 03 9a 9b", "11 06 00 01 00 03 9a 9b", id="a write"),
        pytest.param("11 10 00 01 00 02 04 00 0a 01 02 c6 f0", "11 10 00 01 00 02 12 98", id="writes"),
        pytest.param("11 64 0c 0b", "11 e4 01 ab 05", id="a function that there is not"),
        pytest.param("11 03 00 6b 00 01 f7 47", "", id="a wrong checksum"),
        pytest.param("12 03 00 6b 00 01 f7 75", "", id="another unit"),
        pytest.param("00 06 00 01 00 03 99 da", "", id="to all"),
        pytest.param("11 03 00", "", id="half a request"),
    ],
)
def test_what_an_emulated_unit_answers(sent, answer):
    """Frames from outside: a request that is not answered must not keep the next one from being answered."""
    bank = Words()
    with units({17: bank}) as bench, opened(bench.line.path) as port:
        os.write(port, bytes.fromhex(sent))
        assert received(port, len(bytes.fromhex(answer))) == bytes.fromhex(answer)
        if not answer:
            assert silent(port)
        shown = asked_again(port, "11 03 00 01 00 01 d7 5a")
        now = bank.words.get(1, 7)
        assert shown[3:5] == bytes([now >> 8, now & 0xFF])
        assert now == (3 if sent.startswith(("00 06", "11 06")) else 10 if sent.startswith("11 10") else 7)


def test_a_request_in_pieces_is_one_request():
    with units({17: Words()}) as bench, opened(bench.line.path) as port:
        for byte in bytes.fromhex("11 03 00 6b 00 01 f7 46"):
            os.write(port, bytes([byte]))
        assert received(port, 7) == bytes.fromhex("11 03 02 00 07 38 45")


def test_a_line_that_goes_dead_is_told_and_is_opened_again_when_it_is_back(tmp_path: Path):
    """A port that comes back under its name, as a USB adapter does, serves the device again: it is made safe."""
    path = str(tmp_path / "ttyUSB0")
    battery = BatteryEmulator("store", 25.0, 50.0)
    with ModbusConnections() as connections:
        driver = SunSpecBattery(connections.serial_link(SerialLine(path, BAUD), 1, timeout_s=1.0))
        with EmulatorHost() as host:
            serve(host, path, battery)
            driver.set_power_w(5000.0, 3600.0)
        with pytest.raises(TransportError, match="is gone"):
            driver.read_command()
        with pytest.raises(TransportError, match="there is no serial port of this name"):
            driver.make_safe()
        with EmulatorHost() as host:
            serve(host, path, battery)
            driver.make_safe()
        assert battery.registers.model(704).get("WSetEna") == 0
    assert not Path(path).is_symlink(), "the link belongs to the line, and goes with it"


def serve(host: EmulatorHost, path: str, battery: BatteryEmulator) -> None:
    host.serve_terminal(lambda terminal: RtuLine(terminal, BAUD), path).add(ModbusServer(host, {1: battery.registers}))


def test_a_port_that_cannot_be_had_is_told_in_words(tmp_path: Path):
    (tmp_path / "file").write_text("")
    for path, reason in (
        (tmp_path / "ttyUSB9", "there is no serial port of this name"),
        (tmp_path / "file", "no serial port"),
    ):
        with ModbusConnections() as connections, pytest.raises(TransportError, match=f"cannot open {path}.*{reason}"):
            connections.serial_link(SerialLine(str(path), BAUD), 1).read(0, 1)
    assert (tmp_path / "file").read_text() == ""


@pytest.mark.parametrize(
    ("number", "reason"),
    [(errno.EACCES, "this user may not use it; it belongs to the group"), (errno.EBUSY, "another program has it open")],
)
def test_a_port_that_the_system_refuses_is_told_with_what_helps(monkeypatch, tmp_path: Path, number: int, reason: str):
    """The system's refusal is played: who runs the tests may be allowed everything."""

    def refused(*_arguments, **_options):
        raise serial.SerialException(number, "could not open port")

    (tmp_path / "ttyUSB0").write_text("")
    monkeypatch.setattr(serial, "Serial", refused)
    with ModbusConnections() as connections, pytest.raises(TransportError, match=reason):
        connections.serial_link(SerialLine(str(tmp_path / "ttyUSB0"), BAUD), 1).read(0, 1)


def test_a_port_that_somebody_else_has_is_told():
    with units({17: Words()}) as bench, ModbusConnections() as others:
        assert bench.link(17).read(0, 1) == (7,)
        with pytest.raises(TransportError, match="another program has it open"):
            others.serial_link(SerialLine(bench.line.path, BAUD), 17).read(0, 1)


def test_a_link_in_place_of_a_file_is_refused_and_one_that_was_left_behind_is_replaced(tmp_path: Path):
    (tmp_path / "file").write_text("mine")
    with EmulatorHost() as host:
        with pytest.raises(ConfigError, match=r"cannot serve a serial line at .*file"):
            host.serve_terminal(lambda terminal: RtuLine(terminal, BAUD), str(tmp_path / "file"))
        left = PseudoTerminal(str(tmp_path / "line"))
        host.serve_terminal(lambda terminal: RtuLine(terminal, BAUD), str(tmp_path / "line"))
        assert (tmp_path / "line").resolve() != Path(os.ttyname(left._far))
        left._close_ends()
    assert (tmp_path / "file").read_text() == "mine"


class opened:  # noqa: N801
    """A client that nobody here wrote: a file, set to the line's rate."""

    def __init__(self, path: str) -> None:
        self._port = serial.Serial(path, BAUD, timeout=2.0)

    def __enter__(self) -> int:
        return self._port.fileno()

    def __exit__(self, *_: object) -> None:
        self._port.close()


def received(port: int, count: int) -> bytes:
    data = b""
    while len(data) < count and ready(port, 2.0):
        data += os.read(port, count - len(data))
    return data


def asked_again(port: int, request: str) -> bytes:
    """Ask until there is an answer, as a master does: an emulator on a busy machine may not have heard the silence."""
    for _ in range(5):
        os.write(port, bytes.fromhex(request))
        if answer := received(port, 7):
            return answer
    return b""


def silent(port: int) -> bool:
    """Whether nothing comes for longer than the emulator takes to drop a frame."""
    return not ready(port, 0.06)


def ready(port: int, patience_s: float) -> bool:
    return bool(select.select([port], [], [], patience_s)[0])
