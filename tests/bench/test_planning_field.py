"""The judge's own calculations accept what the dispatch functions compute, and refuse what differs from it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from bench.actors.resource_planning import DerUnit
from bench.dispatch.day_ahead import Block, Reserve, Unit, plan_day
from bench.dispatch.eligibility import DistributedResource, ResourceClass, resource_class
from bench.dispatch.security import analyse, relief_factors, required_reduction
from bench.dispatch.storage_schedule import Generator, Signal, Storage, blocks, optimise
from bench.dispatch.transmission import Transmission, load_transmission
from bench.measurement import PowerReading
from bench.messages.resources import PeakingRequirements, RequiredResources, ResourceRequest, TransmissionConstraint
from bench.truth.planning_field import Centre, PlanningField

AREA_FILE = Path(__file__).parents[2] / "fixtures" / "transmission" / "area.yaml"
AREA = load_transmission(AREA_FILE)
HOUR_S, START_S, ALIKE = 3600.0, 7200.0, 10.0
STACK = (
    Unit("base", 20_000.0, (Block(20_000.0, 10.0),)),
    Unit("gas", 0.0, (Block(20_000.0, 40.0), Block(10_000.0, 60.0))),
    Unit("peak", 0.0, (Block(5_000.0, 150.0),)),
)
"""75 MW altogether: 10 up to 40 MW, 40 up to 60, 60 up to 70, 150 up to 75."""
RESERVE_KW = 1_000.0
LOAD_KW = (3_500.0, 3_200.0, 4_500.0, 6_500.0, 7_300.0, 7_600.0, 6_200.0, 4_000.0)
"""The feeder's forecast: beyond the 74 MW that the stack may serve in the sixth hour, by 200 kW for this feeder."""
UNITS = (
    DerUnit(DistributedResource("battery", "m1", "utility", "battery", 500.0), 1000.0, 0.95, True, 0.0),
    DerUnit(DistributedResource("wall", "m2", "customer", "battery", 150.0), 300.0, 0.9, True, 0.0),
    DerUnit(DistributedResource("dg", "m3", "utility", "generator", 300.0), 0.0, 1.0, True, 90.0),
    DerUnit(DistributedResource("small", "m4", "customer", "generator", 100.0), 0.0, 1.0, True, 50.0),
    DerUnit(DistributedResource("sun", "m5", "customer", "pv", 400.0), 0.0, 1.0, True, 0.0),
)
HELD_KWH = {"battery": 600.0, "wall": 150.0}
RESERVE_PU = 0.1


