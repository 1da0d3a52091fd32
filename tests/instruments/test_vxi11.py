"""Instruments at `TCPIP0::HOST::INSTR`: our link through the backend's VXI-11, and our server octet for octet."""

import asyncio
import struct
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from scpi_script import raw_client

from bench.assembly.resources import parse_resource
from instruments.dialects.battery_source import battery_source_dialect
from instruments.drivers.scpi_battery_simulator import BatteryLimits, ScpiBatterySimulator
from instruments.emulators.host import EmulatorHost
from instruments.emulators.nhr_battery import NhrBatteryEmulator
from instruments.emulators.vxi11_server import vxi11_protocol
from instruments.errors import ConfigError, InstrumentError, TransportError
from instruments.readings import DcReading
from instruments.transports.visa import VisaLink

CALL = bytes.fromhex("00000007 00000000 00000002 000607af 00000001")
"""Number 7, a call, RPC 2, the device core channel, version 1."""
NO_CREDENTIALS = bytes(16)
ANSWERED = bytes.fromhex("00000007 00000001 00000000 00000000 00000000 00000000")


@contextmanager
def serving() -> Iterator[tuple[NhrBatteryEmulator, tuple[str, int]]]:
    emulator = NhrBatteryEmulator("battery")
    with EmulatorHost() as host:
        yield emulator, host.serve(vxi11_protocol(emulator.scpi, host.lock))


@contextmanager
def linked(timeout_s: float = 5.0) -> Iterator[tuple[NhrBatteryEmulator, VisaLink]]:
    with serving() as (emulator, (host, port)):
        habits = battery_source_dialect("nhr_9200").link
        with VisaLink(f"TCPIP0::{host},{port}::INSTR", timeout_s=timeout_s, habits=habits) as link:
            yield emulator, link


def test_a_battery_simulator_is_driven_over_it() -> None:
    with linked() as (emulator, link):
        driver = ScpiBatterySimulator(link, BatteryLimits((0.0, 450.0), 80.0), battery_source_dialect("nhr_9200"))
        assert driver.identify().model == "emulated 9200"
        driver.set_battery(400.0, 50.0, 50.0)
        driver.output_on()
        assert driver.measure_dc() == DcReading(400.0, 0.0, 0.0)
        with pytest.raises(InstrumentError, match="-113"):
            link.command(":NONSENSE 1")
        driver.make_safe()
        assert emulator.voltage_v == 0.0


def test_a_query_without_an_answer_runs_out_of_time_and_the_link_works_again() -> None:
    with linked(0.5) as (_, link):
        with pytest.raises(TransportError, match="no answer within"):
            link.query(":NONSENSE?")
        assert "emulated 9200" in link.query("*IDN?")


def test_an_answer_that_was_never_read_is_not_taken_for_the_next() -> None:
    with linked() as (_, link):
        link.tell("*IDN?")
        link.close()
        assert link.query("*OPC?") == "1"


class Closing(asyncio.Protocol):
    """Hangs up on whoever calls, or says something that is no reply."""

    def __init__(self, says: bytes) -> None:
        self._says = says

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, _data: bytes) -> None:
        assert isinstance(self._transport, asyncio.Transport)
        self._transport.write(self._says)
        self._transport.close()


def test_who_is_no_instrument_on_vxi11_is_a_fault_of_the_link() -> None:
    with EmulatorHost() as host:
        address = host.serve(lambda: Closing(b"\x80\x00\x00\x04abcd"))
        link = VisaLink(f"TCPIP0::{address[0]},{address[1]}::INSTR", timeout_s=1.0)
        with pytest.raises(TransportError, match="cannot connect"):
            link.query("*IDN?")


@pytest.mark.long
def test_an_instrument_that_goes_away_is_a_fault_of_the_link() -> None:
    emulator = NhrBatteryEmulator("battery")
    with EmulatorHost() as host:
        address = host.serve(vxi11_protocol(emulator.scpi, host.lock))
        link = VisaLink(f"TCPIP0::{address[0]},{address[1]}::INSTR", timeout_s=1.0)
        link.query("*IDN?")
    with pytest.raises(TransportError):
        link.query("*IDN?")


