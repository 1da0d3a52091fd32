"""The AMI: meters that raise their own alerts, the network that carries them, the system that keeps their data."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from itertools import count

from bench.actors.base import Actor, Handler
from bench.bus import Bus, Delivery, Priority
from bench.clock import Process
from bench.messages import (
    OperationalCommand,
    VoltageOutOfRangeEvent,
    VoltageReadings,
)
from bench.names import Information, Party
from instruments.errors import InstrumentError, TransportError
from instruments.readings import MeterEvents
from instruments.roles import Meter

Citing = Callable[[], AbstractContextManager[list[str]]]


@dataclass(frozen=True)
class MeteringSettings:
    """Timing of the AMI: how often a meter's radio looks at its event flags, and the air time of one read."""

    event_poll_s: float = 30.0
    read_air_time_s: float = 0.05
    scheduled_read_s: float = 900.0


class NetMeters(Actor):
    """The radios in the net meters: each watches its meter's own event flags and sends an alert when one rises.

    It compares no voltages: whether a voltage is out of range is the meter's finding.
    """

    party = Party.NET_METER

    def __init__(self, bus: Bus, meters: Mapping[str, Meter], citing: Citing, settings: MeteringSettings) -> None:
        super().__init__(bus)
        self._meters = meters
        self._citing = citing
        self._settings = settings
        self._flagged: dict[str, MeterEvents] = {}
        self._alerts = count(1)

    def handlers(self) -> Mapping[Information, Handler]:
        """Understand nothing from the bus; meters are read over their own wire."""
        return {}

    def watch(self) -> Process:
        """Look at every meter's event flags, once each polling interval."""
        while True:
            yield self.clock.timeout(self._settings.event_poll_s)
            for name, meter in self._meters.items():
                self._look(name, meter)

    def report(self) -> Process:
        """Send every meter's voltage, at the lowest priority, once each scheduled interval."""
        while True:
            yield self.clock.timeout(self._settings.scheduled_read_s)
            for name, meter in self._meters.items():
                self._report(name, meter)

    def _report(self, name: str, meter: Meter) -> None:
        with self._citing() as citations:
            try:
                payload = VoltageReadings(voltage_v={name: service_voltage_v(meter)})
            except (TransportError, InstrumentError):
                payload = VoltageReadings(voltage_v={}, silent=(name,))
        self.send(
            Party.AMI_NETWORK,
            Information.SCHEDULED_READ,
            payload,
            f"scheduled-{self.clock.now_s:.0f}",
            tuple(citations),
            Priority.SCHEDULED,
        )

    def _look(self, name: str, meter: Meter) -> None:
        with self._citing() as citations:
            try:
                events = meter.read_events()
                if self._has_risen(name, events):
                    voltage_v = service_voltage_v(meter)
                    self._alert(name, events, voltage_v, tuple(citations))
            except (TransportError, InstrumentError):
                return  # a silent meter raises no alert; its failed exchange is in the wire log
            self._flagged[name] = events

    def _has_risen(self, name: str, events: MeterEvents) -> bool:
        before = self._flagged.get(name, MeterEvents(under_voltage=False, over_voltage=False, raw=0))
        under = events.under_voltage and not before.under_voltage
        return under or (events.over_voltage and not before.over_voltage)

    def _alert(self, name: str, events: MeterEvents, voltage_v: float, citations: tuple[str, ...]) -> None:
        payload = VoltageOutOfRangeEvent(
            meter=name, condition="under" if events.under_voltage else "over", voltage_v=voltage_v
        )
        self.send(
            Party.AMI_NETWORK,
            Information.VOLTAGE_EVENT,
            payload,
            f"alert-{next(self._alerts)}",
            citations,
            Priority.ALERT,
        )


def service_voltage_v(meter: Meter) -> float:
    """Read the service voltage of a meter: of its legs to neutral the one farthest from 120 V."""
    return max(meter.read_voltage_v(), key=lambda leg_v: abs(leg_v - 120.0))


class AmiNetwork(Actor):
    """AMI network management: passes alerts and commands on, and reads meters on request."""

    party = Party.AMI_NETWORK

    def __init__(self, bus: Bus, meters: Mapping[str, Meter], citing: Citing, settings: MeteringSettings) -> None:
        super().__init__(bus)
        self._meters = meters
        self._citing = citing
        self._settings = settings
        self._event: str | None = None
        self._events = count(1)

    def handlers(self) -> Mapping[Information, Handler]:
        """Understand alerts, commands, status reports and read requests."""
        return {
            Information.VOLTAGE_EVENT: self._forward_alert,
            Information.OPERATIONAL_COMMAND: self._forward_command,
            Information.EQUIPMENT_STATUS: self._forward_status,
            Information.VOLTAGE_READ_REQUEST: self._read_voltages,
        }

    def _forward_alert(self, delivery: Delivery) -> None:
        message = delivery.message
        event = self._event_of(message.payload)
        for receiver in (Party.MDMS, Party.DER_AUTOMATION, Party.DMS):
            self.send(
                receiver,
                message.information,
                message.payload,
                event,
                (delivery.citation,),
                Priority.ALERT,
            )

    def _event_of(self, payload: object) -> str:
        """All alerts until the event is closed belong to one event."""
        if not isinstance(payload, VoltageOutOfRangeEvent):
            raise TypeError(f"not an alert: {payload!r}")
        if self._event is None:
            self._event = f"e{next(self._events)}"
        return self._event

    def _forward_command(self, delivery: Delivery) -> None:
        message = delivery.message
        if isinstance(message.payload, OperationalCommand):
            self.send(
                Party.PREMISE_INTERFACE,
                message.information,
                message.payload,
                message.correlation,
                (delivery.citation,),
            )

    def _forward_status(self, delivery: Delivery) -> None:
        message = delivery.message
        self.send(Party.DMS, message.information, message.payload, message.correlation, (delivery.citation,))

    def _read_voltages(self, delivery: Delivery) -> Process:
        yield self.clock.timeout(self._settings.read_air_time_s * len(self._meters))
        voltage_v: dict[str, float] = {}
        silent: list[str] = []
        for name, meter in self._meters.items():
            try:
                voltage_v[name] = service_voltage_v(meter)
            except (TransportError, InstrumentError):
                silent.append(name)
        self.send(
            delivery.message.producer,
            Information.VOLTAGE_READINGS,
            VoltageReadings(voltage_v=voltage_v, silent=tuple(silent)),
            delivery.message.correlation,
            (delivery.citation,),
        )


class MeterDataManagement(Actor):
    """The MDMS: keeps the alerts that reach it."""

    party = Party.MDMS

    def __init__(self, bus: Bus) -> None:
        super().__init__(bus)
        self.alerts: list[VoltageOutOfRangeEvent] = []

    def handlers(self) -> Mapping[Information, Handler]:
        """Understand alerts."""
        return {Information.VOLTAGE_EVENT: self._keep}

    def _keep(self, delivery: Delivery) -> None:
        if isinstance(delivery.message.payload, VoltageOutOfRangeEvent):
            self.alerts.append(delivery.message.payload)
