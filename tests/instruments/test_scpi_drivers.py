"""Each driver command byte for byte, both ways, against a server that knows the conversation by heart."""

import math
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scpi_script import CLEAR, scripted

from instruments import roles
from instruments.drivers.scpi_digital_io import ScpiDigitalIO
from instruments.drivers.scpi_grid_simulator import ScpiGridSimulator
from instruments.drivers.scpi_power_analyzer import ScpiPowerAnalyzer
from instruments.drivers.scpi_sensing_source import ScpiSensingSource
from instruments.drivers.scpi_source import SourceLimits
from instruments.errors import ConfigError, InstrumentError, SafetyTrip, TransportError
from instruments.readings import AcMeasurement, Identity, SensingSetPoint, SourceSetPoint
from instruments.transports.visa import VisaLink

ENVELOPE = SourceLimits(voltage_v=(0.0, 140.0), frequency_hz=(55.0, 70.0), current_a=50.0)
RANGES = (
    ":SOUR:VOLT1? MIN;:SOUR:VOLT1? MAX;:SOUR:FREQ? MIN;:SOUR:FREQ? MAX;:SOUR:CURR? MAX;*ESR?",
    "0;300;45;65;100;0",
)
SENSING_RANGES = (":SOUR:VOLT1? MIN;VOLT1? MAX;FREQ? MIN;FREQ? MAX;CURR? MAX;*ESR?", "0;300;45;65;100;0")
OFF = (":OUTP OFF;*OPC?;:OUTP?;:MEAS:VOLT?", "1;0;0,0,0")
MEASURE = ":MEAS:VOLT?;:MEAS:CURR?;:MEAS:POW?;:MEAS:POW:REAC?;:MEAS:FREQ?;:OUTP?;:STAT:QUES:COND?;*ESR?"
ITEMS = ("U,1", "U,2", "U,3", "I,1", "I,2", "I,3", "P,1", "P,2", "P,3", "Q,1", "Q,2", "Q,3")
ITEMS += ("PHIU1U2,SIGMA", "PHIU1U3,SIGMA", "FU,1")
CHOOSE = (
    ":NUM:FORM ASC;:NUM:NORM:NUMB 15;ITEM1 U,1;ITEM2 U,2;ITEM3 U,3;ITEM4 I,1;ITEM5 I,2;ITEM6 I,3;"
    "ITEM7 P,1;ITEM8 P,2;ITEM9 P,3;ITEM10 Q,1;ITEM11 Q,2;ITEM12 Q,3;"
    "ITEM13 PHIU1U2,SIGMA;ITEM14 PHIU1U3,SIGMA;ITEM15 FU,1;*ESR?;*OPC?",
    "0;1",
)
READ_ITEMS = ":NUM:NORM:NUMB?;" + ";".join(f"ITEM{n}?" for n in range(1, 16)) + ";*ESR?"
CHOSEN = (READ_ITEMS, ";".join(["15", *ITEMS, "0"]))
VALUES = ":NUM:NORM:VAL?;*ESR?"
Turn = tuple[str, str | bytes | None]


def grid(name: str) -> ScpiGridSimulator:
    return ScpiGridSimulator(VisaLink(name, timeout_s=0.15), ENVELOPE)


def analyzer(name: str) -> ScpiPowerAnalyzer:
    return ScpiPowerAnalyzer(VisaLink(name, timeout_s=0.15))


def sensing(name: str) -> ScpiSensingSource:
    return ScpiSensingSource(VisaLink(name, timeout_s=0.15), ENVELOPE)


def contacts(name: str) -> ScpiDigitalIO:
    return ScpiDigitalIO(VisaLink(name, timeout_s=0.15))


def converse(make: Callable[[str], Any], act: Callable[[Any], Any], *turns: Turn) -> Any:
    """Let a driver act on a scripted instrument; everything in the script must have been said."""
    with scripted(CLEAR, *turns) as name:
        driver = make(name)
        try:
            return act(driver)
        finally:
            driver._link.close()


