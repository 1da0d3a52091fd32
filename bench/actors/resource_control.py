"""The DRAACS: estimates what can be called, chooses customers for size and location, follows what they do."""

import math
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import simpy
from numpy.typing import NDArray

from bench.actors.base import Actor, Handler
from bench.bus import Bus, Delivery
from bench.clock import Process
from bench.dispatch.demand_response import Candidate, Resource, ResponseModel, choose_customers, estimate
from bench.dispatch.network import ReliefModel
from bench.dispatch.tracking import Contract, MeasuredResponse, choose_by_size, further, refine
from bench.messages.customers import (
    CallUndeliverable,
    CustomerCall,
    CustomerStatus,
    DemandResponseEvent,
    EnrolledCustomer,
    Enrolment,
    EnrolmentRequest,
    IntervalReadings,
    MetersData,
    MetersReadRequest,
    SelectedCustomer,
    SelectedCustomers,
)
from bench.messages.names import Information, Party
from bench.messages.occurrences import event_of, occurrence
from bench.messages.resources import LoadReductionEvent, ResponseTracking

OVERRIDDEN = "overridden"
"""The answer of a customer who keeps the load: that says nothing of what the others' appliances give up."""
AT_A_TIME = 10
"""Customers that are tried on the network model in one go, a few hundredths of a second."""
PATIENCE_S = 90.0
"""How long after the start of a call customers' answers are waited for, s."""


@dataclass(frozen=True)
class ResourceSettings:
    """Time from a call to its start and for computing, s; what is known of responses; the meters' class, per unit."""

    notice_s: float
    compute_s: float
    response: ResponseModel
    meter_share: float


Order = DemandResponseEvent | LoadReductionEvent


@dataclass
class Call:
    """A request on its way: whom it calls, of whom an answer is still out, and their loads before, W by meter."""

    event: str
    selected: SelectedCustomers | None = None
    awaited: set[str] = field(default_factory=set)
    status: dict[str, str] = field(default_factory=dict)
    before_w: dict[str, float] = field(default_factory=dict)
    is_read: bool = False


@dataclass
class Campaign:
    """An order, the customers whom it may concern, and the calls made for it so far."""

    order: Order
    enrolled: dict[str, EnrolledCustomer] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)
    responses: dict[str, MeasuredResponse] = field(default_factory=dict)

    @property
    def left(self) -> list[EnrolledCustomer]:
        """Enrolled customers who have not been called yet."""
        called = {c.customer for call in self.calls if call.selected for c in call.selected.customers}
        return [customer for name, customer in self.enrolled.items() if name not in called]


