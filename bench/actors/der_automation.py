"""The DER automation application: collects an event's area, chooses assets, and puts them to use in turn."""

from collections.abc import Mapping
from dataclasses import dataclass

from bench.actors.base import Actor, Handler
from bench.bus import Bus, Delivery
from bench.clock import Process
from bench.dispatch.alert_history import compile_relevant
from bench.dispatch.assets import DispatchSettings, choose_assets
from bench.dispatch.network import NetworkModel
from bench.messages import (
    AffectedArea,
    AlertAcknowledgement,
    AlertHistory,
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
        self._begun = False

    def handlers(self) -> Mapping[Information, Handler]:
        """Understand the start, new events, the collected area, its own choice, system status and histories."""
        return {
            Information.BEGIN_AUTOMATION: self._begin,
            Information.AFFECTED_AREA: self._choose,
            Information.SELECTED_ASSETS: self._hand_over,
            Information.SYSTEM_STATUS: self._go_on,
            Information.ALERT_ACKNOWLEDGEMENT: self._go_on_with_event,
            Information.ALERT_HISTORY: self._compile_history,
        }

    def _begin(self, delivery: Delivery) -> None:
        message = delivery.message
        if isinstance(message.payload, BeginAutomation):
            request = AreaRequest(event=message.payload.event)
            self._begun = True
            self.send(Party.DMS, Information.AREA_REQUEST, request, message.correlation, (delivery.citation,))

    def _go_on_with_event(self, delivery: Delivery) -> None:
        """Once begun, look into every further event that an operator has acknowledged."""
        acknowledged = delivery.message.payload
        if isinstance(acknowledged, AlertAcknowledgement) and self._begun:
            request = AreaRequest(event=acknowledged.event)
            self.send(Party.DMS, Information.AREA_REQUEST, request, acknowledged.event, (delivery.citation,))

    def _compile_history(self, delivery: Delivery) -> None:
        history = delivery.message.payload
        if isinstance(history, AlertHistory):
            relevant = compile_relevant(history)
            self.send(Party.DMS, Information.RELEVANT_ALERT_HISTORY, relevant, history.event, (delivery.citation,))

    def _choose(self, delivery: Delivery) -> Process:
        yield self.clock.timeout(self._settings.compute_s)
        message = delivery.message
        if isinstance(message.payload, AffectedArea):
            chosen = choose_assets(message.payload, self._network, self._settings, self.clock.now_s)
            self.send(self.party, Information.SELECTED_ASSETS, chosen, message.correlation, (delivery.citation,))

    def _hand_over(self, delivery: Delivery) -> Process | None:
        """Hand a choice to the DMS, which begins with the batteries; without any, begin with what comes next."""
        message = delivery.message
        if not isinstance(message.payload, SelectedAssets):
            return None
        plan = self._plans[message.payload.event] = Plan(message.payload.commands)
        self.send(Party.DMS, message.information, message.payload, message.correlation, (delivery.citation,))
        return None if plan.of("battery") else self._next_stage(plan, delivery)

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