def refused(make: Callable[[str], Any], act: Callable[[Any], Any], *turns: Turn, match: str = ".") -> None:
    with pytest.raises(InstrumentError, match=match):
        converse(make, act, *turns)


@pytest.mark.parametrize("make", [grid, analyzer, sensing, contacts])
def test_identify(make: Callable[[str], Any]) -> None:
    turn = ("*IDN?", "Maker, Model 3 ,S/N 7,1.2,beta")
    identity = converse(make, lambda driver: driver.identify(), turn)
    assert identity == Identity("Maker", "Model 3", version="1.2,beta", serial="S/N 7")
    refused(make, lambda driver: driver.identify(), ("*IDN?", "Maker;Model"), match="four fields")


def test_drivers_fit_their_roles() -> None:
    name = "TCPIP0::127.0.0.1::1::SOCKET"
    fitting: tuple[roles.GridSimulator, roles.PowerAnalyzer, roles.SensingSource, roles.DigitalIO] = (
        grid(name),
        analyzer(name),
        sensing(name),
        contacts(name),
    )
    for driver, role in zip(
        fitting, (roles.GridSimulator, roles.PowerAnalyzer, roles.SensingSource, roles.DigitalIO), strict=True
    ):
        methods = [method for method in vars(role) if not method.startswith("_")]
        assert [m for m in methods if not callable(getattr(driver, m, None))] == [], role.__name__


