"""The Meter Data Management System: keeps alerts and readings, works out what a call for demand response brought."""

from collections.abc import Mapping

from bench.actors.base import Actor, Handler
from bench.bus import Bus, Delivery
from bench.clock import Process
from bench.dispatch.load_affected import CalledCustomer, Reading, total_load_affected
from bench.dispatch.validation import RegisterRead, estimate, finding
from bench.messages.customers import (
    CustomerCall,
    IntervalReadings,
    LoadAffected,
    MeterData,
    MeterReadRequest,
    MeterRegisters,
    MetersData,
    SelectedCustomer,
)
from bench.messages.equipment import EquipmentStatus, RelevantAlertHistory, VoltageOutOfRangeEvent
from bench.messages.names import Information, Party
from bench.messages.readings import CollectedReads, ValidatedReads
from bench.messages.resources import RelevantEventHistory
from bench.meter_store import MeterStore

COMPUTE_S = 2.0
"""Time that validation, estimation and the calculation take, s."""
SWITCHING_S = 5.0
"""How long after the start of a call readings may still show appliances on their way off, s."""
READ_AFTER_STATUS_S = 45.0
"""How long after the last status of scheduled DER their credit meters are read, s."""
HISTORY_S = 600.0
"""How far before a call readings count for its baseline, s."""


