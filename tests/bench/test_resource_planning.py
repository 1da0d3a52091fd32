"""The application's part in planning: schedules against a signal with gaps, offers against a constraint, histories."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from wiretap import Wiretap, citing

from bench.actors.base import Actor, Handler
from bench.actors.resource_planning import DerUnit, PlanningSettings, ResourcePlanning, compile_relevant_event
from bench.bus import Bus, Message
from bench.dispatch.eligibility import DistributedResource, ResourceClass
from bench.messages.equipment import EquipmentState, Payload
from bench.messages.names import Information, Party
from bench.messages.resources import (
    AvailableResources,
    EventHistory,
    PeakingRequirements,
    RelevantEventHistory,
    RequiredResources,
    ResourceAssessment,
    ResourceRecord,
    ResourceRequest,
    ResourceStrategy,
)

HOUR_S = 3600.0
START_S = 18000.0
SETTINGS = PlanningSettings(compute_s=5.0, reserve_pu=0.1)
UNITS = (
    DerUnit(DistributedResource("battery", "m1", "utility", "battery", 500.0), 1000.0, 0.95, True, 0.0),
    DerUnit(DistributedResource("wall", "m2", "customer", "battery", 150.0), 300.0, 0.9, True, 0.0),
    DerUnit(DistributedResource("dg", "m3", "utility", "generator", 300.0), 0.0, 1.0, True, 90.0),
    DerUnit(DistributedResource("small", "m4", "customer", "generator", 100.0), 0.0, 1.0, True, 50.0),
)
PRICES = (20.0, 20.0, 30.0, 60.0, 150.0, 150.0, 60.0, 30.0)


def stored(device: str, rating_kw: float, energy_kwh: float, available: bool = True) -> EquipmentState:
    return EquipmentState(
        device=device, kind="battery", available=available, rating_kw=rating_kw, energy_kwh=energy_kwh
    )


def running(device: str, rating_kw: float) -> EquipmentState:
    return EquipmentState(device=device, kind="generator", available=True, rating_kw=rating_kw)


class HandApplication(Actor):
    """An application that has no other part than planning."""

    party = Party.DER_AUTOMATION

    def __init__(self, bus: Bus, states: dict[str, EquipmentState]) -> None:
        super().__init__(bus)
        self.planning = ResourcePlanning(self, UNITS, lambda: tuple(states.values()), citing, SETTINGS)

    def handlers(self) -> Mapping[Information, Handler]:
        return self.planning.handlers()


def present() -> dict[str, EquipmentState]:
    found = (
        stored("battery", 500.0, 600.0),
        stored("wall", 150.0, 150.0),
        running("dg", 300.0),
        running("small", 100.0),
    )
    return {state.device: state for state in found}


@dataclass
class Office:
    """The application on a bus with a tap; the DMS and the equipment are the test's."""

    tap: Wiretap = field(default_factory=Wiretap)
    states: dict[str, EquipmentState] = field(default_factory=present)

    def __post_init__(self) -> None:
        self.tap.clock.start(HandApplication(self.tap.bus, self.states).run())

    def ask(self, information: Information, payload: Payload) -> Any:
        """Let the DMS tell something; return what the application sends upon it."""
        self.tap.bus.send(Message(Party.DMS, Party.DER_AUTOMATION, information, payload, "day-1"))
        self.tap.clock.run_until(self.tap.clock.now_s + 10.0)
        (answer,) = [m for m in (d.message for d in self.tap.heard) if m.producer is Party.DER_AUTOMATION]
        return answer.payload

    def schedule(self, *prices: float | None, requirement_kw: tuple[float, ...] = ()) -> RequiredResources:
        needed = requirement_kw or (0.0,) * len(prices)
        load_kw = (6000.0,) * len(prices)
        plan = PeakingRequirements(
            event="day-1",
            start_s=START_S,
            interval_s=HOUR_S,
            area_load_kw=load_kw,
            feeder_load_kw=load_kw,
            lambda_per_mwh=prices,
            requirement_kw=needed,
            limit_kw=tuple(kw - need for kw, need in zip(load_kw, needed, strict=True)),
        )
        answer = self.ask(Information.PEAKING_REQUIREMENTS, plan)
        assert isinstance(answer, RequiredResources)
        return answer

    def offer(self, *order: ResourceClass, duration_s: float = HOUR_S) -> AvailableResources:
        strategy = ResourceStrategy(
            event="constraint-1",
            bus="c",
            order=order or tuple(ResourceClass),
            requirement_kw=400.0,
            duration_s=duration_s,
        )
        answer = self.ask(Information.AVAILABILITY_REQUEST, strategy)
        assert isinstance(answer, AvailableResources)
        return answer


@pytest.fixture
def office() -> Office:
    return Office()


def test_storage_buys_at_night_and_sells_at_the_peak_and_only_eligible_der_are_asked(office: Office) -> None:
    required = office.schedule(*PRICES)
    assert set(required.power_kw) == {"battery", "wall", "dg"}
    assert required.ineligible == ("small",)
    assert min(required.power_kw["battery"][:3]) < 0.0 < max(required.power_kw["battery"][4:6])
    assert required.power_kw["dg"] == pytest.approx((0.0,) * 4 + (300.0,) * 2 + (0.0,) * 2)
    assert (required.refused, required.estimated) == ("", 0)
    assert required.state_of_charge_kwh == pytest.approx({"battery": 600.0, "wall": 150.0})


def test_neighbouring_hours_of_equal_power_are_one_request_named_by_its_hour(office: Office) -> None:
    required = office.schedule(*PRICES)
    (asked,) = [r for r in required.requests if r.device == "dg"]
    assert asked == ResourceRequest(
        request="dg@04:00",
        device="dg",
        resource=ResourceClass.UTILITY_GENERATION,
        power_kw=300.0,
        start_s=START_S + 4 * HOUR_S,
        duration_s=2 * HOUR_S,
    )


