"""Power analyzers of other makers: their dialects byte for byte from what is known of them, and emulators by wire."""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import pytest
import yaml
from scpi_script import CLEAR, resource, scripted

from instruments import roles
from instruments.dialects.analyzer import ROLE, AnalyzerDialect, analyzer_dialect
from instruments.dialects.loading import FOLDER, dialect_names, parse_dialect
from instruments.drivers.scpi_power_analyzer import ScpiPowerAnalyzer
from instruments.emulators.analyzer import AnalyzerClass, AnalyzerEmulator
from instruments.emulators.analyzers import ANALYZERS
from instruments.emulators.electrical import ElectricalNode, PhasePower
from instruments.emulators.host import EmulatorHost
from instruments.emulators.scpi_server import scpi_protocol
from instruments.errors import ConfigError, InstrumentError, TransportError
from instruments.readings import AcMeasurement, Identity
from instruments.transports.visa import VisaLink

EXACT = AnalyzerClass(voltage=0.0, current=0.0, power=0.0)
Turn = tuple[str, str | bytes | None]


def converse(name: str, act: Callable[[ScpiPowerAnalyzer], Any], *turns: Turn, phases: int = 3) -> Any:
    """Let the driver act on a scripted instrument; everything in the script must have been said."""
    dialect = analyzer_dialect(name)
    with scripted(CLEAR, *turns) as address, VisaLink(address, timeout_s=5.0, habits=dialect.link) as link:
        return act(ScpiPowerAnalyzer(link, phases, dialect))


class TestYokogawa:
    HEADER = (":COMM:HEAD OFF;*ESR?;*OPC?", "0;1")
    ITEMS = ("URMS,1", "URMS,2", "IRMS,1", "IRMS,2", "P,1", "P,2", "Q,1", "Q,2", "PHIU1U2,SIGMA", "FU,1")
    CHOOSE = (
        ":NUM:FORM ASC;:NUM:NORM:NUMB 10;:NUM:NORM:ITEM1 URMS,1;:NUM:NORM:ITEM2 URMS,2;:NUM:NORM:ITEM3 IRMS,1;"
        ":NUM:NORM:ITEM4 IRMS,2;:NUM:NORM:ITEM5 P,1;:NUM:NORM:ITEM6 P,2;:NUM:NORM:ITEM7 Q,1;:NUM:NORM:ITEM8 Q,2;"
        ":NUM:NORM:ITEM9 PHIU1U2,SIGMA;:NUM:NORM:ITEM10 FU,1;*ESR?;*OPC?",
        "0;1",
    )
    ASK = ":NUM:NORM:NUMB?;" + ";".join(f":NUM:NORM:ITEM{n}?" for n in range(1, 11)) + ";*ESR?"
    VALUES = ":NUM:NORM:VAL?;*ESR?"

    def test_identity(self) -> None:
        found = converse("yokogawa_wt", lambda d: d.identify(), ("*IDN?", "YOKOGAWA,WT1806,91K,F1.10"))
        assert found == Identity("YOKOGAWA", "WT1806", serial="91K", version="F1.10")

    def test_a_measurement(self) -> None:
        chosen = (self.ASK, ";".join(["10", *self.ITEMS, "0"]))
        values = (self.VALUES, "120.1E+00,119.9E+00,1E+00,2E+00,100E+00,-200E+00,10E+00,20E+00,180E+00,60.01E+00;0")
        found: AcMeasurement = converse(
            "yokogawa_wt", lambda d: d.measure(), self.HEADER, self.CHOOSE, chosen, values, phases=2
        )
        assert (found.voltage_v, found.current_a, found.p_w) == ((120.1, 119.9), (1, 2), (100, -200))
        assert (found.q_var, found.frequency_hz, found.time_s) == ((10, 20), 60.01, None)
        assert found.angle_deg == (0.0, -180.0)

    def test_answers_with_headers_are_no_list_of_items(self) -> None:
        headed = (self.ASK, ";".join([":NUMERIC:NORMAL:NUMBER 10", *self.ITEMS, "0"]))
        with pytest.raises(InstrumentError, match="does not take the list of items"):
            converse("yokogawa_wt", lambda d: d.measure(), self.HEADER, self.CHOOSE, headed, phases=2)

    def test_ranges_have_units_and_one_element_is_asked(self) -> None:
        turns = [
            self.HEADER,
            (":INP:VOLT:RANG 150.000V;:INP:CURR:RANG 50.000A;*ESR?;*OPC?", "0;1"),
            (":INP:VOLT:RANG:ELEM1?;:INP:CURR:RANG:ELEM1?;*ESR?", "150.0E+00;50.0E+00;0"),
        ]
        converse("yokogawa_wt", lambda d: d.set_range(150, 50), *turns)

    def test_errors_stand_under_status(self) -> None:
        turns = [
            self.HEADER,
            (":INP:VOLT:RANG 2000.000V;:INP:CURR:RANG 50.000A;*ESR?;*OPC?", "16;1"),
            (":STAT:ERR?", '222,"Data out of range"'),
            (":STAT:ERR?", '0,"NO ERROR"'),
        ]
        with pytest.raises(InstrumentError, match="222"):
            converse("yokogawa_wt", lambda d: d.set_range(2000, 50), *turns)

    def test_no_records_are_known_of_it(self) -> None:
        link = VisaLink("TCPIP0::127.0.0.1::1::SOCKET")
        driver = ScpiPowerAnalyzer(link, dialect=analyzer_dialect("yokogawa_wt"))
        assert driver.read_capture_limits() is None
        with pytest.raises(ConfigError, match="no records of Yokogawa"):
            driver.arm_capture(0.01, 10)