class MeterDataManagement(Actor):
    """Gathers, validates and estimates meter data in a store of its own.

    Computes the total load affected when all meters of a call have been read.
    """

    party = Party.MDMS

    def __init__(self, bus: Bus, store: MeterStore, credit_meters: Mapping[str, str]) -> None:
        """Take the store, and the credit meter of each DER."""
        super().__init__(bus)
        self.store = store
        self._credit_meters = credit_meters
        self._calls: dict[str, tuple[CustomerCall, float]] = {}
        self._times_s: dict[str, list[float]] = {}
        self._reduced: set[str] = set()
        self._to_read: dict[str, list[str]] = {}

    def handlers(self) -> Mapping[Information, Handler]:
        """Understand alerts, calls, readings, its own calculation, and histories to be filed."""
        return {
            Information.VOLTAGE_EVENT: self._keep_alert,
            Information.CUSTOMER_CALL: self._mark_call,
            Information.REDUCTION_CALL: self._mark_call,
            Information.EQUIPMENT_STATUS: self._read_later,
            Information.CREDIT_METER_DATA: self._keep_single,
            Information.RELEVANT_EVENT_HISTORY: self._archive,
            Information.INTERVAL_READINGS: self._keep_interval,
            Information.COLLECTED_READS: self._validate,
            Information.METERS_DATA: self._compute,
            Information.LOAD_AFFECTED_CALCULATION: self._deliver,
            Information.RELEVANT_ALERT_HISTORY: self._archive,
        }

    def _keep_alert(self, delivery: Delivery) -> None:
        alert = delivery.message.payload
        if isinstance(alert, VoltageOutOfRangeEvent):
            event = delivery.message.correlation
            self.store.add_alert(event, alert.meter, alert.condition, alert.voltage_v, delivery.time_s)

    def _mark_call(self, delivery: Delivery) -> None:
        """Note when the call came: the time before it is the baseline."""
        if isinstance(delivery.message.payload, CustomerCall):
            self._calls[delivery.message.payload.event] = (delivery.message.payload, delivery.time_s)
            if delivery.message.information is Information.REDUCTION_CALL:
                self._reduced.add(delivery.message.payload.event)

    def _read_later(self, delivery: Delivery) -> Process:
        """Have the credit meter of scheduled equipment read, once what was asked of it has had its time."""
        status = delivery.message.payload
        meter = self._credit_meters.get(status.equipment.device) if isinstance(status, EquipmentStatus) else None
        if not isinstance(status, EquipmentStatus) or meter is None:
            return
        waiting = self._to_read.setdefault(status.event, [])
        waiting.append(meter)
        reports = len(waiting)
        yield self.clock.timeout(READ_AFTER_STATUS_S)
        if len(waiting) != reports:
            return  # whoever came last has them all read, side by side
        del self._to_read[status.event]
        for name in dict.fromkeys(waiting):
            request = MeterReadRequest(event=status.event, meter=name)
            self.answer(delivery, Party.AMI_NETWORK, Information.CREDIT_READ_REQUEST, request)

    def _keep_single(self, delivery: Delivery) -> None:
        if isinstance(delivery.message.payload, MeterData):
            self.store.add_readings((delivery.message.payload.registers,), "demand")

    def _keep_interval(self, delivery: Delivery) -> None:
        if isinstance(delivery.message.payload, IntervalReadings):
            self._times_s.setdefault(delivery.message.payload.event, []).append(delivery.message.payload.time_s)
            self.store.add_readings(delivery.message.payload.registers, "interval")

    def _validate(self, delivery: Delivery) -> None:
        """Keep an interval's scheduled reads by whether they stand; estimate where one is missing or does not."""
        reads = delivery.message.payload
        if not isinstance(reads, CollectedReads):
            return
        found = [(read, finding(self._standing(read.meter), _registers_of(read))) for read in reads.registers]
        standing = [read for read, why in found if why is None]
        suspect = {read.meter: why for read, why in found if why is not None}
        lacking = sorted({*reads.silent, *suspect})
        estimates = {meter: self._estimate(meter, reads.end_s) for meter in lacking}
        self.store.add_readings(standing, "scheduled", "valid")
        self.store.add_readings((read for read, why in found if why is not None), "scheduled", "suspect")
        self.store.add_readings(filter(None, estimates.values()), "scheduled", "estimated")
        result = ValidatedReads(
            interval=reads.interval,
            valid=len(standing),
            suspect=suspect,
            estimated=tuple(meter for meter in lacking if estimates[meter] is not None),
            unknown=tuple(meter for meter in lacking if estimates[meter] is None),
        )
        self.answer(delivery, self.party, Information.VALIDATED_READS, result)

    def _standing(self, meter: str) -> RegisterRead | None:
        found = self.store.last_standing(meter)
        return None if found is None else RegisterRead(*found)

    def _estimate(self, meter: str, time_s: float) -> MeterRegisters | None:
        """Estimate a meter's registers from its last read that stood; None where there is none."""
        before = self._standing(meter)
        if before is None:
            return None
        found = vars(estimate(before, time_s))
        return MeterRegisters(meter=meter, voltage_v=(), q_var=0.0, **found)

    def _compute(self, delivery: Delivery) -> Process:
        data = delivery.message.payload
        if not isinstance(data, MetersData) or data.event not in self._calls:
            return
        self.store.add_readings((*data.net, *data.credit), "demand")
        yield self.clock.timeout(COMPUTE_S)
        call, called_s = self._calls[data.event]
        affected = total_load_affected({c.customer: self._readings(c, call, called_s) for c in call.customers})
        result = LoadAffected(
            event=data.event,
            total_kw=affected.total_kw,
            uncertainty_kw=affected.uncertainty_kw,
            by_customer_kw=affected.by_customer_kw,
            estimated=affected.estimated,
            unverified=affected.unverified,
            edited=affected.edited,
        )
        self.answer(delivery, self.party, Information.LOAD_AFFECTED_CALCULATION, result)

    def _readings(self, customer: SelectedCustomer, call: CustomerCall, called_s: float) -> CalledCustomer:
        after_s = call.start_s + SWITCHING_S
        return CalledCustomer(
            expected_kw=customer.expected_kw,
            before=self._loads(call.event, customer, called_s - HISTORY_S, call.start_s),
            after=self._loads(call.event, customer, after_s, self.clock.now_s),
            demanded_w=self._demanded_w(customer, after_s),
        )

    def _demanded_w(self, customer: SelectedCustomer, since_s: float) -> float | None:
        """Return the load that the reads on demand show, None where a meter did not answer."""
        net_w = self.store.demanded_w(customer.net_meter, since_s)
        credit_w = self.store.demanded_w(customer.credit_meter, since_s) if customer.credit_meter else 0.0
        return None if net_w is None or credit_w is None else net_w - credit_w

    def _loads(self, event: str, customer: SelectedCustomer, since_s: float, until_s: float) -> list[Reading]:
        """Return a customer's load at every time at which the meters of the call were read."""
        net = self.store.intervals(customer.net_meter, since_s, until_s)
        if customer.credit_meter is None:
            generation = dict.fromkeys(net, (0.0, 0.0))
        else:
            generation = self.store.intervals(customer.credit_meter, since_s, until_s)
        readings = []
        for time_s in (t for t in self._times_s.get(event, []) if since_s <= t <= until_s):
            if time_s in net and time_s in generation:
                (net_w, net_wh), (credit_w, credit_wh) = net[time_s], generation[time_s]
                readings.append(Reading(time_s, net_w - credit_w, net_wh - credit_wh))
            else:
                readings.append(Reading(time_s, None, None))
        return readings

    def _deliver(self, delivery: Delivery) -> None:
        """Tell whoever ordered it, the operators or the wholesale desk, and the DMS."""
        if isinstance(delivery.message.payload, LoadAffected):
            wholesale = delivery.message.payload.event in self._reduced
            orderer = Party.WHOLESALE_POWER if wholesale else Party.DISTRIBUTION_OPERATIONS
            for receiver in (orderer, Party.DMS):
                self.answer(delivery, receiver, Information.LOAD_AFFECTED, delivery.message.payload)

    def _archive(self, delivery: Delivery) -> None:
        history = delivery.message.payload
        if isinstance(history, RelevantAlertHistory | RelevantEventHistory):
            content = history.model_dump(mode="json")
            self.store.archive(history.event, delivery.message.information.value, delivery.time_s, content)


def _registers_of(read: MeterRegisters) -> RegisterRead:
    return RegisterRead(read.time_s, read.p_w, read.import_wh, read.export_wh)
