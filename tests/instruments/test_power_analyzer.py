"""The emulated power analyzer: every function against arithmetic by hand, its class, its ranges, its defects."""

import math
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scpi_script import resource

from instruments.drivers.scpi_power_analyzer import ScpiPowerAnalyzer
from instruments.emulators.analyzer import AnalyzerClass
from instruments.emulators.electrical import ElectricalNode, PhasePower
from instruments.emulators.host import EmulatorHost
from instruments.emulators.power_analyzer import PowerAnalyzerEmulator
from instruments.emulators.scpi_server import scpi_protocol
from instruments.errors import InstrumentError
from instruments.transports.visa import VisaLink

EXACT = AnalyzerClass(voltage=0.0, current=0.0, power=0.0)
P_W, Q_VAR = (300.0, -400.0, 0.0), (400.0, 0.0, -220.0)
# U 120, 100, 110 V; S 500, 400, 220 VA; so I is 25/6, 4, 2 A.


def loaded_node(p_w: tuple[float, ...] = P_W, q_var: tuple[float, ...] = Q_VAR) -> ElectricalNode:
    node = ElectricalNode(3)
    node.apply((120.0, 100.0, 110.0), 59.9)
    node.attach(lambda: PhasePower(p_w, q_var))
    return node


@pytest.fixture(scope="module")
def host() -> Iterator[EmulatorHost]:
    with EmulatorHost() as host:
        yield host


def driver_of(host: EmulatorHost, emulator: PowerAnalyzerEmulator) -> tuple[VisaLink, ScpiPowerAnalyzer]:
    link = VisaLink(resource(host.serve(scpi_protocol(emulator.scpi, host.lock))))
    return link, ScpiPowerAnalyzer(link)


@pytest.mark.parametrize(
    ("item", "value"),
    [
        ("U,1", 120.0),
        ("U,SIGMA", 110.0),
        ("I,1", 25 / 6),
        ("I,SIGMA", (25 / 6 + 4 + 2) / 3),
        ("P,2", -400.0),
        ("P,SIGMA", -100.0),
        ("Q,3", -220.0),
        ("Q,SIGMA", 180.0),
        ("S,1", 500.0),
        ("S,SIGMA", 1120.0),
        ("LAMBDA,1", 0.6),
        ("LAMBDA,SIGMA", -100 / 1120),
        ("FU,1", 59.9),
        ("PHIU1U2,SIGMA", 120.0),
        ("PHIU1U3,SIGMA", 240.0),
    ],
)
def test_every_function_is_what_arithmetic_says(item: str, value: float) -> None:
    analyzer = PowerAnalyzerEmulator("analyzer", loaded_node(), EXACT)
    answer = analyzer.scpi.execute(f"NUM:NORM:NUMB 1;ITEM1 {item};VAL?")
    assert float(answer) == pytest.approx(value, rel=1e-6)


def test_items_are_read_back_in_order() -> None:
    analyzer = PowerAnalyzerEmulator("analyzer", loaded_node(), EXACT)
    scpi = analyzer.scpi
    assert scpi.execute("NUMERIC:NORMAL:NUMBER 2;ITEM1 p,2;ITEM2 u,sigma;NUMB?;ITEM1?;ITEM2?") == "2;P,2;U,SIGMA"
    assert scpi.execute("NUM:NORM:NUMB 9;VAL?").count("NAN") == 2, "an item nobody chose has no value"


@pytest.mark.parametrize(
    ("message", "error"),
    [
        ("NUM:NORM:ITEM1 W,1", -224),
        ("NUM:NORM:ITEM1 P,4", -224),
        ("NUM:NORM:ITEM1 P", -109),
        ("NUM:NORM:ITEM1 PHIU1U2,1", -224),
        ("NUM:NORM:ITEM1 PHIU1U4,SIGMA", -224),
        ("NUM:NORM:ITEM99 P,1", -114),
        ("NUM:NORM:NUMB 0", -222),
        ("NUM:NORM:NUMB 256", -222),
        ("NUM:FORM FLO", -224),
        ("VOLT:RANG 1001", -222),
    ],
)
def test_what_it_cannot_measure_is_refused(message: str, error: int) -> None:
    analyzer = PowerAnalyzerEmulator("analyzer", loaded_node(), EXACT)
    before = analyzer.scpi.execute("NUM:NORM:VAL?")
    assert analyzer.scpi.execute(f"{message};:SYST:ERR?").startswith(f"{error},")
    assert analyzer.scpi.execute("NUM:NORM:VAL?") == before


def test_driver_reads_the_copper(host: EmulatorHost) -> None:
    link, driver = driver_of(host, PowerAnalyzerEmulator("analyzer", loaded_node(), EXACT))
    with link:
        driver.set_range(150.0, 10.0)
        measured = driver.measure()
    assert measured.voltage_v == (120, 100, 110)
    assert measured.current_a == pytest.approx((25 / 6, 4, 2), rel=1e-6)
    assert measured.p_w == pytest.approx(P_W, abs=1e-6)
    assert measured.q_var == pytest.approx(Q_VAR, abs=1e-6)
    assert (measured.frequency_hz, measured.total_p_w) == (59.9, pytest.approx(-100.0))
    assert measured.angle_deg == pytest.approx((0.0, -120.0, 120.0)), "a positive sequence"


