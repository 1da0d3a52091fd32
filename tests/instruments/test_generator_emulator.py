"""A dispatchable generator on the wire: nothing without a command, what it is told within half a minute, its end."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instruments.drivers.sunspec_inverter import SunSpecInverter
from instruments.emulators.inverter import InverterEmulator
from instruments.emulators.prime_mover import PrimeMover
from instruments.errors import SafetyTrip
from tests.instruments.sunspec_bench import serving
from tests.instruments.test_inverter_emulator import PHASE_V

RATING_W = 600_000.0
START_S, FULL_RISE_S, FULL_FALL_S = 10, 15, 5
"""Seconds: standing until synchronized, and from nothing to the rating and back."""


@contextmanager
def generator() -> Iterator[tuple[InverterEmulator, SunSpecInverter]]:
    """A generator at nominal voltage, in the sun, and the driver that commands it."""
    emulator = InverterEmulator("dg", RATING_W / 1000.0, generator=True)
    emulator.node.apply((PHASE_V,) * 3)
    emulator.available_w = RATING_W
    with serving(unit_1=emulator.registers) as wire:
        yield emulator, SunSpecInverter(wire.link())


def delivered_w(emulator: InverterEmulator, seconds: int) -> float:
    """What flows in its copper after so many seconds."""
    for _ in range(seconds):
        emulator.advance(1.0)
    return sum(emulator.node.power().p_w)


def test_without_a_command_it_delivers_nothing_whatever_the_sun_does():
    with generator() as (emulator, driver):
        assert delivered_w(emulator, 120) == 0.0
        assert driver.read_ac().p_w == 0.0


@pytest.mark.parametrize("share", [0.1, 0.5, 1.0])
def test_it_starts_and_ramps_to_its_command_within_half_a_minute(share):
    with generator() as (emulator, driver):
        driver.set_power_w(share * RATING_W, reversion_s=3600.0)
        assert delivered_w(emulator, START_S) == 0.0
        assert delivered_w(emulator, 1) == pytest.approx(min(1.0 / FULL_RISE_S, share) * RATING_W)
        assert delivered_w(emulator, 30 - START_S - 1) == pytest.approx(share * RATING_W)
        assert driver.read_ac().p_w == pytest.approx(share * RATING_W, abs=50.0)


def test_reversion_ends_it():
    with generator() as (emulator, driver):
        driver.set_power_w(RATING_W, reversion_s=60.0)
        assert delivered_w(emulator, 59) == pytest.approx(RATING_W)
        assert 0.0 < delivered_w(emulator, FULL_FALL_S - 1) < RATING_W
        assert delivered_w(emulator, 1) == 0.0
        assert not driver.read_ac().p_w


def test_a_release_ends_it():
    with generator() as (emulator, driver):
        driver.set_power_w(RATING_W / 2, reversion_s=3600.0)
        delivered_w(emulator, 30)
        driver.release()
        assert delivered_w(emulator, FULL_FALL_S) == 0.0


def test_it_refuses_what_an_engine_cannot_do():
    with generator() as (_, driver), pytest.raises(SafetyTrip):
        driver.set_power_w(-1000.0, reversion_s=60.0)


def test_ceasing_to_energize_drops_its_load_and_the_next_service_begins_with_a_start():
    with generator() as (emulator, driver):
        driver.set_power_w(RATING_W, reversion_s=3600.0)
        delivered_w(emulator, 30)
        driver.cease_to_energize()
        assert delivered_w(emulator, 2) == 0.0
        driver.enter_service()
        assert delivered_w(emulator, START_S) == 0.0
        assert delivered_w(emulator, 900) == pytest.approx(RATING_W), "after the enter-service delay and ramp"


def test_it_keeps_its_volt_var():
    with generator() as (emulator, driver):
        emulator.node.apply((1.05 * PHASE_V,) * 3)
        delivered_w(emulator, 40)
        assert driver.read_ac().q_var == pytest.approx(-0.22 * RATING_W, rel=0.01)


@pytest.mark.parametrize(
    ("kind", "value", "share"),
    [
        ("ignores-set-point", None, 0.0),
        ("wrong-sign", None, 0.0),
        ("scaled", 0.9, 0.45),
        ("reports-the-set-point-as-its-measurement", 0.5, 0.25),
    ],
)
def test_defects_show_in_the_copper(kind, value, share):
    with generator() as (emulator, driver):
        emulator.inject(kind, value)
        driver.set_power_w(RATING_W / 2, reversion_s=3600.0)
        assert delivered_w(emulator, 60) == pytest.approx(share * RATING_W)


@given(st.lists(st.tuples(st.floats(-1.0, 2.0), st.integers(1, 90)), min_size=1, max_size=6))
def test_an_engine_moves_alike_in_long_steps_and_in_short_ones(wishes):
    long, short = PrimeMover(1.0), PrimeMover(1.0)
    for wanted_w, seconds in wishes:
        long.advance(wanted_w, float(seconds))
        for _ in range(seconds):
            short.advance(wanted_w, 1.0)
        assert long.delivered_w == pytest.approx(short.delivered_w, abs=1e-9)
        assert 0.0 <= long.delivered_w <= 1.0
