"""A review of what an application in charge of a feeder has switched: the fewest operations that are good to hold.

What is switched has to fit the feeder as it is, and as it will be when the sky clears or the next cloud comes, so that
nothing is switched for each cloud; the battery, which wears no contact, follows. Where the battery is not needed it
recharges, as far as that leaves every meter room.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from bench.dispatch.assets import TAP_TRAVEL, DispatchSettings, operating_point
from bench.dispatch.network import ForecastModel, OperatingPoint, Response
from bench.dispatch.volt_var import Asset, Outlook, Selection, select_for_all
from bench.messages.equipment import AffectedArea, AssetCommand, EquipmentState, SelectedAssets

MOST_ROUNDS = 4
"""Times that the network model is asked again where the choice has moved it: sensitivities hold for small steps."""


@dataclass(frozen=True)
class ReviewSettings:
    """How an application holds what it has switched.

    `every_s`: time between reviews, s; `spacing_s`: between any two, so that the first has its effect; `cloud_pu`:
    the deepest cloud that positions are held for, over rated PV; `forecast_penalty_per_v`: operations that a volt
    outside the limits in a state to come is worth; `recharge_pu`, `recharge_room_v`: charging power over rating in
    spare time, and how far from the limits it leaves every meter; `full_pct`: state of charge to come back to;
    `step_kw`: change of power below which the battery is left alone.
    """

    every_s: float = 900.0
    spacing_s: float = 120.0
    cloud_pu: float = 0.1
    forecast_penalty_per_v: float = 10.0
    recharge_pu: float = 0.4
    recharge_room_v: float = 1.0
    full_pct: float = 80.0
    step_kw: float = 20.0


def review_assets(
    area: AffectedArea, network: ForecastModel, dispatch: DispatchSettings, settings: ReviewSettings, time_s: float
) -> SelectedAssets:
    """Choose positions to hold, and the battery's power now; nothing is commanded that is there already."""
    study = _Study(area, network, dispatch, settings, time_s)
    now = study.choose()
    power_kw = {s.device: study.battery_kw(s, now) for s in area.equipment if s.kind == "battery"}
    return SelectedAssets(
        event=area.event,
        commands=tuple(_commands(area.equipment, now, power_kw, dispatch, settings)),
        predicted_lowest_v=float(now.predicted_v.min()),
        predicted_highest_v=float(now.predicted_v.max()),
    )


def asks_again(area: AffectedArea, chosen: SelectedAssets, settings: ReviewSettings) -> bool:
    """Whether a choice is to be looked at again soon: it changes something, or a bank could not be closed yet."""
    power_kw = {state.device: state.power_kw for state in area.equipment}
    changes = (c.kind != "battery" or abs(c.power_kw - power_kw[c.device]) > settings.step_kw for c in chosen.commands)
    return any(changes) or any(state.ready_in_s > 0.0 for state in area.equipment)


def may_release(
    area: AffectedArea,
    before: AffectedArea,
    network: ForecastModel,
    dispatch: DispatchSettings,
    settings: ReviewSettings,
    time_s: float,
) -> bool:
    """Whether assets can go back to where they were `before`: every meter then has its margin, under any cloud too."""
    present, earlier = operating_point(area, time_s), operating_point(before, time_s)
    sun_pu = min(settings.cloud_pu, present.generation_pu)
    at_rest = dict.fromkeys(earlier.power_kw, 0.0)
    voltage_v = network.response(replace(earlier, generation_pu=sun_pu, power_kw=at_rest)).voltage_v
    lower_v, upper_v = dispatch.lower_v + dispatch.margin_v, dispatch.upper_v - dispatch.margin_v
    return bool(lower_v <= voltage_v.min() and voltage_v.max() <= upper_v)


@dataclass(frozen=True)
class _Linear:
    """A state of the feeder as straight lines: voltages with the battery at rest and everything else where it is."""

    response: Response
    rest_v: NDArray[np.float64]