class TestZes:
    SHORT = ("*ZLANG SHORT;*ESR?;*OPC?", "0;1")
    ASK = "ACTN;UTRMS1?;UTRMS2?;ITRMS1?;ITRMS2?;P1?;P2?;Q1?;Q2?;FCYC1?;TSNORM1?;*ESR?"

    def test_a_measurement_is_of_one_cycle_and_has_its_stamp(self) -> None:
        turn = (self.ASK, "120.1;119.9;1;2;100;-200;10;20;60.01;1234.5;0")
        found: AcMeasurement = converse("zes_lmg", lambda d: d.measure(), self.SHORT, turn, phases=2)
        assert (found.voltage_v, found.current_a, found.p_w) == ((120.1, 119.9), (1, 2), (100, -200))
        assert (found.q_var, found.frequency_hz, found.time_s) == ((10, 20), 60.01, 1234.5)
        assert found.angle_deg == (), "it tells none"

    @pytest.mark.parametrize(
        ("answer", "match"),
        [
            ("120.1;119.9;1;2;100;-200;10;20;60.01;0", "expected 10 values"),
            ("120.1,1;119.9;1;2;100;-200;10;20;60.01;5;0", "expected 10 values"),
            ("9.9E37;119.9;1;2;100;-200;10;20;60.01;5;0", r"no value for UTRMS1\?"),
            ("120;119.9;1;2;100;-200;10;20;60.01;NAN;0", r"no value for TSNORM1\?"),
            ("120;119.9;x;2;100;-200;10;20;60.01;1;0", "not numbers throughout"),
        ],
    )
    def test_what_is_no_measurement_is_refused(self, answer: str, match: str) -> None:
        with pytest.raises(InstrumentError, match=match):
            converse("zes_lmg", lambda d: d.measure(), self.SHORT, (self.ASK, answer), phases=2)

    def test_each_channel_has_ranges_of_its_own(self) -> None:
        turns = [
            self.SHORT,
            (
                "UAUTO1 0;URNG1 150.000;UAUTO2 0;URNG2 150.000;IAUTO1 0;IRNG1 50.000;IAUTO2 0;IRNG2 50.000;*ESR?;*OPC?",
                "0;1",
            ),
            ("URNG1?;URNG2?;IRNG1?;IRNG2?;*ESR?", "150;150;50;40;0"),
        ]
        with pytest.raises(InstrumentError, match="has ranges 150 V, 40 A after 150 V, 50 A"):
            converse("zes_lmg", lambda d: d.set_range(150, 50), *turns, phases=2)

    def test_all_errors_come_at_once(self) -> None:
        turns = [
            self.SHORT,
            (self.ASK, "120;119.9;1;2;100;-200;10;20;60.01;1;32"),
            ("ERRALL?", '-113,"Undefined header",-222,"Data out of range"'),
            ("ERRALL?", '0,"No error"'),
        ]
        with pytest.raises(InstrumentError, match=r"-113.*-222"):
            converse("zes_lmg", lambda d: d.measure(), *turns, phases=2)
        converse("zes_lmg", lambda d: d.check_errors(), self.SHORT, ("ERRALL?", '0,"No error"'))


