"""The energy management system on a bus: the plan of the next day, system lambda, and the grid's security."""

from dataclasses import dataclass, field
from pathlib import Path

import pytest
from wiretap import Wiretap, citing

from bench.actors.energy_management import COMPUTE_S, DAY_S, EnergyManagement, PlanningDesk, SecurityDesk
from bench.dispatch.day_ahead import Block, Unit
from bench.dispatch.transmission import load_transmission
from bench.messages.names import Information, Party
from bench.messages.resources import PeakingRequirements, SystemLambda, TransmissionConstraint

AREA = load_transmission(Path(__file__).parents[2] / "fixtures" / "transmission" / "area.yaml")
HOUR_S, ALIKE = 3600.0, 10.0
STACK = (Unit("base", 0.0, (Block(50_000.0, 10.0),)), Unit("peak", 0.0, (Block(20_000.0, 90.0),)))
DESK = PlanningDesk(
    stack=STACK,
    reserve_kw=0.0,
    feeders_alike=ALIKE,
    plan_at_s=300.0,
    day_start_s=6 * HOUR_S,
    interval_s=HOUR_S,
    lambda_every_s=600.0,
    price_gaps=frozenset({3}),
)
SECURITY = SecurityDesk(AREA, ALIKE, every_s=30.0, duration_s=HOUR_S)


@dataclass
class HandGrid:
    """Forecast, substation and remote terminals that say what the test lets them."""

    head_kw: float | None = 4000.0
    out: frozenset[str] = frozenset()
    asked_s: list[float] = field(default_factory=list)

    def head_load_kw(self, time_s: float) -> float:
        """Forecast 5 kW more in every hour of the day, and 7300 kW in its last."""
        self.asked_s.append(time_s)
        hour = (time_s - DESK.day_start_s) // HOUR_S
        return 7300.0 if hour == 23 else 4000.0 + 5.0 * hour

    def out_of_service(self) -> frozenset[str]:
        return self.out


@pytest.fixture
def grid() -> HandGrid:
    return HandGrid()


@pytest.fixture
def tap() -> Wiretap:
    return Wiretap()


@pytest.fixture
def control_centre(tap: Wiretap, grid: HandGrid) -> EnergyManagement:
    actor = EnergyManagement(tap.bus, grid, lambda: grid.head_kw, grid, citing)
    tap.clock.start(actor.run())
    return actor


def the_plan(tap: Wiretap) -> PeakingRequirements:
    plan = tap.told(Information.PEAKING_REQUIREMENTS)[0].payload
    assert isinstance(plan, PeakingRequirements)
    return plan


def test_the_next_day_is_planned_once_in_whole_intervals(
    tap: Wiretap, control_centre: EnergyManagement, grid: HandGrid
) -> None:
    tap.clock.start(control_centre.plan(DESK))
    tap.clock.run_until(DESK.plan_at_s + COMPUTE_S)
    assert not tap.heard, "computing takes its time"
    tap.clock.run_until(DAY_S)
    plan = the_plan(tap)
    assert (plan.start_s, plan.interval_s, len(plan.feeder_load_kw)) == (DESK.day_start_s, HOUR_S, 24)
    assert grid.asked_s[:2] == [DESK.day_start_s + 1800.0, DESK.day_start_s + 5400.0], "the middle of each interval"
    assert plan.feeder_load_kw[:2] == (4000.0, 4005.0)
    assert plan.area_load_kw[:2] == (40_000.0, 40_050.0)
    assert plan.event == "day-1"


def test_what_the_stack_cannot_serve_is_required_and_the_feeder_may_take_the_rest(
    tap: Wiretap, control_centre: EnergyManagement
) -> None:
    tap.clock.start(control_centre.plan(DESK))
    tap.clock.run_until(1000.0)
    plan = the_plan(tap)
    assert plan.requirement_kw == pytest.approx((0.0,) * 23 + (300.0,))
    assert plan.limit_kw[-1] == pytest.approx(7000.0)
    assert plan.limit_kw[0] == plan.feeder_load_kw[0]
    assert (plan.lambda_per_mwh[0], plan.lambda_per_mwh[-1]) == (10.0, 90.0)


def test_a_price_that_the_market_does_not_deliver_is_a_gap(tap: Wiretap, control_centre: EnergyManagement) -> None:
    tap.clock.start(control_centre.plan(DESK))
    tap.clock.run_until(1000.0)
    assert [n for n, price in enumerate(the_plan(tap).lambda_per_mwh) if price is None] == [3]


