"""The AMI: meters that raise their own alerts, the network that carries them, the system that keeps their data."""

from collections.abc import Callable, Collection, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from itertools import count

from bench.actors.base import Actor, Handler
from bench.actors.meter_health import CommunicationHealth
from bench.actors.meter_reading import MeterReader, ReadingSettings, answer_request, read_registers
from bench.actors.scheduled_reading import ScheduledReading, slots_s
from bench.bus import Bus, Delivery, Priority
from bench.clock import Process
from bench.messages.customers import CallUndeliverable, CustomerCall
from bench.messages.equipment import (
    EquipmentStatus,
    EventClosed,
    VoltageOutOfRangeEvent,
    VoltageReadings,
    VoltageRestored,
)
from bench.messages.names import Information, Party
from bench.messages.readings import ScheduledRead
from bench.messages.resource_paths import REQUESTS
from instruments.errors import InstrumentError, TransportError
from instruments.readings import MeterEvents
from instruments.roles import Meter

Citing = Callable[[], AbstractContextManager[list[str]]]
NO_EVENTS = MeterEvents(under_voltage=False, over_voltage=False, raw=0)


@dataclass(frozen=True)
class MeteringSettings:
    """Timing of the AMI, s: how often a meter's radio looks at its event flags, the air time of one read, in what
    interval each meter is read by schedule, and how often those of called customers are; `read_spacing_s`: how far
    apart scheduled reads are at least (0: each meter has a moment of its own).
    """

    event_poll_s: float = 30.0
    read_air_time_s: float = 0.05
    scheduled_read_s: float = 900.0
    call_read_s: float = 10.0
    read_spacing_s: float = 0.0


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
        """Understand read requests."""
        return {Information.NET_READ_REQUEST: self._answer}

    def _answer(self, delivery: Delivery) -> None:
        answer_request(self, delivery, self._meters, self._citing, Information.NET_METER_DATA)

    def watch(self) -> Process:
        """Look at every meter's event flags, once each polling interval."""
        while True:
            yield self.clock.timeout(self._settings.event_poll_s)
            for name, meter in self._meters.items():
                self._look(name, meter)

    def report(self) -> Process:
        """Send each meter's registers at its own moment of every interval, at the lowest priority."""
        slots = slots_s(tuple(self._meters), self._settings.scheduled_read_s, self._settings.read_spacing_s)
        for interval in count(1) if slots else ():
            begun_s = (interval - 1) * self._settings.scheduled_read_s
            for slot_s, name in slots:
                yield self.clock.timeout(begun_s + slot_s - self.clock.now_s)
                self._report(interval, name)

    def _report(self, interval: int, name: str) -> None:
        with self._citing() as citations:
            try:
                registers = read_registers(name, self._meters[name], self.clock.now_s)
            except (TransportError, InstrumentError):
                return  # a silent meter leaves its radio silent: the head-end will miss it
        read, correlation = ScheduledRead(interval=interval, registers=registers), f"scheduled-{interval}"
        cited = tuple(citations)
        self.send(Party.AMI_NETWORK, Information.SCHEDULED_READ, read, correlation, cited, Priority.SCHEDULED)

    def _look(self, name: str, meter: Meter) -> None:
        with self._citing() as citations:
            try:
                events = meter.read_events()
                if self._has_risen(name, events):
                    voltage_v = service_voltage_v(meter)
                    self._alert(name, events, voltage_v, tuple(citations))
                elif self._has_fallen(name, events):
                    self._restored(name, tuple(citations))
            except (TransportError, InstrumentError):
                return  # a silent meter raises no alert; its failed exchange is in the wire log
            self._flagged[name] = events

    def _has_risen(self, name: str, events: MeterEvents) -> bool:
        before = self._flagged.get(name, NO_EVENTS)
        under = events.under_voltage and not before.under_voltage
        return under or (events.over_voltage and not before.over_voltage)

    def _has_fallen(self, name: str, events: MeterEvents) -> bool:
        before = self._flagged.get(name, NO_EVENTS)
        return (before.under_voltage or before.over_voltage) and not (events.under_voltage or events.over_voltage)

    def _restored(self, name: str, citations: tuple[str, ...]) -> None:
        payload = VoltageRestored(meter=name)
        correlation = f"restored-{self.clock.now_s:.0f}"
        self.send(Party.AMI_NETWORK, Information.VOLTAGE_RESTORED, payload, correlation, citations)

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
            Priority.SCHEDULED if events.in_order else Priority.ALERT,
        )