def test_a_dead_bus_is_zero_volts_without_a_frequency(host: EmulatorHost) -> None:
    node = loaded_node()
    node.de_energize()
    link, driver = driver_of(host, PowerAnalyzerEmulator("analyzer", node))
    with link:
        measured = driver.measure()
    assert (measured.voltage_v, measured.total_p_w, measured.total_q_var) == ((0, 0, 0), 0, 0)
    assert math.isnan(measured.frequency_hz)
    assert all(map(math.isnan, measured.angle_deg[1:])), "and without angles"


def test_an_exceeded_range_is_no_measurement(host: EmulatorHost) -> None:
    link, driver = driver_of(host, PowerAnalyzerEmulator("analyzer", loaded_node(), EXACT))
    with link:
        driver.set_range(150.0, 4.0)
        assert driver.measure().current_a[0] == pytest.approx(25 / 6), "within the crest margin of the range"
        driver.set_range(150.0, 3.2)
        with pytest.raises(InstrumentError, match="no value for U,1; I,1; P,1; Q,1"):
            driver.measure()
        driver.set_range(150.0, 10.0)
        assert driver.measure().p_w[0] == pytest.approx(300.0)


def test_an_analyzer_reset_behind_our_back_gives_no_wrong_values(host: EmulatorHost) -> None:
    emulator = PowerAnalyzerEmulator("analyzer", loaded_node(), EXACT)
    link, driver = driver_of(host, emulator)
    with link:
        driver.measure()
        emulator.scpi.execute("*RST")
        with pytest.raises(InstrumentError, match="7 values to 15 items"):
            driver.measure()


@given(seed=st.integers(0, 10_000))
def test_errors_stay_within_the_class_and_belong_to_the_seed(seed: int) -> None:
    accuracy = AnalyzerClass(voltage=0.001, current=0.002, power=0.003)
    ask = "NUM:NORM:NUMB 4;ITEM1 U,1;ITEM2 I,1;ITEM3 P,1;ITEM4 Q,1;VAL?"
    answer, again = (
        PowerAnalyzerEmulator("analyzer", loaded_node(), accuracy, seed).scpi.execute(ask) for _ in range(2)
    )
    assert answer == again
    u, i, p, q = map(float, answer.split(","))
    assert u == pytest.approx(120, rel=0.001 + 1e-6)
    assert i == pytest.approx(25 / 6, rel=0.002 + 1e-6)
    assert p == pytest.approx(300, rel=0.003 + 1e-6)
    assert q == pytest.approx(400, rel=0.003 + 1e-6)


def test_other_seeds_make_other_analyzers() -> None:
    answers = {PowerAnalyzerEmulator("a", loaded_node(), seed=seed).scpi.execute("NUM:NORM:VAL?") for seed in range(5)}
    assert len(answers) == 5


# Phases 1 and 2 with their current leads exchanged, 100 V at 0 and -120 deg, 1000 W each: the current of phase 2 seen
# with the voltage of phase 1 lags by 120 deg, P = 1000 cos 120 = -500 W, Q = 1000 sin 120 = +866 var, and the reverse.
@pytest.mark.parametrize(
    ("kind", "value", "p_w", "q_var"),
    [
        ("drifted", None, (1010, 1010, 1010), (0, 0, 0)),
        ("drifted", -0.05, (950, 950, 950), (0, 0, 0)),
        ("wrong-range", 0.5, (500, 500, 500), (0, 0, 0)),
        ("reversed-current", None, (-1000, 1000, 1000), (0, 0, 0)),
        ("swapped-phases", None, (-500, -500, 1000), (866.0254, -866.0254, 0)),
    ],
)
def test_a_defect_shows_in_the_values(
    kind: str, value: float | None, p_w: tuple[float, ...], q_var: tuple[float, ...]
) -> None:
    node = ElectricalNode(3)
    node.apply((100.0, 100.0, 100.0))
    node.attach(lambda: PhasePower((1000.0,) * 3, (0.0,) * 3))
    analyzer = PowerAnalyzerEmulator("analyzer", node, EXACT)
    analyzer.inject(kind, value, start_s=1.0)
    ask = "NUM:NORM:NUMB 6;" + ";".join(f"ITEM{n} {item}" for n, item in enumerate(("P,1", "P,2", "P,3"), 1))
    ask += ";" + ";".join(f"ITEM{n} {item}" for n, item in enumerate(("Q,1", "Q,2", "Q,3"), 4)) + ";VAL?"
    assert _numbers(analyzer.scpi.execute(ask)) == pytest.approx((1000,) * 3 + (0,) * 3, abs=1e-3), "not yet defective"
    analyzer.advance(1.0)
    assert _numbers(analyzer.scpi.execute(ask)) == pytest.approx(p_w + q_var, abs=1e-3)


def test_an_error_in_its_queue_spoils_the_measurement(host: EmulatorHost) -> None:
    emulator = PowerAnalyzerEmulator("analyzer", loaded_node())
    link, driver = driver_of(host, emulator)
    with link:
        driver.measure()
        emulator.inject("error-in-its-queue")
        emulator.advance(1.0)
        with pytest.raises(InstrumentError, match="-310"):
            driver.measure()


def _numbers(answer: str) -> tuple[float, ...]:
    return tuple(float(word) for word in answer.split(","))
