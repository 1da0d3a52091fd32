"""How an emulated inverter obeys when its permit is withdrawn: a sound one at once, defective ones late or not."""

import math

import pytest

from instruments.emulators.inverter import InverterEmulator
from tests.instruments.test_inverter_emulator import RATING_W, running, settle


def withdraw(inverter: InverterEmulator) -> None:
    model = inverter.registers.model(703)
    model.set({"ES": 0})
    assert model.on_write is not None
    model.on_write(frozenset({"ES"}))


def delivered_pu(inverter: InverterEmulator) -> float:
    return sum(inverter.power.p_w) / RATING_W


def test_a_sound_one_ceases_at_once() -> None:
    inverter = running()
    assert delivered_pu(inverter) > 0.4
    withdraw(inverter)
    settle(inverter, 1.0, 1)
    assert delivered_pu(inverter) == 0.0
    assert inverter.quiet_s == math.inf


def test_a_late_one_goes_on_for_its_time_and_says_that_it_will_change() -> None:
    inverter = running()
    inverter.inject("late-cease", 3.0)
    withdraw(inverter)
    settle(inverter, 1.0, 2)
    assert delivered_pu(inverter) > 0.4
    assert inverter.quiet_s == pytest.approx(1.0)
    settle(inverter, 1.0, 1)
    assert delivered_pu(inverter) == 0.0


def test_one_that_keeps_delivering_goes_down_to_its_share_and_stays() -> None:
    inverter = running()
    inverter.inject("keeps-delivering", 0.05)
    assert delivered_pu(inverter) > 0.4, "while it is permitted, nothing is wrong"
    withdraw(inverter)
    settle(inverter, 1.0, 120)
    assert delivered_pu(inverter) == pytest.approx(0.05, abs=1e-3)
