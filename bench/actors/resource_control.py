"""The DRAACS: estimates what can be called, chooses customers for size and location, follows what they do."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from bench.actors.base import Actor, Handler
from bench.bus import Bus, Delivery
from bench.clock import Process
from bench.customer_messages import (
    CallUndeliverable,
    CustomerCall,
    CustomerStatus,
    DemandResponseEvent,
    EnrolledCustomer,
    Enrolment,
    EnrolmentRequest,
    MetersReadRequest,
    SelectedCustomer,
    SelectedCustomers,
)
from bench.dispatch.demand_response import Candidate, ResponseModel, choose_customers
from bench.dispatch.network import ReliefModel
from bench.names import Information, Party

PATIENCE_S = 90.0
"""How long after the start of a call customers' answers are waited for, s."""


@dataclass(frozen=True)
class ResourceSettings:
    """Time from a call to its start and for computing, s; what is known of responses."""

    notice_s: float
    compute_s: float
    response: ResponseModel


@dataclass
class Call:
    """An order on its way: whom it called, and of whom an answer is still out."""

    order: DemandResponseEvent
    selected: SelectedCustomers | None = None
    awaited: set[str] = field(default_factory=set)
    status: dict[str, str] = field(default_factory=dict)
    is_read: bool = False


class ResourceControl(Actor):
    """Reacts to an order by choosing customers on its own network model and what the CIS knows of them."""

    party = Party.RESOURCE_CONTROL

    def __init__(self, bus: Bus, network: ReliefModel, settings: ResourceSettings) -> None:
        super().__init__(bus)
        self._network, self._settings = network, settings
        self.calls: dict[str, Call] = {}

    def handlers(self) -> Mapping[Information, Handler]:
        """Understand orders, enrolment, its own listing, undeliverable calls and customers' answers."""
        return {
            Information.DEMAND_RESPONSE_EVENT: self._take_order,
            Information.ENROLMENT: self._choose,
            Information.SELECTED_CUSTOMERS: self._call,
            Information.CALL_UNDELIVERABLE: self._strike,
            Information.CUSTOMER_STATUS: self._note,
        }

    def _take_order(self, delivery: Delivery) -> None:
        order = delivery.message.payload
        if isinstance(order, DemandResponseEvent):
            self.calls[order.event] = Call(order)
            request = EnrolmentRequest(event=order.event)
            correlation = delivery.message.correlation
            cited = (delivery.citation,)
            self.send(Party.CUSTOMER_INFORMATION, Information.ENROLMENT_REQUEST, request, correlation, cited)

    def _choose(self, delivery: Delivery) -> Process:
        enrolment = delivery.message.payload
        if not isinstance(enrolment, Enrolment) or enrolment.event not in self.calls:
            return
        yield self.clock.timeout(self._settings.compute_s)
        listing = self._listing(self.calls[enrolment.event].order, enrolment)
        cited = (delivery.citation,)
        self.send(self.party, Information.SELECTED_CUSTOMERS, listing, delivery.message.correlation, cited)

    def _listing(self, order: DemandResponseEvent, enrolment: Enrolment) -> SelectedCustomers:
        known = {customer.customer: customer for customer in enrolment.customers}
        model = self._settings.response
        voltage_v = np.array(list(order.voltage_v.values()))
        choice = choose_customers(voltage_v, self._candidates(order, enrolment), order.reduction_kw, model)
        return SelectedCustomers(
            event=order.event,
            reduction_kw=order.reduction_kw,
            customers=tuple(_selected(known[c.customer], model.rate) for c in choice.chosen),
            expected_kw=choice.called.expected_kw,
            precision_kw=choice.called.precision_kw,
            available_kw=choice.available.expected_kw,
            available_precision_kw=choice.available.precision_kw,
        )

    def _candidates(self, order: DemandResponseEvent, enrolment: Enrolment) -> list[Candidate]:
        behind = [customer.net_meter for customer in enrolment.customers]
        relief = self._network.relief_v_per_kw(self.clock.now_s, list(order.voltage_v), behind)
        return [
            Candidate(customer.customer, customer.contracted_kw, relief_v)
            for customer, relief_v in zip(enrolment.customers, relief, strict=True)
        ]

    def _call(self, delivery: Delivery) -> Process:
        """Call the chosen customers, then see to it that the meters are read whoever does not answer."""
        listing = delivery.message.payload
        if not isinstance(listing, SelectedCustomers):
            return
        call = self.calls[listing.event]
        call.selected, call.awaited = listing, {customer.customer for customer in listing.customers}
        start_s = self.clock.now_s + self._settings.notice_s
        payload = CustomerCall(
            event=listing.event, start_s=start_s, duration_s=call.order.duration_s, customers=listing.customers
        )
        for receiver in (Party.AMI_NETWORK, Party.CUSTOMER_INFORMATION, Party.MDMS):
            correlation, cited = delivery.message.correlation, (delivery.citation,)
            self.send(receiver, Information.CUSTOMER_CALL, payload, correlation, cited)
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

    def _order_reads(self, call: Call, because: Delivery) -> None:
        if call.is_read or call.selected is None:
            return
        call.is_read = True
        customers = call.selected.customers
        request = MetersReadRequest(
            event=call.order.event,
            net_meters=tuple(customer.net_meter for customer in customers),
            credit_meters=tuple(c.credit_meter for c in customers if c.credit_meter is not None),
        )
        correlation, cited = because.message.correlation, (because.citation,)
        self.send(Party.AMI_NETWORK, Information.METERS_READ_REQUEST, request, correlation, cited)


def _selected(customer: EnrolledCustomer, rate: float) -> SelectedCustomer:
    return SelectedCustomer(
        customer=customer.customer,
        net_meter=customer.net_meter,
        credit_meter=customer.credit_meter,
        expected_kw=rate * customer.contracted_kw,
    )
