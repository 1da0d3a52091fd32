"""Transients that AC sources play by themselves: on the copper, byte for byte, and what they refuse."""

import math
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scpi_script import CLEAR, scripted
from source_dialects import ENVELOPE, Served, served

from instruments.dialects.ac_source import ac_source_dialect
from instruments.drivers.scpi_grid_simulator import ScpiGridSimulator
from instruments.emulators.ac_source import AcSourceRatings
from instruments.emulators.ac_sources import AC_SOURCES
from instruments.emulators.electrical import ElectricalNode
from instruments.emulators.transient import LineBuilder, value_at
from instruments.errors import ConfigError, InstrumentError, SafetyTrip
from instruments.readings import PlayedTransients, Segment
from instruments.transports.visa import VisaLink

PLAYING = ("scpi_ametek_mx", "scpi_chroma_61600", "scpi_pacific_upc")
CYCLE_S = 1.0 / 60.0
SAG = (Segment(0.1, (60.0,) * 3, 60.0), Segment(0.2, (120.0,) * 3, 60.0))
Turn = tuple[str, str | bytes | None]
FINE = '0;0,"No error"'
SET, ASK = "*ESR?;:SYST:ERR?;*OPC?", "*ESR?;:SYST:ERR?"


@pytest.fixture(params=PLAYING)
def bench(request: pytest.FixtureRequest) -> Iterator[Served]:
    with served(request.param) as found:
        found.energize(120, 120, 120)
        found.await_play()
        yield found


def seen(bench: Served, *moments_s: float) -> list[tuple[float, float]]:
    """Return voltage and frequency on the copper at moments after a transient has begun."""
    found, now_s = [], 0.0
    for moment_s in moments_s:
        with bench.lock:
            bench.emulator.advance(moment_s - now_s)
            found.append((bench.node.voltage_v[0], bench.node.frequency_hz))
        now_s = moment_s
    return found


def test_a_sag_is_on_the_copper_for_its_time_and_then_the_set_point_holds(bench: Served) -> None:
    bench.driver.play(SAG)
    found = seen(bench, 0.02, 0.09, 0.1 + CYCLE_S + 0.001, 0.29, 0.31)
    assert [round(volts, 6) for volts, _ in found] == [60, 60, 120, 120, 120]
    bench.driver.end_play()
    assert bench.driver.measure().voltage_v == (120, 120, 120)
    bench.driver.set_voltage((110,) * 3, 60.0)
    assert bench.node.voltage_v == (110, 110, 110)


def test_a_ramp_is_even(bench: Served) -> None:
    bench.driver.play((Segment(1.0, (120.0,) * 3, 62.0, ramp=True), Segment(2.0, (120.0,) * 3, 60.0, ramp=True)))
    found = seen(bench, 0.25, 0.5, 1.0, 2.0, 3.0)
    assert [hertz for _, hertz in found] == pytest.approx([60.5, 61, 62, 61, 60])
    assert [volts for volts, _ in found] == pytest.approx([120] * 5)
    bench.driver.end_play()


def test_one_phase_sags_where_phases_have_voltages_of_their_own(bench: Served) -> None:
    one = (Segment(0.5, (120.0, 30.0, 120.0), 60.0), Segment(0.5, (120.0,) * 3, 60.0))
    able = bench.driver.read_capabilities().transients
    assert able
    if not able.unbalanced:
        with pytest.raises(ConfigError, match="one voltage on all phases"):
            bench.driver.play(one)
        return
    bench.driver.play(one)
    bench.emulator.advance(0.4)
    assert bench.node.voltage_v == pytest.approx((120, 30, 120))


