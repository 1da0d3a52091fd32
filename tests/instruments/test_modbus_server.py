"""The server at frame level, against bytes written out by hand and against pymodbus' own client."""

import socket
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pymodbus.client import ModbusTcpClient

from instruments.emulators.host import EmulatorHost
from instruments.emulators.modbus_server import ILLEGAL_ADDRESS, ModbusRefusal, ModbusServer
from instruments.errors import ConfigError
from tests.instruments.sunspec_bench import Wire, serving

READ_TWO = "0001 0000 0006 01 03 0064 0002"
TWO_READ = "0001 0000 0007 01 03 04 0000 0001"


class Ramp:
    """Register n holds n - 100, from 100 to 399; writes are kept."""

    def __init__(self) -> None:
        self.words = list(range(300))

    def read(self, address: int, count: int) -> list[int]:
        if not 100 <= address <= 400 - count:
            raise ModbusRefusal(ILLEGAL_ADDRESS)
        return self.words[address - 100 : address - 100 + count]

    def write(self, address: int, values: list[int]) -> None:
        self.read(address, len(values))
        self.words[address - 100 : address - 100 + len(values)] = values


@pytest.fixture
def wire():
    with serving(unit_1=Ramp(), unit_7=Ramp()) as wire:
        yield wire


def converse(wire: Wire, *parts: str, answer: str) -> None:
    expected = bytes.fromhex(answer)
    with wire.socket() as client:
        for part in parts:
            client.sendall(bytes.fromhex(part))
        got = receive(client, len(expected))
    assert got.hex(" ") == expected.hex(" ")


