"""The Distribution Management System: one picture of the feeder, and the way of every command to the field."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass

from bench.actors.base import Actor, Handler
from bench.bus import Bus, Delivery
from bench.messages import (
    AffectedArea,
    AreaRequest,
    EquipmentState,
    EquipmentStatus,
    OperationalCommand,
    SelectedAssets,
    SystemStatus,
    VoltageOutOfRangeEvent,
    VoltageReadings,
    VoltageReadRequest,
)
from bench.names import Information, Party

Citing = Callable[[], AbstractContextManager[list[str]]]
Telemetry = Callable[[], tuple[EquipmentState, ...]]


@dataclass
class OpenEvent:
    """An event as the DMS knows it: who alerted, and by which messages it heard of it."""

    meters: list[str]
    citations: list[str]


class DistributionManagement(Actor):
    """Keeps alerts and equipment status, gathers an event's area, and sends commands towards the devices."""

    party = Party.DMS

    def __init__(self, bus: Bus, telemetry: Telemetry, citing: Citing) -> None:
        """Take `telemetry`, which reads the state of all equipment over SCADA."""
        super().__init__(bus)
        self._telemetry = telemetry
        self._citing = citing
        self.events: dict[str, OpenEvent] = {}
        self.equipment: dict[str, EquipmentState] = {}

    def handlers(self) -> Mapping[Information, Handler]:
        """Understand alerts, area requests, voltage readings, selected assets and equipment status."""
        return {
            Information.VOLTAGE_EVENT: self._keep_alert,
            Information.AREA_REQUEST: self._ask_voltages,
            Information.VOLTAGE_READINGS: self._answer_area,
            Information.SELECTED_ASSETS: self._command,
            Information.EQUIPMENT_STATUS: self._update_status,
        }

    def _keep_alert(self, delivery: Delivery) -> None:
        message = delivery.message
        if message.receiver is self.party and isinstance(message.payload, VoltageOutOfRangeEvent):
            event = self.events.setdefault(message.correlation, OpenEvent([], []))
            event.meters.append(message.payload.meter)
            event.citations.append(delivery.citation)

    def _ask_voltages(self, delivery: Delivery) -> None:
        payload = delivery.message.payload
        if isinstance(payload, AreaRequest):
            request = VoltageReadRequest(event=payload.event)
            self.send(
                Party.AMI_NETWORK,
                Information.VOLTAGE_READ_REQUEST,
                request,
                delivery.message.correlation,
                (delivery.citation,),
            )

    def _answer_area(self, delivery: Delivery) -> None:
        message = delivery.message
        if not isinstance(message.payload, VoltageReadings):
            return
        with self._citing() as citations:
            equipment = self._telemetry()
        self.equipment.update({state.device: state for state in equipment})
        area = AffectedArea(
            event=message.correlation,
            affected_meters=tuple(sorted(set(self.events[message.correlation].meters))),
            voltage_v=message.payload.voltage_v,
            equipment=equipment,
        )
        self.send(
            Party.DER_AUTOMATION,
            Information.AFFECTED_AREA,
            area,
            message.correlation,
            (delivery.citation, *citations),
        )

    def _command(self, delivery: Delivery) -> None:
        message = delivery.message
        if not isinstance(message.payload, SelectedAssets):
            return
        for command in message.payload.commands:
            if command.kind == "battery":
                payload = OperationalCommand(event=message.payload.event, command=command)
                self.send(
                    Party.AMI_NETWORK,
                    Information.OPERATIONAL_COMMAND,
                    payload,
                    message.correlation,
                    (delivery.citation,),
                )

    def _update_status(self, delivery: Delivery) -> None:
        """Enter a reported status; the entry itself, once recorded, is what the application is told of."""
        message = delivery.message
        if not isinstance(message.payload, EquipmentStatus):
            return
        if message.producer is self.party:
            self._tell_application(delivery, message.payload)
            return
        self.equipment[message.payload.equipment.device] = message.payload.equipment
        self.send(self.party, Information.EQUIPMENT_STATUS, message.payload, message.correlation, (delivery.citation,))

    def _tell_application(self, delivery: Delivery, update: EquipmentStatus) -> None:
        status = SystemStatus(
            event=update.event, updated=update.equipment.kind, equipment=tuple(self.equipment.values())
        )
        correlation = delivery.message.correlation
        self.send(Party.DER_AUTOMATION, Information.SYSTEM_STATUS, status, correlation, (delivery.citation,))
