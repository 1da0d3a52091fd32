"""Each dialect of AC sources byte for byte, against servers that know the conversation by heart.

Written by hand from what is known of the instruments, and not from the tables that the driver uses.
"""

import math
from collections.abc import Callable
from typing import Any

import pytest
from scpi_script import CLEAR, scripted

from instruments.dialects.ac_source import ac_source_dialect
from instruments.drivers.scpi_grid_simulator import ScpiGridSimulator
from instruments.drivers.scpi_source import SourceLimits
from instruments.errors import InstrumentError
from instruments.readings import AcMeasurement, Identity, SourceSetPoint
from instruments.transports.visa import VisaLink

ENVELOPE = SourceLimits(voltage_v=(0.0, 140.0), frequency_hz=(55.0, 70.0), current_a=50.0)
Turn = tuple[str, str | bytes | None]
Act = Callable[[ScpiGridSimulator], Any]
FINE = '0;0,"No error"'
SET, ASK = "*ESR?;:SYST:ERR?;*OPC?", "*ESR?;:SYST:ERR?"


def converse(dialect: str, act: Act, *turns: Turn, phases: int = 3) -> Any:
    """Let the driver act on a scripted instrument; everything in the script must have been said."""
    table = ac_source_dialect(dialect)
    with scripted(CLEAR, *turns) as name, VisaLink(name, timeout_s=5.0, habits=table.link) as link:
        return act(ScpiGridSimulator(link, ENVELOPE, phases, table))


