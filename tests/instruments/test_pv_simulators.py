"""PV simulators: each dialect byte for byte from what is known of the instruments, and each emulator over its wire."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import pytest
from scpi_script import CLEAR, resource, scripted

from instruments import roles
from instruments.dialects.loading import dialect_names
from instruments.dialects.pv_source import ROLE, pv_source_dialect
from instruments.drivers.scpi_pv_simulator import DcLimits, PvArray, ScpiPvSimulator
from instruments.emulators.host import EmulatorHost
from instruments.emulators.pv_source import PvSourceEmulator
from instruments.emulators.pv_sources import PV_SOURCES
from instruments.emulators.scpi_server import scpi_protocol
from instruments.errors import InstrumentError, SafetyTrip
from instruments.readings import Identity
from instruments.transports.visa import VisaLink

ARRAY = PvArray(voc_v=500.0, isc_a=10.0, vmp_v=400.0, imp_a=9.0)
LIMITS = DcLimits((0.0, 600.0), 20.0)
FINE = '0,"No error"'
SYST = ":SYST:ERR?"
Turn = tuple[str, str | bytes | None]


def converse(name: str, act: Callable[[ScpiPvSimulator], Any], *turns: Turn, channel: int = 1) -> Any:
    """Let the driver act on a scripted instrument; everything in the script must have been said."""
    dialect = pv_source_dialect(name)
    with (
        scripted(CLEAR, *turns, end=dialect.link.end) as address,
        VisaLink(address, timeout_s=5.0, habits=dialect.link) as link,
    ):
        return act(ScpiPvSimulator(link, LIMITS, ARRAY, dialect, channel))


def half_of_the_sun(driver: ScpiPvSimulator) -> None:
    driver.set_irradiance_pu(1.0)
    driver.set_irradiance_pu(0.5)


class TestTerraSas:
    CURVE = (
        ':CURV:VIP 500.000,10.0000;:CURV:MPP 400.000,9.0000;:CURV:ADD "derbench";:SOUR:CURV "derbench",(@2);' + SYST,
        FINE,
    )
    STATE = ":MEAS:SCAL:VOLT:DC? (@2);:MEAS:SCAL:CURR:DC? (@2);:OUTP:STAT? (@2)"

    def test_identity(self) -> None:
        found = converse("ametek_terrasas", lambda d: d.identify(), ("*IDN?", "AMETEK,TerraSAS,123,4.5"))
        assert found == Identity("AMETEK", "TerraSAS", serial="123", version="4.5")

    def test_the_curve_is_given_once_and_irradiance_is_executed(self) -> None:
        turns = [
            self.CURVE,
            (f":SOUR:IRR 1000.00,(@2);:SOUR:EXEC (@2);{SYST}", FINE),
            (f":SOUR:IRR 500.00,(@2);:SOUR:EXEC (@2);{SYST}", FINE),
        ]
        converse("ametek_terrasas", half_of_the_sun, *turns, channel=2)

    def test_output(self) -> None:
        on = (f":OUTP:STAT ON,(@2);{SYST}", FINE)
        turns = [self.CURVE, on, (f"{self.STATE};{SYST}", f"500;0;1;{FINE}")]
        converse("ametek_terrasas", lambda d: d.output_on(), *turns, channel=2)
        off = f":OUTP:STAT OFF,(@2);{self.STATE}"
        converse("ametek_terrasas", lambda d: d.output_off(), (off, "480;0.05;0"), channel=2)

    def test_power_is_measured(self) -> None:
        turn = (f"{self.STATE};{SYST}", f"400;5;1;{FINE}")
        assert converse("ametek_terrasas", lambda d: d.measure_dc_w(), turn, channel=2) == 2000.0

    def test_a_refusal_quotes_the_queue(self) -> None:
        turns = [(self.CURVE[0], '-221,"Settings conflict"'), (SYST, FINE)]
        with pytest.raises(InstrumentError, match="-221"):
            converse("ametek_terrasas", lambda d: d.set_irradiance_pu(1.0), *turns, channel=2)


class TestKeysight:
    SET, ASK = "*ESR?;*OPC?", "*ESR?"
    MODE = (f":SAS:MODE CURV;{SET}", "0;1")
    CURVE = (f":SAS:CURV:IMP 9.0000;ISC 10.0000;VMP 400.000;VOC 500.000;{SET}", "0;1")
    STATE = ":MEAS:VOLT?;:MEAS:CURR?;:OUTP:STAT?"

    def test_the_curve_is_on_one_line_and_irradiance_scales_its_current(self) -> None:
        turns = [
            self.MODE,
            self.CURVE,
            (f":SAS:SCAL:CURR 100.000;{self.SET}", "0;1"),
            (f":SAS:SCAL:CURR 50.000;{self.SET}", "0;1"),
        ]
        converse("keysight_apv", half_of_the_sun, *turns)

    def test_output(self) -> None:
        on = (f":OUTP:STAT 1;{self.SET}", "0;1")
        turns = [self.MODE, self.CURVE, on, (f"{self.STATE};{self.ASK}", "500;0;1;0")]
        converse("keysight_apv", lambda d: d.output_on(), *turns)
        converse("keysight_apv", lambda d: d.output_off(), (f":OUTP:STAT 0;*OPC?;{self.STATE}", "1;300;0;0"))

    def test_a_bad_set_is_an_execution_error(self) -> None:
        turns = [self.MODE, (self.CURVE[0], "16;1"), (SYST, '-221,"Settings conflict"'), (SYST, FINE)]
        with pytest.raises(InstrumentError, match="-221"):
            converse("keysight_apv", lambda d: d.set_irradiance_pu(1.0), *turns)


class TestChroma:
    MODE = (f":OUTP:MODE SAS;{SYST}", FINE)
    CURVE = (f":SAS:VOC 500.000;:SAS:ISC 10.0000;:SAS:VMP 400.000;:SAS:IMP 9.0000;:TRIG;{SYST}", FINE)
    STATE = ":MEAS:VOLT?;:MEAS:CURR?;:OUTP:STAT?"

    def test_irradiance_is_another_curve_taken_over_by_a_trigger(self) -> None:
        turns = [
            self.MODE,
            self.CURVE,
            (f":SAS:IMP 0;:SAS:ISC 10.0000;:SAS:IMP 9.0000;:TRIG;{SYST}", FINE),
            (f":SAS:IMP 0;:SAS:ISC 5.0000;:SAS:IMP 4.5000;:TRIG;{SYST}", FINE),
        ]
        converse("chroma_62000", half_of_the_sun, *turns)

    def test_output(self) -> None:
        on = (f":CONF:OUTP ON;{SYST}", FINE)
        turns = [self.MODE, self.CURVE, on, (f"{self.STATE};{SYST}", f"500;0;ON;{FINE}")]
        converse("chroma_62000", lambda d: d.output_on(), *turns)
        converse("chroma_62000", lambda d: d.output_off(), (f":CONF:OUTP OFF;{self.STATE}", "9;0;OFF"))

    def test_an_output_that_stays_off_is_told(self) -> None:
        on = (f":CONF:OUTP ON;{SYST}", FINE)
        turns = [self.MODE, self.CURVE, on, (f"{self.STATE};{SYST}", f"0;0;OFF;{FINE}")]
        with pytest.raises(InstrumentError, match="does not switch its output on"):
            converse("chroma_62000", lambda d: d.output_on(), *turns)

    def test_the_dark_is_more_than_it_can(self) -> None:
        with pytest.raises(SafetyTrip, match="irradiance_pu"):
            driver_of("chroma_62000").set_irradiance_pu(0.0)


@pytest.mark.parametrize("answer", ["1;400;0.2;0", "1;400;0;1"])
def test_an_output_that_stays_on_is_not_taken_for_safe(answer: str) -> None:
    turn = (f":OUTP:STAT 0;*OPC?;{TestKeysight.STATE}", answer)
    with pytest.raises(InstrumentError, match="does not switch off"):
        converse("keysight_apv", lambda d: d.make_safe(), turn)


def driver_of(name: str, array: PvArray = ARRAY) -> ScpiPvSimulator:
    """A driver at an address where nobody is: what is sent would be an error of the link."""
    return ScpiPvSimulator(VisaLink("TCPIP0::127.0.0.1::1::SOCKET"), LIMITS, array, pv_source_dialect(name))


@pytest.mark.parametrize(
    ("array", "share", "names"),
    [
        (replace(ARRAY, voc_v=600.1), 1.0, "open-circuit voltage_v 600.1 is outside 0 to 600"),
        (replace(ARRAY, isc_a=20.1), 1.0, "short-circuit current_a"),
        (ARRAY, 1.01, "irradiance_pu"),
        (ARRAY, -0.1, "irradiance_pu"),
        (ARRAY, float("nan"), "irradiance_pu"),
    ],
)
def test_outside_the_limits_nothing_is_sent(array: PvArray, share: float, names: str) -> None:
    with pytest.raises(SafetyTrip, match=names):
        driver_of("keysight_apv", array).set_irradiance_pu(share)


def test_an_array_outside_the_limits_is_not_switched_on() -> None:
    with pytest.raises(SafetyTrip, match="voltage_v"):
        driver_of("keysight_apv", replace(ARRAY, voc_v=600.1)).output_on()


def test_the_driver_fits_its_role() -> None:
    fitting: roles.PvSimulator = driver_of("keysight_apv")
    assert fitting is not None


def test_what_nobody_held_against_a_manual_is_listed() -> None:
    for name in dialect_names(ROLE):
        assert {"measure.voltage", "measure.current"} <= set(pv_source_dialect(name).unconfirmed())


@dataclass
class Served:
    emulator: PvSourceEmulator
    driver: ScpiPvSimulator
    link: VisaLink


@contextmanager
def serving(driver: str) -> Iterator[Served]:
    dialect = pv_source_dialect(driver.removeprefix("scpi_"))
    emulator = PV_SOURCES[driver]("pv")
    with EmulatorHost() as host:
        address = host.serve(scpi_protocol(emulator.scpi, host.lock, emulator.termination))
        with VisaLink(resource(address), timeout_s=5.0, habits=dialect.link) as link:
            yield Served(emulator, ScpiPvSimulator(link, LIMITS, ARRAY, dialect), link)


@pytest.fixture(params=list(PV_SOURCES))
def bench(request: pytest.FixtureRequest) -> Iterator[Served]:
    with serving(request.param) as served:
        yield served


def test_every_dialect_has_an_emulator_of_its_own() -> None:
    assert {f"scpi_{name}" for name in dialect_names(ROLE)} == set(PV_SOURCES)


def test_what_is_available_follows_the_irradiance(bench: Served) -> None:
    assert bench.driver.identify().model.startswith("emulated")
    bench.driver.set_irradiance_pu(1.0)
    assert bench.emulator.available_w == 0.0, "an irradiance switches nothing on"
    bench.driver.output_on()
    assert bench.emulator.available_w == pytest.approx(3600.0)
    for share in (0.25, 0.8, 0.01, 1.0):
        bench.driver.set_irradiance_pu(share)
        assert bench.emulator.available_w == pytest.approx(3600.0 * share)


def test_the_power_drawn_is_measured(bench: Served) -> None:
    bench.driver.set_irradiance_pu(0.5)
    bench.driver.output_on()
    bench.emulator.drawn_w = lambda: 1000.0
    assert bench.driver.measure_dc_w() == pytest.approx(1000.0)
    bench.emulator.drawn_w = lambda: 5000.0
    assert bench.driver.measure_dc_w() == pytest.approx(1800.0), "no more than there is"


def test_it_switches_off_whatever_is_drawn(bench: Served) -> None:
    bench.driver.set_irradiance_pu(1.0)
    bench.driver.output_on()
    bench.emulator.drawn_w = lambda: 1000.0
    bench.driver.make_safe()
    assert (bench.emulator.available_w, bench.emulator.voltage_v) == (0.0, 0.0)


def test_an_error_from_before_does_not_stand_in_the_way_of_make_safe(bench: Served) -> None:
    bench.driver.set_irradiance_pu(1.0)
    bench.driver.output_on()
    bench.emulator.scpi.execute("FOO")
    bench.driver.make_safe()
    assert bench.emulator.available_w == 0.0


def test_one_that_does_not_switch_off_is_found_by_its_current(bench: Served) -> None:
    bench.driver.set_irradiance_pu(1.0)
    bench.driver.output_on()
    bench.emulator.drawn_w = lambda: 1000.0
    bench.emulator.inject("does-not-switch-off")
    with pytest.raises(InstrumentError, match=r"does not switch off: switch 0, 2\.5 A"):
        bench.driver.make_safe()


def test_one_that_went_off_by_itself_is_no_dark_sky(bench: Served) -> None:
    bench.driver.set_irradiance_pu(1.0)
    bench.driver.output_on()
    bench.emulator.scpi.execute("*RST")
    with pytest.raises(InstrumentError):
        bench.driver.set_irradiance_pu(0.5)
    assert bench.emulator.available_w == 0.0


def test_one_that_has_drifted_gives_less(bench: Served) -> None:
    bench.driver.set_irradiance_pu(1.0)
    bench.driver.output_on()
    bench.emulator.inject("drifted", -0.1)
    assert bench.emulator.available_w == pytest.approx(3240.0)


def test_a_refusal_quotes_the_queue_and_leaves_the_curve(bench: Served) -> None:
    bench.driver.set_irradiance_pu(1.0)
    bench.driver.output_on()
    with pytest.raises(InstrumentError, match="reports: -113"):
        bench.link.command(":NONSENSE 1")
    assert bench.emulator.available_w == pytest.approx(3600.0)


def test_an_error_in_its_queue_is_told(bench: Served) -> None:
    bench.driver.set_irradiance_pu(1.0)
    bench.emulator.inject("error-in-its-queue")
    bench.emulator.advance(1.0)
    with pytest.raises(InstrumentError, match="-310"):
        bench.driver.set_irradiance_pu(0.5)


BAD = {
    "scpi_ametek_terrasas": [
        (':CURV:VIP 400,9;:CURV:MPP 500,10;:CURV:ADD "bad"', -221),
        (':SOUR:CURV "none",(@1)', -224),
        (":SOUR:IRR 100,(@2)", -222),
        (":SOUR:IRR 2000,(@1)", -222),
        (":SOUR:IRR 100,1", -104),
        (":SOUR:IRR 100", -109),
        ("*RST;:SOUR:EXEC (@1)", -221),
        (":OUTP:STAT ON", -109),
        (":OUTP:STAT MAYBE,(@1)", -224),
        (":CURV:VIP 2000,9", -222),
        (":OUTP:PROT:CLE (@7)", -222),
    ],
    "scpi_keysight_apv": [
        (":SAS:CURV:IMP 10;ISC 9;VMP 400;VOC 500", -221),
        (":SAS:CURV:IMP 9;ISC 10;VMP 500;VOC 400", -221),
        (":SAS:SCAL:CURR 101", -222),
        (":SAS:MODE LINE", -224),
        (":OUTP:STAT MAYBE", -224),
    ],
    "scpi_chroma_62000": [
        (":SAS:ISC 8;:TRIG", -221),
        (":OUTP:MODE CVCC;:TRIG", -221),
        (":OUTP:MODE LINE", -224),
        (":SAS:VOC 2000", -222),
        (":CONF:OUTP MAYBE", -224),
    ],
}


@pytest.mark.parametrize(("driver", "message", "error"), [(d, m, e) for d, bad in BAD.items() for m, e in bad])
def test_what_it_does_not_take_is_refused_and_the_curve_stays(driver: str, message: str, error: int) -> None:
    with serving(driver) as bench:
        bench.driver.set_irradiance_pu(1.0)
        bench.driver.output_on()
        before = bench.emulator.curve
        scpi = bench.emulator.scpi
        scpi.execute(message)
        assert scpi.execute(":SYST:ERR?").startswith(f"{error},")
        assert before == bench.emulator.curve or message.startswith("*RST")


@pytest.mark.parametrize(
    ("driver", "message", "answer"),
    [
        ("scpi_ametek_terrasas", ":SYST:CHAN:COUN?", "1"),
        ("scpi_ametek_terrasas", ":OUTP:PROT:CLE (@1);:SYST:ERR?", '0,"No error"'),
        ("scpi_keysight_apv", ":SAS:MODE?;:SAS:CURV:VOC?;:SAS:SCAL:CURR?", "CURV;5.000000E+02;1.000000E+02"),
        ("scpi_chroma_62000", ":OUTP:MODE?;:SAS:ISC?;:CONF:OUTP?", "SAS;1.000000E+01;OFF"),
    ],
)
def test_what_it_holds_can_be_asked(driver: str, message: str, answer: str) -> None:
    with serving(driver) as bench:
        bench.driver.set_irradiance_pu(1.0)
        assert bench.emulator.scpi.execute(message) == answer