def test_the_plan_goes_to_the_dms_as_it_was_made_and_cites_it(tap: Wiretap, control_centre: EnergyManagement) -> None:
    tap.clock.start(control_centre.plan(DESK))
    tap.clock.run_until(1000.0)
    made, sent = tap.told(Information.PEAKING_REQUIREMENTS)
    assert (made.receiver, sent.receiver) == (Party.ENERGY_MANAGEMENT, Party.DMS)
    assert (sent.payload, sent.correlation, sent.evidence) == (made.payload, "day-1", ("trace:1",))


def test_system_lambda_follows_the_load_and_cites_where_it_was_read(
    tap: Wiretap, control_centre: EnergyManagement, grid: HandGrid
) -> None:
    tap.clock.start(control_centre.watch_lambda(DESK))
    tap.clock.run_until(500.0)
    grid.head_kw = 6000.0
    tap.clock.run_until(700.0)
    grid.head_kw = None
    tap.clock.run_until(2000.0)
    told = tap.told(Information.SYSTEM_LAMBDA)
    found = [m.payload for m in told if isinstance(m.payload, SystemLambda)]
    assert [(p.area_load_kw, p.lambda_per_mwh) for p in found] == [(40_000.0, 10.0), (60_000.0, 90.0)]
    assert {m.evidence for m in told} == {("wire:7",)}


def test_a_grid_that_is_secure_is_reported_by_nobody(tap: Wiretap, control_centre: EnergyManagement) -> None:
    tap.clock.start(control_centre.watch_security(SECURITY))
    tap.clock.run_until(3600.0)
    assert not tap.heard


def test_a_constraint_is_found_at_the_next_study_and_reported_once(
    tap: Wiretap, control_centre: EnergyManagement, grid: HandGrid
) -> None:
    tap.clock.start(control_centre.watch_security(SECURITY))
    tap.clock.run_until(70.0)
    grid.out = frozenset({"central_mill_creek"})
    tap.clock.run_until(89.9)
    assert not tap.heard
    tap.clock.run_until(3600.0)
    (found,) = tap.told(Information.TRANSMISSION_CONSTRAINT)
    (reported,) = tap.told(Information.TRANSMISSION_REPORT)
    assert (found.receiver, reported.receiver) == (Party.ENERGY_MANAGEMENT, Party.DMS)
    assert tap.heard[0].sent_s == 90.0
    assert (reported.payload, reported.evidence, found.evidence) == (found.payload, ("trace:1",), ("wire:7",))


def test_a_constraint_names_line_outage_and_what_the_feeder_may_take(
    tap: Wiretap, control_centre: EnergyManagement, grid: HandGrid
) -> None:
    grid.out = frozenset({"central_mill_creek"})
    tap.clock.start(control_centre.watch_security(SECURITY))
    tap.clock.run_until(60.0)
    found = tap.told(Information.TRANSMISSION_CONSTRAINT)[0].payload
    assert isinstance(found, TransmissionConstraint)
    assert (found.bus, found.out_of_service, found.feeder_load_kw) == ("mill_creek", ("central_mill_creek",), 4000.0)
    assert found.flow_kw > found.rating_kw
    excess_kw = found.flow_kw - found.rating_kw
    assert found.requirement_kw * ALIKE * found.transfer_factor == pytest.approx(excess_kw)
    assert found.limit_kw == pytest.approx(4000.0 - found.requirement_kw)


def test_without_a_reading_at_the_feeder_nothing_is_studied(
    tap: Wiretap, control_centre: EnergyManagement, grid: HandGrid
) -> None:
    grid.head_kw, grid.out = None, frozenset({"central_mill_creek"})
    tap.clock.start(control_centre.watch_security(SECURITY))
    tap.clock.run_until(300.0)
    assert not tap.heard
    grid.head_kw = 4000.0
    tap.clock.run_until(360.0)
    assert len(tap.told(Information.TRANSMISSION_CONSTRAINT)) == 1


def test_a_light_load_needs_no_relief_although_a_line_is_out(
    tap: Wiretap, control_centre: EnergyManagement, grid: HandGrid
) -> None:
    grid.head_kw, grid.out = 1000.0, frozenset({"central_mill_creek"})
    tap.clock.start(control_centre.watch_security(SECURITY))
    tap.clock.run_until(600.0)
    assert not tap.heard
