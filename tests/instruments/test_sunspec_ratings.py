"""Ratings configured over the wire, functions that are claimed, alarms acknowledged: what is sent, held and refused."""

from collections.abc import Iterator

import pytest

from instruments.drivers.sunspec_inverter import SunSpecInverter
from instruments.emulators.inverter import InverterEmulator
from instruments.errors import InstrumentError, SafetyTrip
from tests.instruments.sunspec_bench import Wire, serving
from tests.instruments.test_inverter_emulator import RATING_W, running

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
