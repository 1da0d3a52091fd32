"""The DER automation application: collects an event's area, chooses assets, and puts them to use in turn."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bench.actors.base import Actor, Handler
from bench.actors.resource_planning import ResourcePlanning
from bench.actors.review import ReviewCalendar
from bench.bus import Bus, Delivery
from bench.clock import Process
from bench.dispatch.alert_history import compile_relevant
from bench.dispatch.assets import DispatchSettings, choose_assets
from bench.dispatch.network import ForecastModel
from bench.dispatch.relief_assets import relieve_head
from bench.dispatch.review import ReviewSettings, asks_again, may_release, review_assets
from bench.messages.equipment import (
    AffectedArea,
    AlertAcknowledgement,
    AlertHistory,
    AreaRequest,
    AssetCommand,
    BeginAutomation,
    EquipmentState,
    HoldRequest,
    Kind,
    OperationalCommand,
    ReleaseRequest,
    SelectedAssets,
    SystemStatus,
)
from bench.messages.names import Information, Party

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

    The battery goes first, by way of the DMS; each further kind follows when the kind before it has reported. With
    `review`, it stays in charge after the first event: it holds what it switched and looks again at alerts and at
    intervals, until the feeder can do without.
    """

    party = Party.DER_AUTOMATION

    def __init__(
        self,
        bus: Bus,
        network: ForecastModel,
        settings: DispatchSettings,
        plan: Callable[[Actor], ResourcePlanning],
        review: ReviewSettings | None = None,
    ) -> None:
        """Take its network model, and what makes its part in planning DER."""
        super().__init__(bus)
        self._planning = plan(self)
        self._network, self._settings, self._review = network, settings, review
        self.system: dict[str, EquipmentState] = {}
        self._plans: dict[str, Plan] = {}
        self._begun_with = ""
        self._calendar: ReviewCalendar | None = None
        self._before: AffectedArea | None = None

    def handlers(self) -> Mapping[Information, Handler]:
        """Understand alerts, the start, the collected area, its own choice, the system's status and histories."""
        return {
            **self._planning.handlers(),
            Information.VOLTAGE_EVENT: self._look_again,
            Information.BEGIN_AUTOMATION: self._begin,
            Information.AFFECTED_AREA: self._choose,
            Information.SELECTED_ASSETS: self._hand_over,
            Information.SYSTEM_STATUS: self._go_on,
            Information.ALERT_ACKNOWLEDGEMENT: self._go_on_with_event,
            Information.ALERT_HISTORY: self._compile_history,
        }

    def _begin(self, delivery: Delivery) -> Process | None:
        payload = delivery.message.payload
        if not isinstance(payload, BeginAutomation):
            return None
        self._begun_with = payload.event
        in_charge = self._calendar is not None
        if self._review is not None and not in_charge:
            self._calendar = ReviewCalendar(self.clock, self._review.every_s, self._review.spacing_s)
            hold = HoldRequest(event=payload.event)
            self.send(Party.DMS, Information.HOLD_REQUEST, hold, payload.event, (delivery.citation,))
        self._ask_for_area(payload.event, delivery.citation)
        return None if in_charge or self._calendar is None else self._calendar.run(self._ask_for_area)

    def _ask_for_area(self, event: str, *because: str) -> None:
        self.send(Party.DMS, Information.AREA_REQUEST, AreaRequest(event=event), event, because)

    def _look_again(self, _delivery: Delivery) -> None:
        if self._calendar is not None:
            self._calendar.ask()

    def _go_on_with_event(self, delivery: Delivery) -> None:
        """Once begun, look into every further event that an operator has acknowledged.

        That of the event it began with may come as late as the order to begin.
        """
        acknowledged = delivery.message.payload
        if not isinstance(acknowledged, AlertAcknowledgement):
            return
        if self._begun_with not in {"", acknowledged.event}:
            self._ask_for_area(acknowledged.event, delivery.citation)

    def _compile_history(self, delivery: Delivery) -> None:
        history = delivery.message.payload
        if isinstance(history, AlertHistory):
            relevant = compile_relevant(history)
            self.send(Party.DMS, Information.RELEVANT_ALERT_HISTORY, relevant, history.event, (delivery.citation,))

    def _choose(self, delivery: Delivery) -> Process:
        yield self.clock.timeout(self._settings.compute_s)
        message = delivery.message
        if isinstance(message.payload, AffectedArea):
            chosen = self._chosen(message.payload)
            self.send(self.party, Information.SELECTED_ASSETS, chosen, message.correlation, (delivery.citation,))

    def _chosen(self, area: AffectedArea) -> SelectedAssets:
        now_s = self.clock.now_s
        if area.event in self._planning.constraints:
            return relieve_head(area, self._network, self._settings, now_s)
        if self._review is None or self._calendar is None:
            return choose_assets(area, self._network, self._settings, now_s)
        self._before = self._before or area
        chosen = review_assets(area, self._network, self._settings, self._review, now_s)
        if asks_again(area, chosen, self._review):
            self._calendar.ask()
        elif may_release(area, self._before, self._network, self._settings, self._review, now_s):
            self._give_back(area.event)
        return chosen

    def _give_back(self, event: str) -> None:
        """Let the controls act by themselves again; the next event takes charge anew."""
        release = ReleaseRequest(event=event, devices=tuple(self.system))
        self.send(Party.DMS, Information.RELEASE_REQUEST, release, event)
        if self._calendar is not None:
            self._calendar.close()
        self._calendar = self._before = None

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