@dataclass
class World:
    """What the judge rests on; the test changes it where the actors are to be wrong."""

    forecast_kw: tuple[float, ...] = LOAD_KW
    held_kwh: dict[str, float] = field(default_factory=lambda: dict(HELD_KWH))
    out: frozenset[str] = frozenset({"central_mill_creek"})
    network: Transmission | None = AREA
    stack: tuple[Unit, ...] = STACK
    units: tuple[DerUnit, ...] = UNITS
    reserve_kw: float = RESERVE_KW

    def judge(self) -> PlanningField:
        centre = Centre(
            stack=self.stack,
            reserve_kw=self.reserve_kw,
            feeders_alike=ALIKE,
            network=self.network,
            feeders_at_bus=ALIKE,
            forecast_kw=lambda time_s: self.forecast_kw[int((time_s - START_S) // HOUR_S)],
            out=lambda: self.out,
        )
        held = self.held_kwh
        readers: dict[str, Callable[[], float]] = {d: (lambda d=d: held[d]) for d in held}  # type: ignore[misc]
        return PlanningField(centre, self.units, readers, RESERVE_PU, lambda: 4000.0, unmeasured)


def unmeasured(device: str) -> PowerReading | None:  # noqa: ARG001
    return None


def refused(objection: str | None, told: str) -> bool:
    return objection is not None and told in objection


def planned(
    load_kw: tuple[float, ...] = LOAD_KW, stack: tuple[Unit, ...] = STACK, reserve_kw: float = RESERVE_KW
) -> Any:
    """Plan as the control centre does."""
    day = plan_day(stack, [ALIKE * kw for kw in load_kw], HOUR_S, Reserve(reserve_kw))
    required = [(need or 0.0) / ALIKE for need in day.requirement_kw()]
    return PeakingRequirements(
        event="day-1",
        start_s=START_S,
        interval_s=HOUR_S,
        area_load_kw=tuple(ALIKE * kw for kw in load_kw),
        feeder_load_kw=load_kw,
        lambda_per_mwh=day.price_per_mwh,
        requirement_kw=tuple(required),
        limit_kw=tuple(kw - need for kw, need in zip(load_kw, required, strict=True)),
    )


PLAN = planned()


def at(values: tuple[Any, ...], number: int, value: Any) -> tuple[Any, ...]:
    return (*values[:number], value, *values[number + 1 :])


def test_the_plan_of_the_control_centre_stands() -> None:
    assert PLAN.requirement_kw[5] == pytest.approx(200.0)
    assert World().judge().planned_wrongly(PLAN) is None


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"lambda_per_mwh": at(PLAN.lambda_per_mwh, 2, 60.0)}, "60.00 per MWh is not the cost"),
        ({"lambda_per_mwh": at(PLAN.lambda_per_mwh, 2, 10.0)}, "10.00 per MWh is not the cost"),
        ({"lambda_per_mwh": at(PLAN.lambda_per_mwh, 0, 0.0)}, "0.00 per MWh is not the cost"),
        ({"lambda_per_mwh": at(PLAN.lambda_per_mwh, 5, 60.0)}, "60.00 per MWh is not the cost"),
        ({"requirement_kw": at(PLAN.requirement_kw, 5, 195.0)}, "requires 195.0 kW, the stack leaves 200.0 kW"),
        ({"requirement_kw": at(PLAN.requirement_kw, 5, 205.0)}, "requires 205.0 kW, the stack leaves 200.0 kW"),
        ({"requirement_kw": at(PLAN.requirement_kw, 0, 5.0)}, "requires 5.0 kW, the stack leaves 0.0 kW"),
        ({"feeder_load_kw": at(PLAN.feeder_load_kw, 3, 6900.0)}, "interval 3: forecasts 6900 kW at the feeder's head"),
        ({"area_load_kw": at(PLAN.area_load_kw, 5, 74_000.0)}, "for the area, whose feeders take 76000 kW"),
        ({"area_load_kw": at(PLAN.area_load_kw, 5, None)}, "forecasts None kW for the area"),
        ({"limit_kw": at(PLAN.limit_kw, 5, 7600.0)}, "allows 7600.0 kW, 7400.0 kW being left"),
        ({"requirement_kw": PLAN.requirement_kw[:-1]}, "8, 8, 8, 7, 8 intervals"),
        (
            dict.fromkeys(("area_load_kw", "feeder_load_kw", "lambda_per_mwh", "requirement_kw", "limit_kw"), ()),
            "0",
        ),
    ],
    ids=[
        *("a block too dear", "a block too cheap", "for nothing", "no scarcity", "5 kW too little", "5 kW too much"),
        *("required in vain", "forecast", "area too small", "area unknown", "limit", "a column too short", "no day"),
    ],
)
def test_a_plan_that_differs_in_one_figure_is_refused(change: dict[str, Any], told: str) -> None:
    objection = World().judge().planned_wrongly(PLAN.model_copy(update=change))
    assert refused(objection, told), objection


def test_a_forecast_that_a_power_flow_does_not_bear_out_is_refused() -> None:
    off = World(forecast_kw=at(LOAD_KW, 4, 6_900.0))
    assert refused(off.judge().planned_wrongly(PLAN), "interval 4: forecasts 7300 kW at the feeder's head")
    near = World(forecast_kw=at(LOAD_KW, 4, 7_250.0))
    assert near.judge().planned_wrongly(PLAN) is None


def test_a_gap_in_the_price_is_said_to_be_one_and_not_a_wrong_price() -> None:
    gap = PLAN.model_copy(update={"lambda_per_mwh": at(PLAN.lambda_per_mwh, 3, None)})
    assert World().judge().planned_wrongly(gap) is None