class TestAmetek:
    RANGES = (f":VOLT:RANG?;:CURR? MAX;{ASK}", f"300;100;{FINE}")
    OFF = (
        ":OUTP OFF;*OPC?;:INST:COUP NONE;:INST:NSEL 1;:MEAS:VOLT:AC?;:INST:COUP NONE;:INST:NSEL 2;"
        ":MEAS:VOLT:AC?;:INST:COUP NONE;:INST:NSEL 3;:MEAS:VOLT:AC?;:OUTP?"
    )

    def test_identity(self) -> None:
        found = converse("ametek_mx", lambda d: d.identify(), ("*IDN?", "Maker,MX45,1234,5.6"))
        assert found == Identity("Maker", "MX45", serial="1234", version="5.6")

    def test_each_phase_is_selected_and_set(self) -> None:
        unequal = (
            ":INST:COUP NONE;:INST:NSEL 1;:VOLT:AC 120.0000;:PHAS 0.000;"
            ":INST:COUP NONE;:INST:NSEL 2;:VOLT:AC 119.5000;:PHAS -120.000;"
            f":INST:COUP NONE;:INST:NSEL 3;:VOLT:AC 118.1235;:PHAS -240.000;:FREQ 60.0000;{SET}"
        )
        converse("ametek_mx", lambda d: d.set_voltage((120, 119.5, 118.12346), 60), self.RANGES, (unequal, f"{FINE};1"))

    def test_equal_voltages_are_set_with_the_phases_coupled(self) -> None:
        equal = (
            ":INST:COUP ALL;:VOLT:AC 120.0000;:INST:COUP NONE;:INST:NSEL 1;:PHAS 0.000;"
            ":INST:COUP NONE;:INST:NSEL 2;:PHAS -120.000;:INST:COUP NONE;:INST:NSEL 3;:PHAS -240.000;"
            f":FREQ 59.9000;{SET}"
        )
        converse("ametek_mx", lambda d: d.set_voltage((120, 120, 120), 59.9), self.RANGES, (equal, f"{FINE};1"))

    def test_output_on_limits_the_current_of_all_phases(self) -> None:
        on = (f":INST:COUP ALL;:CURR 50.000;:OUTP ON;{SET}", f"{FINE};1")
        converse("ametek_mx", lambda d: d.output_on(), self.RANGES, on, (f":OUTP?;{ASK}", f"1;{FINE}"))

    def test_output_off_is_proven_phase_by_phase(self) -> None:
        converse("ametek_mx", lambda d: d.output_off(), (self.OFF, "1;0.1;0.2;0.3;0"))
        with pytest.raises(InstrumentError, match="measures 0, 120, 0 V"):
            converse("ametek_mx", lambda d: d.output_off(), (self.OFF, "1;0;120;0;0"))

    def test_the_set_point_is_read_phase_by_phase(self) -> None:
        ask = "".join(f":INST:COUP NONE;:INST:NSEL {n};:VOLT:AC?;:PHAS?;" for n in (1, 2, 3)) + f":FREQ?;:OUTP?;{ASK}"
        found = converse("ametek_mx", lambda d: d.read_set_point(), (ask, f"120;0;119;-120;118;120;60;1;{FINE}"))
        assert found == SourceSetPoint((120, 119, 118), (0, -120, 120), 60, output_on=True)

    def test_a_measurement_is_taken_phase_by_phase_and_has_no_reactive_power(self) -> None:
        each = "".join(
            f":INST:COUP NONE;:INST:NSEL {n};:MEAS:VOLT:AC?;:MEAS:CURR:AC?;:MEAS:POW:AC?;" for n in (1, 2, 3)
        )
        ask = f"{each}:MEAS:FREQ?;:OUTP?;:STAT:QUES:COND?;{ASK}"
        found: AcMeasurement = converse(
            "ametek_mx", lambda d: d.measure(), (ask, f"120;1;-9;119;2;8;118;3;0;60;1;0;{FINE}")
        )
        assert (found.voltage_v, found.current_a, found.p_w) == ((120, 119, 118), (1, 2, 3), (9, -8, 0))
        assert all(map(math.isnan, found.q_var)), "what is not told is no value"

    @pytest.mark.parametrize(
        ("condition", "name"), [(1, "voltage fault"), (2, "over-current"), (8, "over-temperature")]
    )
    def test_a_latched_protection_is_named(self, condition: int, name: str) -> None:
        each = "".join(
            f":INST:COUP NONE;:INST:NSEL {n};:MEAS:VOLT:AC?;:MEAS:CURR:AC?;:MEAS:POW:AC?;" for n in (1, 2, 3)
        )
        turn = (f"{each}:MEAS:FREQ?;:OUTP?;:STAT:QUES:COND?;{ASK}", f"0;0;0;0;0;0;0;0;0;0;0;{condition};{FINE}")
        with pytest.raises(InstrumentError, match=name):
            converse("ametek_mx", lambda d: d.measure(), turn)
        converse("ametek_mx", lambda d: d.clear_protection(), (f":OUTP:PROT:CLE;{SET}", f"{FINE};1"))

    def test_a_refused_value_is_told_with_all_that_is_queued(self) -> None:
        equal = (
            ":INST:COUP ALL;:VOLT:AC 120.0000;:INST:COUP NONE;:INST:NSEL 1;:PHAS 0.000;"
            ":INST:COUP NONE;:INST:NSEL 2;:PHAS -120.000;:INST:COUP NONE;:INST:NSEL 3;:PHAS -240.000;"
            f":FREQ 60.0000;{SET}"
        )
        turns = (
            self.RANGES,
            (equal, '16;-222,"Data out of range;VOLT:AC";1'),
            (":SYST:ERR?", '-221,"Settings conflict"'),
            (":SYST:ERR?", '0,"No error"'),
        )
        with pytest.raises(InstrumentError, match=r"-222.*VOLT:AC.*-221.*conflict"):
            converse("ametek_mx", lambda d: d.set_voltage((120,) * 3, 60), *turns)


