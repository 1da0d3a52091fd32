"""The SCPI server on the wire: plain sockets and plain PyVISA, none of our code as the client."""

from collections.abc import Iterator

import pytest
import pyvisa
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from scpi_script import ask, raw_client, read_line, resource

from instruments.emulators.electrical import ElectricalNode
from instruments.emulators.grid_simulator import GridSimulatorEmulator
from instruments.emulators.host import EmulatorHost
from instruments.emulators.scpi_server import INPUT_LIMIT, scpi_protocol

IDENTITY = b"derbench,emulated grid simulator,source_1,1\n"
Address = tuple[str, int]


@pytest.fixture(scope="module")
def host() -> Iterator[EmulatorHost]:
    with EmulatorHost() as host:
        yield host


@pytest.fixture
def address(host: EmulatorHost) -> Address:
    return _serve(host)


@pytest.fixture(scope="module")
def fuzzed_address(host: EmulatorHost) -> Address:
    return _serve(host)


def _serve(host: EmulatorHost) -> Address:
    source = GridSimulatorEmulator("source_1", ElectricalNode(3))
    return host.serve(scpi_protocol(source.scpi, host.lock))


def test_a_message_in_pieces_is_one_message(address: Address) -> None:
    with raw_client(address) as client:
        client.sendall(b"*ID")
        client.sendall(b"N?;:OU")
        assert ask(client, b"TP?\n") == IDENTITY.replace(b"\n", b";0\n")


def test_carriage_return_before_the_terminator_is_ignored(address: Address) -> None:
    with raw_client(address) as client:
        assert ask(client, b"*IDN?\r\n") == IDENTITY


def test_several_messages_in_one_segment_are_all_carried_out(address: Address) -> None:
    with raw_client(address) as client:
        assert ask(client, b"VOLT 10\nFREQ 50\nVOLT1?;FREQ?\n") == b"1.000000E+01;5.000000E+01\n"
        assert ask(client, b"SYST:ERR?\n") == b'0,"No error"\n'


def test_a_message_behind_an_unread_answer_interrupts_the_query(address: Address) -> None:
    with raw_client(address) as client:
        assert ask(client, b"FREQ?\n*IDN?\n") == IDENTITY, "the answer to FREQ? is lost"
        assert ask(client, b"SYST:ERR?;:SYST:ERR?\n") == b'-410,"Query INTERRUPTED";0,"No error"\n'


@pytest.mark.parametrize("size", [INPUT_LIMIT + 1, 5 * INPUT_LIMIT])
def test_an_oversized_message_is_dropped_and_reported_once(address: Address, size: int) -> None:
    with raw_client(address) as client:
        client.sendall(b"x" * size + b"\n")
        assert ask(client, b"*IDN?\n") == IDENTITY
        assert ask(client, b"SYST:ERR?;:SYST:ERR?\n") == b'-363,"Input buffer overrun";0,"No error"\n'


def test_the_longest_message_allowed_is_carried_out(address: Address) -> None:
    with raw_client(address) as client:
        assert ask(client, b"*IDN?".ljust(INPUT_LIMIT) + b"\n") == IDENTITY


def test_two_clients_see_one_instrument(address: Address) -> None:
    with raw_client(address) as first, raw_client(address) as second:
        assert ask(first, b"FREQ 51;*OPC?\n") == b"1\n"
        assert ask(second, b"FREQ?\n") == b"5.100000E+01\n"


def test_an_answer_comes_in_one_segment(address: Address) -> None:
    with raw_client(address) as client:
        client.sendall(b"*IDN?;:MEAS:VOLT?;CURR?\n")
        whole = client.recv(4096)
        assert whole.endswith(b"\n"), "a client that reads once must have all of it"
        assert whole.count(b";") == 2


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    garbage=st.one_of(st.binary(max_size=300), st.text("*:;,?#@()[]VOLT 0123\"'\t\r\n", max_size=200).map(str.encode))
)
@example(garbage=b"\x00\xff" * 6000)
@example(garbage=b"VOLT" + b"9" * 500)
@example(garbage=b";" * 8000)
@example(garbage=b"VOLT (" + b"," * 8000)
@example(garbage=b"*ESE 1E99999;*SRE -1;STAT:QUES:ENAB 99999")
def test_after_any_garbage_the_server_still_says_who_it_is(fuzzed_address: Address, garbage: bytes) -> None:
    with raw_client(fuzzed_address) as client:
        client.sendall(garbage + b"\n")
        client.sendall(b"*CLS\n")
        answer = ask(client, b"*IDN?\n")
        while answer != IDENTITY:  # the garbage may hold queries that are answered
            answer = read_line(client)


def test_plain_pyvisa_works_the_grid_simulator(host: EmulatorHost) -> None:
    source = GridSimulatorEmulator("source_1", ElectricalNode(3))
    name = resource(host.serve(scpi_protocol(source.scpi, host.lock)))
    manager = pyvisa.ResourceManager("@py")
    client = manager.open_resource(name, read_termination="\n", write_termination="\n", timeout=2000)
    assert isinstance(client, pyvisa.resources.MessageBasedResource)
    try:
        assert client.query("*IDN?") == "derbench,emulated grid simulator,source_1,1"
        client.write("VOLT1 120.5")
        client.write("VOLT2 119")
        client.write("VOLT3 118;FREQ 59.9")
        client.write("OUTP ON")
        assert client.query("OUTP?") == "1"
        assert client.query_ascii_values("MEAS:VOLT?") == [120.5, 119.0, 118.0]
        assert client.query_ascii_values("MEAS:FREQ?") == [59.9]
        client.write("VOLT1 1000")
        assert client.query("SYST:ERR?") == '-222,"Data out of range;1000"'
        assert client.query("SYST:ERR?") == '0,"No error"'
        client.write("OUTP OFF")
        assert client.query_ascii_values("MEAS:VOLT?") == [0.0, 0.0, 0.0]
        assert not source.node.energized
    finally:
        client.close()