def receive(client: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count and (more := client.recv(count - len(data))):
        data += more
    return data


def frames(count: int) -> tuple[str, str]:
    numbers = range(1, count + 1)
    asked = "".join(f"{n:04x} 0000 0006 01 03 {99 + n:04x} 0001" for n in numbers)
    answered = "".join(f"{n:04x} 0000 0005 01 03 02 {n - 1:04x}" for n in numbers)
    return asked, answered


@pytest.mark.parametrize(
    ("request_hex", "answer_hex"),
    [
        pytest.param(READ_TWO, TWO_READ, id="03"),
        pytest.param("0002 0000 0006 01 04 0064 0002", "0002 0000 0007 01 04 04 0000 0001", id="04"),
        pytest.param("0003 0000 0006 07 06 0065 1234", "0003 0000 0006 07 06 0065 1234", id="06"),
        pytest.param(
            "0004 0000 000b 01 10 0064 0002 04 00ff ff00", "0004 0000 0006 01 10 0064 0002", id="10 writes two"
        ),
        pytest.param(
            "0005 0000 000d 01 17 0064 0001 0064 0001 02 beef", "0005 0000 0005 01 17 02 beef", id="17 writes first"
        ),
        pytest.param("0006 0000 0006 01 03 0064 007e", "0006 0000 0003 01 83 03", id="count 126"),
        pytest.param("0007 0000 0006 01 03 0064 0000", "0007 0000 0003 01 83 03", id="count 0"),
        pytest.param("0008 0000 0002 01 64", "0008 0000 0003 01 e4 01", id="unknown function"),
        pytest.param("0009 0000 0006 01 03 0063 0001", "0009 0000 0003 01 83 02", id="below the map"),
        pytest.param("000a 0000 0006 01 03 018f 0002", "000a 0000 0003 01 83 02", id="past the map"),
        pytest.param("000b 0000 0006 01 03 ffff 0002", "000b 0000 0003 01 83 02", id="past 65535"),
        pytest.param("000c 0000 0006 09 03 0064 0001", "000c 0000 0003 09 83 0b", id="unknown unit"),
        pytest.param("000d 0000 0009 01 10 0064 0002 02 00ff", "000d 0000 0003 01 90 03", id="byte count is wrong"),
        pytest.param("000e 0000 0004 01 03 0064", "000e 0000 0003 01 83 03", id="short request"),
    ],
)
def test_a_request_is_answered_as_the_specification_says(wire, request_hex, answer_hex):
    converse(wire, request_hex, answer=answer_hex)


def test_pipelined_requests_are_all_answered_in_order_with_their_transaction_ids(wire):
    asked, answered = frames(20)
    converse(wire, asked, answer=answered)


def test_a_split_frame_is_put_together(wire):
    asked = bytes.fromhex(READ_TWO)
    converse(wire, *(asked[i : i + 1].hex() for i in range(len(asked))), answer=TWO_READ)


@settings(max_examples=30, deadline=None)
@given(cuts=st.lists(st.integers(1, 120), max_size=6))
def test_any_segmentation_gives_the_same_answers(cuts):
    asked, answered = (bytes.fromhex(part) for part in frames(10))
    edges = sorted({0, len(asked), *cuts})
    with serving(unit_1=Ramp()) as wire, wire.socket() as client:
        for start, end in pairwise(edges):
            client.sendall(asked[start:end])
        assert receive(client, len(answered)).hex(" ") == answered.hex(" ")


@pytest.mark.parametrize("garbage", ["0001 0001 0006 01 03 0064 0001", "0001 0000 0001 01", "0001 0000 ffff 01 03"])
def test_a_stream_that_is_not_modbus_is_dropped_and_others_are_served(wire, garbage):
    with wire.socket() as client:
        client.sendall(bytes.fromhex(garbage))
        assert client.recv(1) == b"", "the server should hang up"
    converse(wire, READ_TWO, answer=TWO_READ)


@settings(max_examples=40, deadline=None)
@given(pdu=st.binary(min_size=1, max_size=253))
def test_no_request_breaks_the_server(pdu):
    with EmulatorHost() as host:
        server = ModbusServer(host, {1: Ramp()})
        answer = server.answer(1, pdu)
        assert 2 <= len(answer) <= 253
        assert answer[0] & 0x7F == pdu[0] & 0x7F
        assert not server.failures


def test_the_log_holds_what_was_written_and_what_was_refused(wire):
    converse(wire, "0001 0000 0006 01 06 0064 0005", answer="0001 0000 0006 01 06 0064 0005")
    converse(wire, "0001 0000 0006 01 06 0001 0005", answer="0001 0000 0003 01 86 02")
    entries = [(entry.unit, entry.function, entry.address, entry.values, entry.refused) for entry in wire.server.log]
    assert entries == [(1, 6, 100, (5,), None), (1, 6, 1, (5,), 2)]


def test_a_failing_bank_is_answered_with_device_failure_and_its_owner_learns_of_it():
    class Broken(Ramp):
        def read(self, address: int, count: int) -> list[int]:
            return [address // (count - count)]

    with EmulatorHost() as host:
        server = ModbusServer(host, {1: Broken()})
        assert server.answer(1, bytes.fromhex("03 0064 0001")).hex() == "8304"
        assert [type(error) for error in server.failures] == [ZeroDivisionError]


def test_pymodbus_reads_and_writes(wire):
    client = ModbusTcpClient(wire.address[0], port=wire.address[1], timeout=2)
    try:
        assert client.write_registers(110, [1, 2, 3], device_id=7).isError() is False
        assert client.read_holding_registers(109, count=5, device_id=7).registers == [9, 1, 2, 3, 13]
        assert client.read_holding_registers(109, count=5, device_id=1).registers == [9, 10, 11, 12, 13]
    finally:
        client.close()


def test_a_port_in_use_is_named():
    with EmulatorHost() as host:
        address, port = ModbusServer(host, {}).listen()
        with pytest.raises(ConfigError, match=f"cannot listen on {address}:{port}: the address is in use"):
            ModbusServer(host, {}).listen(address, port)


def test_closing_the_host_closes_its_connections():
    with EmulatorHost() as host:
        address = ModbusServer(host, {1: Ramp()}).listen()
        client = socket.create_connection(address, timeout=2.0)
    with client:
        assert client.recv(1) == b"", "the connection should have been closed with its host"