def test_more_phases_than_it_has_are_refused() -> None:
    with pytest.raises(ConfigError, match="have 3 phases, and 4 are needed"):
        ScpiPowerAnalyzer(VisaLink("TCPIP0::127.0.0.1::1::SOCKET"), 4)


def test_the_driver_fits_its_role() -> None:
    for name in dialect_names(ROLE):
        fitting: roles.PowerAnalyzer = ScpiPowerAnalyzer(
            VisaLink("TCPIP0::127.0.0.1::1::SOCKET"), dialect=analyzer_dialect(name)
        )
        assert fitting is not None


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"quantities.voltage": "U,{number}"}, r"quantities\.voltage: nothing fills in \{number\}"),
        ({"items": None}, "records: the columns"),
        ({"items.choose": "ITEM {item} {place}"}, r"nothing fills in \{place\}"),
        ({"phases": 0}, "phases"),
        ({"quantities.volts": "U"}, r"unknown key; did you mean 'voltage'"),
    ],
)
def test_what_is_wrong_with_a_dialect_is_told(change: dict[str, Any], match: str) -> None:
    document = deepcopy(yaml.safe_load((FOLDER / ROLE / "generic.yaml").read_text(encoding="utf-8")))
    for place, value in change.items():
        *parents, key = place.split(".")
        part = document
        for parent in parents:
            part = part[parent]
        part[key] = value
    with pytest.raises(ConfigError, match=match):
        parse_dialect(document, "changed.yaml", AnalyzerDialect)


def test_what_nobody_held_against_a_manual_is_listed() -> None:
    assert analyzer_dialect("generic").unconfirmed() == {}
    assert "quantities.stamp" in analyzer_dialect("zes_lmg").unconfirmed()
    assert "ranges.voltage" in analyzer_dialect("yokogawa_wt").unconfirmed()


@dataclass
class Served:
    emulator: AnalyzerEmulator
    node: ElectricalNode
    driver: ScpiPowerAnalyzer
    link: VisaLink


@contextmanager
def serving(driver: str, timeout_s: float = 5.0) -> Iterator[Served]:
    node = ElectricalNode(3)
    node.apply((120.0, 100.0, 110.0), 59.9)
    node.attach(lambda: PhasePower((300.0, -400.0, 0.0), (400.0, 0.0, -220.0)))
    dialect = analyzer_dialect(driver.removeprefix("scpi_"))
    emulator = ANALYZERS[driver]("analyzer", node, EXACT)
    with EmulatorHost() as host:
        address = host.serve(scpi_protocol(emulator.scpi, host.lock, emulator.termination))
        with VisaLink(resource(address), timeout_s=timeout_s, habits=dialect.link) as link:
            yield Served(emulator, node, ScpiPowerAnalyzer(link, 3, dialect), link)


@pytest.fixture(params=list(ANALYZERS))
def bench(request: pytest.FixtureRequest) -> Iterator[Served]:
    with serving(request.param) as served:
        yield served


def test_every_dialect_has_an_emulator_of_its_own() -> None:
    assert {f"scpi_{name}" for name in dialect_names(ROLE)} == set(ANALYZERS)


def test_the_copper_is_read(bench: Served) -> None:
    bench.driver.set_range(150.0, 10.0)
    found = bench.driver.measure()
    assert found.voltage_v == (120, 100, 110)
    assert found.current_a == pytest.approx((25 / 6, 4, 2), rel=1e-6)
    assert found.p_w == pytest.approx((300, -400, 0), abs=1e-6)
    assert found.q_var == pytest.approx((400, 0, -220), abs=1e-6)
    assert found.frequency_hz == pytest.approx(59.9)
    assert found.angle_deg in ((), pytest.approx((0.0, -120.0, 120.0)))
    bench.driver.check_errors()


def test_a_dead_bus_has_no_frequency(bench: Served) -> None:
    bench.node.de_energize()
    found = bench.driver.measure()
    assert found.voltage_v == (0, 0, 0)
    assert math.isnan(found.frequency_hz)


def test_an_exceeded_range_is_no_measurement(bench: Served) -> None:
    bench.driver.set_range(60.0, 10.0)
    with pytest.raises(InstrumentError, match="has no value for"):
        bench.driver.measure()
    bench.driver.set_range(150.0, 10.0)
    assert bench.driver.measure().voltage_v[0] == 120


