"""Two implementations of DNP3 hold each other to their word: masters and outstations of both, crossed.

The emulator's outstation rests on dnp3py and the driver on py1815. Here dnp3py's and py1815's own masters read and
command the emulator, and the driver an outstation of each.
"""

import asyncio
import struct
from collections.abc import Iterator, Sequence

import pytest
from dnp3.core.enums import CommandStatus as Dnp3pyStatus
from dnp3.core.enums import ControlCode
from dnp3.master.commands import CommandBuilder
from hypothesis import given, settings
from hypothesis import strategies as st
from py1815.application import FunctionCode, object_header
from py1815.control import CommandStatus as Py1815Status
from py1815.events import EventBuffers, EventClass
from py1815.master import requests
from py1815.master.association import MasterAssociation
from py1815.objects import AnalogPoint, AnalogVariation, BinaryPoint, analog_range, binary_range
from py1815.session import Control, Session

from instruments.dnp3_points import Kind, Ref
from instruments.drivers.tap_changer_control import PointMapTapChangerControl
from instruments.emulators.capacitor_control import CapacitorControlEmulator
from instruments.emulators.contacts import SensingTerminals
from instruments.emulators.control_points import capacitor_points, tap_changer_points
from instruments.emulators.dnp3_outstation import PointOutstation
from instruments.emulators.host import EmulatorHost
from instruments.emulators.sensing_source import Secondary
from instruments.emulators.tap_changer_control import TapChangerControlEmulator
from instruments.readings import LoadTapChangerStatus
from instruments.transports.dnp3 import Dnp3Connections, Dnp3Link
from instruments.transports.dnp3_conversation import Dnp3Conversation
from instruments.transports.dnp3_words import status_words
from instruments.wire import WireExchange
from tests.instruments.dnp3_bench import CAPACITOR, LTC, Dnp3Wire, serving, with_dnp3py, with_py1815


@pytest.fixture
def control() -> TapChangerControlEmulator:
    return TapChangerControlEmulator(SensingTerminals(Secondary(119.07, 1.234, -30.0, 60.0)), position=-3)


@pytest.fixture
def wire(control) -> Iterator[Dnp3Wire]:
    with serving(PointOutstation(10, LTC, tap_changer_points(control), control.identity, 1)) as wire:
        yield wire


def read_by_dnp3py(address: tuple[str, int]) -> dict[str, float]:
    async def poll(runner):
        await runner.integrity_poll()
        return runner.master.handler

    seen = with_dnp3py(address, poll)
    tables = {
        "bi": seen.binary_inputs,
        "ai": seen.analog_inputs,
        "ao": seen.analog_outputs,
        "counter": seen.counters,
    }
    return {f"{kind} {index}": value.value for kind, table in tables.items() for index, value in table.items()}


def read_by_py1815(address: tuple[str, int]) -> dict[str, float]:
    with with_py1815(address) as outstation:
        found = outstation.integrity_poll()
    return {f"{o.point.value} {o.index}": o.value for o in found.objects if o.point and not o.event}


def test_all_masters_read_the_same(wire):
    ours = {str(ref): value.value for ref, value in wire.link().poll().values.items()}
    assert ours == read_by_dnp3py(wire.address) == read_by_py1815(wire.address)
    assert (ours["ai 1"], ours["ai 3"], ours["ai 4"], ours["ao 1"]) == (11907, 1234, -300, 20)  # fractions are kept
    assert len(ours) == len([point for point in LTC.points.values() if point.input])


def operate_by_dnp3py(address: tuple[str, int], *, select: bool) -> None:
    async def work(runner):
        latch = CommandBuilder().latch_off(0)
        await runner.request(runner.master.build_direct_operate(latch.build_direct_operate()))
        crob = CommandBuilder().add_crob(2, ControlCode.CLOSE_PULSE_ON)
        if select:
            await runner.request(runner.master.build_select(crob.build_select()))
            await runner.request(runner.master.build_operate(crob.build_operate()))
        else:
            await runner.request(runner.master.build_direct_operate(crob.build_direct_operate()))
        band = CommandBuilder().add_analog(0, 1215)
        await runner.request(runner.master.build_direct_operate(band.build_direct_operate()))

    with_dnp3py(address, work)