class TestPacific:
    RANGES = (
        ":SOUR:VOLT:LIM:MIN?;:SOUR:VOLT:LIM:MAX?;:SOUR:FREQ:LIM:MIN?;:SOUR:FREQ:LIM:MAX?;:SOUR:CURR:LIM?;" + ASK,
        '0;300;45;65;100;0;-0,"No error"',
    )

    def test_identity_has_the_version_before_the_rest(self) -> None:
        found = converse("pacific_upc", lambda d: d.identify(), ("*IDN?", "PPSC,UPC-MM,v1.02,unit 7,options"))
        assert found == Identity("PPSC", "UPC-MM", version="v1.02", serial="unit 7,options")

    def test_each_phase_has_a_suffix_and_angles_lag_the_first(self) -> None:
        unequal = (
            ":SOUR:VOLT1 120.0000;:SOUR:VOLT2 119.5000;:SOUR:PHAS2 120.000;:SOUR:VOLT3 118.0000;:SOUR:PHAS3 240.000;"
            f":SOUR:FREQ 60.0000;{SET}"
        )
        turn = (unequal, '0;-0,"No error";1')
        converse("pacific_upc", lambda d: d.set_voltage((120, 119.5, 118), 60), self.RANGES, turn)

    def test_equal_voltages_are_one_statement(self) -> None:
        equal = f":SOUR:VOLT 120.0000;:SOUR:PHAS2 90.000;:SOUR:PHAS3 200.000;:SOUR:FREQ 60.0000;{SET}"
        turn = (equal, '0;-0,"No error";1')
        converse("pacific_upc", lambda d: d.set_voltage((120,) * 3, 60, (10, -80, 170)), self.RANGES, turn)

    def test_output_on_and_off(self) -> None:
        on = (f":SOUR:CURR:PROT:LEV 50.000;:OUTP ON;{SET}", f"{FINE};1")
        converse("pacific_upc", lambda d: d.output_on(), self.RANGES, on, (f":OUTP?;{ASK}", f"1;{FINE}"))
        off = (":OUTP OFF;*OPC?;:MEAS:VOLT1?;:MEAS:VOLT2?;:MEAS:VOLT3?;:OUTP?", "1;0;0;0;0")
        converse("pacific_upc", lambda d: d.output_off(), off)

    def test_set_point(self) -> None:
        ask = ":SOUR:VOLT1?;:SOUR:VOLT2?;:SOUR:PHAS2?;:SOUR:VOLT3?;:SOUR:PHAS3?;:SOUR:FREQ?;:OUTP?;" + ASK
        found = converse("pacific_upc", lambda d: d.read_set_point(), (ask, f"120;119;120;118;240;60;0;{FINE}"))
        assert found == SourceSetPoint((120, 119, 118), (0, -120, -240), 60, output_on=False)

    @pytest.mark.parametrize(("byte", "shut_down"), [("0", False), ("4", False), ("1", True), ("65", True)])
    def test_a_measurement_looks_at_the_bit_of_shutdown(self, byte: str, shut_down: bool) -> None:
        each = "".join(f":MEAS:VOLT{n}?;:MEAS:CURR{n}?;:MEAS:POW{n}?;" for n in (1, 2, 3))
        turn = (f"{each}:MEAS:FREQ?;:OUTP?;*STB?;{ASK}", f"120;1;9;119;2;8;118;3;7;60;1;{byte};{FINE}")
        if shut_down:
            with pytest.raises(InstrumentError, match="shutdown"):
                converse("pacific_upc", lambda d: d.measure(), turn)
        else:
            assert converse("pacific_upc", lambda d: d.measure(), turn).p_w == (-9, -8, -7)

    def test_errors_come_in_classes(self) -> None:
        turns = (
            (f":OUTP?;{ASK}", '16;-200,"Execution error"'),
            (":SYST:ERR?", '-0,"No error"'),
        )
        with pytest.raises(InstrumentError, match="-200"):
            converse("pacific_upc", lambda d: d._link.query_checked(":OUTP?"), *turns)


