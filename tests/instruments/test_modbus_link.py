"""The driver's side of Modbus: byte-exact frames against a scripted server, and every way a link can fail."""

import asyncio

import pytest

from instruments.emulators.host import EmulatorHost
from instruments.errors import InstrumentError, TransportError
from instruments.transports.modbus import ModbusConnections
from instruments.wire import WireExchange


class Script(asyncio.Protocol):
    """Expects frames without their transaction id, in order, and answers each as told; None hangs up."""

    def __init__(self, received: list[str], answers: list[str | None]) -> None:
        self._received = received
        self._answers = answers
        self._transport: asyncio.Transport

    def connection_made(self, transport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received.append(data[2:].hex(" "))
        answer = self._answers.pop(0) if self._answers else ""
        if answer is None:
            self._transport.close()
        elif answer:
            self._transport.write(data[:2] + bytes.fromhex(answer))


class Scripted:
    """A link to a scripted server, with what arrived there and what the observer was told."""

    def __init__(self, host: EmulatorHost, connections: ModbusConnections, answers: list[str | None]) -> None:
        self.received: list[str] = []
        self.observed: list[WireExchange] = []
        address = host.serve(lambda: Script(self.received, answers))
        self.link = connections.link(*address, 5, self.observed.append, timeout_s=0.2)


@pytest.fixture
def scripted():
    with EmulatorHost() as host, ModbusConnections() as connections:
        yield lambda *answers: Scripted(host, connections, list(answers))


def test_a_read_is_one_frame_and_is_observed(scripted):
    bench = scripted("0000 0007 05 03 04 1234 5678")
    assert bench.link.read(40072, 2) == (0x1234, 0x5678)
    assert bench.received == ["00 00 00 06 05 03 9c 88 00 02"]
    assert bench.observed == [WireExchange("modbus", "read", "40072+2", (0x1234, 0x5678))]


def test_a_long_read_is_split_at_125_registers(scripted):
    bench = scripted("0000 00fd 05 03 fa" + "0001" * 125, "0000 0005 05 03 02 0002")
    assert bench.link.read(40000, 126) == (1,) * 125 + (2,)
    assert bench.received == ["00 00 00 06 05 03 9c 40 00 7d", "00 00 00 06 05 03 9c bd 00 01"]


def test_one_register_goes_as_06_and_more_as_10(scripted):
    bench = scripted("0000 0006 05 06 9c40 0001", "0000 0006 05 10 9c40 0002")
    bench.link.write(40000, [1])
    bench.link.write(40000, [1, 2])
    assert bench.received == ["00 00 00 06 05 06 9c 40 00 01", "00 00 00 0b 05 10 9c 40 00 02 04 00 01 00 02"]
    assert [(e.operation, e.address, e.values) for e in bench.observed] == [
        ("write", "40000+1", (1,)),
        ("write", "40000+2", (1, 2)),
    ]


def test_a_refusal_is_an_instrument_error_with_its_reason_and_is_observed(scripted):
    bench = scripted("0000 0003 05 86 03")
    with pytest.raises(InstrumentError, match=r"/5 refused the write of 40000\+1: illegal data value"):
        bench.link.write(40000, [1])
    assert bench.observed[-1].error is not None
    assert bench.observed[-1].values == (1,)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        pytest.param("", "gave no sound answer", id="silence"),
        pytest.param(None, "closed the connection", id="hang-up"),
        pytest.param("0000 0007 06 03 04 1234 5678", "gave no sound answer", id="another unit"),
        pytest.param("0000 0005 05 03 02 1234", "sent 1 registers, 2 were asked", id="too few registers"),
    ],
)
def test_without_a_sound_answer_the_error_names_address_and_reason_and_the_next_request_works(scripted, answer, reason):
    bench = scripted(answer, "0000 0007 05 03 04 0001 0002")
    with pytest.raises(TransportError, match=rf"127\.0\.0\.1:\d+.*{reason}"):
        bench.link.read(100, 2)
    assert reason in (bench.observed[-1].error or "")
    assert bench.link.read(100, 2) == (1, 2), "the link should have opened a new connection"


def test_a_refused_connection_names_the_address():
    with EmulatorHost() as host:
        address, port = host.serve(asyncio.Protocol)
    with ModbusConnections() as connections, pytest.raises(TransportError, match=f"cannot connect to {address}:{port}"):
        connections.link(address, port, 1).read(0, 1)


def test_units_behind_one_address_share_a_connection():
    made = []

    class Counting(Script):
        def connection_made(self, transport) -> None:
            made.append(transport)
            super().connection_made(transport)

    answers = ["0000 0005 01 03 02 0001", "0000 0005 02 03 02 0002"]
    with EmulatorHost() as host, ModbusConnections() as connections:
        address = host.serve(lambda: Counting([], answers))
        assert connections.link(*address, 1).read(0, 1) == (1,)
        assert connections.link(*address, 2).read(0, 1) == (2,)
    assert len(made) == 1


def test_connections_that_were_closed_are_not_opened_again():
    answer = "0000 0007 05 03 04 1234 5678"
    with EmulatorHost() as host, ModbusConnections() as connections:
        bench = Scripted(host, connections, [answer, answer])
        assert bench.link.read(0, 2) == (0x1234, 0x5678)
        connections.close()
        with pytest.raises(TransportError, match="was closed"):
            bench.link.read(0, 2)
        assert len(bench.received) == 1, "who goes on in another thread leaves no connection open"
