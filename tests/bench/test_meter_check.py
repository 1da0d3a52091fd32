"""Meters held against what flowed, on meters made by hand: small errors show in energy, good meters are left alone."""

from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.feeder.model import Snapshot
from bench.measurement import Measurement
from bench.plant.plant import PlantState
from bench.truth.meter_check import CLOCK_CLAUSE, METER_ENERGY_CLAUSE, MeterCheck, MeteredPlaces
from instruments.errors import TransportError
from instruments.readings import MeterReading
from reports.verdict import Verdict

START_S = 1000.0
NAMES = ("m1", "m2")


@dataclass
class HandMeter:
    """A meter that counts so many times what flows; `silent` meters do not answer."""

    gain: float = 1.0
    ahead_s: float | None = 0.0
    silent: bool = False
    import_wh: float = 5000.0
    export_wh: float = 300.0
    time_s: float = 0.0

    def pass_time(self, power_w: float, dt_s: float) -> None:
        counted_wh = self.gain * power_w * dt_s / 3600.0
        self.import_wh += max(counted_wh, 0.0)
        self.export_wh += max(-counted_wh, 0.0)
        self.time_s += dt_s

    def read_meter(self) -> MeterReading:
        if self.silent:
            raise TransportError("no answer")
        return MeterReading((), 0.0, 60.0, 0.0, 0.0, float(round(self.import_wh)), float(round(self.export_wh)))

    def read_clock_s(self) -> float | None:
        if self.silent:
            raise TransportError("no answer")
        return None if self.ahead_s is None else START_S + self.time_s + self.ahead_s


@dataclass
class Street:
    """Two services that take a constant power each, the second at place 0 and the first at place 1."""

    meters: dict[str, HandMeter] = field(default_factory=lambda: {name: HandMeter() for name in NAMES})
    power_w: tuple[float, float] = (-2000.0, 3000.0)

    def measured(self, hours: float = 1.0, steps: int = 60) -> list[Measurement]:
        places = MeteredPlaces(NAMES, np.array([1, 0], dtype=np.intp), lambda: np.array(self.power_w))
        check = MeterCheck([places], self.meters, 0.002, START_S)
        check.take(_state(0.0))
        for step in range(1, steps + 1):
            for name, place in zip(NAMES, (1, 0), strict=True):
                self.meters[name].pass_time(self.power_w[place], hours * 3600.0 / steps)
            check.take(_state(hours * 3600.0 * step / steps))
        return check.measure(hours * 3600.0)


def _state(time_s: float) -> PlantState:
    none = np.zeros(0)
    snapshot = Snapshot.__new__(Snapshot)
    return PlantState(time_s, snapshot, none.reshape(0, 2), none, none, 0.0, none)


def wrong(found: list[Measurement]) -> dict[str, tuple[str | None, Verdict]]:
    return {m.source.partition(" ")[0]: (m.clause, m.verdict) for m in found if m.verdict is not Verdict.PASS}


def test_good_meters_pass_and_the_one_nearest_to_its_limits_is_told() -> None:
    street = Street()
    street.meters["m2"].gain = 1.0015
    energy, clock = street.measured()
    assert (energy.source, energy.clause, energy.verdict) == ("m2 against the plant", METER_ENERGY_CLAUSE, Verdict.PASS)
    assert energy.value == pytest.approx(-2003.0, abs=1.0)
    assert "of 2 the nearest to its limits" in energy.quantity
    assert (clock.clause, clock.verdict) == (CLOCK_CLAUSE, Verdict.PASS)


@pytest.mark.parametrize("gain", [1.02, 0.98, 0.0, -1.0])
def test_a_meter_that_counts_wrongly_is_found_by_name_and_the_other_is_not(gain: float) -> None:
    street = Street()
    street.meters["m1"].gain = gain
    assert wrong(street.measured()) == {"m1": (METER_ENERGY_CLAUSE, Verdict.FAIL)}


@given(st.floats(0.998, 1.002), st.floats(-20e3, 20e3), st.floats(0.02, 24.0))
def test_no_meter_within_its_class_fails_whatever_flows_and_for_how_long(
    gain: float, power_w: float, hours: float
) -> None:
    street = Street(power_w=(power_w, power_w))
    street.meters["m1"].gain = gain
    assert not wrong(street.measured(hours, steps=5))


@pytest.mark.parametrize("dt_s", [1.0, 300.0])
def test_what_flows_within_a_step_is_not_held_against_a_meter(dt_s: float) -> None:
    """Between two steps 200 kW come up: a meter may have counted all of it, none, or half."""
    for counted_share in (0.0, 0.5, 1.0):
        meter, power_w = HandMeter(), [0.0]
        places = MeteredPlaces(("m1",), np.array([0], dtype=np.intp), lambda power_w=power_w: np.array(power_w))
        check = MeterCheck([places], {"m1": meter}, 0.002, START_S)
        check.take(_state(0.0))
        power_w[0] = 200e3
        meter.pass_time(counted_share * 200e3, dt_s)
        check.take(_state(dt_s))
        assert not wrong(check.measure(dt_s)), f"{counted_share} of the step"


@pytest.mark.parametrize("ahead_s", [600.0, -600.0, 15.0])
def test_a_clock_that_is_off_is_found(ahead_s: float) -> None:
    street = Street()
    street.meters["m2"].ahead_s = ahead_s
    assert wrong(street.measured()) == {"m2": (CLOCK_CLAUSE, Verdict.FAIL)}


def test_what_does_not_answer_is_not_measured() -> None:
    street = Street()
    street.meters["m1"].silent = True
    found = [m for m in street.measured() if m.source.startswith("m1 ")]
    assert [(m.clause, m.verdict) for m in found] == [
        (METER_ENERGY_CLAUSE, Verdict.NOT_RUN),
        (CLOCK_CLAUSE, Verdict.NOT_RUN),
    ]


def test_a_meter_without_a_clock_has_none_that_could_be_wrong() -> None:
    street = Street()
    street.meters["m1"].ahead_s = street.meters["m2"].ahead_s = None
    assert [m.clause for m in street.measured()] == [METER_ENERGY_CLAUSE]
