"""An analyzer that records by itself: the driver byte for byte, the emulator by hand, and both over the wire."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from scpi_script import resource, scripted
from test_scpi_drivers import CHOOSE, CHOSEN, CLEAR, analyzer, converse, refused

from instruments.drivers.scpi_power_analyzer import ScpiPowerAnalyzer
from instruments.emulators.analyzer import AnalyzerClass
from instruments.emulators.electrical import ElectricalNode, PhasePower
from instruments.emulators.host import EmulatorHost
from instruments.emulators.power_analyzer import PowerAnalyzerEmulator
from instruments.emulators.sample_record import RecordLimits
from instruments.emulators.scpi_server import scpi_protocol
from instruments.errors import InstrumentError
from instruments.readings import CaptureLimits
from instruments.transports.visa import VisaLink

EXACT = AnalyzerClass(voltage=0.0, current=0.0, power=0.0)
OPTIONS = "*OPT?;*ESR?"
ASK_LIMITS = ":TRAC:INT? MIN;:TRAC:POIN? MAX;*ESR?"
STOP = (":TRAC:FEED:CONT NEV;*ESR?;*OPC?", "0;1")
COUNT = ":TRAC:POIN:ACT?;*ESR?"
ARM = [
    CHOOSE,
    CHOSEN,
    (":TRAC:FEED:CONT NEV;:TRAC:CLE;*ESR?;*OPC?", "0;1"),
    (":TRAC:INT 0.005000;:TRAC:POIN 50;*ESR?;*OPC?", "0;1"),
]
LINE = "120,121,122,4,5,6,100,200,300,10,20,30,120,240,60"


class TestDriver:
    def test_one_without_the_option_cannot_record(self) -> None:
        for answer in ("0;0", "G5,DT;0", ";0", "CAPTURES;0"):
            assert converse(analyzer, lambda driver: driver.read_capture_limits(), (OPTIONS, answer)) is None

    def test_one_that_does_not_know_the_question_cannot_record(self) -> None:
        turns = [(OPTIONS, "32"), (":SYST:ERR?", '-113,"Undefined header"'), (":SYST:ERR?", '0,"No error"')]
        assert converse(analyzer, lambda driver: driver.read_capture_limits(), *turns) is None

    def test_limits(self) -> None:
        turns = [(OPTIONS, 'G5,"Capture";0'), (ASK_LIMITS, "1.0E-3;5000;0")]
        assert converse(analyzer, lambda driver: driver.read_capture_limits(), *turns) == CaptureLimits(0.001, 5000)

    @pytest.mark.parametrize("limits", ["0;5000;0", "0.001;1;0"])
    def test_limits_that_are_none_are_refused(self, limits: str) -> None:
        turns = [(OPTIONS, "CAPTURE;0"), (ASK_LIMITS, limits)]
        refused(analyzer, lambda driver: driver.read_capture_limits(), *turns, match="offers records of")

    def test_arming_chooses_the_columns_and_reads_back(self) -> None:
        turns = [*ARM, (":TRAC:INT?;:TRAC:POIN?;*ESR?", "5.0E-3;50;0"), (":TRAC:FEED:CONT NEXT;*ESR?;*OPC?", "0;1")]
        converse(analyzer, lambda driver: driver.arm_capture(0.005, 50), *turns)

    @pytest.mark.parametrize("taken", ["0.01;50;0", "0.005;49;0"])
    def test_another_record_than_the_one_asked_for_is_refused(self, taken: str) -> None:
        turns = [*ARM, (":TRAC:INT?;:TRAC:POIN?;*ESR?", taken)]
        refused(analyzer, lambda driver: driver.arm_capture(0.005, 50), *turns, match="records .* not 50 each 0.005")

    def test_a_record_is_read_in_parts(self) -> None:
        lines = [f"{10 + n / 100:.6f},{LINE}" for n in range(101)]
        turns = [STOP, (COUNT, "101;0")]
        turns += [
            (":TRAC:DATA? 1,100;*ESR?", ",".join(lines[:100]) + ";0"),
            (":TRAC:DATA? 101,1;*ESR?", lines[100] + ";0"),
        ]
        samples = converse(analyzer, lambda driver: driver.read_capture(), *turns)
        assert [sample.time_s for sample in samples] == [10 + n / 100 for n in range(101)]
        last = samples[-1]
        assert (last.voltage_v, last.current_a) == ((120, 121, 122), (4, 5, 6))
        assert (last.p_w, last.q_var, last.frequency_hz) == ((100, 200, 300), (10, 20, 30), 60)
        assert last.angle_deg == (0.0, -120.0, 120.0)

    @pytest.mark.parametrize(
        ("count", "answer", "match"),
        [
            ("0;0", None, "recorded 0 lines"),
            ("2;0", f"1.0,{LINE},1.0,{LINE};0", "tell no order"),
            ("2;0", f"2.0,{LINE},1.0,{LINE};0", "tell no order"),
            ("2;0", f"1.0,{LINE};0", "16 values in place of 2 lines of 16"),
            ("1;0", f"NAN,{LINE};0", "in place of 1 lines"),
            ("1;0", f"1.0,9.9E37{LINE[3:]};0", "no value for U,1"),
            ("1;0", f"1.0,{LINE},x;0", "not numbers throughout"),
        ],
    )
    def test_what_is_no_record_is_refused(self, count: str, answer: str | None, match: str) -> None:
        turns = [STOP, (COUNT, count)]
        turns += [] if answer is None else [(f":TRAC:DATA? 1,{count[0]};*ESR?", answer)]
        refused(analyzer, lambda driver: driver.read_capture(), *turns, match=match)

    def test_an_instrument_that_refuses_is_told(self) -> None:
        turns = [
            *ARM[:2],
            (":TRAC:FEED:CONT NEV;:TRAC:CLE;*ESR?;*OPC?", "16;1"),
            (":SYST:ERR?", '-221,"Settings conflict"'),
            (":SYST:ERR?", '0,"No error"'),
        ]
        refused(analyzer, lambda driver: driver.arm_capture(0.005, 50), *turns, match="-221")


MEMORY = RecordLimits(0.01, 200)


def emulator(record: RecordLimits | None = MEMORY) -> PowerAnalyzerEmulator:
    node = ElectricalNode(3)
    node.apply((120.0,) * 3)
    node.attach(lambda: PhasePower((1000.0,) * 3, (0.0,) * 3))
    return PowerAnalyzerEmulator("analyzer", node, EXACT, record=record)


class TestEmulator:
    def test_the_option_is_told(self) -> None:
        assert emulator().scpi.execute("*OPT?;:TRAC:INT? MIN;:TRAC:POIN? MAX") == "CAPTURE;1.000000E-02;2.000000E+02"
        plain = emulator(None)
        assert plain.scpi.execute("*OPT?") == "0"
        assert plain.scpi.execute("TRAC:POIN?;:SYST:ERR?").startswith("-113,")

    def test_lines_have_the_moment_and_the_items(self) -> None:
        analyzer = emulator()
        analyzer.advance(1.0)
        analyzer.scpi.execute("NUM:NORM:NUMB 1;ITEM1 U,1;:TRACE:INTERVAL 0.25;POINTS 3;FEED:CONTROL NEXT")
        assert analyzer.record is not None
        assert analyzer.record.due_s() == pytest.approx(0.25)
        analyzer.node.apply((60.0,) * 3)
        analyzer.advance(0.25)
        analyzer.node.apply((30.0,) * 3)
        analyzer.advance(0.2)
        assert analyzer.record.due_s() == pytest.approx(0.05)
        assert analyzer.scpi.execute("TRAC:POIN:ACT?;:TRAC:FEED:CONT?") == "2;NEXT"
        analyzer.advance(0.05)
        assert analyzer.scpi.execute("TRAC:POIN:ACT?;:TRAC:FEED:CONT?") == "3;NEV", "it is full"
        assert analyzer.record.due_s() is None
        assert analyzer.scpi.execute("TRAC:DATA? 1,3") == (
            "1.000000,1.200000E+02,1.250000,6.000000E+01,1.500000,3.000000E+01"
        )
        assert analyzer.scpi.execute("TRAC:CLE;POIN:ACT?") == "0"

    @pytest.mark.parametrize(
        ("message", "error"),
        [
            ("TRAC:INT 0.009", -222),
            ("TRAC:POIN 201", -222),
            ("TRAC:POIN 1", -222),
            ("TRAC:FEED:CONT ALW", -224),
            ("TRAC:FEED:CONT", -109),
            ("TRAC:DATA? 1,1", -222),
            ("TRAC:DATA? 1", -109),
            ("TRAC:FEED:CONT NEXT;:TRAC:INT 1", -221),
            ("TRAC:FEED:CONT NEXT;:TRAC:POIN 5", -221),
            ("TRAC:FEED:CONT NEXT;:TRAC:CLE", -221),
        ],
    )
    def test_what_it_cannot_record_is_refused(self, message: str, error: int) -> None:
        assert emulator().scpi.execute(f"{message};:SYST:ERR?").startswith(f"{error},")

    def test_reset_ends_it(self) -> None:
        analyzer = emulator()
        analyzer.scpi.execute("TRAC:FEED:CONT NEXT")
        assert analyzer.scpi.execute("*RST;:TRAC:POIN:ACT?;:TRAC:FEED:CONT?") == "0;NEV"


@contextmanager
def served(analyzer: PowerAnalyzerEmulator) -> Iterator[ScpiPowerAnalyzer]:
    with EmulatorHost() as host, VisaLink(resource(host.serve(scpi_protocol(analyzer.scpi, host.lock)))) as link:
        yield ScpiPowerAnalyzer(link)


def test_a_step_is_where_it_was_over_the_wire() -> None:
    analyzer = emulator()
    with served(analyzer) as driver:
        assert driver.read_capture_limits() == CaptureLimits(0.01, 200)
        driver.measure()
        driver.arm_capture(0.01, 150)
        for n in range(1, 151):
            if n == 77:
                analyzer.node.apply((60.0,) * 3)
            analyzer.advance(0.01)
        samples = driver.read_capture()
        assert driver.measure().voltage_v == (60.0,) * 3, "and it measures as before"
    assert [s.time_s for s in samples] == pytest.approx([n / 100 for n in range(150)])
    assert [s.voltage_v[0] for s in samples] == [120.0] * 77 + [60.0] * 73


def test_a_record_cut_short_is_what_it_has() -> None:
    analyzer = emulator()
    with served(analyzer) as driver:
        driver.arm_capture(0.01, 150)
        analyzer.advance(0.01)
        assert [s.time_s for s in driver.read_capture()] == [0.0, 0.01]


def test_an_analyzer_without_a_memory_refuses_to_record() -> None:
    with served(emulator(None)) as driver:
        assert driver.read_capture_limits() is None
        with pytest.raises(InstrumentError, match="-113"):
            driver.arm_capture(0.01, 10)


def test_the_script_is_the_whole_conversation() -> None:
    with scripted(CLEAR, (OPTIONS, "0;0")) as name, VisaLink(name) as link:
        assert ScpiPowerAnalyzer(link).read_capture_limits() is None