class _Study:
    """The feeder now, under a clear sky and under the deepest cloud, on the application's own model."""

    def __init__(
        self,
        area: AffectedArea,
        network: ForecastModel,
        dispatch: DispatchSettings,
        settings: ReviewSettings,
        time_s: float,
    ) -> None:
        self._area, self._network, self._dispatch, self._settings = area, network, dispatch, settings
        present = operating_point(area, time_s)
        clear_pu = max(network.clear_sky_pu(time_s), present.generation_pu)
        cloud_pu = min(settings.cloud_pu, present.generation_pu)
        self._points = [present, *(replace(present, generation_pu=pu) for pu in (clear_pu, cloud_pu))]
        response = network.response(present)
        self._bias_v = _measured(area, response) - response.voltage_v

    def choose(self) -> Selection:
        """Return the choice for now; the model is asked again at each choice until the choice stays."""
        points, chosen = self._points, self._select(self._points)
        for _ in range(MOST_ROUNDS - 1):
            moved = [self._moved(point, found) for point, found in zip(self._points, chosen, strict=True)]
            if [(p.taps, p.closed) for p in moved] == [(p.taps, p.closed) for p in points]:
                break
            points, chosen = moved, self._select(moved)
        return chosen[0]

    def battery_kw(self, state: EquipmentState, now: Selection) -> float:
        """Return the power that the voltages need, or where they need none, what may recharge the battery."""
        needed_kw = now.amounts.get(state.device, 0.0)
        settings = self._settings
        if needed_kw > 0.0 or (state.state_of_charge_pct or 0.0) >= settings.full_pct:
            return needed_kw
        effect_v = self._now.response.effect_v[state.device]
        floor_v = self._dispatch.lower_v + self._dispatch.margin_v + settings.recharge_room_v
        room_v = now.predicted_v - effect_v * needed_kw - floor_v
        most_kw = float(np.min(room_v / np.maximum(effect_v, 1e-9)))
        return -max(0.0, -needed_kw, min(most_kw, settings.recharge_pu * state.rating_kw))

    def _select(self, points: Sequence[OperatingPoint]) -> list[Selection]:
        dispatch = self._dispatch
        lower_v, upper_v = dispatch.lower_v + dispatch.margin_v, dispatch.upper_v - dispatch.margin_v
        states = [self._linear(point) for point in points]
        self._now = states[0]
        penalties = [None, self._settings.forecast_penalty_per_v, self._settings.forecast_penalty_per_v]
        outlooks = [self._outlook(s, penalty) for s, penalty in zip(states, penalties, strict=True)]
        return select_for_all(outlooks, lower_v, upper_v)

    def _linear(self, point: OperatingPoint) -> _Linear:
        """Ask the model at a point, and lay straight lines through it back to where the equipment is now."""
        response, present = self._network.response(point), self._points[0]
        rest_v = response.voltage_v + self._bias_v
        for device, effect_v in response.effect_v.items():
            taps = point.taps.get(device, 0) - present.taps.get(device, 0)
            closings = int(point.closed.get(device, False)) - int(present.closed.get(device, False))
            rest_v = rest_v - effect_v * (point.power_kw.get(device, 0.0) + taps + closings)
        return _Linear(response, rest_v)

    def _outlook(self, state: _Linear, penalty_per_v: float | None) -> Outlook:
        effects = state.response.effect_v
        usable = [e for e in self._area.equipment if e.device in effects and _usable(e)]
        assets = [_asset(e, effects[e.device], self._dispatch) for e in usable]
        outlook = Outlook(state.rest_v, assets)
        return outlook if penalty_per_v is None else replace(outlook, penalty_per_v=penalty_per_v)

    def _moved(self, point: OperatingPoint, found: Selection) -> OperatingPoint:
        present, amounts = self._points[0], found.amounts
        return replace(
            point,
            taps={d: tap + round(amounts.get(d, 0.0)) for d, tap in present.taps.items()},
            closed={d: bool(closed + round(amounts.get(d, 0.0))) for d, closed in present.closed.items()},
            power_kw={d: amounts.get(d, kw) for d, kw in present.power_kw.items()},
        )


def _measured(area: AffectedArea, response: Response) -> NDArray[np.float64]:
    """Take the meters' voltages, and the model's where a meter is silent."""
    pairs = zip(response.meters, response.voltage_v, strict=True)
    return np.array([area.voltage_v.get(meter, modelled_v) for meter, modelled_v in pairs])


def _usable(state: EquipmentState) -> bool:
    """Whether equipment can be counted on; a bank that only waits for its discharge can."""
    return state.available or state.ready_in_s > 0.0


def _asset(state: EquipmentState, effect_v: NDArray[np.float64], dispatch: DispatchSettings) -> Asset:
    if state.kind == "battery":
        most_kw = state.rating_kw if state.energy_kwh is None else state.energy_kwh * 3600.0 / dispatch.duration_s
        upper = min(state.rating_kw, most_kw)
        return Asset(state.device, effect_v, -state.rating_kw, upper, integer=False, cost=dispatch.battery_cost_per_kw)
    if state.kind == "capacitor":
        lower, upper = (-1.0, 0.0) if state.closed else (0.0, 1.0)
        return Asset(state.device, effect_v, lower, upper, integer=True, cost=dispatch.capacitor_cost)
    tap = state.tap or 0
    return Asset(state.device, effect_v, -TAP_TRAVEL - tap, TAP_TRAVEL - tap, integer=True, cost=dispatch.tap_cost)


def _commands(
    equipment: Sequence[EquipmentState],
    chosen: Selection,
    power_kw: Mapping[str, float],
    dispatch: DispatchSettings,
    settings: ReviewSettings,
) -> list[AssetCommand]:
    """Turn the choice into commands; a bank that still discharges is left to a later review."""
    commands = []
    for state in equipment:
        amount = round(chosen.amounts.get(state.device, 0.0)) if state.kind != "battery" else 0
        if state.kind == "battery" and _is_due(state, power_kw[state.device], settings):
            power = round(power_kw[state.device], 1)
            command = AssetCommand(device=state.device, kind="battery", power_kw=power, duration_s=dispatch.duration_s)
            commands.append(command)
        elif state.kind == "capacitor" and amount and state.available:
            commands.append(AssetCommand(device=state.device, kind="capacitor", close=amount > 0))
        elif state.kind == "tap_changer" and amount and state.available:
            commands.append(AssetCommand(device=state.device, kind="tap_changer", tap=(state.tap or 0) + amount))
    return commands


def _is_due(state: EquipmentState, power_kw: float, settings: ReviewSettings) -> bool:
    """Whether the battery needs a command: for another power, or to go on with one before it expires."""
    return abs(power_kw - state.power_kw) > settings.step_kw or abs(power_kw) > settings.step_kw