@pytest.mark.parametrize(
    ("segments", "error", "match"),
    [
        ((), ConfigError, "segments, not 0"),
        ((Segment(1.0, (60.0,) * 3, 60.0),), ConfigError, "ends with what the source was set to"),
        ((Segment(1.0, (60.0,) * 2, 60.0), SAG[1]), ConfigError, "a segment of 2 phases"),
        ((Segment(0.0, (60.0,) * 3, 60.0), SAG[1]), ConfigError, r"no segment shorter than .* s: 0 s"),
        ((Segment(1e-4, (60.0,) * 3, 60.0), SAG[1]), ConfigError, "no segment shorter"),
        ((Segment(1.0, (151.0,) * 3, 60.0), SAG[1]), SafetyTrip, "voltage_v 151"),
        ((Segment(1.0, (60.0,) * 3, 66.0), SAG[1]), SafetyTrip, "frequency_hz 66"),
        (SAG * 200, ConfigError, "segments, not 400"),
    ],
)
def test_what_it_cannot_play_is_refused_before_anything_is_sent(
    bench: Served, segments: tuple[Segment, ...], error: type[Exception], match: str
) -> None:
    bench.driver.read_capabilities()
    before = [message for message in bench.emulator.scpi.received if "LIST" in message or "PROG" in message]
    with pytest.raises(error, match=match):
        bench.driver.play(segments)
    assert [m for m in bench.emulator.scpi.received if "LIST" in m or "PROG" in m] == before
    assert bench.node.voltage_v == (120, 120, 120)


def test_a_step_shorter_than_its_own_change_is_refused() -> None:
    with served("scpi_pacific_upc") as bench:
        bench.energize(120, 120, 120)
        with pytest.raises(ConfigError, match=r"no segment shorter than 0\.0166667 s: 0\.01 s"):
            bench.driver.play((Segment(0.01, (60.0,) * 3, 60.0), SAG[1]))


@pytest.mark.parametrize("driver", ["scpi_generic", "scpi_keysight_ac6800"])
def test_a_source_that_plays_none_says_so(driver: str) -> None:
    with served(driver) as bench:
        bench.energize(120, 120, 120)
        assert bench.driver.read_capabilities().transients is None
        with pytest.raises(ConfigError, match="play no transients"):
            bench.driver.play([Segment(0.1, bench.each(120, 120, 120), 60.0)])


def test_a_new_set_point_ends_a_transient(bench: Served) -> None:
    bench.driver.play(SAG)
    bench.emulator.advance(0.05)
    bench.driver.set_voltage((110,) * 3, 60.0)
    bench.emulator.advance(0.01)
    if bench.driver.dialect.transients and bench.driver.dialect.transients.abort:
        assert bench.node.voltage_v == (110, 110, 110)
    bench.driver.make_safe()
    assert not bench.node.energized


def test_an_output_is_made_safe_in_the_middle_of_a_transient(bench: Served) -> None:
    bench.driver.play(SAG)
    bench.emulator.advance(0.05)
    bench.driver.make_safe()
    bench.emulator.advance(0.01)
    assert not bench.node.energized


def test_a_transient_that_is_still_on_is_not_left() -> None:
    with served("scpi_ametek_mx") as bench:
        bench.energize(120, 120, 120)
        bench.driver.play(SAG)
        with pytest.raises(InstrumentError, match="still on"):
            bench.driver.end_play()
        bench.emulator.advance(0.3)
        bench.driver.end_play()


class TestCapabilities:
    def test_of_each_dialect(self) -> None:
        found = {}
        for driver in ("scpi_generic", "scpi_keysight_ac6800", *PLAYING):
            with served(driver) as bench:
                found[driver] = bench.driver.read_capabilities()
        assert {name: able.phases for name, able in found.items()} == {
            name: 1 if "keysight" in name else 3 for name in found
        }
        turned = {name.removeprefix("scpi_"): sorted(able.turned) for name, able in found.items()}
        assert turned == {
            "generic": [1, 2, 3],
            "keysight_ac6800": [],
            "ametek_mx": [1, 2, 3],
            "chroma_61600": [2, 3],
            "pacific_upc": [2, 3],
        }
        assert found["scpi_ametek_mx"].voltage_slew_v_per_s == 200_000
        assert found["scpi_generic"].voltage_slew_v_per_s == math.inf, "nothing is known of it"
        assert found["scpi_ametek_mx"].transients == PlayedTransients(32, 0.001)
        assert found["scpi_pacific_upc"].transients == PlayedTransients(49, CYCLE_S, CYCLE_S)
        assert all((able.voltage_v, able.current_a) == ((0, 150), 20) for able in found.values())

    def test_a_slew_rate_that_is_set_is_the_one_that_holds(self) -> None:
        with served("scpi_ametek_mx") as bench:
            bench.link.command(":VOLT:SLEW 100")
            assert bench.driver.read_capabilities().voltage_slew_v_per_s == 100
            bench.energize(100, 100, 100)
            assert bench.node.voltage_v == (0, 0, 0)
            bench.emulator.advance(0.5)
            assert bench.node.voltage_v == pytest.approx((50, 50, 50))
            bench.emulator.advance(0.6)
            assert bench.node.voltage_v == (100, 100, 100)


