"""Reviews of an application in charge: one set of positions for sun and cloud, the battery for the rest."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.dispatch.assets import DispatchSettings
from bench.dispatch.network import OperatingPoint, Response
from bench.dispatch.review import ReviewSettings, asks_again, may_release, review_assets
from bench.dispatch.volt_var import Asset, Outlook, select_for_all
from bench.messages.equipment import AffectedArea, AssetCommand, EquipmentState, SelectedAssets

LOWER_V, UPPER_V = 114.5, 125.5
DISPATCH = DispatchSettings(margin_v=0.5, duration_s=3600.0)
REVIEW = ReviewSettings(cloud_pu=0.1)


def switched(device: str, effect_v: float, lower: float = -16.0, upper: float = 16.0, cost: float = 1.0) -> Asset:
    return Asset(device, np.array([effect_v, effect_v / 2]), lower, upper, integer=True, cost=cost)


def stored(effect_v: float = 0.001) -> Asset:
    return Asset("battery", np.array([effect_v, effect_v]), -1000.0, 1000.0, integer=False, cost=1e-4)


def outlook(low_v: float, high_v: float, *assets: Asset, penalty_per_v: float = 1e4) -> Outlook:
    return Outlook(np.array([low_v, high_v]), assets, penalty_per_v)


class TestOneChoiceForSeveralStates:
    """`select_for_all`: what is switched is shared, what is not follows each state."""

    def test_a_position_that_fits_one_state_only_is_not_taken(self) -> None:
        tap, bank = switched("tap", 1.0), switched("bank", 0.6, 0.0, 1.0, cost=3.0)
        now = outlook(113.9, 118.0, tap, bank)
        sun = outlook(121.0, 125.2, tap, bank)
        assert select_for_all([now], LOWER_V, UPPER_V)[0].amounts == {"tap": 1.0, "bank": 0.0}
        for found in select_for_all([now, sun], LOWER_V, UPPER_V):
            assert found.amounts == {"tap": 0.0, "bank": 1.0}, "a tap lifts the sun to 125.7 V, the bank to 125.5 V"

    def test_the_battery_answers_each_state_by_itself(self) -> None:
        cloud, sun = outlook(113.9, 118.0, stored()), outlook(121.0, 126.0, stored())
        found = select_for_all([cloud, sun], LOWER_V, UPPER_V)
        assert [f.amounts["battery"] for f in found] == pytest.approx([600.0, -500.0])

    def test_a_state_to_come_is_weighed_against_operations(self) -> None:
        tap = switched("tap", 1.0)
        now = outlook(118.0, 118.0, tap)
        for penalty, taps in ((10.0, 1.0), (0.5, 0.0)):
            cloud = outlook(113.5, 118.0, tap, penalty_per_v=penalty)
            assert select_for_all([now, cloud], LOWER_V, UPPER_V)[0].amounts["tap"] == taps

    def test_the_present_goes_before_the_forecast(self) -> None:
        tap = switched("tap", 1.0)
        now, sun = outlook(113.5, 118.0, tap), outlook(121.0, 125.5, tap, penalty_per_v=10.0)
        assert select_for_all([now, sun], LOWER_V, UPPER_V)[0].amounts["tap"] == 1.0

    @settings(max_examples=40, deadline=None)
    @given(
        st.lists(st.tuples(st.integers(1120, 1200), st.integers(1200, 1270)), min_size=1, max_size=3),
        st.lists(st.integers(-12, 12), min_size=6, max_size=6),
    )
    def test_the_optimum_is_the_best_of_all_combinations(
        self, states: list[tuple[int, int]], effects: list[int]
    ) -> None:
        outlooks = []
        for number, (low, high) in enumerate(states):
            tap = switched("tap", effects[2 * number] / 10, -2.0, 2.0)
            bank = switched("bank", effects[2 * number + 1] / 10, 0.0, 1.0, cost=2.0)
            outlooks.append(outlook(low / 10, high / 10, tap, bank, penalty_per_v=10.0 ** (number + 1)))
        best = min(self.cost(outlooks, taps, closed) for taps, closed in product(range(-2, 3), (0, 1)))
        amounts = select_for_all(outlooks, LOWER_V, UPPER_V)[0].amounts
        found = self.cost(outlooks, round(amounts["tap"]), round(amounts["bank"]))
        assert found == pytest.approx(best, abs=1e-4), f"it chose {amounts}"

    @staticmethod
    def cost(outlooks: list[Outlook], taps: int, closed: int) -> float:
        total = abs(taps) + 2.0 * closed
        for state in outlooks:
            tap, bank = state.assets
            voltage_v = state.voltage_v + taps * tap.effect_v + closed * bank.effect_v
            worst_v = max(0.0, LOWER_V - voltage_v.min(), voltage_v.max() - UPPER_V)
            total += state.penalty_per_v * worst_v
        return float(total)


METERS = ("near", "far")


@dataclass
class Feeder:
    """Two meters: the sun lifts the far one, taps lift both; a bank the far one, more in the sun; 1 V for 1000 kW."""

    far_cloud_v: float = 114.0
    near_sun_v: float = 123.6
    clear_pu: float = 1.0
    tap_v: Mapping[str, float] = field(default_factory=lambda: {"near": 0.6, "far": 0.3})

    def clear_sky_pu(self, _time_s: float) -> float:
        return self.clear_pu

    def response(self, point: OperatingPoint) -> Response:
        per_bank = 0.5 + 0.3 * point.generation_pu
        base = [self.near_sun_v - 0.8 * (1 - point.generation_pu), self.far_cloud_v + 4.0 * point.generation_pu]
        effect_v = {
            "ltc": np.array([self.tap_v["near"], self.tap_v["far"]]),
            "bank": np.array([0.1, per_bank]),
            "battery": np.array([0.0001, 0.001]),
        }
        voltage_v = np.array(base) + point.taps.get("ltc", 0) * effect_v["ltc"]
        voltage_v = voltage_v + point.closed.get("bank", False) * effect_v["bank"]
        voltage_v = voltage_v + point.power_kw.get("battery", 0.0) * effect_v["battery"]
        return Response(METERS, voltage_v, effect_v)


BATTERY = EquipmentState(
    device="battery", kind="battery", available=True, rating_kw=1000.0, energy_kwh=1600.0, state_of_charge_pct=80.0
)
BANK = EquipmentState(device="bank", kind="capacitor", available=True, closed=False)
LTC = EquipmentState(device="ltc", kind="tap_changer", available=True, tap=0)


def plant(sun_pu: float) -> EquipmentState:
    return EquipmentState(device="pv", kind="generation", available=True, power_kw=100 * sun_pu, rating_kw=100.0)


def area(*equipment: EquipmentState, **voltage_v: float) -> AffectedArea:
    return AffectedArea(event="review-1", affected_meters=(), voltage_v=voltage_v, equipment=equipment)


def review(around: AffectedArea, feeder: Feeder | None = None) -> SelectedAssets:
    return review_assets(around, feeder or Feeder(), DISPATCH, REVIEW, 0.0)


def commands(chosen: SelectedAssets) -> dict[str, AssetCommand]:
    return {command.device: command for command in chosen.commands}


def test_in_the_sun_nothing_is_switched_that_the_battery_can_do_in_the_cloud() -> None:
    assert review(area(plant(1.0), BATTERY, BANK, LTC)).commands == ()


def test_in_the_cloud_the_battery_does_what_is_missing() -> None:
    chosen = commands(review(area(plant(0.0), BATTERY, BANK, LTC)))
    assert set(chosen) == {"battery"}
    assert chosen["battery"].power_kw == pytest.approx(500.0), "0.5 V at 0.001 V/kW"


def test_before_the_cloud_comes_positions_are_taken_that_hold_in_it() -> None:
    chosen = commands(review(area(plant(1.0), BATTERY, BANK, LTC), Feeder(far_cloud_v=112.9)))
    assert chosen["bank"].close is True, "the cloud at 0.1 lies at 113.3 V; 1000 kW alone leave it at 114.3 V"
    assert "ltc" not in chosen


def test_positions_that_the_sun_would_break_are_left_alone() -> None:
    hot = Feeder(far_cloud_v=111.9, near_sun_v=125.3)
    chosen = commands(review(area(plant(1.0), BATTERY, BANK, LTC), hot))
    assert "ltc" not in chosen, "one tap lifts the near meter to 125.9 V in the sun"


def test_what_is_held_is_not_taken_back_when_the_sun_returns() -> None:
    held = area(plant(1.0), BATTERY, BANK.model_copy(update={"closed": True}), LTC.model_copy(update={"tap": 2}))
    assert review(held).commands == ()


def test_measured_voltages_shift_the_outlooks_too() -> None:
    """The far meter reads 1.2 V less than the model says, so the next cloud will be worse by as much."""
    chosen = commands(review(area(plant(1.0), BATTERY, BANK, LTC, far=118.0 - 1.2)))
    assert chosen["bank"].close is True


def test_a_bank_that_discharges_is_waited_for() -> None:
    waiting = BANK.model_copy(update={"available": False, "ready_in_s": 120.0})
    around = area(plant(0.1), BATTERY, waiting, LTC)
    chosen = review(around, Feeder(far_cloud_v=112.9))
    assert "bank" not in commands(chosen), "it would refuse"
    assert "ltc" not in commands(chosen), "nothing else is switched in its place"
    assert asks_again(around, chosen, REVIEW)


def test_a_bank_in_local_is_not_counted_on() -> None:
    local = BANK.model_copy(update={"available": False})
    chosen = commands(review(area(plant(0.1), BATTERY, local, LTC), Feeder(far_cloud_v=112.9)))
    assert set(chosen) == {"battery", "ltc"}


def test_the_battery_gives_no_more_than_its_energy_lasts() -> None:
    low = BATTERY.model_copy(update={"energy_kwh": 300.0, "state_of_charge_pct": 15.0})
    chosen = commands(review(area(plant(0.0), low), Feeder(far_cloud_v=113.0)))
    assert chosen["battery"].power_kw == pytest.approx(300.0)


def test_in_the_sun_the_battery_recharges_within_the_room_that_voltages_leave() -> None:
    empty = BATTERY.model_copy(update={"state_of_charge_pct": 40.0, "energy_kwh": 800.0})
    assert commands(review(area(plant(1.0), empty, BANK, LTC)))["battery"].power_kw == -400.0
    tight = commands(review(area(plant(0.4), empty, BANK, LTC)))
    assert tight["battery"].power_kw == pytest.approx(-100.0), "115.6 V at this sun, less the room of 1 V above 114.5 V"


def test_a_full_battery_is_left_at_rest_and_a_discharging_one_brought_there() -> None:
    discharging = BATTERY.model_copy(update={"power_kw": 500.0})
    assert review(area(plant(1.0), BATTERY, BANK, LTC)).commands == ()
    assert commands(review(area(plant(1.0), discharging, BANK, LTC)))["battery"].power_kw == pytest.approx(0.0)


def test_a_silent_meter_counts_with_the_models_voltage() -> None:
    spoken = review(area(plant(0.0), BATTERY, BANK, LTC, near=122.8))
    assert spoken == review(area(plant(0.0), BATTERY, BANK, LTC))


@pytest.mark.parametrize(
    ("power_kw", "command_kw", "again"),
    [(500.0, 510.0, False), (500.0, 600.0, True), (0.0, -400.0, True), (-400.0, -400.0, False)],
)
def test_a_change_is_looked_at_again_and_a_renewal_is_not(power_kw: float, command_kw: float, again: bool) -> None:
    around = area(BATTERY.model_copy(update={"power_kw": power_kw}))
    renewal = AssetCommand(device="battery", kind="battery", power_kw=command_kw, duration_s=3600.0)
    chosen = SelectedAssets(event="r", commands=(renewal,), predicted_lowest_v=115.0, predicted_highest_v=125.0)
    assert asks_again(around, chosen, REVIEW) is again


@pytest.mark.parametrize(("far_cloud_v", "released"), [(114.0, False), (115.0, True)])
def test_assets_go_back_when_a_cloud_would_do_no_harm_without_them(far_cloud_v: float, released: bool) -> None:
    before = area(plant(0.1), BATTERY, BANK, LTC)
    now = area(plant(1.0), BATTERY, BANK.model_copy(update={"closed": True}), LTC.model_copy(update={"tap": 3}))
    assert may_release(now, before, Feeder(far_cloud_v=far_cloud_v), DISPATCH, REVIEW, 0.0) is released


def test_the_model_is_asked_again_where_the_choice_moves_it() -> None:
    """Taps lose their effect above 2: straight lines from 0 promise too much, lines from the choice do not."""

    @dataclass
    class Saturating(Feeder):
        def response(self, point: OperatingPoint) -> Response:
            taps = point.taps.get("ltc", 0)
            found = super().response(replace(point, taps={"ltc": min(taps, 2)}))
            effect_v = {**found.effect_v, "ltc": np.array([0.6, 0.3]) * (taps < 2)}
            return replace(found, effect_v=effect_v)

    chosen = commands(review(area(plant(0.0), BATTERY, LTC), Saturating(far_cloud_v=113.2)))
    assert chosen["ltc"].tap in (1, 2)
    assert chosen["battery"].power_kw >= 700.0