def operate_by_py1815(address: tuple[str, int], *, select: bool) -> None:
    with with_py1815(address) as outstation:
        assert outstation.operate(binary_outputs={0: False}).accepted
        assert outstation.operate(binary_outputs={2: "close"}, mode="select" if select else "direct").accepted
        assert outstation.operate(analog_outputs={0: 1215}, variation=1).accepted


def operate_by_us(link: Dnp3Link, *, select: bool) -> None:
    link.operate(Ref(Kind.BINARY_OUTPUT, 0), "latch_off")
    link.operate(Ref(Kind.BINARY_OUTPUT, 2), "close", select=select)
    link.operate(Ref(Kind.ANALOG_OUTPUT, 0), 1215.0)


@pytest.mark.parametrize("select", [False, True])
@pytest.mark.parametrize("master", ["ours", "dnp3py", "py1815"])
def test_the_same_commands_have_the_same_effect_whoever_gives_them(wire, control, master, select):
    if master == "ours":
        operate_by_us(wire.link(), select=select)
    else:
        {"dnp3py": operate_by_dnp3py, "py1815": operate_by_py1815}[master](wire.address, select=select)
    assert not control.automatic
    assert (control.raise_contact.closures, control.lower_contact.closures) == (1, 0)
    assert control.settings.band_centre_v == pytest.approx(121.5)
    log = wire.outstations[0].log
    assert [entry.is_select for entry in log] == ([False, True, False, False] if select else [False] * 3)


def test_a_refusal_reads_the_same_by_both_masters(wire, control):
    control.remote = False
    with with_py1815(wire.address) as outstation:
        told = outstation.operate(binary_outputs={1: True})
    assert told.status("bo", 1) is Py1815Status.LOCAL

    async def ask(runner):
        latch = CommandBuilder().latch_on(1).build_direct_operate()
        (answer,) = await runner.request(runner.master.build_direct_operate(latch))
        return answer

    assert with_dnp3py(wire.address, ask) is not None
    assert not control.blocked
    assert {entry.status for entry in wire.outstations[0].log} == {7}


def test_both_implementations_give_a_status_the_same_number():
    ours = {int(status): status_words(status) for status in Py1815Status}
    assert {int(status) for status in Dnp3pyStatus} == set(ours)
    alike = {status.name for status in Dnp3pyStatus} & {status.name for status in Py1815Status}
    assert all(Dnp3pyStatus[name] == Py1815Status[name] for name in alike)
    assert [number for number, words in ours.items() if not words] == [0]


def test_a_capacitor_control_reads_the_same_by_both_masters():
    terminals = SensingTerminals(Secondary(121.23, 2.5, -36.87, 60.0))
    control = CapacitorControlEmulator(terminals, closed=True)
    with serving(PointOutstation(10, CAPACITOR, capacitor_points(control), control.identity, 1)) as wire:
        both = read_by_dnp3py(wire.address), read_by_py1815(wire.address)
    assert both[0] == both[1]
    assert both[0]["bi 3"] == 1
    assert both[0]["ai 2"] == round(10 * 3 * 121.23 * 60 * 2.5 * 60 * 0.6 / 1000)  # sin 36.87 deg = 0.6


class OtherDevice:
    """A tap-changer control behind an outstation of py1815: floats for voltages, times for changes."""

    def __init__(self) -> None:
        self.commands: list[Control] = []
        self.events = EventBuffers()
        self.session = Session(self, control_provider=self, events=self.events, outstation_address=10, master_address=1)

    def read(self, headers: Sequence[object]) -> bytes:
        del headers
        voltage = analog_range(1, [AnalogPoint(11906.5)], variation=AnalogVariation.FLOAT32_WITH_FLAG)
        tap = analog_range(0, [AnalogPoint(-3)])
        modes = binary_range(0, [BinaryPoint(False), BinaryPoint(True), BinaryPoint(True)])
        return tap + voltage + modes + object_header(20, 1, start=0, stop=0) + struct.pack("<BI", 1, 70000)

    def select(self, controls: Sequence[Control]) -> Sequence[Py1815Status]:
        return [Py1815Status.SUCCESS] * len(controls)

    def operate(self, controls: Sequence[Control]) -> Sequence[Py1815Status]:
        self.commands += controls
        return [Py1815Status.SUCCESS] * len(controls)


