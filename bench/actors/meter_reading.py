"""Reading the meters of called customers: by their radios on request, and by the head-end at intervals."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from math import isnan

from bench.actors.base import Actor, Handler
from bench.actors.meter_health import CommunicationHealth
from bench.bus import Bus, Delivery, Priority
from bench.clock import Process
from bench.messages.customers import (
    CustomerCall,
    IntervalReadings,
    MeterData,
    MeterReadRequest,
    MeterRegisters,
    MetersData,
    MetersReadRequest,
)
from bench.messages.names import Information, Party
from instruments.errors import InstrumentError, TransportError
from instruments.roles import Meter

Citing = Callable[[], AbstractContextManager[list[str]]]

RETRIES = 3
"""How often the head-end asks a silent meter again."""
RETRY_AFTER_S = 2.0
ANSWERS_WITHIN_S = 30.0
"""How long the head-end waits for a next answer to requests that it has sent, s."""


@dataclass(frozen=True)
class ReadingSettings:
    """Air time of one read, and the interval at which called customers' meters are read, s."""

    air_time_s: float
    interval_s: float


def read_registers(name: str, meter: Meter, time_s: float) -> MeterRegisters:
    """Read a meter over its own wire; raises TransportError or InstrumentError when it does not answer."""
    reading = meter.read_meter()
    return MeterRegisters(
        meter=name,
        time_s=time_s,
        voltage_v=reading.voltage_v,
        p_w=reading.p_w,
        q_var=None if isnan(reading.q_var) else reading.q_var,
        import_wh=reading.import_wh,
        export_wh=reading.export_wh,
    )


def answer_request(
    actor: Actor, delivery: Delivery, meters: Mapping[str, Meter], citing: Citing, information: Information
) -> None:
    """Let a meter's radio read it and send what it says; a meter that does not answer leaves the radio silent."""
    request = delivery.message.payload
    if not isinstance(request, MeterReadRequest):
        return
    with citing() as citations:
        try:
            registers = read_registers(request.meter, meters[request.meter], actor.clock.now_s)
        except (TransportError, InstrumentError):
            return
    data = MeterData(event=request.event, registers=registers)
    because = (delivery.citation, *citations)
    actor.send(Party.AMI_NETWORK, information, data, delivery.message.correlation, because)


class CreditMeters(Actor):
    """The radios in the credit meters."""

    party = Party.CREDIT_METER

    def __init__(self, bus: Bus, meters: Mapping[str, Meter], citing: Citing) -> None:
        super().__init__(bus)
        self._meters, self._citing = meters, citing

    def handlers(self) -> Mapping[Information, Handler]:
        """Understand read requests."""
        return {Information.CREDIT_READ_REQUEST: self._answer}

    def _answer(self, delivery: Delivery) -> None:
        answer_request(self, delivery, self._meters, self._citing, Information.CREDIT_METER_DATA)


@dataclass
class Order:
    """An order to read meters: what has come in, and of whom an answer is still out."""

    request: MetersReadRequest
    because: Delivery
    awaited: set[str]
    asking: int = 2
    net: dict[str, MeterRegisters] = field(default_factory=dict)
    credit: dict[str, MeterRegisters] = field(default_factory=dict)
    is_told: bool = False


