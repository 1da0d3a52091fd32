"""Emulated premises: sheds in their time, cancelled ones not, and defects that the bench has to notice."""

import pytest

from instruments.emulators.premise import PremiseFleet
from instruments.errors import ConfigError


def at(fleet: PremiseFleet, time_s: float) -> list[float]:
    fleet.advance(time_s - fleet.time_s)
    return [round(float(share), 6) for share in fleet.running_share]


@pytest.fixture
def fleet() -> PremiseFleet:
    made = PremiseFleet(("premise_a", "premise_b"))
    made.schedule_shed("premise_b", 0.75, 10.0, 20.0)
    return made


def test_a_shed_begins_and_ends_in_its_time(fleet: PremiseFleet) -> None:
    assert at(fleet, 9.0) == [1.0, 1.0]
    assert at(fleet, 10.0) == [1.0, 0.25]
    assert at(fleet, 19.0) == [1.0, 0.25]
    assert at(fleet, 20.0) == [1.0, 1.0]


def test_a_shed_that_is_cancelled_does_not_begin(fleet: PremiseFleet) -> None:
    fleet.cancel_shed("premise_b")
    assert at(fleet, 15.0) == [1.0, 1.0]


def test_a_shed_that_is_cancelled_later_gives_the_load_back(fleet: PremiseFleet) -> None:
    assert at(fleet, 12.0) == [1.0, 0.25]
    fleet.cancel_shed("premise_b")
    assert at(fleet, 13.0) == [1.0, 1.0]


def test_the_shares_stay_in_the_array_that_the_plant_holds(fleet: PremiseFleet) -> None:
    held = fleet.running_share
    fleet.advance(15.0)
    assert held[1] == 0.25


def test_appliances_that_do_not_shed(fleet: PremiseFleet) -> None:
    fleet.inject("premise_b", "does-not-shed", start_s=12.0)
    assert at(fleet, 11.0) == [1.0, 0.25]
    assert at(fleet, 12.0) == [1.0, 1.0]


def test_appliances_that_ignore_an_override(fleet: PremiseFleet) -> None:
    fleet.inject("premise_b", "ignores-override")
    fleet.cancel_shed("premise_b")
    assert at(fleet, 15.0) == [1.0, 0.25]


def test_an_unknown_premise_is_refused(fleet: PremiseFleet) -> None:
    for act in (lambda: fleet.cancel_shed("x"), lambda: fleet.inject("x", "does-not-shed")):
        with pytest.raises(ConfigError, match="no premise 'x'"):
            act()