class ResourceControl(Actor):
    """Reacts to an order by choosing customers on its own network model and what the CIS knows of them.

    A load reduction that was authorized is followed up: as long as the meters show less, further customers are called,
    until it is reached or nobody is left; what calls brought refines the model of responses.
    """

    party = Party.RESOURCE_CONTROL

    def __init__(self, bus: Bus, network: ReliefModel, settings: ResourceSettings) -> None:
        super().__init__(bus)
        self._network, self._settings = network, settings
        self.model = settings.response
        self._campaigns: dict[str, Campaign] = {}
        self.calls: dict[str, Call] = {}

    def handlers(self) -> Mapping[Information, Handler]:
        """Understand orders, enrolment, its own listing, undeliverable calls, customers' answers and meters."""
        return {
            Information.DEMAND_RESPONSE_EVENT: self._take_order,
            Information.REDUCTION_EVENT: self._take_order,
            Information.ENROLMENT: self._take_enrolment,
            Information.SELECTED_CUSTOMERS: self._call,
            Information.CALL_UNDELIVERABLE: self._strike,
            Information.CUSTOMER_STATUS: self._note,
            Information.INTERVAL_READINGS: self._note_before,
            Information.METERS_DATA: self._track,
        }

    def _take_order(self, delivery: Delivery) -> None:
        order = delivery.message.payload
        if isinstance(order, DemandResponseEvent | LoadReductionEvent):
            self._campaigns[order.event] = Campaign(order)
            request = EnrolmentRequest(event=order.event)
            self.answer(delivery, Party.CUSTOMER_INFORMATION, Information.ENROLMENT_REQUEST, request)

    def _take_enrolment(self, delivery: Delivery) -> Process | None:
        enrolment = delivery.message.payload
        if not isinstance(enrolment, Enrolment) or enrolment.event not in self._campaigns:
            return None
        campaign = self._campaigns[enrolment.event]
        campaign.enrolled = {customer.customer: customer for customer in enrolment.customers}
        return self._choose(delivery, campaign, campaign.order.reduction_kw)

    def _choose(self, delivery: Delivery, campaign: Campaign, reduction_kw: float) -> Process:
        """List whom to call for so much, of those who have not been called yet."""
        event = occurrence(campaign.order.event, len(campaign.calls) + 1)
        call = self.calls[event] = Call(event)
        campaign_left = campaign.left
        campaign.calls.append(call)
        chosen, called, available = yield from self._choice(campaign.order, campaign_left, reduction_kw)
        listing = SelectedCustomers(
            event=event,
            reduction_kw=reduction_kw,
            customers=tuple(_selected(campaign.enrolled[name], self.model.rate) for name in chosen),
            expected_kw=called.expected_kw,
            precision_kw=called.precision_kw,
            available_kw=available.expected_kw,
            available_precision_kw=available.precision_kw,
        )
        cited = (delivery.citation,)
        self.send(self.party, Information.SELECTED_CUSTOMERS, listing, event, cited)

    def _choice(
        self, order: Order, customers: list[EnrolledCustomer], reduction_kw: float
    ) -> Generator[simpy.Event, Any, tuple[list[str], Resource, Resource]]:
        """Choose for the voltages of an area where the order has one, else for the size alone.

        Returns the customers, what they are good for, and what all are good for.
        """
        if isinstance(order, LoadReductionEvent):
            yield self.clock.timeout(self._settings.compute_s)
            contracts = [Contract(customer.customer, customer.contracted_kw) for customer in customers]
            chosen = choose_by_size(contracts, reduction_kw, self.model)
            called = estimate((contract.contracted_kw for contract in chosen), self.model)
            available = estimate((contract.contracted_kw for contract in contracts), self.model)
            return [contract.customer for contract in chosen], called, available
        relief = yield from self._relief(list(order.voltage_v), [customer.net_meter for customer in customers])
        candidates = [
            Candidate(customer.customer, customer.contracted_kw, relief_v)
            for customer, relief_v in zip(customers, relief, strict=True)
        ]
        choice = choose_customers(np.array(list(order.voltage_v.values())), candidates, reduction_kw, self.model)
        return [candidate.customer for candidate in choice.chosen], choice.called, choice.available

    def _relief(self, meters: list[str], at: list[str]) -> Generator[simpy.Event, Any, NDArray[np.float64]]:
        """Try every customer on the network, a few at a time: in wall time nobody else is kept waiting meanwhile."""
        done_s = self.clock.now_s + self._settings.compute_s
        parts = [at[first : first + AT_A_TIME] for first in range(0, len(at), AT_A_TIME)] or [at]
        found = []
        for left, part in zip(range(len(parts), 0, -1), parts, strict=True):
            yield self.clock.timeout((done_s - self.clock.now_s) / left)
            found.append(self._network.relief_v_per_kw(done_s, meters, part))
        return np.concatenate(found)

    def _call(self, delivery: Delivery) -> Process:
        """Call the chosen customers, then see to it that the meters are read whoever does not answer."""
        listing = delivery.message.payload
        if not isinstance(listing, SelectedCustomers):
            return
        order = self._campaigns[event_of(listing.event)].order
        call = self.calls[listing.event]
        call.selected, call.awaited = listing, {customer.customer for customer in listing.customers}
        payload = CustomerCall(
            event=listing.event,
            start_s=self.clock.now_s + self._settings.notice_s,
            duration_s=order.duration_s,
            customers=listing.customers,
            may_override=order.may_override if isinstance(order, LoadReductionEvent) else True,
        )
        reduces = isinstance(order, LoadReductionEvent)
        information = Information.REDUCTION_CALL if reduces else Information.CUSTOMER_CALL
        for receiver in (Party.AMI_NETWORK, Party.CUSTOMER_INFORMATION, Party.MDMS):
            self.answer(delivery, receiver, information, payload)
        yield self.clock.timeout(self._settings.notice_s + PATIENCE_S)
        self._order_reads(call, delivery)

    def _strike(self, delivery: Delivery) -> None:
        """Wait no more for customers whom nobody can call."""
        payload = delivery.message.payload
        if isinstance(payload, CallUndeliverable):
            self.calls[payload.event].awaited -= set(payload.customers)

    def _note(self, delivery: Delivery) -> None:
        """Keep an answer; when the last one is there, have the meters read."""
        status = delivery.message.payload
        if isinstance(status, CustomerStatus) and status.event in self.calls:
            call = self.calls[status.event]
            call.status[status.customer] = status.response
            call.awaited.discard(status.customer)
            if not call.awaited:
                self._order_reads(call, delivery)

    def _note_before(self, delivery: Delivery) -> None:
        """Keep the first readings of a call's meters: nothing has been shed yet."""
        readings = delivery.message.payload
        if isinstance(readings, IntervalReadings) and readings.event in self.calls:
            before_w = self.calls[readings.event].before_w
            for registers in readings.registers:
                before_w.setdefault(registers.meter, registers.p_w)

    def _order_reads(self, call: Call, because: Delivery) -> None:
        if call.is_read or call.selected is None:
            return
        call.is_read = True
        customers = call.selected.customers
        request = MetersReadRequest(
            event=call.event,
            net_meters=tuple(customer.net_meter for customer in customers),
            credit_meters=tuple(c.credit_meter for c in customers if c.credit_meter is not None),
        )
        self.answer(because, Party.AMI_NETWORK, Information.METERS_READ_REQUEST, request)

    def _track(self, delivery: Delivery) -> Process | None:
        """Hold what the meters show against what was authorized, and call further customers where that is missing."""
        data = delivery.message.payload
        campaign = self._campaigns.get(event_of(data.event)) if isinstance(data, MetersData) else None
        if not isinstance(data, MetersData) or campaign is None or not isinstance(campaign.order, LoadReductionEvent):
            return None
        call = self.calls[data.event]
        measured = _responses(call, data, campaign.enrolled, self._settings.meter_share)
        campaign.responses |= measured
        self.model = refine(self.model, {c: m for c, m in measured.items() if call.status.get(c) != OVERRIDDEN})
        tracking, missing_kw = self._tracking(data.event, campaign)
        self.answer(delivery, self.party, Information.RESPONSE_TRACKING, tracking)
        return self._choose(delivery, campaign, missing_kw) if tracking.decision == "further request" else None

    def _tracking(self, event: str, campaign: Campaign) -> tuple[ResponseTracking, float]:
        """Return where a campaign stands, and what is still missing, kW."""
        responses = campaign.responses.values()
        achieved_kw = math.fsum(response.shed_kw for response in responses)
        uncertainty_kw = math.hypot(*(response.uncertainty_kw for response in responses))
        left = [Contract(customer.customer, customer.contracted_kw) for customer in campaign.left]
        authorized_kw = campaign.order.reduction_kw
        found = further(authorized_kw, achieved_kw, left, self.model, uncertainty_kw)
        tracking = ResponseTracking(
            event=event,
            authorized_kw=authorized_kw,
            achieved_kw=achieved_kw,
            uncertainty_kw=uncertainty_kw,
            rate=self.model.rate,
            common_sd=self.model.common_sd,
            decision="reached" if found.is_reached else "further request" if found.chosen else "nothing left",
        )
        return tracking, found.missing_kw