def record(*words: int, text: bytes = b"") -> bytes:
    procedure, *parameters = (struct.pack(">I", word) for word in words)
    body = CALL + procedure + NO_CREDENTIALS + b"".join(parameters) + text
    return struct.pack(">I", 1 << 31 | len(body)) + body


def replied(*words: int, text: bytes = b"") -> bytes:
    body = ANSWERED + b"".join(struct.pack(">I", word) for word in words) + text
    return struct.pack(">I", 1 << 31 | len(body)) + body


def exchanged(*calls: bytes, octets: int) -> bytes:
    """Send octets to the emulator as they are, and return that many, or all until it hangs up."""
    with serving() as (_, address), raw_client(address) as connection:
        found = b""
        connection.sendall(b"".join(calls))
        while len(found) < octets and (part := connection.recv(octets - len(found))):
            found += part
        return found


CREATE = (record(10, 9, 0, 0, 5, text=b"inst0\0\0\0"), replied(0, 1, 0, 4096))
ASK = (record(11, 1, 0, 0, 8, 6, text=b"*OPC?\n\0\0"), replied(0, 6))


@pytest.mark.parametrize(
    ("call", "reply"),
    [
        ((record(12, 1, 99, 0, 0, 0, 0)), replied(0, 4, 2, text=b"1\n\0\0")),
        ((record(12, 1, 1, 0, 0, 0, 0)), replied(0, 0, 1, text=b"1\0\0\0")),
        ((record(12, 2, 99, 0, 0, 0, 0)), replied(4, 0, 0)),
        ((record(13, 1, 0, 0, 0)), replied(8)),
        ((record(15, 1, 0, 0, 0) + record(12, 1, 99, 0, 0, 0, 0)), replied(0) + replied(15, 0, 0)),
        ((record(23, 1)), replied(0)),
    ],
    ids=["read", "read a piece", "another link", "not supported", "clear", "destroy"],
)
def test_the_server_answers_octet_for_octet(call: bytes, reply: bytes) -> None:
    wanted = CREATE[1] + ASK[1] + reply
    assert exchanged(CREATE[0], ASK[0], call, octets=len(wanted)) == wanted


def test_a_message_in_pieces_is_carried_out_when_it_is_whole() -> None:
    pieces = record(11, 1, 0, 0, 0, 3, text=b"*OP\0") + record(11, 1, 0, 0, 8, 3, text=b"C?\n\0")
    wanted = replied(0, 3) + replied(0, 3) + replied(0, 4, 2, text=b"1\n\0\0")
    assert exchanged(pieces, record(12, 1, 99, 0, 0, 0, 0), octets=len(wanted)) == wanted


@pytest.mark.parametrize(
    "call",
    [
        b"\x80\x00\x20\x01",
        b"\x80\x00\x00\x04abcd",
        record(11, 1, 0, 0, 8, 99, text=b"*OPC?\n"),
        record(11, 1).replace(b"\x00\x06\x07\xaf", b"\x00\x06\x07\xb0"),
    ],
    ids=["too long", "no call", "a text cut short", "another channel"],
)
def test_who_calls_otherwise_is_hung_up_on(call: bytes) -> None:
    assert exchanged(call, octets=1000) == b""


def test_the_address_reads_back() -> None:
    for text in ("TCPIP0::10.1.2.181::INSTR", "TCPIP0::127.0.0.1,5000::INSTR"):
        assert str(parse_resource(text)) == text
        assert parse_resource(text).protocol == "scpi"
    assert str(parse_resource("TCPIP::nhr.lab::inst0::INSTR")) == "TCPIP0::nhr.lab::INSTR"
    assert str(parse_resource("TCPIP0::127.0.0.1::INSTR").anywhere) == "TCPIP0::127.0.0.1,0::INSTR"
    with pytest.raises(ConfigError):
        parse_resource("TCPIP0::127.0.0.1,99999::INSTR")