class MeterReader:
    """The head-end's reading: on demand, net and credit meters in parallel, and at intervals while a call is on."""

    def __init__(
        self,
        head_end: Actor,
        net_meters: Mapping[str, Meter],
        credit_meters: Mapping[str, Meter],
        citing: Citing,
        settings: ReadingSettings,
        health: CommunicationHealth,
        late: Callable[[MeterRegisters], None],
    ) -> None:
        """Take where attempts are counted, and who gets an answer that comes after its order was told."""
        self._head_end, self._citing, self._settings = head_end, citing, settings
        self._health, self._late = health, late
        self._net, self._credit = net_meters, credit_meters
        self._orders: dict[str, Order] = {}
        self._singles: set[tuple[str, str]] = set()

    def handlers(self) -> Mapping[Information, Handler]:
        """Understand orders to read, and what meters answer."""
        return {
            Information.METERS_READ_REQUEST: self._take_order,
            Information.CREDIT_READ_REQUEST: self._read_one,
            Information.NET_METER_DATA: self._take_answer,
            Information.CREDIT_METER_DATA: self._take_answer,
        }

    def watch_call(self, call: CustomerCall, because: Delivery) -> Process:
        """Read all meters of the called customers at once and then each interval, until they are read on demand."""
        names = [c.net_meter for c in call.customers] + [c.credit_meter for c in call.customers if c.credit_meter]
        while call.event not in self._orders and self._head_end.clock.now_s < call.start_s + call.duration_s:
            self._tell_interval(call.event, names, because)
            yield self._head_end.clock.timeout(self._settings.interval_s)

    def _tell_interval(self, event: str, names: list[str], because: Delivery) -> None:
        meters, now_s = {**self._net, **self._credit}, self._head_end.clock.now_s
        registers: list[MeterRegisters] = []
        silent: list[str] = []
        with self._citing() as citations:
            for name in names:
                try:
                    registers.append(read_registers(name, meters[name], now_s))
                except (TransportError, InstrumentError):
                    silent.append(name)
                self._health.take(name, answered=name not in silent)
        payload = IntervalReadings(event=event, time_s=now_s, registers=tuple(registers), silent=tuple(silent))
        cited = (because.citation, *citations)
        correlation, readings = because.message.correlation, Information.INTERVAL_READINGS
        for receiver in (Party.MDMS, Party.RESOURCE_CONTROL):
            self._head_end.send(receiver, readings, payload, correlation, cited, Priority.SCHEDULED)

    def _take_order(self, delivery: Delivery) -> None:
        """Ask net and credit meters in two concurrent rounds."""
        request = delivery.message.payload
        if not isinstance(request, MetersReadRequest):
            return
        order = Order(request, delivery, set(request.net_meters) | set(request.credit_meters))
        self._orders[request.event] = order
        clock = self._head_end.clock
        clock.start(self._ask(order, Party.NET_METER, Information.NET_READ_REQUEST, self._net, request.net_meters))
        clock.start(
            self._ask(order, Party.CREDIT_METER, Information.CREDIT_READ_REQUEST, self._credit, request.credit_meters)
        )

    def _ask(
        self, order: Order, party: Party, information: Information, meters: Mapping[str, Meter], names: tuple[str, ...]
    ) -> Process:
        """Raise each meter and send it the request; those that cannot be raised are tried again, then given up."""
        silent = [name for name in names if not self._raise(order, party, information, name, meters)]
        for _ in range(RETRIES):
            if not silent:
                break
            yield self._head_end.clock.timeout(RETRY_AFTER_S)
            silent = [name for name in silent if not self._raise(order, party, information, name, meters)]
        order.awaited -= set(silent)
        order.asking -= 1
        self._tell_when_complete(order)
        while order.awaited & set(names):
            before = len(order.awaited)
            yield self._head_end.clock.timeout(ANSWERS_WITHIN_S)
            if len(order.awaited) == before:
                break
        order.awaited -= set(names)
        self._tell_when_complete(order)

    def _raise(
        self, order: Order, party: Party, information: Information, name: str, meters: Mapping[str, Meter]
    ) -> bool:
        """Open the session with a meter by a look at its event log, then send the request; False when it is silent."""
        with self._citing() as citations:
            try:
                meters[name].read_events()
            except (KeyError, TransportError, InstrumentError):
                self._health.take(name, answered=False)
                return False
        self._health.take(name, answered=True)
        request = MeterReadRequest(event=order.request.event, meter=name)
        because = (order.because.citation, *citations)
        self._head_end.send(party, information, request, order.because.message.correlation, because)
        return True

    def _read_one(self, delivery: Delivery) -> Process:
        """Read one credit meter for the MDMS; one that cannot be raised is tried again, then given up."""
        request = delivery.message.payload
        if not isinstance(request, MeterReadRequest):
            return
        self._singles.add((request.event, request.meter))
        order = Order(MetersReadRequest(event=request.event, net_meters=(), credit_meters=()), delivery, set())
        for _ in range(RETRIES + 1):
            if self._raise(order, Party.CREDIT_METER, Information.CREDIT_READ_REQUEST, request.meter, self._credit):
                return
            yield self._head_end.clock.timeout(RETRY_AFTER_S)

    def _tell_single(self, delivery: Delivery, data: MeterData) -> None:
        self._singles.discard((data.event, data.registers.meter))
        for receiver in (Party.DMS, Party.MDMS):
            message = delivery.message
            self._head_end.send(receiver, message.information, data, message.correlation, (delivery.citation,))

    def _take_answer(self, delivery: Delivery) -> None:
        data = delivery.message.payload
        if isinstance(data, MeterData) and (data.event, data.registers.meter) in self._singles:
            self._tell_single(delivery, data)
            return
        if not isinstance(data, MeterData) or data.event not in self._orders:
            return
        order = self._orders[data.event]
        if order.is_told:
            self._late(data.registers)
            return
        kept = order.net if delivery.message.producer is Party.NET_METER else order.credit
        kept[data.registers.meter] = data.registers
        order.awaited.discard(data.registers.meter)
        self._tell_when_complete(order)

    def _tell_when_complete(self, order: Order) -> None:
        if order.is_told or order.awaited or order.asking:
            return
        order.is_told = True
        request = order.request
        data = MetersData(
            event=request.event,
            net=tuple(order.net[name] for name in request.net_meters if name in order.net),
            credit=tuple(order.credit[name] for name in request.credit_meters if name in order.credit),
            silent=tuple(n for n in (*request.net_meters, *request.credit_meters) if n not in order.net | order.credit),
        )
        for receiver in (Party.RESOURCE_CONTROL, Party.MDMS, Party.DMS):
            correlation, cited = order.because.message.correlation, (order.because.citation,)
            self._head_end.send(receiver, Information.METERS_DATA, data, correlation, cited)
