"""Which equipment to use against an event, and how: from what was reported, on a network model, by optimization."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bench.dispatch.network import NetworkModel, OperatingPoint, Response
from bench.dispatch.volt_var import Asset, Selection, select
from bench.messages.equipment import AffectedArea, AssetCommand, EquipmentState, SelectedAssets

TAP_TRAVEL = 16.0
"""Tap positions either side of neutral (a tap changer of plus and minus 10 % in 32 steps)."""
NOTHING = 1e-3
"""An amount below this, in kW, closings or taps, is left undone."""


@dataclass(frozen=True)
class DispatchSettings:
    """Range A limits on the 120 V base with the margin kept to them, costs of operations, and the time of a command."""

    lower_v: float = 114.0
    upper_v: float = 126.0
    margin_v: float = 0.5
    duration_s: float = 3600.0
    compute_s: float = 2.0
    capacitor_cost: float = 1.0
    tap_cost: float = 1.0
    battery_cost_per_kw: float = 1e-4


def choose_assets(
    area: AffectedArea, network: NetworkModel, settings: DispatchSettings, time_s: float
) -> SelectedAssets:
    """Choose commands for an event: measured voltages where there are any, the model's for the other meters."""
    response = network.response(operating_point(area, time_s))
    voltage_v = np.array([area.voltage_v.get(m, v) for m, v in zip(response.meters, response.voltage_v, strict=True)])
    assets = [asset for state in area.equipment if (asset := _asset(state, response, settings))]
    lower, upper = settings.lower_v + settings.margin_v, settings.upper_v - settings.margin_v
    chosen = select(voltage_v, assets, lower, upper)
    return SelectedAssets(
        event=area.event,
        commands=tuple(_commands(area, chosen, settings)),
        predicted_lowest_v=float(chosen.predicted_v.min()),
        predicted_highest_v=float(chosen.predicted_v.max()),
    )


def operating_point(area: AffectedArea, time_s: float) -> OperatingPoint:
    """Read the operating point out of the equipment that reported; PV output is that of the plants that report it."""
    plants = [e for e in area.equipment if e.kind == "generation" and e.rating_kw > 0]
    total = sum(plant.rating_kw for plant in plants)
    return OperatingPoint(
        time_s=time_s,
        generation_pu=sum(plant.power_kw for plant in plants) / total if total else 0.0,
        taps={e.device: e.tap for e in area.equipment if e.tap is not None},
        closed={e.device: e.closed for e in area.equipment if e.closed is not None},
        power_kw={e.device: e.power_kw for e in area.equipment if e.kind in {"battery", "generator"}},
    )


def _asset(state: EquipmentState, response: Response, settings: DispatchSettings) -> Asset | None:
    effect = response.effect_v.get(state.device)
    if effect is None or not state.available:
        return None
    if state.kind == "battery":
        return _battery(state, effect, settings)
    if state.kind == "capacitor":
        lower, upper = (-1.0, 0.0) if state.closed else (0.0, 1.0)
        return Asset(state.device, effect, lower, upper, integer=True, cost=settings.capacitor_cost)
    tap = state.tap or 0
    return Asset(state.device, effect, -TAP_TRAVEL - tap, TAP_TRAVEL - tap, integer=True, cost=settings.tap_cost)


def _battery(state: EquipmentState, effect: NDArray[np.float64], settings: DispatchSettings) -> Asset:
    """Bound the power by the rating and by the energy that must last as long as the command."""
    hours = settings.duration_s / 3600.0
    energy = state.energy_kwh if state.energy_kwh is not None else state.rating_kw * hours
    discharge = min(state.rating_kw, energy / hours)
    lower, upper = -state.rating_kw - state.power_kw, discharge - state.power_kw
    return Asset(state.device, effect, lower, upper, integer=False, cost=settings.battery_cost_per_kw)


def _commands(area: AffectedArea, chosen: Selection, settings: DispatchSettings) -> list[AssetCommand]:
    """Turn amounts into commands; an asset whose amount is nothing is left alone."""
    commands = []
    for state in area.equipment:
        amount = chosen.amounts.get(state.device, 0.0)
        if abs(amount) < NOTHING:
            continue
        if state.kind == "battery":
            power = round(state.power_kw + amount, 1)
            command = AssetCommand(device=state.device, kind=state.kind, power_kw=power, duration_s=settings.duration_s)
        elif state.kind == "capacitor":
            command = AssetCommand(device=state.device, kind=state.kind, close=amount > 0)
        else:
            command = AssetCommand(device=state.device, kind=state.kind, tap=(state.tap or 0) + round(amount))
        commands.append(command)
    return commands