def converse(dialect: str, act: Callable[[ScpiGridSimulator], Any], *turns: Turn) -> Any:
    table = ac_source_dialect(dialect)
    with scripted(CLEAR, *turns) as name, VisaLink(name, timeout_s=5.0, habits=table.link) as link:
        return act(ScpiGridSimulator(link, ENVELOPE, 3, table))


def play(*segments: Segment, then: Callable[[ScpiGridSimulator], Any] = lambda _: None) -> Callable[..., None]:
    def act(driver: ScpiGridSimulator) -> None:
        driver.set_voltage((120.0,) * 3, 60.0)
        driver.play(segments)
        then(driver)

    return act


class TestWires:
    def test_ametek_stores_a_list_of_each_phase_and_asks_whether_it_was_played(self) -> None:
        one = (Segment(0.16, (120.0, 60.0, 120.0), 60.0), Segment(0.5, (120.0,) * 3, 60.0, ramp=True))

        def lists(phase: int, volts: str, slew: str) -> Turn:
            return (f":INST:COUP NONE;:INST:NSEL {phase};:LIST:VOLT {volts};:LIST:VOLT:SLEW {slew};{SET}", f"{FINE};1")

        turns: list[Turn] = [
            (f":VOLT:RANG?;:CURR? MAX;{ASK}", f"300;100;{FINE}"),
            (
                ":INST:COUP ALL;:VOLT:AC 120.0000;:INST:COUP NONE;:INST:NSEL 1;:PHAS 0.000;:INST:COUP NONE;"
                f":INST:NSEL 2;:PHAS -120.000;:INST:COUP NONE;:INST:NSEL 3;:PHAS -240.000;:FREQ 60.0000;{SET}",
                f"{FINE};1",
            ),
            (f":VOLT:SLEW?;:FREQ:SLEW?;{ASK}", f"2E5;1E3;{FINE}"),
            (
                ":VOLT:MODE LIST;:FREQ:MODE LIST;:LIST:COUN 1;:LIST:STEP AUTO;:TRIG:TRAN:SOUR IMM;"
                f":TRIG:SYNC:SOUR IMM;{SET}",
                f"{FINE};1",
            ),
            (f":LIST:DWEL 0.16,0.5;{SET}", f"{FINE};1"),
            lists(1, "120,120", "200000,200000"),
            lists(2, "60,120", "200000,120"),
            lists(3, "120,120", "200000,200000"),
            (f":LIST:FREQ 60,60;:LIST:FREQ:SLEW 1000,1000;{SET}", f"{FINE};1"),
            (f":INIT;{ASK}", FINE),
            (f":STAT:OPER:COND?;{ASK}", f"8;{FINE}"),
            (f":VOLT:MODE FIX;:FREQ:MODE FIX;{SET}", f"{FINE};1"),
            (":SYST:ERR?", '0,"No error"'),
        ]
        converse("ametek_mx", play(*one, then=lambda driver: driver.end_play()), *turns)

    def test_pacific_stores_a_program_and_is_left_alone_while_it_plays(self) -> None:
        def segment(number: int, volts: int, duration: str) -> str:
            each = ",".join(f"VSEG{n},{volts}.000,WFSEG{n},1" for n in (1, 2, 3))
            return f"SEG,{number},FSEG,60.000,{each},TSEG,{duration}"

        said = [
            segment(1, 60, "0.0000"),
            segment(2, 60, "0.0833"),
            segment(3, 120, "0.0000"),
            segment(4, 120, "0.1833"),
        ]
        fine = '0;-0,"No error"'
        turns: list[Turn] = [
            (
                ":SOUR:VOLT:LIM:MIN?;:SOUR:VOLT:LIM:MAX?;:SOUR:FREQ:LIM:MIN?;:SOUR:FREQ:LIM:MAX?;:SOUR:CURR:LIM?;"
                + ASK,
                f"0;300;45;65;100;{fine}",
            ),
            (f":SOUR:VOLT 120.0000;:SOUR:PHAS2 120.000;:SOUR:PHAS3 240.000;:SOUR:FREQ 60.0000;{SET}", f"{fine};1"),
            (f":PROG:NAME 1;{SET}", f"{fine};1"),
            (f":PROG:DEF {','.join(said)},LAST;{SET}", f"{fine};1"),
            ("*TRG", None),
            (":SYST:ERR?", '-0,"No error"'),
        ]
        converse("pacific_upc", play(*SAG, then=lambda driver: driver.end_play()), *turns)

    def test_chroma_stores_starts_and_ends_in_milliseconds(self) -> None:
        ready = '0,"No error"'
        turns: list[Turn] = [
            (":SOUR:VOLT:LIM:AC?;:SYST:ERR?", f"300;{ready}"),
            (":OUTPUT:MODE FIXED;:SOUR:PHASE:THREE INDEPEND;:SYST:ERR?", ready),
            (
                ":INST:EDIT ALL;:SOUR:VOLT:LEV:IMM:AMPL:AC 120.0000;:SOUR:PHASE:P12 120.000;:SOUR:PHASE:P13 240.000;"
                ":SOUR:FREQ 60.0000;:SYST:ERR?",
                ready,
            ),
            (":OUTPUT:SLEW:VOLTAGE:AC?;:OUTPUT:SLEW:FREQ?;:SYST:ERR?", f"1200;1600;{ready}"),
            (":LIST:BASE TIME;:LIST:TRIG AUTO;:SYST:ERR?", ready),
            (":LIST:DWEL 100,200;:SYST:ERR?", ready),
            (":INST:EDIT ALL;:LIST:VOLT:AC:STAR 60,60;:LIST:VOLT:AC:END 60,120;:SYST:ERR?", ready),
            (":LIST:FREQ:STAR 60,60;:LIST:FREQ:END 60,60;:SYST:ERR?", ready),
            (":OUTPUT:MODE LIST;:TRIG ON;:SYST:ERR?", ready),
            (":TRIG OFF;:OUTPUT:MODE FIXED;:SYST:ERR?", ready),
            (
                ":INST:EDIT ALL;:SOUR:VOLT:LEV:IMM:AMPL:AC 110.0000;:SOUR:PHASE:P12 120.000;:SOUR:PHASE:P13 240.000;"
                ":SOUR:FREQ 60.0000;:SYST:ERR?",
                ready,
            ),
        ]
        ramped = (SAG[0], Segment(0.2, (120.0,) * 3, 60.0, ramp=True))
        converse("chroma_61600", play(*ramped, then=lambda d: d.set_voltage((110.0,) * 3, 60.0)), *turns)


