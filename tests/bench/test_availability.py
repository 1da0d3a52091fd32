"""What resources can give against a transmission constraint: energy, place, order of merit, and the sum."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.dispatch.availability import Constraint, ResourceState, Strategy, available_strategy
from bench.dispatch.eligibility import ResourceClass
from bench.dispatch.security import analyse, relief_factors, required_reduction
from bench.dispatch.transmission import load_transmission

HERE = {"here": 0.5, "near": 0.25, "nowhere": 0.0, "behind": -0.2}
BATTERY = ResourceState(
    "battery", ResourceClass.UTILITY_STORAGE, "here", 1000.0, energy_kwh=2000.0, state_of_charge_pu=0.8, reserve_pu=0.2
)
GENERATOR = ResourceState("dg", ResourceClass.UTILITY_GENERATION, "here", 600.0, cost_per_mwh=90.0)


def strategy(*states: ResourceState, required_kw: float = 1e6, hours: float = 1.0) -> Strategy:
    return available_strategy(Constraint("here", required_kw, hours * 3600.0, HERE), states)


def test_storage_gives_its_rating_as_long_as_its_energy_lasts_and_less_for_longer() -> None:
    """1200 kWh are above the reserve."""
    short, long = strategy(BATTERY, hours=1.0).offers[0], strategy(BATTERY, hours=4.0).offers[0]
    assert (short.power_kw, short.is_derated) == (1000.0, False)
    assert long.power_kw == pytest.approx(300.0)
    assert long.is_derated


def test_losses_of_discharging_come_off_the_energy() -> None:
    lossy = replace(BATTERY, discharge_efficiency=0.5)
    assert strategy(lossy, hours=4.0).offers[0].power_kw == pytest.approx(150.0)


def test_a_generator_has_no_energy_to_run_out_of() -> None:
    offer = strategy(GENERATOR, hours=10.0).offers[0]
    assert (offer.power_kw, offer.is_derated) == (600.0, False)


def test_what_is_given_already_does_not_count_again_and_charging_that_ends_does() -> None:
    assert strategy(replace(BATTERY, present_kw=400.0)).offers[0].increase_kw == pytest.approx(600.0)
    assert strategy(replace(BATTERY, present_kw=-300.0)).offers[0].increase_kw == pytest.approx(1300.0)


def test_a_kilowatt_counts_as_far_as_its_place_relieves_the_constraint() -> None:
    near = replace(GENERATOR, bus="near")
    assert strategy(near).total_kw == pytest.approx(300.0)


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        (replace(GENERATOR, is_available=False), "not available"),
        (replace(GENERATOR, bus="nowhere"), "nowhere does not relieve.*factor 0"),
        (replace(GENERATOR, bus="behind"), "factor -0.2"),
        (replace(GENERATOR, bus="unheard of"), "does not relieve"),
        (replace(BATTERY, state_of_charge_pu=None), "not known"),
        (replace(BATTERY, state_of_charge_pu=0.2), "can hold 0 kW for 3600 s"),
        (replace(GENERATOR, present_kw=600.0), "gives 600 kW and can hold 600 kW"),
    ],
)
def test_a_resource_that_makes_no_offer_is_left_out_with_the_reason(state: ResourceState, reason: str) -> None:
    found = strategy(state)
    assert found.offers == ()
    assert re.search(reason, found.excluded[state.device]), found.excluded


def test_the_order_of_merit_is_class_then_cost_then_effectiveness() -> None:
    states = [
        ResourceState("cg", ResourceClass.CUSTOMER_GENERATION, "here", 1.0, cost_per_mwh=1.0),
        ResourceState("ug_dear", ResourceClass.UTILITY_GENERATION, "here", 1.0, cost_per_mwh=9.0),
        ResourceState("ug_near", ResourceClass.UTILITY_GENERATION, "near", 1.0, cost_per_mwh=2.0),
        ResourceState("ug_here", ResourceClass.UTILITY_GENERATION, "here", 1.0, cost_per_mwh=2.0),
        replace(BATTERY, device="cs", resource_class=ResourceClass.CUSTOMER_STORAGE),
        replace(BATTERY, device="us", cost_per_mwh=500.0),
    ]
    assert [o.device for o in strategy(*states).offers] == ["us", "cs", "ug_here", "ug_near", "ug_dear", "cg"]


def test_only_what_is_needed_is_asked_for_and_the_last_one_for_the_rest() -> None:
    found = strategy(GENERATOR, replace(BATTERY, present_kw=-300.0), required_kw=1500.0)
    assert found.set_point_kw == pytest.approx({"battery": 1000.0, "dg": 200.0})
    assert found.is_sufficient
    enough = strategy(GENERATOR, replace(BATTERY, present_kw=-300.0), required_kw=300.0)
    assert enough.set_point_kw == pytest.approx({"battery": 0.0}), "to end charging is enough"


def test_offers_that_fall_short_say_by_how_much() -> None:
    found = strategy(BATTERY, GENERATOR, required_kw=1700.0)
    assert not found.is_sufficient
    assert found.shortfall_kw == pytest.approx(100.0)
    assert strategy(BATTERY, GENERATOR, required_kw=1600.0).is_sufficient


def test_a_constraint_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="nothing at nowhere relieves"):
        Constraint("nowhere", 1.0, 1.0, HERE)
    with pytest.raises(ValueError, match="no requirement"):
        Constraint("here", 1.0, 0.0, HERE)


states = st.builds(
    ResourceState,
    device=st.uuids().map(str),
    resource_class=st.sampled_from(ResourceClass),
    bus=st.sampled_from(list(HERE)),
    rating_kw=st.floats(0.0, 1000.0),
    is_available=st.booleans(),
    present_kw=st.floats(-500.0, 500.0),
    energy_kwh=st.none() | st.floats(0.0, 3000.0),
    state_of_charge_pu=st.none() | st.floats(0.0, 1.0),
)


@settings(deadline=None)
@given(st.lists(states, max_size=6), st.floats(0.0, 3000.0), st.floats(0.1, 8.0))
def test_set_points_meet_the_requirement_or_ask_all_and_no_energy_runs_out(
    drawn: list[ResourceState], required_kw: float, hours: float
) -> None:
    found = strategy(*drawn, required_kw=required_kw, hours=hours)
    by_name = {state.device: state for state in drawn}
    assert {*found.excluded, *(offer.device for offer in found.offers)} == set(by_name)
    relief = 0.0
    for device, power_kw in found.set_point_kw.items():
        state = by_name[device]
        relief += (power_kw - state.present_kw) * HERE[state.bus] / 0.5
        assert power_kw <= state.rating_kw + 1e-6
        if state.energy_kwh is not None and state.state_of_charge_pu is not None:
            assert power_kw * hours <= state.energy_kwh * state.state_of_charge_pu + 1e-6, f"{device} runs out"
    assert relief == pytest.approx(min(required_kw, found.total_kw), abs=1e-3)


def test_set_points_worked_out_for_the_area_make_it_secure_and_no_less_would() -> None:
    """Security analysis, transfer factors and strategy together: the resources stand at two buses of the area."""
    area = load_transmission(Path(__file__).parents[2] / "fixtures" / "transmission" / "area.yaml")
    stressed = area.scaled(1.24).without({"west_central"})
    overloads = analyse(stressed).overloads
    required = required_reduction(stressed, overloads, area.feeder_bus)
    assert required.binding is not None
    factors = relief_factors(stressed, required.binding)
    constraint = Constraint(area.feeder_bus, required.required_kw, 7200.0, factors)
    resources = [
        replace(BATTERY, bus="mill_creek", rating_kw=1000.0),
        replace(GENERATOR, bus="harbour", rating_kw=5000.0),
        replace(GENERATOR, device="import", bus="north", rating_kw=9000.0, cost_per_mwh=1.0),
    ]
    found = available_strategy(constraint, resources)
    assert "does not relieve" in found.excluded["import"], "the swing bus only moves power to where it comes from"
    at = {"battery": "mill_creek", "dg": "harbour"}

    def after(scale: float) -> bool:
        given_mw = {at[device]: scale * kw / 1000.0 for device, kw in found.set_point_kw.items()}
        return analyse(stressed.with_loads({bus: stressed.load_mw(bus) - mw for bus, mw in given_mw.items()})).is_secure

    assert set(found.set_point_kw) == {"battery", "dg"}
    assert after(1.0)
    assert not after(0.99)