class TestChroma:
    RANGES = (":SOUR:VOLT:LIM:AC?;:SYST:ERR?", '300;0,"No error"')
    READY = '0,"No error"'
    PREPARE = (":OUTPUT:MODE FIXED;:SOUR:PHASE:THREE INDEPEND;:SYST:ERR?", READY)
    SWITCHES = ":OUTPUT:RELAY?;:OUTPUT:STATE?"

    def test_identity_has_the_model_first_and_no_maker(self) -> None:
        found = converse("chroma_61600", lambda d: d.identify(), ("*IDN?", "Chroma ATE 61600,SN7,1.0,1.1,1.2"))
        assert found == Identity("", "Chroma ATE 61600", serial="SN7", version="1.0,1.1,1.2")

    def test_it_is_prepared_once_and_equal_voltages_edit_all(self) -> None:
        equal = (
            ":INST:EDIT ALL;:SOUR:VOLT:LEV:IMM:AMPL:AC 120.0000;:SOUR:PHASE:P12 120.000;:SOUR:PHASE:P13 240.000;"
            ":SOUR:FREQ 60.0000;:SYST:ERR?"
        )

        def act(driver: ScpiGridSimulator) -> None:
            driver.set_voltage((120,) * 3, 60)
            driver.set_voltage((120,) * 3, 60)

        converse("chroma_61600", act, self.RANGES, self.PREPARE, (equal, self.READY), (equal, self.READY))

    def test_unequal_voltages_edit_one_phase_after_the_other(self) -> None:
        unequal = (
            ":INST:EDIT 1;:SOUR:VOLT:LEV:IMM:AMPL:AC 120.0000;"
            ":INST:EDIT 2;:SOUR:VOLT:LEV:IMM:AMPL:AC 119.0000;:SOUR:PHASE:P12 100.000;"
            ":INST:EDIT 3;:SOUR:VOLT:LEV:IMM:AMPL:AC 118.0000;:SOUR:PHASE:P13 230.000;:SOUR:FREQ 60.0000;:SYST:ERR?"
        )
        turns = (self.RANGES, self.PREPARE, (unequal, self.READY))
        converse("chroma_61600", lambda d: d.set_voltage((120, 119, 118), 60, (0, -100, -230)), *turns)

    def test_both_switches_are_thrown_and_read(self) -> None:
        on = (":INST:EDIT ALL;:SOUR:CURR:LIM 50.000;:OUTPUT:RELAY ON;:OUTPUT:STATE ON;:SYST:ERR?", self.READY)
        read = f"{self.SWITCHES};:SYST:ERR?"
        turns = (self.PREPARE, self.RANGES, on)
        converse("chroma_61600", lambda d: d.output_on(), *turns, (read, f"ON;ON;{self.READY}"))
        with pytest.raises(InstrumentError, match="does not switch its output on"):
            converse("chroma_61600", lambda d: d.output_on(), *turns, (read, f"ON;OFF;{self.READY}"))

    def test_output_off_needs_both_switches_open(self) -> None:
        off = (
            ":OUTPUT:STATE OFF;:OUTPUT:RELAY OFF;:INST:EDIT 1;:FETC:VOLT:ACDC?;:INST:EDIT 2;:FETC:VOLT:ACDC?;"
            f":INST:EDIT 3;:FETC:VOLT:ACDC?;{self.SWITCHES}"
        )
        converse("chroma_61600", lambda d: d.output_off(), (off, "0;0;0;OFF;OFF"))
        with pytest.raises(InstrumentError, match="its switch says 1, 0"):
            converse("chroma_61600", lambda d: d.output_off(), (off, "0;0;0;ON;OFF"))

    def test_set_point(self) -> None:
        ask = (
            ":INST:EDIT 1;:SOUR:VOLT:LEV:IMM:AMPL:AC?;:INST:EDIT 2;:SOUR:VOLT:LEV:IMM:AMPL:AC?;"
            ":SOUR:PHASE:P12?;:INST:EDIT 3;:SOUR:VOLT:LEV:IMM:AMPL:AC?;:SOUR:PHASE:P13?;:SOUR:FREQ?;"
            f"{self.SWITCHES};:SYST:ERR?"
        )
        found = converse(
            "chroma_61600", lambda d: d.read_set_point(), (ask, f"120;119;120;118;240;60;OFF;OFF;{self.READY}")
        )
        assert found == SourceSetPoint((120, 119, 118), (0, -120, -240), 60, output_on=False)

    def test_measurement_reads_the_switches_for_it_tells_no_protection(self) -> None:
        each = "".join(f":INST:EDIT {n};:FETC:VOLT:ACDC?;:FETC:CURR:AC?;:FETC:POW:AC?;" for n in (1, 2, 3))
        turn = (f"{each}:FETC:FREQ?;{self.SWITCHES};:SYST:ERR?", f"120;1;9;119;2;8;118;3;7;60;OFF;OFF;{self.READY}")
        assert converse("chroma_61600", lambda d: d.measure(), turn).p_w == (-9, -8, -7)

    def test_reset_waits_three_seconds_and_then_asks_for_errors(self) -> None:
        waited: list[float] = []
        converse("chroma_61600", lambda d: d.reset(waited.append), ("*RST", None), (":SYST:ERR?", self.READY))
        assert waited == [3.0]