widths = st.floats(500.0, 20_000.0)
costs = st.lists(st.floats(5.0, 200.0), min_size=1, max_size=3).map(sorted)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.floats(0.0, 10_000.0), costs, widths), min_size=1, max_size=4),
    st.lists(st.floats(0.0, 1.2), min_size=1, max_size=4),
    st.floats(0.0, 0.4),
)
def test_every_plan_of_the_planner_stands_and_another_price_does_not(
    drawn: list[tuple[float, list[float], float]], parts: list[float], kept: float
) -> None:
    """Whatever stack, load and reserve: also where the reserve is larger than the dearest block."""
    stack = tuple(Unit(f"u{n}", low, tuple(Block(w, c) for c in cs)) for n, (low, cs, w) in enumerate(drawn))
    total_kw = sum(unit.highest_kw for unit in stack)
    load_kw = tuple(part * total_kw / ALIKE for part in parts)
    plan = planned(load_kw, stack, kept * total_kw)
    judge = World(forecast_kw=load_kw, stack=stack, reserve_kw=kept * total_kw).judge()
    assert judge.planned_wrongly(plan) is None
    dearest = max(block.cost_per_mwh for unit in stack for block in unit.blocks)
    usable_kw = total_kw * (1.0 - kept)
    assume(ALIKE * load_kw[0] < usable_kw - 1.0)
    dear = plan.model_copy(update={"lambda_per_mwh": at(plan.lambda_per_mwh, 0, dearest + 1.0)})
    assert refused(judge.planned_wrongly(dear), "interval 0: ")


def scheduled(
    plan: PeakingRequirements = PLAN,
    units: tuple[DerUnit, ...] = UNITS[:3],
    held_kwh: Mapping[str, float] = HELD_KWH,
) -> RequiredResources:
    """Schedule as the application does."""
    stores = [
        Storage(u.resource.device, u.resource.rating_kw if u.may_charge else 0.0, u.resource.rating_kw, u.energy_kwh,
                held_kwh[u.resource.device], RESERVE_PU * u.energy_kwh,
                charge_efficiency=u.efficiency, discharge_efficiency=u.efficiency)
        for u in units if u.resource.kind == "battery"
    ]  # fmt: skip
    runs = [
        Generator(u.resource.device, u.resource.rating_kw, u.cost_per_mwh)
        for u in units
        if u.resource.kind == "generator"
    ]
    found = optimise(Signal(plan.interval_s, plan.lambda_per_mwh, plan.requirement_kw), stores, runs)
    by_device = {unit.resource.device: unit for unit in UNITS}
    requests = tuple(
        ResourceRequest(
            request=f"{b.device}@{b.start:02d}:00",
            device=b.device,
            resource=resource_class(by_device[b.device].resource),
            power_kw=round(b.power_kw, 1),
            start_s=plan.start_s + b.start * plan.interval_s,
            duration_s=(b.end - b.start) * plan.interval_s,
        )
        for b in blocks(found)
    )
    return RequiredResources(
        event=plan.event,
        requests=requests,
        ineligible=("small", "sun"),
        estimated=len(found.estimated),
        uncovered_kw=tuple(found.uncovered_kw.tolist()),
        state_of_charge_kwh={device: float(kwh[0]) for device, kwh in found.stored_kwh.items()},
        power_kw={device: tuple(kw.tolist()) for device, kw in found.power_kw.items()},
        value=found.value,
    )


BEST = scheduled()


def with_power(required: RequiredResources, device: str, *kw: float) -> RequiredResources:
    """Change the power of a device, with the value that it then earns and the requests that go with it."""
    power_kw = required.power_kw | {device: kw}
    cost = {"dg": 90.0, "small": 50.0}
    prices = PLAN.lambda_per_mwh
    value = (
        sum((p - cost.get(d, 0.0)) * x for d, kws in power_kw.items() for p, x in zip(prices, kws, strict=False))
        / 1000.0
    )
    requests = tuple(
        ResourceRequest(request=f"{d}@{n:02d}:00", device=d, resource=ResourceClass.UTILITY_STORAGE, power_kw=x,
                        start_s=START_S + n * HOUR_S, duration_s=HOUR_S)
        for d, kws in power_kw.items() for n, x in enumerate(kws) if x
    )  # fmt: skip
    return required.model_copy(update={"power_kw": power_kw, "value": value, "requests": requests})


def scaled(required: RequiredResources, device: str, factor: float) -> RequiredResources:
    return with_power(required, device, *(factor * kw for kw in required.power_kw[device]))


def test_the_schedule_of_the_application_stands() -> None:
    assert set(BEST.power_kw) == {"battery", "wall", "dg"}
    assert min(BEST.power_kw["battery"]) < 0.0 < max(BEST.power_kw["battery"]), "it buys and sells"
    assert World().judge().scheduled_wrongly(PLAN, BEST) is None
    rebuilt = scaled(BEST, "battery", 1.0)
    assert World().judge().scheduled_wrongly(PLAN, rebuilt) is None, "what the changes below start from"