class TestGridSimulator:
    def test_set_voltage_is_one_message_and_limits_are_asked_for_once(self) -> None:
        set_first = (
            ":SOUR:VOLT1 120.0000;:SOUR:PHAS1 0.000;:SOUR:VOLT2 119.5000;:SOUR:PHAS2 -120.000;"
            ":SOUR:VOLT3 118.1235;:SOUR:PHAS3 -240.000;:SOUR:FREQ 60.0000;*ESR?;*OPC?"
        )
        set_second = (
            ":SOUR:VOLT1 1.0000;:SOUR:PHAS1 0.000;:SOUR:VOLT2 2.0000;:SOUR:PHAS2 100.000;"
            ":SOUR:VOLT3 3.0000;:SOUR:PHAS3 -7.500;:SOUR:FREQ 59.9900;*ESR?;*OPC?"
        )

        def act(driver: ScpiGridSimulator) -> None:
            driver.set_voltage((120, 119.5, 118.12346), 60.0)
            driver.set_voltage((1, 2, 3), 59.99, angle_deg=(0, 100, -7.5))

        converse(grid, act, RANGES, (set_first, "0;1"), (set_second, "0;1"))

    def test_the_narrower_limit_wins(self) -> None:
        limits = converse(grid, lambda driver: driver.read_limits(), RANGES)
        assert limits == SourceLimits((0.0, 140.0), (55.0, 65.0), 50.0)

    @pytest.mark.parametrize(
        ("voltage_v", "frequency_hz", "names"),
        [
            ((120, 120, 140.001), 60.0, "voltage_v 140.001 is outside 0 to 140"),
            ((-0.001, 120, 120), 60.0, "voltage_v"),
            ((120, math.nan, 120), 60.0, "voltage_v nan"),
            ((120, math.inf, 120), 60.0, "voltage_v inf"),
            ((120, 120, 120), 65.01, "frequency_hz 65.01 is outside 55 to 65"),
            ((120, 120, 120), 54.99, "frequency_hz"),
        ],
    )
    def test_outside_the_limits_nothing_is_sent(
        self, voltage_v: tuple[float, ...], frequency_hz: float, names: str
    ) -> None:
        with pytest.raises(SafetyTrip, match=names):
            converse(grid, lambda driver: driver.set_voltage(voltage_v, frequency_hz), RANGES)

    def test_limits_without_common_ground_are_a_configuration_error(self) -> None:
        ranges = (RANGES[0], "150;300;45;65;100;0")
        with pytest.raises(ConfigError, match="nothing in common"):
            converse(grid, lambda driver: driver.set_voltage((120,) * 3, 60.0), ranges)

    def test_a_wrong_number_of_phases_is_refused_before_anything_is_sent(self) -> None:
        driver = grid("TCPIP0::127.0.0.1::1::SOCKET")
        with pytest.raises(ConfigError, match="has 3 phases, not 2 voltages"):
            driver.set_voltage((120, 120), 60.0)

    def test_set_point_is_read_back(self) -> None:
        turn = (":SOUR:VOLT?;:SOUR:PHAS?;:SOUR:FREQ?;:OUTP?;*ESR?", "120,119,118;0,-120,120;60.01;1;0")
        read = converse(grid, lambda driver: driver.read_set_point(), turn)
        assert read == SourceSetPoint((120, 119, 118), (0, -120, 120), 60.01, output_on=True)

    def test_output_on_hands_over_the_current_limit_and_reads_the_switch(self) -> None:
        on = (":SOUR:CURR 50.000;:OUTP ON;*ESR?;*OPC?", "0;1")
        converse(grid, lambda driver: driver.output_on(), RANGES, on, (":OUTP?;*ESR?", "1;0"))
        refused(
            grid, lambda driver: driver.output_on(), RANGES, on, (":OUTP?;*ESR?", "0;0"), match="switch its output on"
        )

    def test_output_off_is_proven_by_switch_and_voltage(self) -> None:
        converse(grid, lambda driver: driver.output_off(), OFF)

    @pytest.mark.parametrize("answer", ["1;1;0,0,0", "1;0;0,10.5,0", "1;0;0,-120,0", "1;0;0,NAN,0", "1;0;0,0", "1;0"])
    def test_an_output_that_is_not_proven_off_is_an_error(self, answer: str) -> None:
        refused(grid, lambda driver: driver.output_off(), (OFF[0], answer))

    def test_measurement_is_one_query_with_power_positive_from_the_equipment(self) -> None:
        turn = (MEASURE, "120,119,118;1,2,3;-100,0,50;-5,5,0;60.01;1;0;0")
        measured = converse(grid, lambda driver: driver.measure(), turn)
        assert measured == AcMeasurement((120, 119, 118), (1, 2, 3), (100, 0, -50), (5, -5, 0), 60.01)
        assert str(measured.p_w[1]) == "0.0", "nothing flows: no negative zero in the evidence"

    @pytest.mark.parametrize(("condition", "trips"), [(0, False), (1, True), (2, True), (16, True), (4096, False)])
    def test_a_tripped_protection_is_no_measurement(self, condition: int, trips: bool) -> None:
        turn = (MEASURE, f"0,0,0;0,0,0;0,0,0;0,0,0;0;0;{condition};0")
        if trips:
            refused(grid, lambda driver: driver.measure(), turn, match="protection")
        else:
            assert converse(grid, lambda driver: driver.measure(), turn).total_p_w == 0.0

    @pytest.mark.parametrize(
        "answer",
        [
            "120,119;1,2,3;1,1,1;1,1,1;60;1;0;0",
            "120,119,x;1,2,3;1,1,1;1,1,1;60;1;0;0",
            "1,1,1;1,2,3;1,1,1;1,1,1;NAN;1;0;0",
            "0",
        ],
    )
    def test_an_answer_of_another_shape_is_an_error(self, answer: str) -> None:
        refused(grid, lambda driver: driver.measure(), (MEASURE, answer), match="answers")

    def test_make_safe_goes_over_a_new_connection_when_the_old_one_is_silent(self) -> None:
        converse(grid, lambda driver: driver.make_safe(), (OFF[0], None), OFF)

    def test_make_safe_gives_up_when_nobody_answers(self) -> None:
        with pytest.raises(TransportError, match="no answer"):
            converse(grid, lambda driver: driver.make_safe(), (OFF[0], None), (OFF[0], None))


