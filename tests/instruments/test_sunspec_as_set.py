"""Settings of a device in the labels of the common file format, read over the wire."""

import pytest

from instruments.drivers.sunspec_inverter import SunSpecInverter
from instruments.emulators.modbus_server import DEVICE_FAILURE, ModbusRefusal
from instruments.readings import VoltVarCurve
from tests.instruments.sunspec_bench import serving
from tests.instruments.test_inverter_emulator import running


def test_settings_are_per_unit_as_the_labels_ask_for() -> None:
    with serving(unit_1=running().registers) as wire:
        driver = SunSpecInverter(wire.link())
        driver.set_volt_var(VoltVarCurve((0.9, 0.97, 1.03, 1.1), (0.3, 0.0, 0.0, -0.4), 7.0))
        driver.limit_power_pct(80.0, reversion_s=0)
        told = driver.read_as_set()
    curve = [told[f"QV_CURVE_{axis}{number}-AS"] for number in (1, 2, 3, 4) for axis in "VQ"]
    assert curve == pytest.approx([0.9, 0.3, 0.97, 0.0, 1.03, 0.0, 1.1, -0.4], abs=1e-3), "not per unit of rating"
    assert (told["QV_MODE_ENABLE-AS"], told["QV_OLRT-AS"]) == ("ENABLED", 7.0)
    assert (told["AP_LIMIT_ENABLE-AS"], told["AP_LIMIT-AS"]) == ("ENABLED", 0.8)
    assert (told["NP_P_MAX"], told["NP_MANUFACTURER"], told["NP_NORMAL_OP_CAT"]) == (1e6, "derbench", "CAT_B")
    assert (told["UV1_TRIP_V-AS"], told["UV1_TRIP_T-AS"]) == (0.88, 21.0)
    assert (told["OF1_TRIP_F-AS"], told["OV2_TRIP_T-AS"]) == (61.2, 0.16)
    assert "COMMENT" not in told, told.get("COMMENT")


def test_what_cannot_be_read_stands_in_words_and_the_rest_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    registers = running().registers
    first, read = registers.model(711).address, registers.read

    def refusing(address: int, count: int) -> list[int]:
        if address <= first + 2 < address + count and count > 2:
            raise ModbusRefusal(DEVICE_FAILURE)
        return read(address, count)

    monkeypatch.setattr(registers, "read", refusing)
    with serving(unit_1=registers) as wire:
        told = SunSpecInverter(wire.link()).read_as_set()
    assert told["COMMENT"], "nothing says that the droop could not be read"
    assert told["QV_MODE_ENABLE-AS"] in {"ENABLED", "DISABLED"}
    assert "PF_DBOF-AS" not in told