def changed(**figures: Any) -> RequiredResources:
    return BEST.model_copy(update=figures)


IDLE = (0.0,) * len(LOAD_KW)
UNCOVERED = with_power(with_power(BEST, "dg", *IDLE), "battery", *IDLE)
UNCOVERED = with_power(UNCOVERED, "wall", *at(IDLE, 5, 90.0)).model_copy(
    update={"uncovered_kw": at(BEST.uncovered_kw, 5, 110.0)}
)


@pytest.mark.parametrize(
    ("required", "told"),
    [
        (with_power(BEST, "battery", 0, 0, 0, 0, 0, 501.0, 0, 0), "501.0 kW of battery, which is rated 500.0 kW"),
        (with_power(BEST, "battery", -501.0, *IDLE[1:]), "501.0 kW of battery"),
        (with_power(BEST, "battery", 0, 0, 0, 0, 300.0, 300.0, 0, 0), "takes battery to"),
        (with_power(BEST, "battery", -500.0, *IDLE[1:]), "which may hold 100 to 1000 kWh"),
        (with_power(BEST, "dg", *at(BEST.power_kw["dg"], 0, -50.0)), "charges dg, a generator"),
        (UNCOVERED, "leaves 110.0 kW of the requirement"),
        (scaled(BEST, "wall", 0.9), "a schedule that covers as much earns"),
        (with_power(BEST, "dg", *at(BEST.power_kw["dg"], 0, 100.0)), "a schedule that covers as much earns"),
        (changed(value=BEST.value * 1.01 + 0.02), "its powers earn"),
        (changed(state_of_charge_kwh={"battery": 650.0, "wall": 150.0}), "which holds 600.0 kWh"),
        (changed(requests=BEST.requests[1:]), "but requests 0.0 kW"),
        (changed(power_kw={d: p for d, p in BEST.power_kw.items() if d != "wall"}), "leaves out wall"),
        (with_power(BEST, "small", *IDLE), "schedules small, which may not be dispatched"),
        (with_power(BEST, "nobody", *IDLE), "schedules nobody, which may not be dispatched"),
        (with_power(BEST, "dg", *IDLE, 0.0), "another number of intervals"),
        (changed(uncovered_kw=at(BEST.uncovered_kw, 5, 20.0)), "tells that 20.0 kW are not covered"),
        (changed(estimated=1), "1 estimated prices, the signal has 0 gaps"),
    ],
    ids=[
        *("beyond its rating", "charged beyond", "empties the battery", "overfills it", "charges a generator"),
        *("leaves requirement", "earns less", "burns money", "wrong value", "other energy", "a request missing"),
        *("a battery forgotten", "not eligible", "unknown", "too long", "uncovered in vain", "made up a price"),
    ],
)  # fmt: skip
def test_a_schedule_that_is_not_the_best_possible_is_refused(required: RequiredResources, told: str) -> None:
    objection = World().judge().scheduled_wrongly(PLAN, required)
    assert refused(objection, told), objection


def test_storage_is_charged_only_where_its_tariff_allows_it() -> None:
    bound = tuple(replace(unit, may_charge=unit.resource.device != "battery") for unit in UNITS)
    judge = World(units=bound).judge()
    assert judge.scheduled_wrongly(PLAN, BEST) == "charges battery, against its tariff"
    assert judge.scheduled_wrongly(PLAN, scheduled(units=bound[:3])) is None, "the best without charging it"
    assert refused(World().judge().scheduled_wrongly(PLAN, scheduled(units=bound[:3])), "covers as much earns")


def test_a_schedule_that_earns_one_percent_less_is_refused() -> None:
    """A little less of the dearest hour without requirement, everything else alike."""
    power = BEST.power_kw["dg"]
    earning = next(n for n, kw in enumerate(power) if kw > 0.0 and PLAN.requirement_kw[n] == 0.0)
    gain = (PLAN.lambda_per_mwh[earning] - 90.0) / 1000.0
    less = with_power(BEST, "dg", *at(power, earning, power[earning] - 0.01 * BEST.value / gain))
    assert less.value == pytest.approx(0.99 * BEST.value)
    assert refused(World().judge().scheduled_wrongly(PLAN, less), "a schedule that covers as much earns")