class TestPowerAnalyzer:
    def test_items_are_chosen_once_and_read_back_and_a_measurement_is_one_query(self) -> None:
        first = "120,119,118,1,2,3,100,200,300,-10,-20,-30,119.5,240.5,60.01;0"
        second = "0,0,0,0,0,0,0,0,0,0,0,0,NAN,NAN,NAN;0"
        turns = (CHOOSE, CHOSEN, (VALUES, first), (VALUES, second))
        live, dead = converse(analyzer, lambda driver: (driver.measure(), driver.measure()), *turns)
        powers = (100, 200, 300), (-10, -20, -30)
        assert live == AcMeasurement((120, 119, 118), (1, 2, 3), *powers, 60.01, angle_deg=(0.0, -119.5, 119.5))
        assert math.isnan(dead.angle_deg[1]), "no voltage has no angle"
        assert math.isnan(dead.frequency_hz), "a dead bus has no frequency"

    def test_items_that_were_not_taken_are_an_error(self) -> None:
        other = (READ_ITEMS, CHOSEN[1].replace("P,2", "S,2"))
        refused(analyzer, lambda driver: driver.measure(), CHOOSE, other, match="does not take the list")

    @pytest.mark.parametrize("word", ["INF", "NAN", "-INF"])
    def test_an_overflow_names_its_item(self, word: str) -> None:
        answer = f"120,119,118,1,{word},3,100,200,300,0,0,0,120,240,60;0"
        refused(analyzer, lambda driver: driver.measure(), CHOOSE, CHOSEN, (VALUES, answer), match="no value for I,2")

    @pytest.mark.parametrize("answer", ["1,2,3;0", "120,119,118,1,2,3,1,2,3,1,2,3,120,240,60,4;0", "a,b;0", "0"])
    def test_an_answer_of_another_shape_is_an_error(self, answer: str) -> None:
        refused(analyzer, lambda driver: driver.measure(), CHOOSE, CHOSEN, (VALUES, answer))

    def test_a_restarted_analyzer_is_an_error_once_and_is_then_set_up_anew(self) -> None:
        def act(driver: ScpiPowerAnalyzer) -> AcMeasurement:
            with pytest.raises(InstrumentError, match="restarted"):
                driver.measure()
            return driver.measure()

        values = "1,1,1,1,1,1,1,1,1,1,1,1,120,240,60"
        turns = (CHOOSE, CHOSEN, (VALUES, f"{values};128"), CHOOSE, CHOSEN, (VALUES, f"{values};0"))
        assert converse(analyzer, act, *turns).frequency_hz == 60

    def test_ranges_are_set_and_read_back(self) -> None:
        command = (":INP:VOLT:RANG 150.000;:INP:CURR:RANG 100.000;*ESR?;*OPC?", "0;1")
        ask = ":INP:VOLT:RANG?;:INP:CURR:RANG?;*ESR?"
        converse(analyzer, lambda driver: driver.set_range(150, 100), command, (ask, "300;100;0"))
        refused(analyzer, lambda driver: driver.set_range(150, 100), command, (ask, "150;50;0"), match="50 A")

    def test_check_errors_lists_them(self) -> None:
        turns = ((":SYST:ERR?", '841,"overflow"'), (":SYST:ERR?", '0,"No error"'))
        refused(analyzer, lambda driver: driver.check_errors(), *turns, match="841")


