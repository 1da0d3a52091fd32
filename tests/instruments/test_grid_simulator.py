"""The emulated grid simulator, worked by our driver: what reaches the copper, its current limit, its defects."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from scpi_script import resource

from instruments.drivers.scpi_grid_simulator import ScpiGridSimulator
from instruments.drivers.scpi_source import SourceLimits
from instruments.emulators.electrical import ElectricalNode, PhasePower
from instruments.emulators.grid_simulator import AcSourceRatings, GridSimulatorEmulator
from instruments.emulators.host import EmulatorHost
from instruments.emulators.scpi_server import scpi_protocol
from instruments.errors import InstrumentError, SafetyTrip
from instruments.readings import Identity, SourceSetPoint
from instruments.transports.visa import VisaLink

LIMITS = SourceLimits((0.0, 150.0), (55.0, 65.0), 20.0)


class Load:
    """A constant-power device; the sign is the equipment's: > 0 is delivered."""

    def __init__(self, node: ElectricalNode) -> None:
        self.p_w = (0.0, 0.0, 0.0)
        self.q_var = (0.0, 0.0, 0.0)
        node.attach(lambda: PhasePower(self.p_w, self.q_var))


@dataclass
class Bench:
    source: GridSimulatorEmulator
    node: ElectricalNode
    load: Load
    driver: ScpiGridSimulator

    def energize(self, *voltage_v: float) -> None:
        self.driver.set_voltage(voltage_v, 60.0)
        self.driver.output_on()


@pytest.fixture(scope="module")
def host() -> Iterator[EmulatorHost]:
    with EmulatorHost() as host:
        yield host


@pytest.fixture
def bench(host: EmulatorHost) -> Iterator[Bench]:
    node = ElectricalNode(3)
    load = Load(node)
    source = GridSimulatorEmulator("source_1", node, AcSourceRatings(current_a=50.0))
    with VisaLink(resource(host.serve(scpi_protocol(source.scpi, host.lock)))) as link:
        yield Bench(source, node, load, ScpiGridSimulator(link, LIMITS))


def test_it_says_who_it_is(bench: Bench) -> None:
    assert bench.driver.identify() == Identity("derbench", "emulated grid simulator", version="1", serial="source_1")


def test_the_node_has_no_voltage_until_the_output_is_on(bench: Bench) -> None:
    bench.driver.set_voltage((120, 119, 118), 60.0)
    assert bench.node.voltage_v == (0.0, 0.0, 0.0)
    assert bench.driver.read_set_point() == SourceSetPoint((120, 119, 118), (0, -120, -240), 60.0, output_on=False)
    assert bench.driver.measure().voltage_v == (0.0, 0.0, 0.0), "a set-point is not a measurement"


def test_each_phase_and_its_angle_reach_the_node(bench: Bench) -> None:
    bench.driver.set_voltage((120, 119, 118), 59.5, angle_deg=(0, -100, 130))
    bench.driver.output_on()
    assert (bench.node.voltage_v, bench.node.angle_deg, bench.node.frequency_hz) == (
        (120, 119, 118),
        (0, -100, 130),
        59.5,
    )


def test_measurement_is_that_of_the_copper(bench: Bench) -> None:
    bench.energize(120, 100, 110)
    bench.load.p_w, bench.load.q_var = (300.0, -400.0, 0.0), (400.0, 0.0, -220.0)
    measured = bench.driver.measure()
    assert measured.voltage_v == (120, 100, 110)
    assert measured.current_a == pytest.approx((500 / 120, 4.0, 2.0), rel=1e-6)
    assert measured.p_w == (300, -400, 0), "what the equipment delivers is positive"
    assert measured.q_var == (400, 0, -220)
    assert measured.frequency_hz == 60.0


def test_output_off_takes_the_voltage_away(bench: Bench) -> None:
    bench.energize(120, 120, 120)
    bench.load.p_w = (1000.0,) * 3
    bench.driver.output_off()
    assert not bench.node.energized
    assert bench.driver.measure().total_p_w == 0.0


def test_reset_switches_off_and_forgets(bench: Bench) -> None:
    bench.energize(120, 120, 120)
    bench.source.scpi.execute("*RST")
    assert not bench.node.energized
    assert bench.driver.read_set_point() == SourceSetPoint((0, 0, 0), (0, -120, -240), 60.0, output_on=False)


def test_limits_of_instrument_and_bench_meet_in_the_narrower(bench: Bench) -> None:
    assert bench.driver.read_limits() == SourceLimits((0.0, 150.0), (55.0, 65.0), 20.0)
    before = len(bench.source.scpi.received)
    with pytest.raises(SafetyTrip, match=r"150\.1"):
        bench.driver.set_voltage((120, 150.1, 120), 60.0)
    assert len(bench.source.scpi.received) == before, "nothing reached the wire"