@pytest.mark.parametrize("off_kw", [-5.0, 5.0])
def test_requests_that_differ_from_the_schedule_are_refused(off_kw: float) -> None:
    first, *others = BEST.requests
    wrong = first.model_copy(update={"power_kw": first.power_kw + off_kw})
    objection = World().judge().scheduled_wrongly(PLAN, BEST.model_copy(update={"requests": (wrong, *others)}))
    assert refused(objection, f"schedules {first.power_kw:.1f} kW of {first.device}"), objection


def test_a_request_at_another_time_is_refused() -> None:
    first, *others = BEST.requests
    late = first.model_copy(update={"start_s": first.start_s + HOUR_S})
    assert World().judge().scheduled_wrongly(PLAN, BEST.model_copy(update={"requests": (late, *others)})) is not None


def test_a_bridged_gap_has_to_be_counted() -> None:
    gap = PLAN.model_copy(update={"lambda_per_mwh": at(PLAN.lambda_per_mwh, 3, None)})
    assert World().judge().scheduled_wrongly(gap, scheduled(gap)) is None
    silent = scheduled(gap).model_copy(update={"estimated": 0})
    assert refused(World().judge().scheduled_wrongly(gap, silent), "the signal has 1 gaps")


def test_a_schedule_against_no_price_at_all_is_refused_and_breaks_nothing() -> None:
    blank = PLAN.model_copy(update={"lambda_per_mwh": (None,) * len(LOAD_KW)})
    assert World().judge().scheduled_wrongly(blank, BEST) is not None


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.floats(3_000.0, 7_800.0), min_size=2, max_size=8),
    st.floats(0.1, 1.0),
    st.floats(0.1, 1.0),
    st.sets(st.sampled_from(["battery", "wall", "dg"]), min_size=1),
)
def test_every_schedule_of_the_programme_stands(
    load_kw: list[float], battery_pu: float, wall_pu: float, devices: set[str]
) -> None:
    plan, held = planned(tuple(load_kw)), {"battery": 1000.0 * battery_pu, "wall": 300.0 * wall_pu}
    units = tuple(u for u in UNITS if u.resource.device in devices)
    judge = World(held_kwh={d: kwh for d, kwh in held.items() if d in devices}, units=units).judge()
    assert judge.scheduled_wrongly(plan, scheduled(plan, units, held)) is None


@pytest.mark.parametrize(("rating_kw", "may"), [(100.0, False), (100.1, True), (99.9, False), (250.0, True)])
def test_more_than_a_hundred_kilowatts_have_to_stand_behind_a_meter(rating_kw: float, may: bool) -> None:
    one = DerUnit(DistributedResource("one", "m1", "customer", "generator", rating_kw), 0.0, 1.0, True, 90.0)
    assert World(units=(one,)).judge().is_eligible("one") is may


def test_what_stands_behind_one_meter_counts_together_and_a_stranger_not_at_all() -> None:
    two = tuple(
        DerUnit(DistributedResource(n, "m1", "customer", "generator", 60.0), 0.0, 1.0, True, 90.0) for n in "ab"
    )
    assert World(units=two).judge().is_eligible("a")
    assert not World(units=two[:1]).judge().is_eligible("a")
    assert not World().judge().is_eligible("nobody")


@pytest.mark.parametrize(
    ("device", "duration_s", "most_kw"),
    [
        ("battery", HOUR_S, 475.0),
        ("battery", 1800.0, 500.0),
        ("battery", 4 * HOUR_S, 118.75),
        ("dg", 4 * HOUR_S, 300.0),
        ("sun", HOUR_S, None),
        ("nobody", HOUR_S, None),
    ],
)
def test_a_battery_gives_what_is_above_its_reserve_less_losses(
    device: str, duration_s: float, most_kw: float | None
) -> None:
    assert World().judge().most_kw(device, duration_s) == (None if most_kw is None else pytest.approx(most_kw))


def test_a_battery_at_its_reserve_gives_nothing() -> None:
    assert World(held_kwh={"battery": 90.0, "wall": 30.0}).judge().most_kw("battery", HOUR_S) == 0.0