def test_requests_come_in_the_order_of_their_start_and_none_is_named_twice(office: Office) -> None:
    requests = office.schedule(*PRICES).requests
    assert [r.start_s for r in requests] == sorted(r.start_s for r in requests)
    assert len({r.request for r in requests}) == len(requests)


def test_the_schedule_rests_on_the_equipment_s_own_wires(office: Office) -> None:
    office.schedule(*PRICES)
    (message,) = office.tap.told(Information.REQUIRED_RESOURCES)
    assert message.receiver is Party.DER_AUTOMATION
    assert set(message.evidence) == {"trace:1", "wire:7"}


def test_a_gap_in_the_price_is_bridged_and_counted(office: Office) -> None:
    required = office.schedule(*PRICES[:3], None, *PRICES[4:])
    assert (required.estimated, required.refused) == (1, "")
    assert required.requests


def test_too_many_gaps_are_refused_in_words_and_nothing_is_scheduled(office: Office) -> None:
    required = office.schedule(*PRICES[:5], None, None, None, requirement_kw=(0.0,) * 7 + (50.0,))
    assert required.refused == "the signal has gaps in 3 of 8 intervals: too many to bridge"
    assert (required.requests, required.power_kw, required.estimated) == ((), {}, 3)
    assert required.uncovered_kw == (0.0,) * 7 + (50.0,), "nothing of the requirement is covered"


def test_what_no_der_covers_is_said(office: Office) -> None:
    required = office.schedule(150.0, requirement_kw=(2000.0,))
    assert required.uncovered_kw == pytest.approx((2000.0 - 475.0 - 108.0 - 300.0,)), (
        "what both hold, and the generator"
    )


def test_a_battery_below_its_reserve_gives_nothing_and_breaks_nothing(office: Office) -> None:
    office.states["battery"] = stored("battery", 500.0, 20.0)
    required = office.schedule(150.0)
    assert required.power_kw["battery"] == (0.0,)
    assert required.refused == ""


def test_what_is_available_is_what_lasts_for_the_whole_time_from_the_present_state(office: Office) -> None:
    offered = office.offer()
    assert {r.device: r.available_kw for r in offered.resources} == {"battery": 475.0, "wall": 108.0, "dg": 300.0}
    assert offered.total_kw == pytest.approx(883.0)
    assert [r.device for r in offered.resources] == ["battery", "wall", "dg"], "storage first"
    assert "small" in offered.left_out


def test_half_the_time_allows_up_to_the_rating(office: Office) -> None:
    offered = {r.device: r.available_kw for r in office.offer(duration_s=HOUR_S / 2).resources}
    assert offered == {"battery": 500.0, "wall": 150.0, "dg": 300.0}


def test_only_the_wanted_kinds_are_offered(office: Office) -> None:
    offered = office.offer(ResourceClass.UTILITY_GENERATION)
    assert [(r.device, r.resource) for r in offered.resources] == [("dg", ResourceClass.UTILITY_GENERATION)]


def test_equipment_that_is_not_available_or_empty_is_left_out_with_the_reason(office: Office) -> None:
    office.states["battery"] = stored("battery", 500.0, 600.0, available=False)
    office.states["wall"] = stored("wall", 150.0, 30.0)
    offered = office.offer()
    assert [r.device for r in offered.resources] == ["dg"]
    assert set(offered.left_out) == {"battery", "wall", "small"}
    assert all(offered.left_out.values()), "each with why"


def record(name: str, power_kw: float, delivered_kw: float | None) -> ResourceRecord:
    asked = ResourceRequest(
        request=name,
        device=name,
        resource=ResourceClass.UTILITY_STORAGE,
        power_kw=power_kw,
        start_s=0.0,
        duration_s=HOUR_S,
    )
    return ResourceRecord(request=asked, status_kw=power_kw, delivered_kw=delivered_kw)


def history(*records: ResourceRecord, shortfalls_kw: tuple[float, ...] = ()) -> EventHistory:
    assessments = tuple(
        ResourceAssessment(
            event="day-1",
            head_load_kw=8000.0,
            uncertainty_kw=0.0,
            limit_kw=8000.0 - kw,
            sufficient=kw == 0.0,
            shortfall_kw=kw,
            delivered_kw={},
            silent=(),
        )
        for kw in shortfalls_kw
    )
    return EventHistory(event="day-1", resources=records, assessments=assessments, commands=(), load_affected_kw=120.0)


def test_who_fell_short_is_kept_and_sums_are_those_of_the_records() -> None:
    told = history(
        record("full", 500.0, 499.0),
        record("short", 300.0, 284.0),
        record("charging", -100.0, -99.0),
        record("silent", 200.0, None),
        shortfalls_kw=(150.0, 80.0),
    )
    kept = compile_relevant_event(told)
    assert kept.short == ("short", "silent")
    assert (kept.requested_kw, kept.delivered_kw) == (900.0, 684.0)
    assert (kept.shortfall_kw, kept.load_affected_kw) == (80.0, 120.0), "the last assessment counts"


def test_a_history_is_compiled_for_the_dms(office: Office) -> None:
    kept = office.ask(Information.EVENT_HISTORY, history(record("full", 500.0, 499.0)))
    assert isinstance(kept, RelevantEventHistory)
    assert kept.shortfall_kw == 0.0
    (message,) = office.tap.told(Information.RELEVANT_EVENT_HISTORY)
    assert (message.receiver, message.evidence) == (Party.DMS, ("trace:1",))