class TestSensingSource:
    SET = ":SOUR:VOLT1 121.2500;CURR 2.5000;PHAS -30.000;FREQ 60.0000;*ESR?;*OPC?"

    def test_set_is_one_message(self) -> None:
        converse(sensing, lambda driver: driver.set_sensing(121.25, 2.5, -30, 60), SENSING_RANGES, (self.SET, "0;1"))

    @pytest.mark.parametrize("set_point", [(141, 1, 0, 60), (120, 50.1, 0, 60), (120, -0.1, 0, 60), (120, 1, 0, 66)])
    def test_outside_the_limits_nothing_is_sent(self, set_point: tuple[float, float, float, float]) -> None:
        with pytest.raises(SafetyTrip):
            converse(sensing, lambda driver: driver.set_sensing(*set_point), SENSING_RANGES)

    def test_set_point_is_read_back(self) -> None:
        turn = (":SOUR:VOLT1?;CURR?;PHAS?;FREQ?;:OUTP?;*ESR?", "120;2.5;-30;60;0;0")
        read = converse(sensing, lambda driver: driver.read_set_point(), turn)
        assert read == SensingSetPoint(120, 2.5, -30, 60, output_on=False)

    def test_output_on_reads_the_switch(self) -> None:
        on = (":OUTP ON;*ESR?;*OPC?", "0;1")
        converse(sensing, lambda driver: driver.output_on(), on, (":OUTP?;*ESR?", "1;0"))
        refused(sensing, lambda driver: driver.output_on(), on, (":OUTP?;*ESR?", "0;0"))

    def test_make_safe_is_proven(self) -> None:
        converse(sensing, lambda driver: driver.make_safe(), (OFF[0], None), (OFF[0], "1;0;0"))
        refused(sensing, lambda driver: driver.make_safe(), (OFF[0], "1;0;120"), match="does not switch off")


class TestDigitalIO:
    def test_contacts_are_read(self) -> None:
        read = converse(contacts, lambda driver: driver.read_inputs(), (":SENS:DIG:DATA?;*ESR?", "0,1,1;0"))
        assert read == (False, True, True)
        read = converse(contacts, lambda driver: driver.read_outputs(), (":ROUT:CLOS?;*ESR?", "1,0;0"))
        assert read == (True, False)

    @pytest.mark.parametrize("answer", ["0,2;0", ";0", "0,;0", "ON;0"])
    def test_an_answer_that_is_no_contact_is_an_error(self, answer: str) -> None:
        refused(contacts, lambda driver: driver.read_inputs(), (":SENS:DIG:DATA?;*ESR?", answer))

    def test_closures_are_counted(self) -> None:
        assert converse(contacts, lambda d: d.count_closures(), (":SENS:TOT:DATA?;*ESR?", "0,12;0")) == (0, 12)
        refused(contacts, lambda driver: driver.count_closures(), (":SENS:TOT:DATA?;*ESR?", "0,-1;0"))

    @pytest.mark.parametrize(("closed", "verb"), [(True, "CLOS"), (False, "OPEN")])
    def test_an_output_is_set_and_read_back_in_one_message(self, closed: bool, verb: str) -> None:
        ask, message = (":ROUT:CLOS?;*ESR?", "0,0,0;0"), f":ROUT:{verb} (@3);:ROUT:CLOS? (@3);*ESR?"
        converse(contacts, lambda driver: driver.set_output(3, closed), ask, (message, f"{int(closed)};0"))
        turns = (ask, (message, f"{int(not closed)};0"))
        refused(contacts, lambda driver: driver.set_output(3, closed), *turns, match="contact 3")

    def test_make_safe_opens_all_and_names_what_stays_closed(self) -> None:
        message = ":ROUT:OPEN:ALL;*OPC?;:ROUT:CLOS?"
        converse(contacts, lambda driver: driver.make_safe(), (message, None), (message, "1;0,0,0"))
        refused(contacts, lambda driver: driver.make_safe(), (message, "1;0,1,1"), match=r"\[2, 3\]")


@given(answer=st.text('0123456789.,;+-EINFAN "x', max_size=60))
def test_whatever_a_source_answers_is_a_measurement_or_an_error_of_ours(answer: str) -> None:
    class Talker:
        resource = "talker"

        def query_checked(self, _text: str) -> str:
            return answer

    driver = ScpiGridSimulator(Talker(), ENVELOPE)  # type: ignore[arg-type]
    try:
        measured = driver.measure()
    except InstrumentError:
        return
    assert all(map(math.isfinite, (*measured.voltage_v, *measured.p_w, *measured.q_var, measured.frequency_hz)))
