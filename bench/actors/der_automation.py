"""The DER automation application: collects an event's area, chooses assets, and puts them to use in turn."""

from collections.abc import Mapping
from dataclasses import dataclass

from bench.actors.base import Actor, Handler
from bench.bus import Bus, Delivery
from bench.clock import Process
from bench.dispatch.assets import DispatchSettings, choose_assets
from bench.dispatch.network import NetworkModel
from bench.messages import (
    AffectedArea,
    AreaRequest,
    AssetCommand,
    BeginAutomation,
    EquipmentState,
    Kind,
    OperationalCommand,
    SelectedAssets,
    SystemStatus,
)
from bench.names import Information, Party

STAGES: tuple[tuple[Kind, Information], ...] = (
    ("battery", Information.OPERATIONAL_COMMAND),
    ("capacitor", Information.CAPACITOR_COMMAND),
    ("tap_changer", Information.TAP_CHANGER_COMMAND),
)
"""Kinds of equipment in the order in which the use case puts them to use, and the command that each gets."""


@dataclass
class Plan:
    """What was chosen for an event, and the stage that it is in."""

    commands: tuple[AssetCommand, ...]
    stage: int = 0

    def of(self, kind: Kind) -> list[AssetCommand]:
        """Return the commands for one kind of equipment."""
        return [command for command in self.commands if command.kind == kind]


class DerAutomation(Actor):
    """Reacts to an operator's start with a choice of assets, computed on its own network model and what it was sent.

    The battery goes first, by way of the DMS; each further kind follows when the kind before it has reported.
    """

    party = Party.DER_AUTOMATION

    def __init__(self, bus: Bus, network: NetworkModel, settings: DispatchSettings) -> None:
        super().__init__(bus)
        self._network, self._settings = network, settings
        self.system: dict[str, EquipmentState] = {}
        self._plans: dict[str, Plan] = {}

    def handlers(self) -> Mapping[Information, Handler]:
        """Understand the start, the collected area, its own record of a choice, and updates of the system status."""
        return {
            Information.BEGIN_AUTOMATION: self._begin,
            Information.AFFECTED_AREA: self._choose,
            Information.SELECTED_ASSETS: self._hand_over,
            Information.SYSTEM_STATUS: self._go_on,
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
        if isinstance(message.payload, SelectedAssets):
            self._plans[message.payload.event] = Plan(message.payload.commands)
            self.send(Party.DMS, message.information, message.payload, message.correlation, (delivery.citation,))

    def _go_on(self, delivery: Delivery) -> Process | None:
        """Take a status; when every device of the stage has reported, begin the next stage that has anything to do."""
        status = delivery.message.payload
        if not isinstance(status, SystemStatus):
            return None
        self.system.update({state.device: state for state in status.equipment})
        plan = self._plans.get(status.event)
        if plan is None or STAGES[plan.stage][0] != status.updated:
            return None
        if not all(self._has_reached(command) for command in plan.of(status.updated)):
            return None
        return self._next_stage(plan, delivery)

    def _has_reached(self, command: AssetCommand) -> bool:
        """Whether a switched device reports what it was asked for; a battery's power is judged by others."""
        state = self.system[command.device]
        return command.kind == "battery" or (state.closed, state.tap) == (command.close, command.tap)

    def _next_stage(self, plan: Plan, delivery: Delivery) -> Process:
        """Look at the effect for a moment, then command the next kind of equipment."""
        while plan.stage + 1 < len(STAGES):
            plan.stage += 1
            kind, information = STAGES[plan.stage]
            if plan.of(kind):
                break
        else:
            return
        yield self.clock.timeout(self._settings.compute_s)
        correlation = delivery.message.correlation
        for command in plan.of(kind):
            order = OperationalCommand(event=correlation, command=command)
            self.send(Party.DMS, information, order, correlation, (delivery.citation,))
