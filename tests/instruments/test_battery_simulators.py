"""Battery simulators: each dialect byte for byte from what is known, and each emulator on its wire."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from scpi_script import CLEAR, resource, scripted

from instruments import roles
from instruments.dialects.battery_source import ROLE, BatterySourceDialect, battery_source_dialect
from instruments.dialects.loading import dialect_names, parse_dialect
from instruments.drivers.scpi_battery_simulator import BatteryLimits, ScpiBatterySimulator
from instruments.emulators.battery_source import BatterySourceEmulator, BatterySourceRatings, HeldBattery
from instruments.emulators.battery_sources import BATTERY_SOURCES
from instruments.emulators.host import EmulatorHost
from instruments.emulators.scpi_server import scpi_protocol
from instruments.errors import ConfigError, InstrumentError, SafetyTrip, TransportError
from instruments.readings import BatterySimulatorCapabilities, DcReading, Identity
from instruments.transports.visa import VisaLink

LIMITS = BatteryLimits((0.0, 450.0), 80.0)
FINE = '0,"No error"'
SYST = ":SYST:ERR?"
SET, ASK = "*ESR?;*OPC?", "*ESR?"
Turn = tuple[str, str | bytes | None]


def converse(name: str, act: Callable[[ScpiBatterySimulator], Any], *turns: Turn) -> Any:
    """Let the driver act on a scripted instrument; everything in the script must have been said."""
    dialect = battery_source_dialect(name)
    with (
        scripted(CLEAR, *turns, end=dialect.link.end) as address,
        VisaLink(address, timeout_s=5.0, habits=dialect.link) as link,
    ):
        return act(ScpiBatterySimulator(link, LIMITS, dialect))


def a_day(driver: ScpiBatterySimulator) -> DcReading:
    """Everything that a test has it do: stand for a battery, switch on, change, measure, switch off."""
    driver.set_battery(400.0, 50.0, 40.0)
    driver.output_on()
    driver.set_battery(380.0, 30.0, 20.0)
    found = driver.measure_dc()
    driver.output_off()
    return found


CONVERSATIONS: dict[str, list[Turn]] = {
    "generic": [
        (f":SOUR:VOLT? MIN;:SOUR:VOLT? MAX;:SOUR:CURR:LIM? MAX;:SOUR:CURR:LIM:NEG? MIN;{ASK}", "0;500;100;-90;0"),
        (f":SOUR:VOLT 400.000;:SOUR:CURR:LIM 50.0000;:SOUR:CURR:LIM:NEG -40.0000;{SET}", "0;1"),
        (f":OUTP ON;{SET}", "0;1"),
        (f":MEAS:VOLT?;:MEAS:CURR?;:MEAS:POW?;:OUTP?;{ASK}", "400;0;0;1;0"),
        (f":MEAS:VOLT?;:MEAS:CURR?;:MEAS:POW?;:OUTP?;{ASK}", "399;1;399;1;0"),
        (f":SOUR:VOLT 380.000;:SOUR:CURR:LIM 30.0000;:SOUR:CURR:LIM:NEG -20.0000;{SET}", "0;1"),
        (f":MEAS:VOLT?;:MEAS:CURR?;:MEAS:POW?;:OUTP?;{ASK}", "380;-5;-1900;1;0"),
        (":OUTP OFF;*OPC?;:MEAS:VOLT?;:MEAS:CURR?;:MEAS:POW?;:OUTP?", "1;370;0.05;18;0"),
    ],
    "keysight_rp7900": [
        (f":VOLT? MIN;:VOLT? MAX;:CURR:LIM? MAX;:CURR:LIM:NEG? MIN;{ASK}", "0;500;100;-90;0"),
        (f":FUNC VOLT;{SET}", "0;1"),
        (f":VOLT 400.000;:CURR:LIM 50.0000;:CURR:LIM:NEG -40.0000;{SET}", "0;1"),
        (f":OUTP ON;{SET}", "0;1"),
        (f":MEAS:VOLT?;:MEAS:CURR?;:MEAS:POW?;:OUTP?;{ASK}", "400;0;0;1;0"),
        (f":MEAS:VOLT?;:MEAS:CURR?;:MEAS:POW?;:OUTP?;{ASK}", "399;1;399;1;0"),
        (f":VOLT 380.000;:CURR:LIM 30.0000;:CURR:LIM:NEG -20.0000;{SET}", "0;1"),
        (f":MEAS:VOLT?;:MEAS:CURR?;:MEAS:POW?;:OUTP?;{ASK}", "380;-5;-1900;1;0"),
        (":OUTP OFF;*OPC?;:MEAS:VOLT?;:MEAS:CURR?;:MEAS:POW?;:OUTP?", "1;370;0.05;18;0"),
    ],
    "itech_it6000c": [
        (f":VOLT? MIN;:VOLT? MAX;:CURR:LIM:POS? MAX;:CURR:LIM:NEG? MIN;{ASK}", "0;500;100;-90;0"),
        (f":SYST:REM;:FUNC VOLT;{SET}", "0;1"),
        (f":VOLT 400.000;:CURR:LIM:POS 50.0000;:CURR:LIM:NEG -40.0000;{SET}", "0;1"),
        (f":OUTP 1;{SET}", "0;1"),
        (f":MEAS:VOLT?;:MEAS:CURR?;:MEAS:POW?;:OUTP?;{ASK}", "400;0;0;1;0"),
        (f":MEAS:VOLT?;:MEAS:CURR?;:MEAS:POW?;:OUTP?;{ASK}", "399;1;399;1;0"),
        (f":VOLT 380.000;:CURR:LIM:POS 30.0000;:CURR:LIM:NEG -20.0000;{SET}", "0;1"),
        (f":MEAS:VOLT?;:MEAS:CURR?;:MEAS:POW?;:OUTP?;{ASK}", "380;-5;-1900;1;0"),
        (":SYST:REM;:OUTP 0;*OPC?;:MEAS:VOLT?;:MEAS:CURR?;:MEAS:POW?;:OUTP?", "1;370;0.05;18;0"),
    ],
}


@pytest.mark.parametrize("name", CONVERSATIONS)
def test_a_source_with_limits_of_either_sign_word_for_word(name: str) -> None:
    assert converse(name, a_day, *CONVERSATIONS[name]) == DcReading(380.0, -5.0, -1900.0)


class TestNhr:
    ABLE = (
        f":INST:CAP:VOLT:MIN?;:INST:CAP:VOLT:MAX?;:INST:CAP:CURR:DISC:MAX?;:INST:CAP:CURR:CHAR:MAX?;{SYST}",
        f"0.0;600.0;100.0;60.0;{FINE}",
    )
    PREPARED = (f":SYST:REM;:CONF:CIN 1;:BDV 0;{SYST}", FINE)
    MEASURE = ":MEAS:VOLT?;:FETC:CURR?;:FETC:POW?;:OPER?"

    def test_what_it_can_do_is_the_narrower_of_its_own_and_the_benchs(self) -> None:
        found = converse("nhr_9200", lambda d: d.read_capabilities(), self.ABLE)
        assert found == BatterySimulatorCapabilities((0.0, 450.0), 80.0, 60.0, separate=False)

    def test_it_is_told_everything_as_it_is_switched_on_and_again_when_that_changes(self) -> None:
        def act(driver: ScpiBatterySimulator) -> DcReading:
            driver.set_battery(400.0, 50.0, 50.0)
            driver.output_on()
            driver.set_battery(380.0, 30.0, 30.0)
            driver.output_off()
            return driver.measure_dc()

        turns = [
            self.ABLE,
            self.PREPARED,
            (f":OPER 4,3,400.000,50.0000,0,0;{SYST}", FINE),
            (f"{self.MEASURE};{SYST}", f"400.0;0.0;0.0;4,3,400,50,0,0;{FINE}"),
            (f"{self.MEASURE};{SYST}", f"401.0;-9.0;-3609.0;4,3,400,50,0,0;{FINE}"),
            (f":OPER 4,3,380.000,30.0000,0,0;{SYST}", FINE),
            (f":SYST:REM;:OPER 0,3,380.000,30.0000,0,0;{self.MEASURE}", "300.0;0.01;3.0;0,3,380,30,0,0"),
            (f"{self.MEASURE};{SYST}", f"300.0;0.0;0.0;0,3,380,30,0,0;{FINE}"),
        ]
        assert converse("nhr_9200", act, *turns) == DcReading(300.0, 0.0, 0.0)

    def test_it_can_be_made_safe_by_who_has_not_set_it(self) -> None:
        off = f":SYST:REM;:OPER 0,3,0.000,0.0000,0,0;{self.MEASURE}"
        converse("nhr_9200", lambda d: d.make_safe(), (off, "0;0;0;0,3,0,0,0,0"))

    @pytest.mark.parametrize("mode", ["1", "2", "3", "", "ON"])
    def test_a_mode_that_is_neither_is_not_taken_for_off(self, mode: str) -> None:
        off = f":SYST:REM;:OPER 0,3,0.000,0.0000,0,0;{self.MEASURE}"
        with pytest.raises(InstrumentError, match="neither on nor off"):
            converse("nhr_9200", lambda d: d.output_off(), (off, f"0;0;0;{mode},3,0,0,0,0"))

    def test_a_refusal_quotes_the_queue(self) -> None:
        turns = [self.ABLE, (self.PREPARED[0], '-113,"Undefined header"'), (SYST, FINE)]
        with pytest.raises(InstrumentError, match="-113"):
            converse("nhr_9200", lambda d: d.set_battery(400.0, 50.0, 50.0), *turns)

    def test_limits_that_differ_are_more_than_it_can(self) -> None:
        with pytest.raises(ConfigError, match="alike"):
            converse_nothing("nhr_9200").set_battery(400.0, 50.0, 40.0)


class TestEa:
    CLEARED = (f"*CLS;{SYST}", FINE)
    ABLE = (
        f":VOLT:LIM:LOW?;:VOLT:LIM:HIGH?;:CURR:LIM:HIGH?;:SINK:CURR:LIM:HIGH?;{SYST}",
        f"0V;500.0V;90.00 A;60A;{FINE}",
    )
    PREPARED = (f":SYST:LOCK ON;:POW MAX;:SINK:POW MAX;{SYST}", FINE)
    MEASURE = ":MEAS:VOLT?;:MEAS:CURR?;:MEAS:POW?;:OUTP?"

    @staticmethod
    def converse(act: Callable[[ScpiBatterySimulator], Any], *turns: Turn) -> Any:
        dialect = battery_source_dialect("ea_psb")
        with scripted(TestEa.CLEARED, *turns) as address, VisaLink(address, timeout_s=5.0, habits=dialect.link) as link:
            return act(ScpiBatterySimulator(link, LIMITS, dialect))

    def test_word_for_word_with_units_and_never_more_than_five_at_once(self) -> None:
        turns = [
            self.ABLE,
            self.PREPARED,
            (f":VOLT 400.00;:CURR 50.00;:SINK:CURR 40.00;{SYST}", FINE),
            (f":OUTP ON;{SYST}", FINE),
            (f"{self.MEASURE};{SYST}", f"400.0V;0.00A;0W;ON;{FINE}"),
            (f"{self.MEASURE};{SYST}", f"399.0V;1.00A;399W;ON;{FINE}"),
            (f":VOLT 380.00;:CURR 30.00;:SINK:CURR 20.00;{SYST}", FINE),
            (f"{self.MEASURE};{SYST}", f"380.0V;-5.00A;-1900W;ON;{FINE}"),
            (":SYST:LOCK ON;:OUTP OFF", None),
            (self.MEASURE, "370.0V;0.05A;18W;OFF"),
        ]
        assert self.converse(a_day, *turns) == DcReading(380.0, -5.0, -1900.0)

    def test_a_refusal_quotes_the_queue(self) -> None:
        turns = [self.ABLE, (self.PREPARED[0], '-201,"Invalid while in local"'), (SYST, FINE)]
        with pytest.raises(InstrumentError, match="-201"):
            self.converse(lambda d: d.set_battery(400.0, 50.0, 50.0), *turns)

    @pytest.mark.parametrize("answer", ["400.0kV", "400.0 OHM", "V", "4V0"])
    def test_another_unit_is_no_number(self, answer: str) -> None:
        with pytest.raises(InstrumentError, match="not numbers"):
            self.converse(lambda d: d.measure_dc(), (f"{self.MEASURE};{SYST}", f"{answer};0A;0W;ON;{FINE}"))

    def test_a_link_that_is_not_cleared_is_told(self) -> None:
        dialect = battery_source_dialect("ea_psb")
        with (
            scripted((f"*CLS;{SYST}", '-100,"Command error"')) as address,
            VisaLink(address, timeout_s=5.0, habits=dialect.link) as link,
            pytest.raises(TransportError, match="acknowledged with"),
        ):
            link.query("*IDN?")

    def test_more_units_than_it_takes_are_not_sent(self) -> None:
        with pytest.raises(ConfigError, match="takes 5 units at once"):
            self.converse(lambda d: d._link.query(";".join(["*IDN?"] * 6)))


def test_identity() -> None:
    found = converse("nhr_9200", lambda d: d.identify(), ("*IDN?", "NH Research,9220,123,4.5"))
    assert found == Identity("NH Research", "9220", serial="123", version="4.5")


@pytest.mark.parametrize("answer", ["1;400;0.2;80;0", "1;400;-0.2;-80;0", "1;400;0;0;1"])
def test_an_output_that_stays_on_is_not_taken_for_safe(answer: str) -> None:
    turn = (":OUTP OFF;*OPC?;:MEAS:VOLT?;:MEAS:CURR?;:MEAS:POW?;:OUTP?", answer)
    with pytest.raises(InstrumentError, match="does not switch off"):
        converse("generic", lambda d: d.make_safe(), turn)


@pytest.mark.parametrize("answer", ["400;0;1;0", "400;0;0;0;1;0", "400;NAN;0;1;0", "400,1;0;0;1;0", "400;0;0;MAYBE;0"])
def test_answers_that_are_none_are_told(answer: str) -> None:
    turn = (f":MEAS:VOLT?;:MEAS:CURR?;:MEAS:POW?;:OUTP?;{ASK}", answer)
    with pytest.raises(InstrumentError):
        converse("generic", lambda d: d.measure_dc(), turn)


def converse_nothing(name: str) -> ScpiBatterySimulator:
    """A driver at an address where nobody is: what is sent would be an error of the link."""
    return ScpiBatterySimulator(VisaLink("TCPIP0::127.0.0.1::1::SOCKET"), LIMITS, battery_source_dialect(name))


@pytest.mark.parametrize(
    ("battery", "names"),
    [
        ((450.1, 10.0, 10.0), "voltage_v 450.1 is outside 0 to 450"),
        ((-0.1, 10.0, 10.0), "voltage_v"),
        ((float("nan"), 10.0, 10.0), "voltage_v"),
        ((400.0, 80.1, 10.0), "current_a 80.1 is outside 0 to 80"),
        ((400.0, 10.0, 80.1), "current_a"),
        ((400.0, 10.0, -1.0), "current_a"),
        ((400.0, float("inf"), 1.0), "current_a"),
    ],
)
def test_outside_the_benchs_limits_nothing_is_sent(battery: tuple[float, float, float], names: str) -> None:
    with pytest.raises(SafetyTrip, match=names):
        converse_nothing("generic").set_battery(*battery)


def test_it_is_not_switched_on_before_it_was_set() -> None:
    with pytest.raises(ConfigError, match="has to be set"):
        converse_nothing("generic").output_on()


def test_the_driver_fits_its_role() -> None:
    fitting: roles.BatterySimulator = converse_nothing("generic")
    assert fitting is not None


def test_what_nobody_held_against_a_manual_is_listed_with_its_source() -> None:
    for name in dialect_names(ROLE):
        assert all(battery_source_dialect(name).unconfirmed().values())
        assert battery_source_dialect(name).unconfirmed()


def test_a_dialect_that_tells_nothing_of_the_current_is_refused() -> None:
    document = {
        "dialect": "mute",
        "instruments": "none",
        "source": "none",
        "set": [":VOLT {voltage_v}"],
        "output": {"switch_on": [":OUTP 1"], "switch_off": [":OUTP 0"], "state": ":OUTP?"},
        "measure": {"voltage": ":A?", "current": ":B?", "power": ":C?"},
    }
    with pytest.raises(ConfigError, match="nothing tells voltage and current"):
        parse_dialect(document, "mute.yaml", BatterySourceDialect)
    document["set"] = [":VOLT {voltage_v}", ":CURR {current_a}"]
    with pytest.raises(ConfigError, match="nothing fills in"):
        parse_dialect(document, "mute.yaml", BatterySourceDialect)


@dataclass
class Served:
    emulator: BatterySourceEmulator
    driver: ScpiBatterySimulator
    link: VisaLink
    asked_w: float = 0.0
    """What the inverter asks for, W; > 0 from the battery."""


@contextmanager
def serving(driver: str, ratings: BatterySourceRatings | None = None) -> Iterator[Served]:
    dialect = battery_source_dialect(driver.removeprefix("scpi_"))
    emulator = BATTERY_SOURCES[driver]("battery", ratings)
    with EmulatorHost() as host:
        address = host.serve(scpi_protocol(emulator.scpi, host.lock, emulator.termination))
        with VisaLink(resource(address), timeout_s=5.0, habits=dialect.link) as link:
            served = Served(emulator, ScpiBatterySimulator(link, LIMITS, dialect), link)
            emulator.link = lambda: (min(served.asked_w, 0.0), max(served.asked_w, 0.0))
            emulator.drawn_w = lambda: emulator.delivered_w
            yield served


@pytest.fixture(params=list(BATTERY_SOURCES))
def bench(request: pytest.FixtureRequest) -> Iterator[Served]:
    with serving(request.param) as served:
        yield served


@pytest.fixture
def live(bench: Served) -> Served:
    bench.driver.set_battery(400.0, 50.0, 50.0)
    bench.driver.output_on()
    return bench


def test_every_dialect_has_an_emulator_of_its_own() -> None:
    assert {f"scpi_{name}" for name in dialect_names(ROLE)} == set(BATTERY_SOURCES)


def test_it_holds_its_voltage_when_it_is_on_and_not_before(bench: Served) -> None:
    assert bench.driver.identify().model.startswith("emulated")
    bench.driver.set_battery(400.0, 50.0, 50.0)
    assert bench.emulator.voltage_v == 0.0, "a set-point switches nothing on"
    bench.driver.output_on()
    assert bench.driver.measure_dc() == DcReading(400.0, 0.0, 0.0)
    bench.driver.set_battery(380.0, 50.0, 50.0)
    assert bench.driver.measure_dc().voltage_v == 380.0


@pytest.mark.parametrize(
    ("asked_w", "given_w"), [(8000.0, 8000.0), (-8000.0, -8000.0), (20_001.0, 20_000.0), (-20_001.0, -20_000.0)]
)
def test_it_gives_and_takes_what_is_asked_within_its_limits(live: Served, asked_w: float, given_w: float) -> None:
    live.asked_w = asked_w
    assert live.emulator.delivered_w == given_w
    assert live.driver.measure_dc() == DcReading(400.0, given_w / 400.0, given_w)


@pytest.mark.parametrize("driver", [name for name in BATTERY_SOURCES if name != "scpi_nhr_9200"])
def test_each_way_has_its_own_limit(driver: str) -> None:
    with serving(driver) as bench:
        bench.driver.set_battery(400.0, 50.0, 10.0)
        assert bench.emulator.battery == HeldBattery(400.0, 50.0, 10.0)
        assert bench.driver.read_capabilities().separate


def test_what_it_can_do_is_asked(bench: Served) -> None:
    found = bench.driver.read_capabilities()
    assert (found.voltage_v, found.discharge_a, found.charge_a) == ((0.0, 450.0), 80.0, 80.0), "the bench is narrower"


@pytest.mark.parametrize("driver", list(BATTERY_SOURCES))
def test_a_source_that_takes_less_refuses_before_anything_is_set(driver: str) -> None:
    with serving(driver, BatterySourceRatings(420.0, 60.0, 20.0)) as bench:
        found = bench.driver.read_capabilities()
        assert (found.voltage_v, found.discharge_a, found.charge_a) == ((0.0, 420.0), 60.0, 20.0)
        before = len(bench.emulator.scpi.received)
        for battery in ((421.0, 10.0, 10.0), (400.0, 61.0, 61.0), (400.0, 21.0, 21.0)):
            with pytest.raises(SafetyTrip):
                bench.driver.set_battery(*battery)
        assert len(bench.emulator.scpi.received) == before


def test_it_switches_off_whatever_flows(live: Served) -> None:
    live.asked_w = -8000.0
    live.driver.make_safe()
    assert (live.emulator.delivered_w, live.emulator.voltage_v) == (0.0, 0.0)


def test_an_error_from_before_does_not_stand_in_the_way_of_make_safe(live: Served) -> None:
    live.emulator.scpi.execute("FOO")
    live.driver.make_safe()
    assert live.emulator.voltage_v == 0.0


def test_who_has_not_set_it_makes_it_safe(live: Served) -> None:
    other = ScpiBatterySimulator(live.link, LIMITS, live.driver.dialect)
    live.emulator.scpi.execute(":SYST:LOC;:SYST:LOCK OFF")
    live.emulator.scpi.execute("*CLS")
    other.make_safe()
    assert live.emulator.voltage_v == 0.0


def test_one_that_does_not_switch_off_is_found_by_its_current(live: Served) -> None:
    live.asked_w = 1000.0
    live.emulator.inject("does-not-switch-off")
    with pytest.raises(InstrumentError, match="does not switch off"):
        live.driver.make_safe()


def test_one_that_went_off_by_itself_is_told(live: Served) -> None:
    live.emulator.scpi.execute("*RST")
    with pytest.raises(InstrumentError):
        live.driver.set_battery(400.0, 50.0, 50.0)
    assert live.emulator.voltage_v == 0.0


def test_one_that_holds_another_voltage_is_told(live: Served) -> None:
    live.emulator.inject("drifted", -0.04)
    live.driver.set_battery(400.0, 50.0, 50.0)
    live.emulator.inject("drifted", -0.06)
    with pytest.raises(InstrumentError, match="is to hold 400 V, and holds 376 V"):
        live.driver.set_battery(400.0, 50.0, 50.0)


def test_an_error_in_its_queue_is_told(live: Served) -> None:
    live.emulator.inject("error-in-its-queue")
    live.emulator.advance(1.0)
    with pytest.raises(InstrumentError, match="-310"):
        live.driver.measure_dc()


def test_a_link_that_fails_is_a_fault_of_the_link() -> None:
    with pytest.raises(TransportError):
        converse_nothing("generic").measure_dc()


BAD = {
    "scpi_generic": [
        (":SOUR:VOLT 1001", -222),
        (":SOUR:CURR:LIM -1", -222),
        (":SOUR:CURR:LIM:NEG 1", -222),
        (":SOUR:CURR:LIM:NEG", -109),
        (":SOUR:VOLT FOO", -104),
        (":SOUR:VOLT? FOO", -224),
        (":OUTP MAYBE", -224),
        (":FUNC VOLT", -113),
    ],
    "scpi_keysight_rp7900": [
        (":FUNC POW", -224),
        (":FUNC CURR", -221),
        (":VOLT 1001", -222),
        (":CURR:LIM 201", -222),
        (":CURR:LIM:NEG 1", -222),
        (":CURR:LIM:NEG -201", -222),
        (":OUTP MAYBE", -224),
    ],
    "scpi_itech_it6000c": [
        (":FUNC POW", -224),
        (":FUNC CURR", -221),
        (":CURR:LIM 10", -113),
        (":CURR:LIM:POS 201", -222),
        (":CURR:LIM:NEG 1", -222),
        (":SYST:LOC;:VOLT 10", -221),
        (":SYST:LOC;:OUTP 0", -221),
    ],
    "scpi_ea_psb": [
        (":SYST:LOCK OFF;:VOLT 10", -201),
        (":SYST:LOCK OFF;:OUTP OFF", -201),
        (":SYST:LOCK OFF;:SINK:CURR 1", -201),
        (":VOLT 1001", -222),
        (":CURR -1", -222),
        (":SINK:CURR 201", -222),
        (":SINK:POW 2E6", -222),
        (":POW FOO", -104),
        (":OUTP MAYBE", -224),
        ("*OPC?", -100),
        (":FUNC VOLT", -100),
        (":VOLT?;:VOLT?;:VOLT?;:VOLT?;:VOLT?;:VOLT?", -223),
    ],
    "scpi_nhr_9200": [
        (":OPER 5,3,400,50,0,0", -222),
        (":OPER 4,16,400,50,0,0", -222),
        (":OPER 4,3,1001,50,0,0", -222),
        (":OPER 4,3,400,201,0,0", -222),
        (":OPER 4,3,400,50,1e9,0", -222),
        (":OPER 4,3,400,50,0", -109),
        (":OPER ON,3,400,50,0,0", -104),
        (":SYST:LOC;:OPER 0,3,400,50,0,0", -221),
        (":CONF:CIN MAYBE", -224),
        (":BDV -1", -222),
        (":MEAS:CURR?", -113),
    ],
}


@pytest.mark.parametrize(("driver", "message", "error"), [(d, m, e) for d, bad in BAD.items() for m, e in bad])
def test_what_it_does_not_take_is_refused_and_changes_nothing(driver: str, message: str, error: int) -> None:
    with serving(driver) as bench:
        bench.driver.set_battery(400.0, 50.0, 50.0)
        bench.driver.output_on()
        scpi = bench.emulator.scpi
        scpi.execute(message)
        assert scpi.execute(":SYST:ERR?").startswith(f"{error},")
        assert (bench.emulator.battery, bench.emulator.voltage_v) == (HeldBattery(400.0, 50.0, 50.0), 400.0)


@pytest.mark.parametrize(
    ("driver", "message", "answer"),
    [
        ("scpi_generic", ":SOUR:VOLT?;:SOUR:CURR:LIM?;:SOUR:CURR:LIM:NEG?", "4.000000E+02;5.000000E+01;-5.000000E+01"),
        ("scpi_keysight_rp7900", ":FUNC?;:CURR:LIM:POS?;:CURR:LIM:NEG? MIN", "VOLT;5.000000E+01;-2.000000E+02"),
        ("scpi_itech_it6000c", ":FUNC?;:CURR:LIM:POS?;:CURR:LIM:NEG? MIN", "VOLT;5.000000E+01;-2.000000E+02"),
        ("scpi_ea_psb", ":SYST:LOCK:OWN?;:VOLT?;:CURR?;:SINK:CURR?", "REMOTE;400.00V;50.00A;50.00A"),
        ("scpi_nhr_9200", ":OPER?;:INST:CAP:VOLT:MAX?", "4,3,400,50,0,0;1.000000E+03"),
    ],
)
def test_what_it_holds_can_be_asked(driver: str, message: str, answer: str) -> None:
    with serving(driver) as bench:
        bench.driver.set_battery(400.0, 50.0, 50.0)
        bench.driver.output_on()
        assert bench.emulator.scpi.execute(message) == answer


@pytest.mark.parametrize("driver", ["scpi_keysight_rp7900", "scpi_itech_it6000c"])
def test_in_current_priority_it_is_no_battery(driver: str) -> None:
    with serving(driver) as bench:
        for message in (":SYST:REM", ":VOLT 400", ":OUTP 1"):
            bench.emulator.scpi.execute(message)
        assert bench.emulator.voltage_v == 0.0


@pytest.mark.parametrize(("sign", "shown"), [("0", 2.0), ("1", -2.0)])
def test_the_sign_of_a_current_of_nhr_is_a_setting(sign: str, shown: float) -> None:
    with serving("scpi_nhr_9200") as bench:
        bench.driver.set_battery(400.0, 50.0, 50.0)
        bench.driver.output_on()
        bench.asked_w = -800.0
        bench.emulator.scpi.execute(f":CONF:CIN {sign}")
        assert bench.driver.measure_dc() == DcReading(400.0, shown, 400.0 * shown)


def test_what_does_not_count_does_not_hold() -> None:
    emulator = BATTERY_SOURCES["scpi_nhr_9200"]("battery")
    emulator.scpi.execute(":SYST:REM;:OPER 4,1,400,50,0,0")
    assert emulator.battery == HeldBattery(400.0, 200.0, 200.0), "the current does not count: the module's own is left"
    emulator.scpi.execute(":OPER 4,2,400,50,0,0")
    assert emulator.battery == HeldBattery(0.0, 50.0, 50.0)