@pytest.mark.parametrize(
    ("driver", "message", "code"),
    [
        ("scpi_ametek_mx", ":VOLT:MODE LIST;:FREQ:MODE LIST;:LIST:DWEL 1,2;:LIST:VOLT 1;:INIT", "-226"),
        ("scpi_ametek_mx", ":INIT", "-221"),
        ("scpi_ametek_mx", ":LIST:VOLT 1,1000", "-222"),
        ("scpi_ametek_mx", ":LIST:DWEL 0", "-222"),
        ("scpi_ametek_mx", ":LIST:DWEL " + ",".join(["1"] * 101), "-223"),
        ("scpi_ametek_mx", ":VOLT:MODE SINE", "-224"),
        ("scpi_pacific_upc", "*TRG", "-200"),
        ("scpi_pacific_upc", ":PROG:DEF SEG,1,FSEG,60,LAST", "-100"),
        ("scpi_pacific_upc", ":PROG:DEF SEG,1,FSEG,60", "-100"),
        ("scpi_pacific_upc", ":PROG:DEF SEG,2,LAST", "-200"),
        ("scpi_pacific_upc", ":PROG:DEF SEG,1,VOLTS,60,LAST", "-200"),
        ("scpi_pacific_upc", ":PROG:DEF SEG,1,FSEG,many,LAST", "-100"),
        ("scpi_chroma_61600", ":TRIG ON", "-221"),
        ("scpi_chroma_61600", ":OUTPUT:MODE LIST;:LIST:TRIG AUTO;:LIST:DWEL 1;:TRIG ON", "-226"),
        ("scpi_chroma_61600", ":LIST:VOLT:AC:STAR 1000", "-222"),
        ("scpi_chroma_61600", ":LIST:BASE MOON", "-224"),
    ],
)
def test_a_transient_that_is_none_is_refused_by_the_instrument(driver: str, message: str, code: str) -> None:
    with served(driver) as bench:
        bench.energize(120, 120, 120)
        with pytest.raises(InstrumentError, match=code):
            bench.link.command(message)
        assert bench.node.voltage_v == (120, 120, 120)