class _Served(asyncio.Protocol):
    def __init__(self, session: Session) -> None:
        self._session = session

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._transport.write(self._session.receive(data))  # type: ignore[attr-defined]


@pytest.fixture
def other() -> OtherDevice:
    return OtherDevice()


@pytest.fixture
def other_link(other) -> Iterator[Dnp3Link]:
    with EmulatorHost() as host, Dnp3Connections() as connections:
        yield connections.link(*host.serve(lambda: _Served(other.session)), 10)


def test_the_driver_reads_an_outstation_of_the_other_library(other_link):
    assert PointMapTapChangerControl(other_link, LTC).read_status() == LoadTapChangerStatus(
        automatic=False, blocked=True, remote=True, tap_position=-3, voltage_v=pytest.approx(119.065), operations=70000
    )


def test_the_driver_commands_an_outstation_of_the_other_library(other, other_link):
    PointMapTapChangerControl(other_link, LTC).raise_tap()
    other_link.operate(Ref(Kind.ANALOG_OUTPUT, 4), -3.25, variation=3)
    raised, written = other.commands
    assert (raised.index, raised.raw[:2]) == (2, b"\x41\x01")
    assert (written.index, written.variation, struct.unpack("<f", written.raw[:4])) == (4, 3, (-3.25,))


def test_changes_come_with_their_time_stamps(other, other_link):
    other.events.record_binary(0, BinaryPoint(False), event_class=EventClass.CLASS_1, timestamp_ms=1)
    other.events.record_analog(0, AnalogPoint(-3), event_class=EventClass.CLASS_2, timestamp_ms=1)
    other_link.poll(1, 2, 3)
    other.events.record_binary(0, BinaryPoint(True), event_class=EventClass.CLASS_1, timestamp_ms=1_700_000_000_123)
    other.events.record_analog(0, AnalogPoint(-2), event_class=EventClass.CLASS_2, timestamp_ms=1_700_000_000_456)
    events = other_link.poll(1, 2, 3).events
    assert [(str(e.ref), e.value.value, e.value.time_ms) for e in events] == [
        ("bi 0", True, 1_700_000_000_123),
        ("ai 0", -2, 1_700_000_000_456),
    ]
    assert not other_link.poll(1, 2, 3).events  # the confirmation has retired them


@settings(max_examples=40, deadline=None)
@given(volts=st.floats(0, 300), amperes=st.floats(0, 10), degrees=st.floats(-180, 180), tap=st.integers(-16, 16))
def test_what_is_sensed_comes_through_to_the_map_s_resolution(volts, amperes, degrees, tap):
    """Without a socket: the outstation's octets in the driver's association, for any reading."""
    control = TapChangerControlEmulator(SensingTerminals(Secondary(volts, amperes, degrees, 60.0)), position=tap)
    outstation = PointOutstation(10, LTC, tap_changer_points(control), control.identity, 1)
    values = _poll_in_memory(outstation)
    assert values["ai 0"] == tap
    assert values["ai 1"] * 0.01 == pytest.approx(volts, abs=0.005001)
    assert values["ai 3"] * 0.001 == pytest.approx(amperes, abs=0.0005001)
    assert values["ai 4"] * 0.1 == pytest.approx(degrees, abs=0.05001)


def _poll_in_memory(outstation: PointOutstation) -> dict[str, float]:
    master = MasterAssociation(outstation_address=10, master_address=1)
    there = Dnp3Conversation(outstation.outstation)
    master.receive(there.receive(master.request(FunctionCode.READ, requests.scan("integrity"))))
    finished = master.take()
    assert finished is not None
    return {f"{o.point.value} {o.index}": o.value for o in finished.objects if o.point}


def test_a_clock_is_set_on_both(wire, other, other_link):
    taken: list[int] = []
    other.session._time_sink = taken.append
    other_link.write_time(1_700_000_000_123)
    assert taken == [1_700_000_000_123]
    wire.link().write_time(1_700_000_000_123)
    assert wire.exchanges[-1] == WireExchange("dnp3", "write", "time", (1_700_000_000_123,))
