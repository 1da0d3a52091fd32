"""Ratings configured over the wire, functions that are claimed, alarms acknowledged: what is sent, held and refused."""

import math
from collections.abc import Iterator

import pytest

from instruments.drivers.sunspec_inverter import SunSpecInverter
from instruments.emulators.battery import BatteryEmulator
from instruments.emulators.inverter import InverterEmulator
from instruments.errors import InstrumentError, SafetyTrip
from tests.instruments.sunspec_bench import Wire, serving
from tests.instruments.test_inverter_emulator import PHASE_V, RATING_W, command, running

MODEL_702 = 40000 + 2 + 68 + 155
W_MAX = MODEL_702 + 26
"""WMax of model 702, its 26th register from the id on: after the marker, model 1 of 68 and model 701 of 155."""


@pytest.fixture
def emulated() -> InverterEmulator:
    return running(available_w=RATING_W)


@pytest.fixture
def wire(emulated: InverterEmulator) -> Iterator[Wire]:
    with serving(unit_1=emulated.interface) as wire:
        yield wire


def test_a_rating_is_configured_by_one_register_and_read_back(wire: Wire) -> None:
    inverter = SunSpecInverter(wire.link())
    inverter.configure("NP_P_MAX", 800_000.0)
    assert wire.written() == [(W_MAX, (8000,))], "WMax in hundreds of watts, and nothing else"
    assert inverter.read_configuration()["NP_P_MAX"] == 800_000.0
    assert inverter.read_as_set()["NP_P_MAX"] == RATING_W, "the rating itself stays"


def test_an_inverter_configured_to_less_delivers_less(wire: Wire, emulated: InverterEmulator) -> None:
    SunSpecInverter(wire.link()).configure("NP_P_MAX", 800_000.0)
    emulated.advance(30.0)
    assert sum(emulated.power.p_w) == pytest.approx(0.8 * RATING_W, rel=0.01)
    emulated.inject("ignores-configuration")
    emulated.advance(30.0)
    assert sum(emulated.power.p_w) == pytest.approx(RATING_W, rel=0.01), "with the defect it holds the number only"


@pytest.mark.parametrize(
    ("label", "share_pu", "p_pu", "q_pu"),
    [
        ("NP_VA_MAX", 0.0, 0.8, 0.0),
        ("NP_VA_MAX", 0.4, math.sqrt(0.8**2 - 0.32**2), 0.32),
        ("NP_Q_MAX_INJ", 0.44, math.sqrt(1.0 - 0.352**2), 0.352),
        ("NP_Q_MAX_INJ", -0.44, math.sqrt(1.0 - 0.44**2), -0.44),
        ("NP_Q_MAX_ABS", -0.44, math.sqrt(1.0 - 0.352**2), -0.352),
    ],
)
def test_what_is_configured_is_what_it_goes_by(
    wire: Wire, emulated: InverterEmulator, label: str, share_pu: float, p_pu: float, q_pu: float
) -> None:
    """Shares of apparent power are of what is configured."""
    inverter = SunSpecInverter(wire.link())
    inverter.set_reactive_power(share_pu)
    rated = inverter.read_configuration()[label]
    inverter.configure(label, 0.8 * rated)
    assert delivered(emulated) == (pytest.approx(p_pu, abs=2e-3), pytest.approx(q_pu, abs=2e-3))
    emulated.inject("configures-active-power-alone", None, emulated.time_s, emulated.time_s + 60.5)
    whole = (pytest.approx(math.sqrt(1.0 - share_pu**2), abs=2e-3), pytest.approx(share_pu, abs=2e-3))
    assert delivered(emulated) == whole, "with the defect it holds the number only"
    assert delivered(emulated) == (pytest.approx(p_pu, abs=2e-3), pytest.approx(q_pu, abs=2e-3)), "the defect is over"
    inverter.configure(label, rated)
    assert delivered(emulated) == whole


def delivered(emulated: InverterEmulator) -> tuple[float, float]:
    for _ in range(60):
        emulated.advance(1.0)
    return sum(emulated.power.p_w) / RATING_W, sum(emulated.power.q_var) / RATING_W


def test_vars_in_var_are_what_they_say_whatever_is_configured(wire: Wire, emulated: InverterEmulator) -> None:
    SunSpecInverter(wire.link()).configure("NP_VA_MAX", 0.8 * RATING_W)
    command(emulated, VarSetMod=4, VarSet=200_000, VarSetEna=1)
    assert delivered(emulated)[1] == pytest.approx(0.2, abs=2e-3)


def test_storage_absorbs_no_more_than_it_is_configured_to() -> None:
    battery = BatteryEmulator("store", RATING_W / 1e3, 4 * RATING_W / 1e3, 0.5)
    hybrid = InverterEmulator("hybrid", RATING_W / 1e3, dc_source=battery)
    hybrid.node.apply((PHASE_V,) * 3)
    for part in (hybrid, battery):
        command(part, WSetMod=1, WSet=-RATING_W / 10.0 ** part.registers.model(704).get("WSet_SF"), WSetEna=1)
    with serving(unit_1=hybrid.interface) as own:
        SunSpecInverter(own.link()).configure("NP_P_MAX_CHARGE", 0.8 * RATING_W)
    for _ in range(60):
        battery.advance(1.0)
        hybrid.advance(1.0)
    assert sum(hybrid.power.p_w) == pytest.approx(-0.8 * RATING_W, rel=1e-2)
    assert battery.delivered_w == pytest.approx(-0.8 * RATING_W, rel=1e-2), "and the battery behind it takes no more"


@pytest.mark.parametrize("value", [0.0, -1.0, 1_001_000.0, float("nan"), float("inf")])
def test_a_rating_that_cannot_be_is_refused_before_anything_is_sent(wire: Wire, value: float) -> None:
    with pytest.raises(SafetyTrip, match="nothing was sent"):
        SunSpecInverter(wire.link()).configure("NP_P_MAX", value)
    assert wire.written() == []


def test_what_is_no_rating_is_refused_with_the_known_ones(wire: Wire) -> None:
    with pytest.raises(SafetyTrip, match=r"NP_SERIAL_NUM cannot be configured; known: NP_P_MAX,"):
        SunSpecInverter(wire.link()).configure("NP_SERIAL_NUM", 1.0)
    assert wire.written() == []


def test_a_device_that_says_yes_and_forgets_is_found_out(wire: Wire, emulated: InverterEmulator) -> None:
    emulated.inject("forgets-configuration")
    with pytest.raises(InstrumentError, match="was configured to NP_VA_MAX 800000 and holds 1e\\+06"):
        SunSpecInverter(wire.link()).configure("NP_VA_MAX", 800_000.0)


def test_the_functions_are_those_of_its_register(wire: Wire) -> None:
    trips = {f"{kind}_TRIP" for kind in ("OV", "UV", "OF", "UF")}
    modes = {"AP_LIMIT", "AP_SET", "CONST_PF", "CONST_Q", "QV", "QP", "PV", "PF"}
    assert SunSpecInverter(wire.link()).read_functions() == modes | trips


def test_alarms_are_acknowledged_over_the_supervision_model(wire: Wire, emulated: InverterEmulator) -> None:
    SunSpecInverter(wire.link()).reset_alarms()
    model = emulated.registers.model(715)
    place = model.address + model.layout.points["AlarmReset"].offset
    assert wire.written() == [(place, (1,))]