def _responses(
    call: Call, data: MetersData, enrolled: Mapping[str, EnrolledCustomer], meter_share: float
) -> dict[str, MeasuredResponse]:
    """Return what the meters of each called customer show as shed; a customer with a silent meter is left out."""
    after_w = {registers.meter: registers.p_w for registers in (*data.net, *data.credit)}
    found = {}
    for customer in call.selected.customers if call.selected else ():
        before, after = _load_w(customer, call.before_w), _load_w(customer, after_w)
        if before is not None and after is not None:
            found[customer.customer] = MeasuredResponse(
                contracted_kw=enrolled[customer.customer].contracted_kw,
                shed_kw=(before - after) / 1000.0,
                uncertainty_kw=meter_share * (abs(before) + abs(after)) / 1000.0,
            )
    return found


def _load_w(customer: SelectedCustomer, readings_w: Mapping[str, float]) -> float | None:
    """Return a customer's load from net and credit meter; None where one is silent."""
    meters = [customer.net_meter, *([customer.credit_meter] if customer.credit_meter else [])]
    if any(meter not in readings_w for meter in meters):
        return None
    return readings_w[meters[0]] - sum(readings_w[meter] for meter in meters[1:])


def _selected(customer: EnrolledCustomer, rate: float) -> SelectedCustomer:
    return SelectedCustomer(
        customer=customer.customer,
        net_meter=customer.net_meter,
        credit_meter=customer.credit_meter,
        expected_kw=rate * customer.contracted_kw,
    )
