"""What every AC source does behind our driver, whatever language lies between them."""

from collections.abc import Iterator
from threading import Event

import pytest
import pyvisa
from scpi_script import ask, raw_client, resource
from source_dialects import ENVELOPE, Served, served

from bench.assembly.drivers import VISA_DRIVERS
from instruments.dialects.ac_source import ac_source_dialect
from instruments.drivers.scpi_grid_simulator import ScpiGridSimulator
from instruments.emulators.ac_sources import AC_SOURCES
from instruments.errors import ConfigError, InstrumentError, SafetyTrip, TransportError
from instruments.transports.visa import VisaLink

DRIVERS = sorted(AC_SOURCES)
THREE_PHASE = [driver for driver in DRIVERS if driver != "scpi_keysight_ac6800"]


@pytest.fixture(params=DRIVERS)
def bench(request: pytest.FixtureRequest) -> Iterator[Served]:
    with served(request.param) as found:
        yield found


@pytest.fixture(params=THREE_PHASE)
def three_phase(request: pytest.FixtureRequest) -> Iterator[Served]:
    with served(request.param) as found:
        yield found


def test_every_driver_has_an_emulator_that_speaks_its_dialect() -> None:
    assert {driver for role, driver in VISA_DRIVERS if role == "grid_simulator"} == set(AC_SOURCES)


def test_it_says_who_it_is(bench: Served) -> None:
    found = bench.driver.identify()
    assert f"{found.manufacturer} {found.model}".strip() == f"derbench {bench.emulator.model}"
    assert found.serial == "source_1"
    assert found.version


def test_each_phase_and_its_angle_reach_the_copper(three_phase: Served) -> None:
    bench = three_phase
    bench.driver.set_voltage((120, 119, 118), 59.5, angle_deg=(0, -100, -230))
    assert not bench.node.energized, "a set-point switches nothing on"
    bench.driver.output_on()
    assert bench.node.voltage_v == (120, 119, 118)
    assert bench.node.frequency_hz == 59.5
    assert [angle % 360 for angle in bench.node.angle_deg] == [0, 260, 130]


def test_the_same_voltage_on_all_phases_reaches_all_of_them_after_unequal_ones(three_phase: Served) -> None:
    bench = three_phase
    bench.energize(120, 119, 118)
    bench.driver.set_voltage((110, 110, 110), 60.0)
    assert bench.node.voltage_v == (110, 110, 110)
    bench.driver.set_voltage((110, 111, 110), 60.0)
    assert bench.node.voltage_v == (110, 111, 110)
    assert [round(angle % 360) for angle in bench.node.angle_deg] == [0, 240, 120]


def test_the_set_point_is_read_back(bench: Served) -> None:
    bench.driver.set_voltage(bench.each(120, 119, 118), 59.5)
    told = bench.driver.read_set_point()
    assert (told.voltage_v, told.frequency_hz, told.output_on) == (bench.each(120, 119, 118), 59.5, False)
    assert tuple(angle % 360 for angle in told.angle_deg) == bench.each(0, 240, 120)
    bench.driver.output_on()
    assert bench.driver.read_set_point().output_on


def test_a_measurement_is_that_of_the_copper_with_the_sign_of_the_equipment(bench: Served) -> None:
    bench.energize(120, 100, 110)
    bench.load.p_w = bench.each(300.0, -400.0, 0.0)
    measured = bench.driver.measure()
    assert measured.voltage_v == bench.each(120, 100, 110)
    assert measured.current_a == pytest.approx(bench.each(2.5, 4.0, 0.0), rel=1e-6)
    assert measured.p_w == bench.each(300, -400, 0)
    assert measured.frequency_hz == 60


def test_the_narrower_of_the_own_limits_and_the_bench_s_holds_before_anything_is_sent(bench: Served) -> None:
    limits = bench.driver.read_limits()
    assert (limits.voltage_v, limits.frequency_hz, limits.current_a) == ((0, 150), (55, 65), 20)
    before = len(bench.emulator.scpi.received)
    with pytest.raises(SafetyTrip, match=r"150\.1"):
        bench.driver.set_voltage(bench.each(150.1, 120, 120), 60.0)
    assert len(bench.emulator.scpi.received) == before


def test_a_trip_latches_and_says_which_protection_it_was(bench: Served) -> None:
    bench.energize(100, 100, 100)
    bench.load.p_w = bench.each(2000.1, 0.0, 0.0)
    bench.emulator.advance(1.0)
    assert not bench.node.energized, "20 A are exceeded: the limit of the bench reached the instrument"
    with pytest.raises(InstrumentError, match=r"(output off: (over-current|shutdown)|its output went off by itself)"):
        bench.driver.measure()
    with pytest.raises(InstrumentError, match="-2"):
        bench.driver.output_on()
    assert not bench.node.energized


def test_an_output_that_is_off_without_our_doing_is_no_measurement(bench: Served) -> None:
    bench.energize(120, 120, 120)
    assert bench.driver.measure().voltage_v == bench.each(120, 120, 120)
    bench.emulator.scpi.execute("OUTP OFF")
    with pytest.raises(InstrumentError, match="its output went off by itself"):
        bench.driver.measure()
    bench.driver.output_off()
    assert bench.driver.measure().voltage_v == bench.each(0, 0, 0)