def test_a_current_above_the_limit_trips_and_stays_tripped(bench: Bench) -> None:
    bench.energize(100, 100, 100)
    bench.load.p_w = (0.0, 2000.0, 0.0)
    bench.source.advance(1.0)
    assert bench.node.energized, "20 A are allowed"
    bench.load.p_w = (0.0, 2000.1, 0.0)
    bench.source.advance(0.05)
    assert bench.node.energized, "the trip delay has not passed"
    bench.source.advance(0.05)
    assert not bench.node.energized
    with pytest.raises(InstrumentError, match="protection"):
        bench.driver.measure()
    with pytest.raises(InstrumentError, match="-221"):
        bench.driver.output_on()
    assert not bench.node.energized


def test_a_short_excess_does_not_add_up_to_a_trip(bench: Bench) -> None:
    bench.energize(100, 100, 100)
    for p_w in (2500.0, 1000.0) * 5:
        bench.load.p_w = (p_w,) * 3
        bench.source.advance(0.09)
    assert bench.node.energized


def test_a_trip_is_cleared_by_command_and_the_output_stays_off_until_switched_on(bench: Bench) -> None:
    bench.energize(100, 100, 100)
    bench.load.p_w = (5000.0,) * 3
    bench.source.advance(1.0)
    bench.load.p_w = (0.0,) * 3
    scpi = bench.source.scpi
    assert scpi.execute("STAT:QUES:COND?;EVEN?") == "2;2"
    assert scpi.execute("OUTP:PROT:CLE;:OUTP?;:STAT:QUES:COND?") == "0;0"
    bench.driver.output_on()
    assert bench.driver.measure().voltage_v == (100, 100, 100)


@pytest.mark.parametrize(
    ("message", "error"),
    [
        ("VOLT4 1", -114),
        ("VOLT0 1", -114),
        ("PHAS1 361", -222),
        ("FREQ 71", -222),
        ("CURR 50.1", -222),
        ("OUTP 2", -224),
    ],
)
def test_out_of_range_is_refused_and_queued(bench: Bench, message: str, error: int) -> None:
    bench.energize(120, 120, 120)
    assert bench.source.scpi.execute(f"{message};:SYST:ERR?").startswith(f"{error},")
    assert (bench.node.voltage_v, bench.node.frequency_hz) == ((120, 120, 120), 60.0)


def test_without_a_suffix_all_phases_are_set_and_read(bench: Bench) -> None:
    assert bench.source.scpi.execute("VOLT 99;PHAS2 -90;VOLT?;PHAS?;VOLT2?") == (
        "9.900000E+01,9.900000E+01,9.900000E+01;0.000000E+00,-9.000000E+01,-2.400000E+02;9.900000E+01"
    )


@pytest.mark.parametrize(
    ("kind", "value", "voltage_v"),
    [
        ("drifted", None, (121.2, 120.19, 119.18)),
        ("drifted", -0.02, (117.6, 116.62, 115.64)),
        ("wrong-range", 2.0, (240.0, 238.0, 236.0)),
        ("swapped-phases", None, (119.0, 120.0, 118.0)),
    ],
)
def test_a_defect_shows_on_the_copper_and_not_in_the_set_point(
    bench: Bench, kind: str, value: float | None, voltage_v: tuple[float, ...]
) -> None:
    bench.source.inject(kind, value, start_s=1.0, end_s=2.0)
    bench.energize(120, 119, 118)
    assert bench.node.voltage_v == (120, 119, 118), "not yet defective"
    bench.source.advance(1.0)
    assert bench.node.voltage_v == pytest.approx(voltage_v)
    assert bench.driver.read_set_point().voltage_v == (120, 119, 118)
    bench.source.advance(1.0)
    assert bench.node.voltage_v == (120, 119, 118), "healthy again"


def test_exchanged_phases_turn_the_other_way_round(bench: Bench) -> None:
    bench.energize(120, 119, 118)
    assert bench.node.angle_deg == (0, -120, -240)
    bench.source.inject("swapped-phases")
    bench.source.advance(1.0)
    assert bench.node.angle_deg == (-120, 0, -240), "the first phase lags the second now"


def test_an_output_that_stays_on_is_not_taken_for_safe(bench: Bench) -> None:
    bench.energize(120, 120, 120)
    bench.source.inject("does-not-switch-off")
    with pytest.raises(InstrumentError, match=r"switch says 0, it measures 120, 120, 120 V"):
        bench.driver.make_safe()


def test_an_error_in_the_queue_is_noticed_at_the_next_measurement(bench: Bench) -> None:
    bench.energize(120, 120, 120)
    bench.source.inject("error-in-its-queue", start_s=1.0)
    bench.driver.measure()
    bench.source.advance(1.0)
    with pytest.raises(InstrumentError, match=r"-310.*System error"):
        bench.driver.measure()


def test_an_error_from_before_does_not_stand_in_the_way_of_make_safe(bench: Bench) -> None:
    bench.energize(120, 120, 120)
    bench.source.scpi.execute("FOO")
    bench.driver.make_safe()
    assert not bench.node.energized
