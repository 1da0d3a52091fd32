"""What a sound emulated inverter rides through and a defective one does not: the defect acts on its own cause only."""

import math

import pytest

from instruments.emulators.inverter import InverterEmulator
from tests.instruments.test_inverter_emulator import PHASE_V, RATING_W, running

SYMMETRIC_DEG = (0.0, -120.0, -240.0)
STEP_S = 0.02
KINDS = ("no-ride-through", "phase-jump-trips", "rocof-trips")


def sag(inverter: InverterEmulator) -> None:
    inverter.node.apply((0.8 * PHASE_V,) * 3)
    play(inverter, 0.5)


def turn(inverter: InverterEmulator) -> None:
    inverter.node.apply((PHASE_V,) * 3, 60.0, (20.0, -120.0, -240.0))
    play(inverter, 0.5)


def race(inverter: InverterEmulator) -> None:
    for number in range(1, 11):
        inverter.node.apply((PHASE_V,) * 3, 60.0 + 0.06 * number)
        play(inverter, STEP_S)


CAUSES = {"no-ride-through": sag, "phase-jump-trips": turn, "rocof-trips": race}


def play(inverter: InverterEmulator, span_s: float) -> None:
    for _ in range(round(span_s / STEP_S)):
        inverter.advance(STEP_S)


@pytest.mark.parametrize("cause", CAUSES)
@pytest.mark.parametrize("kind", [*KINDS, None])
def test_each_defect_trips_by_its_own_cause_and_a_sound_inverter_by_none(kind: str | None, cause: str) -> None:
    inverter = running()
    if kind:
        inverter.inject(kind)
    play(inverter, 0.5)
    assert inverter.status != "Trip", "it trips without a cause"
    CAUSES[cause](inverter)
    assert (inverter.status == "Trip") is (kind == cause), f"{kind} after {cause}"


@pytest.mark.parametrize(
    ("kind", "value", "cause", "trips"),
    [
        ("no-ride-through", 0.4, sag, True),
        ("no-ride-through", 0.6, sag, False),
        ("phase-jump-trips", 19.0, turn, True),
        ("phase-jump-trips", 21.0, turn, False),
        ("rocof-trips", 2.9, race, True),
        ("rocof-trips", 3.1, race, False),
    ],
)
def test_the_value_is_where_it_trips(kind: str, value: float, cause, trips: bool) -> None:
    inverter = running()
    inverter.inject(kind, value)
    play(inverter, STEP_S)
    cause(inverter)
    assert (inverter.status == "Trip") is trips


def test_a_slow_change_of_frequency_and_one_over_half_a_turn_are_what_they_are() -> None:
    inverter = running()
    for kind in ("rocof-trips", "phase-jump-trips"):
        inverter.inject(kind)
    for number in range(50):
        inverter.node.apply((PHASE_V,) * 3, 60.0 + 0.3 * STEP_S * number)
        inverter.advance(STEP_S)
    assert inverter.status != "Trip", "0.3 Hz a second are less than 0.4"
    inverter.node.apply((PHASE_V,) * 3, 60.3, (358.0, -122.0, -242.0))
    inverter.advance(STEP_S)
    assert inverter.status != "Trip", "from 0 to 358 deg it is 2 deg back"


def restored_s(*fault: str | float) -> float:
    """How long it takes from the end of a sag below 0.5 pu until half of the power is back, s."""
    inverter = running(available_w=RATING_W)
    if fault:
        inverter.inject(*fault)
    inverter.node.apply((0.3 * PHASE_V,) * 3)
    play(inverter, 0.6)
    assert sum(inverter.power.p_w) == 0.0, "momentary cessation"
    inverter.node.apply((PHASE_V,) * 3)
    begun_s = inverter.time_s
    while sum(inverter.power.p_w) < 0.5 * RATING_W:
        inverter.advance(STEP_S)
        if inverter.time_s > begun_s + 5.0:
            return math.inf
    return inverter.time_s - begun_s


@pytest.mark.parametrize(("fault", "seconds"), [((), 0.0), (("slow-restore",), 1.0), (("slow-restore", 2.0), 2.0)])
def test_output_comes_back_at_once_or_late(fault, seconds: float) -> None:
    assert restored_s(*fault) == pytest.approx(seconds, abs=0.1)


def test_it_says_what_it_has_nothing_of() -> None:
    assert set(running().unrepresented) == {"change of phase angle", "rate of change of frequency"}
