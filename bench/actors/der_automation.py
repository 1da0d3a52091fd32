"""The DER automation application: collects an event's area, chooses assets, hands them to the DMS."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from bench.actors.base import Actor, Handler
from bench.bus import Bus, Delivery
from bench.clock import Process
from bench.dispatch.network import NetworkModel, OperatingPoint, Response
from bench.dispatch.volt_var import Asset, Selection, select
from bench.messages import (
    AffectedArea,
    AreaRequest,
    AssetCommand,
    BeginAutomation,
    EquipmentState,
    SelectedAssets,
    SystemStatus,
)
from bench.names import Information, Party

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


class DerAutomation(Actor):
    """Reacts to an operator's start with a choice of assets, computed on its own network model and what it was sent."""

    party = Party.DER_AUTOMATION

    def __init__(self, bus: Bus, network: NetworkModel, settings: DispatchSettings) -> None:
        super().__init__(bus)
        self._network = network
        self._settings = settings
        self.system: dict[str, EquipmentState] = {}

    def handlers(self) -> Mapping[Information, Handler]:
        """Understand the start, the collected area and updates of the system status."""
        return {
            Information.BEGIN_AUTOMATION: self._begin,
            Information.AFFECTED_AREA: self._choose,
            Information.SELECTED_ASSETS: self._hand_over,
            Information.SYSTEM_STATUS: self._keep_status,
        }

    def _begin(self, delivery: Delivery) -> None:
        message = delivery.message
        if isinstance(message.payload, BeginAutomation):
            request = AreaRequest(event=message.payload.event)
            self.send(Party.DMS, Information.AREA_REQUEST, request, message.correlation, (delivery.citation,))

    def _choose(self, delivery: Delivery) -> Process:
        yield self.clock.timeout(self._settings.compute_s)
        message = delivery.message
        if isinstance(message.payload, AffectedArea):
            chosen = choose_assets(message.payload, self._network, self._settings, self.clock.now_s)
            self.send(self.party, Information.SELECTED_ASSETS, chosen, message.correlation, (delivery.citation,))

    def _hand_over(self, delivery: Delivery) -> None:
        message = delivery.message
        self.send(Party.DMS, message.information, message.payload, message.correlation, (delivery.citation,))

    def _keep_status(self, delivery: Delivery) -> None:
        if isinstance(delivery.message.payload, SystemStatus):
            self.system.update({state.device: state for state in delivery.message.payload.equipment})


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
        power_kw={e.device: e.power_kw for e in area.equipment if e.kind == "battery"},
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
    return Asset(state.device, effect, -16.0 - tap, 16.0 - tap, integer=True, cost=settings.tap_cost)


def _battery(
    state: EquipmentState, effect: "np.ndarray[tuple[int], np.dtype[np.float64]]", settings: DispatchSettings
) -> Asset:
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
            command = AssetCommand(device=state.device, kind=state.kind, tap_steps=round(amount))
        commands.append(command)
    return commands
