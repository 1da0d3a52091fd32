"""The Distribution Management System: one picture of the feeder, and the way of every command to the field."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager

from bench.actors.base import Actor, Handler
from bench.actors.event_record import EventRecord
from bench.actors.field_control import TAP_SPACING_S, ScadaControls
from bench.actors.resource_dispatch import ResourceDispatch, ResourceTelemetry
from bench.bus import Bus, Delivery
from bench.clock import Process
from bench.messages.customers import LoadAffected
from bench.messages.equipment import (
    AffectedArea,
    AreaRequest,
    AssetCommand,
    EquipmentState,
    EquipmentStatus,
    HoldRequest,
    Kind,
    OperationalCommand,
    ReleaseRequest,
    SelectedAssets,
    SystemStatus,
    VarSwitchingOrder,
    VoltageOutOfRangeEvent,
    VoltageReadings,
    VoltageReadRequest,
)
from bench.messages.names import Information, Party

Citing = Callable[[], AbstractContextManager[list[str]]]
Telemetry = Callable[[], tuple[EquipmentState, ...]]

MOST_REFUSALS = 3
"""Steps that a tap-changer control may refuse before the DMS gives a command up."""


class DistributionManagement(Actor):
    """Keeps alerts and equipment status, gathers an event's area, and sends commands towards the devices.

    It decides between volt and VAR control: while voltage is out of range, capacitor controls may not switch on
    reactive power. Where the equipment cannot bring the voltage back, it puts the system's condition before the
    operators.
    """

    party = Party.DMS

    def __init__(
        self,
        bus: Bus,
        telemetry: Telemetry,
        controls: ScadaControls,
        citing: Citing,
        read_load_kw: Callable[[], float | None],
        lowest_v: float,
        resources: ResourceTelemetry,
    ) -> None:
        """Take what reads all equipment and the feeder's load over SCADA, and the controls that may be ordered.

        `lowest_v` (120 V base) is what every service has to have in the end.
        """
        super().__init__(bus)
        self._telemetry, self._controls, self._citing = telemetry, controls, citing
        self._read_load_kw, self._lowest_v = read_load_kw, lowest_v
        self.events: dict[str, EventRecord] = {}
        self.equipment: dict[str, EquipmentState] = {}
        self._unreported: set[str] = set()
        self._kinds: dict[str, Kind] = {}
        self.resources = ResourceDispatch(self, resources, citing, self._relieve)

    def handlers(self) -> Mapping[Information, Handler]:
        """Understand alerts, the application's requests, selections, commands and histories, readings and reports."""
        return {
            **self.resources.handlers(),
            Information.VOLTAGE_EVENT: self._keep_alert,
            Information.AREA_REQUEST: self._ask_voltages,
            Information.VOLTAGE_READINGS: self._answer_area,
            Information.SELECTED_ASSETS: self._use_assets,
            Information.EQUIPMENT_STATUS: self._update_status,
            Information.SYSTEM_STATUS: self._tell_application,
            Information.CAPACITOR_COMMAND: self._command_capacitor,
            Information.TAP_CHANGER_COMMAND: self._command_tap_changer,
            Information.HOLD_REQUEST: self._hold,
            Information.RELEASE_REQUEST: self._release,
            Information.ALERT_ACKNOWLEDGEMENT: self._forward_to_application,
            Information.METERS_DATA: self._forward_to_application,
            Information.LOAD_AFFECTED: self._take_load_affected,
            Information.RELEVANT_ALERT_HISTORY: self._file_history,
        }

    def _keep_alert(self, delivery: Delivery) -> None:
        message = delivery.message
        if isinstance(message.payload, VoltageOutOfRangeEvent):
            self._record(message.correlation).keep(message.payload, delivery.time_s)

    def _record(self, event: str) -> EventRecord:
        """Return the record of an event; a review has one as well, of no alerts."""
        return self.events.setdefault(event, EventRecord(event))

    def _forward_to_application(self, delivery: Delivery) -> None:
        message = delivery.message
        self.answer(delivery, Party.DER_AUTOMATION, message.information, message.payload)

    def _ask_voltages(self, delivery: Delivery) -> None:
        payload = delivery.message.payload
        if isinstance(payload, AreaRequest):
            request = VoltageReadRequest(event=payload.event)
            self.answer(delivery, Party.AMI_NETWORK, Information.VOLTAGE_READ_REQUEST, request)

    def _answer_area(self, delivery: Delivery) -> None:
        message = delivery.message
        if not isinstance(message.payload, VoltageReadings):
            return
        citations = self._refresh()
        record = self._record(message.correlation)
        record.voltage_v = message.payload.voltage_v
        area = AffectedArea(
            event=message.correlation,
            affected_meters=record.meters,
            voltage_v=message.payload.voltage_v,
            equipment=tuple(self.equipment.values()),
        )
        self.answer(delivery, Party.DER_AUTOMATION, Information.AFFECTED_AREA, area, citations)

    def _use_assets(self, delivery: Delivery) -> None:
        """Command the batteries; where all that is chosen does not suffice, show the operators how things stand."""
        selected = delivery.message.payload
        if not isinstance(selected, SelectedAssets):
            return
        if self.resources.knows(selected.event):
            self.resources.note_commands(selected.event, selected.commands)
        self._command_batteries(delivery, selected)
        record = self._record(selected.event)
        record.commands = selected.commands
        if selected.predicted_lowest_v < self._lowest_v:
            with self._citing() as citations:
                load_kw = self._read_load_kw()
            condition = record.condition(selected, tuple(self.equipment.values()), load_kw)
            self.answer(delivery, Party.DISTRIBUTION_OPERATIONS, Information.SYSTEM_CONDITION, condition, citations)

    def _take_load_affected(self, delivery: Delivery) -> None:
        """Report what a call brought, and hand out the event's history."""
        affected = delivery.message.payload
        if not isinstance(affected, LoadAffected):
            return
        if self.resources.knows(affected.event):
            self.resources.report(delivery, affected)
        elif affected.event in self.events:
            history = self.events[affected.event].history(affected.total_kw)
            self.answer(delivery, Party.DER_AUTOMATION, Information.ALERT_HISTORY, history)

    def _file_history(self, delivery: Delivery) -> None:
        self.answer(delivery, Party.MDMS, delivery.message.information, delivery.message.payload)

    def _command_batteries(self, delivery: Delivery, selected: SelectedAssets) -> None:
        for command in selected.commands:
            if command.kind == "battery":
                order = OperationalCommand(event=selected.event, command=command)
                self._expect_report(command)
                self.answer(delivery, Party.AMI_NETWORK, Information.OPERATIONAL_COMMAND, order)

    def _update_status(self, delivery: Delivery) -> None:
        """Enter a status; when all commanded equipment of its kind has reported, record the update.

        The record itself is what the application is told of.
        """
        message = delivery.message
        if not isinstance(message.payload, EquipmentStatus):
            return
        state, event = message.payload.equipment, message.payload.event
        self.equipment[state.device] = state
        if message.payload.request:
            self.resources.take_status(message.payload)
            return
        self._unreported.discard(state.device)
        if message.producer is self.party:
            self._tell_of_battery(delivery, event)
        elif any(self._kinds[device] == state.kind for device in self._unreported):
            return
        elif state.kind == "battery":
            self.answer(delivery, self.party, Information.EQUIPMENT_STATUS, message.payload)
        else:
            if state.kind == "tap_changer":
                self._controls.give_back_tap_changer(state.device)
            status = SystemStatus(event=event, updated=state.kind, equipment=tuple(self.equipment.values()))
            self.answer(delivery, self.party, Information.SYSTEM_STATUS, status)

    def _tell_of_battery(self, delivery: Delivery, event: str) -> None:
        status = SystemStatus(event=event, updated="battery", equipment=tuple(self.equipment.values()))
        self.answer(delivery, Party.DER_AUTOMATION, Information.SYSTEM_STATUS, status)
        self._order_var_switching(delivery, event, Information.BLOCK_VAR_SWITCHING, blocked=True)

    def _tell_application(self, delivery: Delivery) -> None:
        if isinstance(delivery.message.payload, SystemStatus):
            self.answer(delivery, Party.DER_AUTOMATION, Information.SYSTEM_STATUS, delivery.message.payload)

    def _order_var_switching(self, delivery: Delivery, event: str, order: Information, blocked: bool) -> None:
        for device in self._controls.capacitors:
            with self._citing() as citations:
                taken = self._controls.block_var_switching(device, blocked)
            if taken:
                payload = VarSwitchingOrder(event=event, device=device)
                self.answer(delivery, Party.CAPACITOR_CONTROLS, order, payload, citations)

    def _command_capacitor(self, delivery: Delivery) -> None:
        payload = delivery.message.payload
        if not isinstance(payload, OperationalCommand):
            return
        with self._citing() as citations:
            taken = self._controls.switch_capacitor(payload.command.device, bool(payload.command.close))
        if taken:
            self._expect_report(payload.command)
            self.answer(delivery, Party.CAPACITOR_CONTROLS, Information.CAPACITOR_COMMAND, payload, citations)

    def _command_tap_changer(self, delivery: Delivery) -> Process:
        """Take the tap changer into SCADA-manual and step it to its target; the first step tells of the command.

        A control refuses a step while its own last operation is under way: then the tap is read again and tried anew.
        """
        payload = delivery.message.payload
        if not isinstance(payload, OperationalCommand) or payload.command.tap is None:
            return
        device, target, told, refusals = payload.command.device, payload.command.tap, False, 0
        with self._citing() as citations:
            position = self._controls.take_tap_changer(device)
        while position is not None and position != target and refusals < MOST_REFUSALS:
            direction = 1 if target > position else -1
            with self._citing() as stepped:
                taken = self._controls.step(device, direction)
            if taken and not told:
                told = True
                self._tell_of_tap_command(delivery, payload, [*citations, *stepped])
            refusals += not taken
            yield self.clock.timeout(TAP_SPACING_S)
            position = position + direction if taken else self._controls.take_tap_changer(device)
        if position == target and not told:  # it went there by itself: the command is to stay
            self._tell_of_tap_command(delivery, payload, citations)

    def _tell_of_tap_command(self, delivery: Delivery, order: OperationalCommand, citations: list[str]) -> None:
        self._expect_report(order.command)
        self.answer(delivery, Party.TAP_CHANGER_CONTROLS, Information.TAP_CHANGER_COMMAND, order, citations)

    def _expect_report(self, command: AssetCommand) -> None:
        self._unreported.add(command.device)
        self._kinds[command.device] = command.kind

    def _relieve(self, delivery: Delivery, event: str) -> None:
        """Take the banks from their own logic, then have the application look at the whole feeder."""
        self._order_var_switching(delivery, event, Information.BLOCK_VAR_SWITCHING, blocked=True)
        request = VoltageReadRequest(event=event)
        self.answer(delivery, Party.AMI_NETWORK, Information.VOLTAGE_READ_REQUEST, request)

    def _hold(self, delivery: Delivery) -> None:
        """Leave tap changers and banks to the application: the controls' own logic may not move them."""
        if isinstance(delivery.message.payload, HoldRequest):
            event = delivery.message.payload.event
            self._controls.block_tap_changers(True)
            self._order_var_switching(delivery, event, Information.BLOCK_VAR_SWITCHING, blocked=True)

    def _release(self, delivery: Delivery) -> None:
        """Let the controls act by themselves again."""
        if isinstance(delivery.message.payload, ReleaseRequest):
            event = delivery.message.payload.event
            self._controls.block_tap_changers(False)
            self._order_var_switching(delivery, event, Information.RELEASE_VAR_SWITCHING, blocked=False)

    def _refresh(self) -> list[str]:
        """Read all equipment and return what cites the reading."""
        with self._citing() as citations:
            self.equipment.update({state.device: state for state in self._telemetry()})
        return citations