def test_a_refusal_is_told_and_it_measures_on(bench: Served) -> None:
    bench.driver.measure()
    with pytest.raises(InstrumentError, match="113"):
        bench.link.command("NONSENSE 1")
    with pytest.raises(InstrumentError, match="222"):
        bench.driver.set_range(5000.0, 10.0)
    assert bench.driver.measure().voltage_v[0] == 120


@pytest.mark.parametrize("driver", ANALYZERS)
def test_one_that_was_reset_behind_our_back_gives_no_wrong_values(driver: str) -> None:
    with serving(driver, timeout_s=0.3) as bench:
        bench.driver.measure()
        bench.emulator.scpi.execute("*RST")
        with pytest.raises((InstrumentError, TransportError)):
            bench.driver.measure()
        with suppress(InstrumentError):  # what it had queued meanwhile
            bench.driver.measure()
        assert bench.driver.measure().p_w[0] == pytest.approx(300.0), "and is prepared again"


@pytest.mark.parametrize(("kind", "p_w"), [("drifted", 303.0), ("reversed-current", -300.0)])
def test_a_defect_shows(bench: Served, kind: str, p_w: float) -> None:
    bench.emulator.inject(kind)
    assert bench.driver.measure().p_w[0] == pytest.approx(p_w)


BAD = {
    "scpi_yokogawa_wt": [
        (":NUM:NORM:ITEM1 W,1", "224"),
        (":NUM:NORM:ITEM1 P,4", "224"),
        (":NUM:NORM:ITEM1 PHIU1U2,1", "224"),
        (":NUM:NORM:ITEM99 P,1", "114"),
        (":NUM:NORM:NUMB 0", "222"),
        (":NUM:FORM FLO", "224"),
        (":INP:VOLT:RANG XV", "104"),
        (":INP:VOLT:RANG:ELEM4?", "114"),
        (":COMM:HEAD MAYBE", "224"),
        (":SYST:ERR?", "113"),
    ],
    "scpi_zes_lmg": [
        ("UTRMS4?", "-114"),
        ("TSNORM9?", "-114"),
        ("URNG1 5000", "-222"),
        ("UAUTO1 1;URNG1 100", "-221"),
        ("*ZLANG LONG", "-224"),
        (":SYST:ERR?", "-113"),
        (":SYST:ERR:ALL?", "-113"),
    ],
}


@pytest.mark.parametrize(("driver", "message", "error"), [(d, m, e) for d, bad in BAD.items() for m, e in bad])
def test_what_it_does_not_take_is_refused(driver: str, message: str, error: str) -> None:
    with serving(driver) as bench:
        bench.driver.set_range(300.0, 50.0)
        before = bench.driver.measure()
        bench.emulator.scpi.execute(message)
        assert bench.emulator.scpi.execute(bench.link.habits.error_query).startswith(f"{error},")
        bench.emulator.scpi.execute("*CLS")
        assert bench.driver.measure().p_w == before.p_w


def test_a_yokogawa_repeats_headers_until_told_otherwise() -> None:
    with serving("scpi_yokogawa_wt") as bench:
        execute = bench.emulator.scpi.execute
        assert execute(":NUM:NORM:NUMB?;:NUM:NORM:ITEM1?") == ":NUMERIC:NORMAL:NUMBER 3;:NUMERIC:NORMAL:ITEM1 URMS,1"
        assert execute(":NUM:VAL?") == ":NUMERIC:NORMAL:VALUE 1.200000E+02,4.166667E+00,3.000000E+02"
        assert execute(":INP:VOLT:RANG:ELEM2?") == ":INPUT:VOLTAGE:RANGE:ELEMENT2 1.000000E+03"
        assert execute(":COMM:HEAD OFF;:COMM:HEAD?;:STAT:COND?") == "0;0"


def test_a_zes_speaks_one_language_at_a_time() -> None:
    with serving("scpi_zes_lmg") as bench:
        execute = bench.emulator.scpi.execute
        assert execute("UTRMS1?") == ""
        assert execute(":SYST:ERR:ALL?").startswith("-113")
        execute("*ZLANG SHORT")
        bench.emulator.advance(1.5)
        assert execute("ACTN;TSNORM1?;URNG1?;IRNG1?") == "1.500000;1.000000E+03;2.000000E+02"
        bench.node.apply((60.0,) * 3)
        assert execute("UTRMS1?") == "1.200000E+02", "of the measurement before"
        assert execute("ACTN;UTRMS1?") == "6.000000E+01"
        assert execute("*ZLANG SCPI;:SYST:ERR?") == '0,"No error"'