class TestKeysight:
    RANGES = (":VOLT? MIN;:VOLT? MAX;:FREQ? MIN;:FREQ? MAX;:CURR? MAX;*ESR?", "0;270;40;500;20;0")

    def test_set_and_read(self) -> None:
        def act(driver: ScpiGridSimulator) -> SourceSetPoint:
            driver.set_voltage((120,), 60)
            return driver.read_set_point()

        turns = ((":VOLT 120.0000;:FREQ 60.0000;*ESR?;*OPC?", "0;1"), (":VOLT?;:FREQ?;:OUTP?;*ESR?", "120;60;1;0"))
        found = converse("keysight_ac6800", act, self.RANGES, *turns, phases=1)
        assert found == SourceSetPoint((120,), (0,), 60, output_on=True)

    def test_output_on_and_off(self) -> None:
        on = ((":CURR 20.000;:OUTP ON;*ESR?;*OPC?", "0;1"), (":OUTP?;*ESR?", "1;0"))
        converse("keysight_ac6800", lambda d: d.output_on(), self.RANGES, *on, phases=1)
        off = (":OUTP OFF;*OPC?;:OUTP?;:MEAS:VOLT:AC?", "1;0;0.4")
        converse("keysight_ac6800", lambda d: d.output_off(), off, phases=1)

    @pytest.mark.parametrize(("condition", "name"), [(2, "over-current"), (32, "watchdog"), (512, "over-power")])
    def test_a_protection_is_named_and_cleared(self, condition: int, name: str) -> None:
        ask = ":MEAS:VOLT:AC?;:MEAS:CURR:AC?;:MEAS:POW:AC?;:MEAS:POW:AC:REAC?;:MEAS:FREQ?;:OUTP?;:STAT:QUES:COND?;*ESR?"
        with pytest.raises(InstrumentError, match=name):
            converse("keysight_ac6800", lambda d: d.measure(), (ask, f"0;0;0;0;0;0;{condition};0"), phases=1)
        found = converse("keysight_ac6800", lambda d: d.measure(), (ask, "120;1;-9;4;60;1;4096;0"), phases=1)
        assert (found.p_w, found.q_var) == ((9,), (-4,)), "a limit that is active takes nothing away"
        converse("keysight_ac6800", lambda d: d.clear_protection(), (":OUTP:PROT:CLE;*ESR?;*OPC?", "0;1"), phases=1)

    def test_an_interrupted_query_is_an_error(self) -> None:
        turns = ((":OUTP?;*ESR?", "1;4"), (":SYST:ERR?", '-410,"Query INTERRUPTED"'), (":SYST:ERR?", '+0,"No error"'))
        with pytest.raises(InstrumentError, match="-410"):
            converse("keysight_ac6800", lambda d: d._link.query_checked(":OUTP?"), *turns, phases=1)
