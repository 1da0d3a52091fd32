"""The story's own dispatch, on the application's model of the reference feeder in the story's cloud.

Its optimum takes battery, capacitor and tap, and none of the three can be left out. The optimum is held against an
enumeration that shares nothing with the solver.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from bench.config import load_bench
from bench.dispatch.assets import DispatchSettings, choose_assets, operating_point
from bench.dispatch.network import Response
from bench.feeder.engine import Feeder
from bench.feeder.sites import load_sites
from bench.feeder_models import ApplicationModel, Bindings, SettledFeeder
from bench.messages.equipment import AffectedArea, EquipmentState, SelectedAssets
from bench.plant.weather import make_weather

BENCH = Path(__file__).parents[2] / "fixtures" / "benches" / "emulated.yaml"
BANKS = ("capacitor_1", "capacitor_2", "capacitor_3")
TIME_S = 340.0
"""When the application gets to choose: the calm, the cloud's fall, the meters' interval and their radios."""
START_TAP = 6
RATING_KW, ENERGY_KWH = 1000.0, 1600.0


@dataclass(frozen=True)
class Story:
    """The cloud's response as the application sees it, and its choice from any equipment."""

    network: ApplicationModel
    settings: DispatchSettings
    equipment: tuple[EquipmentState, ...]

    def area(self, *without: str) -> AffectedArea:
        left = tuple(state for state in self.equipment if state.kind not in without)
        return AffectedArea(event="e1", affected_meters=(), voltage_v={}, equipment=left)

    def choose(self, *without: str) -> SelectedAssets:
        return choose_assets(self.area(*without), self.network, self.settings, TIME_S)

    @property
    def response(self) -> Response:
        return self.network.response(operating_point(self.area(), TIME_S))

    @property
    def limits_v(self) -> tuple[float, float]:
        return self.settings.lower_v + self.settings.margin_v, self.settings.upper_v - self.settings.margin_v


def equipment(sun_pu: float) -> Iterator[EquipmentState]:
    yield EquipmentState(
        device="utility_battery", kind="battery", available=True, rating_kw=RATING_KW, energy_kwh=ENERGY_KWH
    )
    yield EquipmentState(
        device="utility_pv", kind="generation", available=True, power_kw=2500.0 * sun_pu, rating_kw=2500.0
    )
    for name in BANKS:
        yield EquipmentState(device=name, kind="capacitor", available=True, closed=False)
    yield EquipmentState(device="ltc", kind="tap_changer", available=True, tap=START_TAP)


@pytest.fixture(scope="module")
def story() -> Iterator[Story]:
    config = load_bench(BENCH)
    assert config.feeder.sites is not None
    assert config.environment.cloud is not None
    sites = load_sites(config.feeder.sites)
    forecast = make_weather(config.environment, len(sites))
    sun_pu = float(forecast.irradiance_pu(TIME_S)[0]) * config.environment.cloud.depth_pu
    bindings = Bindings({"utility_battery": "utility_battery"}, {"ltc": "ltc"}, {name: name for name in BANKS})
    with Feeder.open(config.feeder.model) as feeder:
        meters = tuple(service.name for service in feeder.services)
        network = ApplicationModel(SettledFeeder(feeder, sites), forecast, meters, bindings)
        section = config.actors.der_automation
        settings = DispatchSettings(margin_v=section.margin_v, duration_s=section.duration_s)
        yield Story(network, settings, tuple(equipment(sun_pu)))


def test_the_optimum_holds_battery_capacitor_and_tap(story: Story) -> None:
    chosen = story.choose()
    assert {command.kind for command in chosen.commands} == {"battery", "capacitor", "tap_changer"}
    lower_v, upper_v = story.limits_v
    assert chosen.predicted_lowest_v >= lower_v - 1e-6
    assert chosen.predicted_highest_v <= upper_v + 1e-6


@pytest.mark.parametrize("kind", ["battery", "capacitor", "tap_changer"])
def test_without_any_one_kind_the_limits_cannot_be_met(story: Story, kind: str) -> None:
    chosen = story.choose(kind)
    lower_v, upper_v = story.limits_v
    reached = f"{chosen.predicted_lowest_v:.2f} .. {chosen.predicted_highest_v:.2f} V without {kind}"
    assert chosen.predicted_lowest_v < lower_v or chosen.predicted_highest_v > upper_v, reached


def test_no_combination_of_banks_and_taps_is_cheaper(story: Story) -> None:
    """For each combination the least power of the battery follows from the meters one by one."""
    response, settings, (lower_v, upper_v) = story.response, story.settings, story.limits_v
    per_kw = response.effect_v["utility_battery"]
    cheapest = np.inf
    for taps, *closed in product(range(-4, 11), *[(0, 1)] * len(BANKS)):
        voltage_v = response.voltage_v + taps * response.effect_v["ltc"]
        voltage_v = voltage_v + sum(c * response.effect_v[b] for c, b in zip(closed, BANKS, strict=True))
        least = float(np.max((lower_v - voltage_v) / per_kw))
        most = float(np.min((upper_v - voltage_v) / per_kw))
        power_kw = max(0.0, least)
        if power_kw <= min(most, RATING_KW):
            cost = abs(taps) * settings.tap_cost + sum(closed) * settings.capacitor_cost
            cheapest = min(cheapest, cost + power_kw * settings.battery_cost_per_kw)
    assert np.isfinite(cheapest), "no combination meets the limits: the story has no cure"
    assert spent(story.choose(), settings) == pytest.approx(cheapest, abs=1e-4)


def spent(chosen: SelectedAssets, settings: DispatchSettings) -> float:
    cost = 0.0
    for command in chosen.commands:
        if command.kind == "battery":
            cost += abs(command.power_kw) * settings.battery_cost_per_kw
        elif command.tap is not None:
            cost += abs(command.tap - START_TAP) * settings.tap_cost
        else:
            cost += settings.capacitor_cost
    return cost