@given(
    start=st.floats(0, 300),
    value=st.floats(0, 300),
    rate=st.floats(0.1, 1e5),
    duration_s=st.floats(0.001, 10),
    share=st.floats(0, 1),
)
def test_a_line_never_goes_faster_than_its_slew_rate(
    start: float, value: float, rate: float, duration_s: float, share: float
) -> None:
    drawn = LineBuilder(start)
    drawn.slew(value, rate, duration_s)
    moment_s = share * duration_s
    reached = value_at(drawn.line, moment_s)
    assert abs(reached - start) <= rate * moment_s * (1 + 1e-6) + 1e-6
    assert min(start, value) - 1e-6 <= reached <= max(start, value) + 1e-6
    assert value_at(drawn.line, duration_s + 1.0) == pytest.approx(
        value if abs(value - start) <= rate * duration_s else start + math.copysign(rate * duration_s, value - start),
        abs=1e-6,
    )


def test_the_ratings_of_an_emulated_source_are_fast_enough_for_a_step() -> None:
    assert AcSourceRatings().voltage_slew_v_per_s * CYCLE_S > 300.0


HEADERS = [
    *(
        "*RST",
        "*CLS",
        "*TRG",
        ":INIT",
        ":ABOR",
        ":TRIG",
        ":OUTP ON;:OUTP:REL",
        ":OUTP:MODE",
        ":INST:COUP",
        ":INST:NSEL",
    ),
    *(":INST:EDIT", ":VOLT", ":VOLT:AC", ":VOLT:LEV:IMM:AMPL:AC", ":VOLT1", ":VOLT9?", ":PHAS2", ":PHAS:P12", ":FREQ"),
    *(":VOLT:MODE", ":FREQ:MODE", ":VOLT:SLEW", ":FREQ:SLEW?", ":LIST:DWEL", ":LIST:VOLT", ":LIST:VOLT:SLEW"),
    *(":LIST:FREQ", ":LIST:FREQ:SLEW", ":LIST:VOLT:AC:STAR", ":LIST:VOLT:AC:END", ":LIST:FREQ:STAR", ":LIST:TRIG"),
    *(":LIST:BASE", ":PROG:NAME", ":PROG:DEF", ":STAT:OPER:COND?", ":MEAS:VOLT2?", ":FETC:POW:AC?", ":CURR:PROT:LEV"),
]
SEGMENT = "SEG,1,FSEG,60,VSEG1,1,VSEG2,2,VSEG3,3,WFSEG1,1,WFSEG2,1,WFSEG3,1,TSEG,"
PARAMETERS = [
    *("", "1", "0", "60", "ON", "OFF", "MAX", "MIN", "NAN", "INF", "1E999", "1_0", "ALL", "NONE", "LIST", "FIX"),
    *("FIXED", "AUTO", "TIME", "IMM", "1,2,3", "60,59", ",,", "LAST", "SEG,1,LAST", "SEG,NAN,LAST", "1," * 150 + "1"),
    *(SEGMENT + "0,LAST", SEGMENT + "1_0,LAST", SEGMENT + "INF,LAST", SEGMENT + "-1,LAST", "INDEPEND", "0.001"),
]
MESSAGES = st.lists(
    st.tuples(st.sampled_from(HEADERS), st.sampled_from(PARAMETERS)).map(" ".join) | st.text(max_size=30), max_size=6
).map(";".join)


@pytest.mark.parametrize("driver", PLAYING)
@settings(max_examples=50)
@given(messages=st.lists(MESSAGES, max_size=5))
def test_any_message_to_a_source_is_carried_out_or_queued_as_an_error(driver: str, messages: list[str]) -> None:
    node = ElectricalNode(3)
    source = AC_SOURCES[driver]("source_1", node)
    for message in messages:
        assert source.scpi.execute(message).isascii()
        source.advance(0.3)
        assert all(0.0 <= volts <= source.ratings.voltage_v[1] for volts in node.voltage_v)
    source.advance(10.0)
    source.scpi.execute("*CLS")
    assert source.scpi.execute("SYST:ERR?").lstrip("-").startswith('0,"')
    assert source.scpi.execute("*IDN?").startswith("derbench")