def constrained(
    head_kw: float = 4_200.0, out: frozenset[str] = frozenset({"central_mill_creek"})
) -> TransmissionConstraint:
    """Study the grid as the control centre does."""
    network = AREA.without(out).with_loads({"mill_creek": ALIKE * head_kw / 1000.0})
    needed = required_reduction(network, analyse(network).overloads, "mill_creek")
    assert needed.binding is not None
    requirement_kw = needed.required_kw / ALIKE
    return TransmissionConstraint(
        event="constraint-1",
        branch=needed.binding.branch,
        outage=needed.binding.contingency or "",
        out_of_service=tuple(sorted(out)),
        flow_kw=abs(needed.binding.flow_mw) * 1000.0,
        rating_kw=needed.binding.limit_mw * 1000.0,
        bus="mill_creek",
        transfer_factor=relief_factors(network, needed.binding)["mill_creek"],
        feeder_load_kw=head_kw,
        requirement_kw=requirement_kw,
        limit_kw=head_kw - requirement_kw,
        duration_s=HOUR_S,
    )


FOUND = constrained()


def test_the_constraint_of_the_control_centre_stands() -> None:
    assert FOUND.outage
    assert FOUND.flow_kw > FOUND.rating_kw
    assert World().judge().constrained_wrongly(FOUND) is None


@settings(max_examples=30, deadline=None)
@given(st.floats(3_900.0, 6_500.0))
def test_every_constraint_of_the_security_analysis_stands(head_kw: float) -> None:
    assert World().judge().constrained_wrongly(constrained(head_kw)) is None


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"flow_kw": FOUND.flow_kw * 1.05}, "a power flow gives"),
        ({"flow_kw": FOUND.flow_kw * 0.95}, "a power flow gives"),
        ({"requirement_kw": FOUND.requirement_kw * 0.95}, "with what is required gone"),
        ({"requirement_kw": FOUND.requirement_kw * 1.05}, "with what is required gone"),
        ({"requirement_kw": 0.0}, "with what is required gone"),
        ({"rating_kw": FOUND.rating_kw - 5_000.0}, "which may carry"),
        ({"limit_kw": FOUND.limit_kw + 50.0}, "allows the feeder"),
        ({"out_of_service": ()}, "rests on nothing being out of service, while that is central_mill_creek"),
        ({"out_of_service": ("central_mill_creek", "north_west")}, "rests on central_mill_creek, north_west"),
        ({"bus": "harbour"}, "a bus at which this feeder does not hang"),
        ({"branch": "nowhere"}, "is about nowhere"),
        ({"branch": "central_mill_creek"}, "not in service"),
        ({"outage": "nowhere"}, "after the loss of nowhere: not in service"),
        ({"outage": FOUND.branch}, "not in service"),
        ({"outage": ""}, "a power flow gives"),
    ],
)
def test_a_constraint_that_the_grid_does_not_have_is_refused(change: dict[str, Any], told: str) -> None:
    objection = World().judge().constrained_wrongly(FOUND.model_copy(update=change))
    assert refused(objection, told), objection


def test_a_constraint_that_is_not_the_worst_is_refused() -> None:
    """What relieves a lesser overload leaves the one that asks for most."""
    head_kw, out = 5_500.0, frozenset({"central_mill_creek"})
    network = AREA.without(out).with_loads({"mill_creek": ALIKE * head_kw / 1000.0})
    found = {o: required_reduction(network, [o], "mill_creek").required_kw / ALIKE for o in analyse(network).overloads}
    lesser, kw = min(((o, kw) for o, kw in found.items() if kw > 0.0), key=lambda item: item[1])
    assert kw < 0.8 * max(found.values()), "or this shows nothing"
    told = constrained(head_kw).model_copy(
        update={
            "branch": lesser.branch,
            "outage": lesser.contingency or "",
            "flow_kw": abs(lesser.flow_mw) * 1000.0,
            "rating_kw": lesser.limit_mw * 1000.0,
            "requirement_kw": kw,
            "limit_kw": head_kw - kw,
        }
    )
    assert refused(World().judge().constrained_wrongly(told), "leaves")


def test_a_constraint_on_a_grid_that_is_whole_is_refused() -> None:
    whole = World(out=frozenset()).judge()
    assert refused(whole.constrained_wrongly(FOUND), "being out of service, while that is nothing")
    assert whole.constrained_wrongly(FOUND.model_copy(update={"out_of_service": ()})) is not None


def test_without_a_grid_there_is_no_constraint() -> None:
    assert World(network=None).judge().constrained_wrongly(FOUND) is not None