def service_voltage_v(meter: Meter) -> float:
    """Read the service voltage of a meter: of its legs to neutral the one farthest from 120 V."""
    return max(meter.read_voltage_v(), key=lambda leg_v: abs(leg_v - 120.0))


class AmiNetwork(Actor):
    """AMI network management: passes alerts, commands and calls on, reads meters on request and by schedule.

    It keeps account of how well each meter answers, and asks those that fail again.

    An event begins with the first alert while none is open, and is closed when every meter that alerted in it has been
    back in Range A for as long as the meters themselves want.
    """

    party = Party.AMI_NETWORK

    def __init__(
        self,
        bus: Bus,
        meters: Mapping[str, Meter],
        credit_meters: Mapping[str, Meter],
        premises: Collection[str],
        citing: Citing,
        settings: MeteringSettings,
    ) -> None:
        """Take the meters, and the premises whose radios are provisioned for calls."""
        super().__init__(bus)
        self._meters = meters
        self._premises = frozenset(premises)
        self._settings = settings
        self._event: str | None = None
        self._out: set[str] = set()
        self._events = count(1)
        self.health = CommunicationHealth()
        schedule = ReadingSettings(settings.read_air_time_s, settings.scheduled_read_s)
        self._schedule = ScheduledReading(self, meters, citing, schedule, self.health)
        reading = ReadingSettings(settings.read_air_time_s, settings.call_read_s)
        late = self._schedule.take_late
        self._reader = MeterReader(self, meters, credit_meters, citing, reading, self.health, late)

    def run(self) -> Process:
        """Follow the schedule of reads, and read the mailbox for ever."""
        self.clock.start(self._schedule.keep())
        yield from super().run()

    def handlers(self) -> Mapping[Information, Handler]:
        """Understand alerts and their end, commands, status reports, read requests, calls and customers' answers."""
        return {
            **self._reader.handlers(),
            **self._schedule.handlers(),
            Information.VOLTAGE_EVENT: self._forward_alert,
            Information.VOLTAGE_RESTORED: self._close_when_restored,
            Information.CUSTOMER_CALL: self._call_premises,
            Information.REDUCTION_CALL: self._call_premises,
            Information.CUSTOMER_STATUS: self._forward_answer,
            **dict.fromkeys((Information.OPERATIONAL_COMMAND, *REQUESTS), self._forward_command),
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
        self._out.add(payload.meter)
        return self._event

    def _close_when_restored(self, delivery: Delivery) -> None:
        restored = delivery.message.payload
        if not isinstance(restored, VoltageRestored) or self._event is None:
            return
        self._out.discard(restored.meter)
        if not self._out:
            event, self._event = self._event, None
            for receiver in (Party.MDMS, Party.DER_AUTOMATION, Party.DMS):
                self.send(receiver, Information.EVENT_CLOSED, EventClosed(event=event), event, (delivery.citation,))

    def _call_premises(self, delivery: Delivery) -> Process | None:
        """Call each listed premise by itself, tell of those that cannot be called, and watch the others' meters."""
        call, correlation, cited = delivery.message.payload, delivery.message.correlation, (delivery.citation,)
        information = delivery.message.information
        if not isinstance(call, CustomerCall):
            return None
        for listed in call.customers:
            if listed.customer in self._premises:
                single = call.model_copy(update={"customers": (listed,)})
                self.send(Party.PREMISE_INTERFACE, information, single, correlation, cited)
        strangers = tuple(c.customer for c in call.customers if c.customer not in self._premises)
        if strangers:
            undeliverable = CallUndeliverable(event=call.event, customers=strangers)
            self.send(delivery.message.producer, Information.CALL_UNDELIVERABLE, undeliverable, correlation, cited)
        return self._reader.watch_call(call, delivery)

    def _forward_answer(self, delivery: Delivery) -> None:
        message = delivery.message
        for receiver in (Party.RESOURCE_CONTROL, Party.MDMS):
            self.send(receiver, message.information, message.payload, message.correlation, (delivery.citation,))

    def _forward_command(self, delivery: Delivery) -> None:
        message = delivery.message
        cited = (delivery.citation,)
        self.send(Party.PREMISE_INTERFACE, message.information, message.payload, message.correlation, cited)

    def _forward_status(self, delivery: Delivery) -> None:
        """Tell the DMS, and of scheduled equipment the MDMS, which is going to read its credit meter."""
        message = delivery.message
        scheduled = isinstance(message.payload, EquipmentStatus) and bool(message.payload.request)
        for receiver in (Party.DMS, Party.MDMS) if scheduled else (Party.DMS,):
            self.send(receiver, message.information, message.payload, message.correlation, (delivery.citation,))

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