def test_a_trip_is_cleared_by_command_where_there_is_one_and_the_output_stays_off(bench: Served) -> None:
    bench.energize(100, 100, 100)
    bench.load.p_w = bench.each(5000.0, 0.0, 0.0)
    bench.emulator.advance(1.0)
    bench.load.p_w = bench.each(0.0, 0.0, 0.0)
    if bench.driver.dialect.protection is None or bench.driver.dialect.protection.clear is None:
        with pytest.raises(ConfigError, match="no command"):
            bench.driver.clear_protection()
        return
    bench.driver.clear_protection()
    assert bench.driver.measure().voltage_v == bench.each(0, 0, 0)
    bench.driver.output_on()
    assert bench.driver.measure().voltage_v == bench.each(100, 100, 100)


def test_a_refusal_is_an_error_that_quotes_the_queue_and_leaves_the_output_as_it_was(bench: Served) -> None:
    bench.energize(120, 120, 120)
    with pytest.raises(InstrumentError, match=r"reports: -2\d\d"):
        bench.link.command(bench.driver.dialect.set.frequency.filled(frequency_hz=1000.0))
    assert bench.node.frequency_hz == 60
    with pytest.raises(InstrumentError, match="reports: -1"):
        bench.link.command(":NONSENSE 1")
    bench.driver.set_voltage(bench.each(119, 119, 119), 60.0)


def test_a_phase_that_it_does_not_have_is_refused(three_phase: Served) -> None:
    bench = three_phase
    dialect = bench.driver.dialect
    select = "" if dialect.phases.select is None else dialect.phases.select.filled(phase=4) + ";"
    assert dialect.set.voltage is not None
    with pytest.raises(InstrumentError, match=r"reports: -[12]"):
        bench.link.command(select + dialect.set.voltage.filled(phase=4, voltage_v=1.0))


def test_an_error_from_before_does_not_stand_in_the_way_of_make_safe(bench: Served) -> None:
    bench.energize(120, 120, 120)
    bench.emulator.scpi.execute("FOO")
    bench.driver.make_safe()
    assert not bench.node.energized


def test_an_output_that_stays_on_is_not_taken_for_safe(bench: Served) -> None:
    bench.energize(120, 120, 120)
    bench.emulator.inject("does-not-switch-off")
    with pytest.raises(InstrumentError, match=r"measures 120(, 120, 120)? V"):
        bench.driver.make_safe()


def test_a_restart_is_noticed(bench: Served) -> None:
    if "event_status" not in bench.link.habits.acknowledge:
        return  # the dialect has no way to tell a restart
    bench.driver.set_voltage(bench.each(120, 120, 120), 60.0)
    bench.emulator.scpi.status._event |= 128
    with pytest.raises(InstrumentError, match="restarted"):
        bench.driver.set_voltage(bench.each(120, 120, 120), 60.0)


def test_after_a_reset_it_is_left_alone_for_as_long_as_it_needs(bench: Served) -> None:
    bench.energize(120, 119, 118)
    arrived = Event()
    bench.emulator.scpi.heard = lambda message: arrived.set() if message == "*RST" else None

    def pause(duration_s: float) -> None:
        assert arrived.wait(20.0)
        with bench.lock:  # the server holds it until the message is carried out
            bench.emulator.advance(duration_s)

    bench.driver.reset(pause)
    assert not bench.node.energized
    bench.energize(110, 110, 110)
    assert bench.node.voltage_v == bench.each(110, 110, 110), "what is said once, is said again after a reset"


def test_plain_pyvisa_is_understood(bench: Served) -> None:
    end = bench.link.habits.end
    client = pyvisa.ResourceManager("@py").open_resource(
        resource(bench.address), read_termination=end, write_termination=end, timeout=5000
    )
    assert isinstance(client, pyvisa.resources.MessageBasedResource)
    try:
        assert client.query("*IDN?").startswith("derbench")
        client.write("FREQ 59.5")
        assert client.query_ascii_values("FREQ?") == [59.5]
        client.write("FREQ 1000")
        assert client.query("SYST:ERR?").startswith("-2")
        assert client.query("SYST:ERR?").lstrip("+-").startswith("0,")
    finally:
        client.close()


def test_a_source_that_is_disturbed_while_it_settles_does_not_answer() -> None:
    with served("scpi_chroma_61600", timeout_s=0.15) as bench, pytest.raises(TransportError, match="no answer"):
        bench.driver.reset(pause=lambda _: None)


def test_more_phases_than_it_has_are_refused_before_anything_is_sent() -> None:
    with pytest.raises(ConfigError, match=r"AC6801B.* have 1 phase\(s\), and 3 are needed"):
        ScpiGridSimulator(VisaLink("TCPIP0::127.0.0.1::1::SOCKET"), ENVELOPE, 3, ac_source_dialect("keysight_ac6800"))


def test_an_answer_that_was_not_fetched_is_lost_and_says_so() -> None:
    with served("scpi_keysight_ac6800") as bench, raw_client(bench.address) as client:
        assert ask(client, b"VOLT?\nFREQ?\n") == b"6.000000E+01\n"
        assert ask(client, b"SYST:ERR?\n") == b'-410,"Query INTERRUPTED"\n'


@pytest.mark.parametrize(
    ("message", "answer"),
    [
        (b"FREQ 60,59,61;:FREQ?;:SYST:ERR?\n", b'6.000000E+01;0,"No error"\n'),
        (b"FREQ 60,59,61;:FREQ 58;:FREQ?;:SYST:ERR?\n", b'6.000000E+01;-222,"Data out of range;58"\n'),
        (b"FREQ 60,59;:SYST:ERR?\n", b'-108,"Parameter not allowed;FREQ"\n'),
    ],
)
def test_a_frequency_brings_its_own_limits(message: bytes, answer: bytes) -> None:
    with served("scpi_keysight_ac6800") as bench, raw_client(bench.address) as client:
        assert ask(client, message) == answer
