"""What operating a feeder took: operations and reversals of the mechanisms, minutes outside Range A, losses."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pytest

from bench.feeder.model import Snapshot
from bench.plant.apparatus import Operation
from bench.plant.plant import PlantState
from bench.truth.operating_figures import OperatingFigures, OperatingRecord, meters_outside

GOOD = [(120.0, 120.0), (118.0, 118.0)]


@dataclass
class Mechanism:
    operations: list[Operation] = field(default_factory=list)


def state(time_s: float, legs_v: Sequence[tuple[float, float]]) -> PlantState:
    snapshot = Snapshot(1, time_s, True, "", np.zeros(0, np.complex128), 0.0, 0.0, {}, {})
    return PlantState(time_s, snapshot, np.array(legs_v), np.zeros(0), np.zeros(0), 1.0, np.ones(0))


def figures_of(
    steps: Sequence[tuple[float, Sequence[tuple[float, float]]]], losses_kw: float = 0.0, **moved: Mechanism
) -> OperatingFigures:
    record = OperatingRecord(moved, lambda: losses_kw, interval_s=60.0)
    for time_s, legs_v in steps:
        record.take(state(time_s, legs_v))
    return record.figures()


def every_20_s(*voltages: Sequence[tuple[float, float]]) -> list[tuple[float, Sequence[tuple[float, float]]]]:
    return [(20.0 * (number + 1), legs_v) for number, legs_v in enumerate(voltages)]


def test_a_minute_counts_when_its_mean_is_outside_and_not_when_a_step_is() -> None:
    low, lower = [(113.9, 120.0), GOOD[1]], [(113.0, 120.0), GOOD[1]]
    assert figures_of(every_20_s(lower, GOOD, GOOD)).violation_min == 0.0
    assert figures_of(every_20_s(low, low, low)).violation_min == 1.0


def test_meter_minutes_sum_over_meters_and_minutes_count_once() -> None:
    both, one = [(113.0, 113.0), (127.0, 127.0)], [(113.0, 113.0), (120.0, 120.0)]
    found = figures_of(every_20_s(*[both] * 3, *[one] * 3, *[GOOD] * 3))
    assert (found.violation_meter_min, found.violation_min) == (3.0, 2.0)


@pytest.mark.parametrize(("legs_v", "outside"), [((114.0, 126.0), 0), ((113.99, 120.0), 1), ((120.0, 126.01), 1)])
def test_one_leg_outside_is_enough_and_the_limits_are_inside(legs_v: tuple[float, float], outside: int) -> None:
    assert meters_outside([np.array([legs_v, (120.0, 120.0)])], [1.0]) == outside


def test_an_interval_that_is_not_over_does_not_count() -> None:
    low = [(113.0, 113.0), (113.0, 113.0)]
    assert figures_of(every_20_s(low, low)).violation_min == 0.0


def test_the_state_at_the_start_belongs_to_no_interval() -> None:
    low = [(100.0, 100.0), GOOD[1]]
    assert figures_of([(0.0, low), *every_20_s(GOOD, GOOD, GOOD)]).violation_min == 0.0


def test_losses_are_power_times_time() -> None:
    assert figures_of(every_20_s(*[GOOD] * 9), losses_kw=200.0).losses_kwh == pytest.approx(200.0 * 3 / 60)


def test_operations_are_the_mechanisms_and_reversals_those_undone_within_ten_minutes() -> None:
    ltc = Mechanism([Operation(100.0, 1), Operation(400.0, -1), Operation(1100.0, 1)])
    bank = Mechanism([Operation(50.0, 1)])
    found = figures_of([], ltc=ltc, bank=bank)
    assert found.operations == {"ltc": 3, "bank": 1}
    assert found.reversed_operations == {"ltc": 1, "bank": 0}
    assert found.total_operations == 4
