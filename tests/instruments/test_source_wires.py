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
        ":OUTP OFF;*OPC?;:OUTP?;:INST:COUP NONE;:INST:NSEL 1;:MEAS:VOLT:AC?;:INST:COUP NONE;:INST:NSEL 2;"
        ":MEAS:VOLT:AC?;:INST:COUP NONE;:INST:NSEL 3;:MEAS:VOLT:AC?"
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
        converse("ametek_mx", lambda d: d.output_off(), (self.OFF, "1;0;0.1;0.2;0.3"))
        with pytest.raises(InstrumentError, match="measures 0, 120, 0 V"):
            converse("ametek_mx", lambda d: d.output_off(), (self.OFF, "1;0;0;120;0"))

    def test_the_set_point_is_read_phase_by_phase(self) -> None:
        ask = "".join(f":INST:COUP NONE;:INST:NSEL {n};:VOLT:AC?;:PHAS?;" for n in (1, 2, 3)) + f":FREQ?;:OUTP?;{ASK}"
        found = converse("ametek_mx", lambda d: d.read_set_point(), (ask, f"120;0;119;-120;118;120;60;1;{FINE}"))
        assert found == SourceSetPoint((120, 119, 118), (0, -120, 120), 60, output_on=True)

    def test_a_measurement_is_taken_phase_by_phase_and_has_no_reactive_power(self) -> None:
        each = "".join(
            f":INST:COUP NONE;:INST:NSEL {n};:MEAS:VOLT:AC?;:MEAS:CURR:AC?;:MEAS:POW:AC?;" for n in (1, 2, 3)
        )
        ask = f"{each}:MEAS:FREQ?;:STAT:QUES:COND?;{ASK}"
        found: AcMeasurement = converse(
            "ametek_mx", lambda d: d.measure(), (ask, f"120;1;-9;119;2;8;118;3;0;60;0;{FINE}")
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
        turn = (f"{each}:MEAS:FREQ?;:STAT:QUES:COND?;{ASK}", f"0;0;0;0;0;0;0;0;0;0;{condition};{FINE}")
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
        off = (":OUTP OFF;*OPC?;:OUTP?;:MEAS:VOLT1?;:MEAS:VOLT2?;:MEAS:VOLT3?", "1;0;0;0;0")
        converse("pacific_upc", lambda d: d.output_off(), off)

    def test_set_point(self) -> None:
        ask = ":SOUR:VOLT1?;:SOUR:PHAS1?;:SOUR:VOLT2?;:SOUR:PHAS2?;:SOUR:VOLT3?;:SOUR:PHAS3?;:SOUR:FREQ?;:OUTP?;" + ASK
        found = converse("pacific_upc", lambda d: d.read_set_point(), (ask, f"120;0;119;120;118;240;60;0;{FINE}"))
        assert found == SourceSetPoint((120, 119, 118), (0, -120, -240), 60, output_on=False)

    @pytest.mark.parametrize(("byte", "shut_down"), [("0", False), ("4", False), ("1", True), ("65", True)])
    def test_a_measurement_looks_at_the_bit_of_shutdown(self, byte: str, shut_down: bool) -> None:
        each = "".join(f":MEAS:VOLT{n}?;:MEAS:CURR{n}?;:MEAS:POW{n}?;" for n in (1, 2, 3))
        turn = (f"{each}:MEAS:FREQ?;*STB?;{ASK}", f"120;1;9;119;2;8;118;3;7;60;{byte};{FINE}")
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
