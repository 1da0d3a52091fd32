"""Holds the messages of a demand-response event against the world: customers, codes, meters and the plant."""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from bench.bus import Delivery
from bench.measurement import Limits, Measurement, worded
from bench.messages.customers import (
    CustomerCall,
    CustomerStatus,
    DemandResponseEvent,
    LoadAffected,
    MeterData,
    MeterReadRequest,
    MetersData,
    MetersReadRequest,
    Override,
    SelectedCustomer,
    SelectedCustomers,
)
from bench.messages.equipment import Payload
from bench.messages.names import Information, Party
from bench.messages.resources import LoadReductionEvent, ResponseTracking
from bench.use_case.asking import Ledger
from bench.use_case.model import Row
from reports.verdict import Verdict

LOAD_TOLERANCE = 0.02
"""How far a told load at the feeder's head may lie from the plant's, per unit: it has moved on since it was read."""
AFFECTED_TOLERANCE = 0.05
"""How far the total load affected may lie from the true difference, per unit."""


class CallField(Protocol):
    """What the judge asks of premises, meters and plant."""

    def is_enrolled(self, customer: str) -> bool:
        """Whether a customer may be called."""
        ...

    def is_right(self, override: Override) -> bool:
        """Whether an override carries the code of its customer."""
        ...

    def offer_kw(self, customers: Collection[str]) -> float:
        """Return what the profiles of these customers would give up at the present load."""
        ...

    def shed_kw(self, customers: Collection[str]) -> float:
        """Return what these customers' loads now take less than they would."""
        ...

    def head_load_kw(self) -> float:
        """Return what flows into the feeder."""
        ...

    def lowest_after_v(self, customers: Collection[str], at_meters: Collection[str]) -> tuple[float, float]:
        """Return by a full power flow the lowest voltage at these meters when these customers shed, V.

        And what it would be if all enrolled customers alike shed the same load.
        """
        ...

    def note_load(self, customers: Sequence[str]) -> None:
        """Read the customers' meters before anything is shed."""
        ...

    def reduction(self, customer: str, by_profile: bool) -> Measurement:
        """Measure over the customer's meter how far the load has gone down since; limits are those of the profile."""
        ...

    def misread(self, meter: str, power_w: float) -> str | None:
        """Say what is wrong with a power that is told of a meter; None when it could be read there."""
        ...


class CallJudge:
    """Follows one demand-response event; what it was told once it expects to be told again."""

    def __init__(
        self, field: CallField, evidence: Ledger, affected: Collection[str], first: "CallJudge | None" = None
    ) -> None:
        """Take the meters that alerted, a collection that grows with the event.

        A further call has the order of the `first`; how much it is for, the DRAACS's tracking of those before says.
        """
        self._field, self._evidence, self._affected = field, evidence, affected
        self._first = first or self
        self._tracking: ResponseTracking | None = None
        self._called_before: set[str] = set()
        self._selected: dict[str, SelectedCustomer] = {}
        self._call: CustomerCall | None = None
        self._overriding: set[str] = set()
        self._typed: set[str] = set()
        self._order: DemandResponseEvent | LoadReductionEvent | None = None
        self._data: dict[str, MeterData] = {}
        self._read: MetersData | None = None
        self._result: LoadAffected | None = None

    def selects(self, row: Row, payload: Payload) -> bool:
        """Leave wrong codes out of the row of the right one."""
        if isinstance(payload, Override) and row.kind == "driven":
            return self._field.is_right(payload)
        return True

    def instance(self, row: Row, payload: Payload) -> str:
        """Name the customer or the meter that a payload is about."""
        match payload:
            case CustomerCall(customers=(listed,)) if row.per == "customer":
                return listed.customer
            case Override(customer=customer) | CustomerStatus(customer=customer):
                return customer
            case MeterReadRequest(meter=meter):
                return meter
            case MeterData(registers=registers):
                return registers.meter
        return ""

    def required(self, row: Row) -> Mapping[str, None]:
        """Return the called customers whom a row concerns, or their meters."""
        if row.information == Information.OVERRIDE:
            return dict.fromkeys(self._taking(overrides=True))
        if row.per == "customer":
            return dict.fromkeys(self._taking(overrides=False) if row.kind == "effect" else self._selected)
        credit = Party.CREDIT_METER in {row.producer, row.receiver}
        meters = [c.credit_meter if credit else c.net_meter for c in self._selected.values()]
        return dict.fromkeys(meter for meter in meters if meter is not None)

    def vacant(self, row: Row) -> str | None:
        """Say that no called customer has a meter of the row's kind; None where one has, or nobody is called."""
        return "none of the called customers has such a meter" if self._selected and not self.required(row) else None

    def effect(self, row: Row, customer: str, time_s: float) -> Measurement | None:
        """Measure at the customer's meter, once the call has begun, that the load went down by profile or stayed."""
        if self._call is None or time_s <= self._call.start_s:
            return None
        overrides = row.information == Information.OVERRIDE
        return replace(self._field.reduction(customer, by_profile=not overrides), row=row.number)

    def forbidden(self, row: Row, payload: Payload) -> str | None:
        """Say that an override was passed on although its customer has not typed the right code."""
        if not isinstance(payload, Override) or row.kind == "driven" or payload.customer in self._typed:
            return None
        return self._override(row, payload)

    def untrue(self, row: Row, delivery: Delivery) -> str | None:  # noqa: PLR0911  one line a payload
        """Say what in a message is not true; None when it stands."""
        match delivery.message.payload:
            case DemandResponseEvent() | LoadReductionEvent() as order:
                return self._ordered(order)
            case SelectedCustomers() as listing:
                return self._listing(listing)
            case CustomerCall() as call:
                return self._called(row, call)
            case Override() as override:
                return self._override(row, override)
            case CustomerStatus() as status:
                return self._status(status)
            case LoadAffected() as result:
                return self._load_affected(row, result, delivery.time_s)
        return self._reading(delivery.message.payload)

    def _reading(self, payload: Payload) -> str | None:
        match payload:
            case MetersReadRequest() as request:
                return self._request(request)
            case MeterReadRequest(meter=meter):
                return None if meter in self._meters() else f"asks {meter}, which is no called customer's"
            case MeterData() as data:
                self._data[data.registers.meter] = data
                return self._field.misread(data.registers.meter, data.registers.p_w)
            case MetersData() as data:
                return self._complete(data)
        return None

    def load_untrue(self, told_kw: float | None) -> str | None:
        """Hold a told load at the feeder's head against the plant."""
        if told_kw is None:
            return "does not tell the present load"
        true_kw = self._field.head_load_kw()
        if abs(told_kw - true_kw) <= LOAD_TOLERANCE * abs(true_kw):
            return None
        return f"tells a load of {told_kw:.0f} kW, but {true_kw:.0f} kW flow into the feeder"

    def _taking(self, overrides: bool) -> list[str]:
        return [customer for customer in self._selected if (customer in self._overriding) is overrides]

    def _meters(self) -> set[str]:
        customers = self._selected.values()
        return {c.net_meter for c in customers} | {c.credit_meter for c in customers if c.credit_meter is not None}

    def witness(self, delivery: Delivery) -> None:
        """Take notice of what the DRAACS makes of the response so far, and of right codes."""
        payload = delivery.message.payload
        if isinstance(payload, ResponseTracking):
            self._first._tracking = payload
        if isinstance(payload, Override) and self._field.is_right(payload):
            self._typed.add(payload.customer)

    def _ordered(self, order: DemandResponseEvent | LoadReductionEvent) -> str | None:
        self._order = order
        if isinstance(order, LoadReductionEvent):
            return self.load_untrue(order.system_load_kw)
        strangers = set(order.affected_meters) - set(self._affected)
        if strangers:
            return f"names meters that never alerted: {', '.join(sorted(strangers))}"
        return self.load_untrue(order.system_load_kw)

    def _listing(self, listing: SelectedCustomers) -> str | None:
        self._selected = {customer.customer: customer for customer in listing.customers}
        names = list(self._selected)
        if strangers := [name for name in names if not self._field.is_enrolled(name)]:
            return f"lists customers who are not enrolled: {', '.join(strangers)}"
        if twice := sorted(self._first._called_before & set(names)):
            return f"lists customers who were called before: {', '.join(twice)}"
        self._first._called_before |= set(names)
        self._field.note_load(names)
        return self._size(listing) or (self._location(names) if self._is_for_area else None)

    @property
    def _is_for_area(self) -> bool:
        return isinstance(self._first._order, DemandResponseEvent)

    def _ordered_kw(self) -> float | None:
        """Return what the call is for: the order, or what its tracking says to be missing yet; None without either."""
        if self._first is self:
            return self._order.reduction_kw if self._order else None
        found = self._first._tracking
        if found is None or found.decision != "further request":
            return None
        return found.authorized_kw - (found.achieved_kw - found.uncertainty_kw)

    def _size(self, listing: SelectedCustomers) -> str | None:
        total_kw = math.fsum(customer.expected_kw for customer in listing.customers)
        if not math.isclose(total_kw, listing.expected_kw, rel_tol=1e-6):
            return f"expects {listing.expected_kw:.1f} kW, but its customers add up to {total_kw:.1f} kW"
        ordered_kw = self._ordered_kw()
        if ordered_kw is None or not math.isclose(ordered_kw, listing.reduction_kw, rel_tol=1e-6, abs_tol=1e-3):
            known = "nothing" if ordered_kw is None else f"{ordered_kw:.1f} kW"
            return f"chooses for {listing.reduction_kw:.1f} kW, {known} being ordered or missing"
        assured_kw = listing.expected_kw - listing.precision_kw
        is_all = math.isclose(listing.expected_kw, listing.available_kw, rel_tol=1e-6)
        if assured_kw < ordered_kw and not is_all:
            return (
                f"was ordered {ordered_kw:.1f} kW and expects {listing.expected_kw:.1f} "
                f"+- {listing.precision_kw:.1f} kW: too few customers"
            )
        offer_kw = self._field.offer_kw(list(self._selected))
        if abs(offer_kw - listing.expected_kw) > listing.precision_kw:
            return (
                f"expects {listing.expected_kw:.1f} +- {listing.precision_kw:.1f} kW, but the profiles of its "
                f"customers give up {offer_kw:.1f} kW"
            )
        return None

    def _location(self, names: Collection[str]) -> str | None:
        chosen_v, alike_v = self._field.lowest_after_v(names, self._affected)
        if chosen_v >= alike_v:
            return None
        return f"leaves the lowest meter at {chosen_v:.2f} V; as much from everybody alike would leave {alike_v:.2f} V"

    def _called(self, row: Row, call: CustomerCall) -> str | None:
        if row.per == "once":
            self._call = self._call or call
            order = self._first._order
            if isinstance(order, LoadReductionEvent) and call.may_override != order.may_override:
                return f"says that customers {'may' if call.may_override else 'may not'} decline, against the order"
            return self._unlike_listing(call)
        if len(call.customers) != 1:
            return f"tells one customer of {len(call.customers)}"
        (listed_one,) = call.customers
        if self._selected.get(listed_one.customer) != listed_one:
            return f"calls {listed_one.customer}, who was not selected"
        return None

    def _unlike_listing(self, call: CustomerCall) -> str | None:
        listed = {customer.customer: customer for customer in call.customers}
        if listed == self._selected:
            return None
        strangers, left_out = sorted(listed.keys() - self._selected), sorted(self._selected.keys() - listed)
        what = [f"calls {', '.join(strangers)}, who was not selected"] if strangers else []
        what += [f"leaves out {', '.join(left_out)}"] if left_out else []
        return "; ".join(["does not call the customers who were selected", *what])

    def _override(self, row: Row, override: Override) -> str | None:
        if row.kind == "driven":
            self._overriding.add(override.customer)
            return None if override.customer in self._selected else f"{override.customer} was not called"
        return None if override.customer in self._overriding else f"{override.customer} never typed the right code"

    def _status(self, status: CustomerStatus) -> str | None:
        overrides = status.customer in self._overriding
        if (status.response == "overridden") == overrides:
            return None
        return f"tells {status.response!r}, but {status.customer} {'typed' if overrides else 'never typed'} the code"

    def _request(self, request: MetersReadRequest) -> str | None:
        missing = self._meters() - set(request.net_meters) - set(request.credit_meters)
        return f"leaves out {', '.join(sorted(missing))}" if missing else None

    def _complete(self, data: MetersData) -> str | None:
        self._read = self._read or data
        told = {registers.meter: registers for registers in (*data.net, *data.credit)}
        known = {meter: answer.registers for meter, answer in self._data.items()}
        if told != known:
            wrong = sorted(meter for meter in told.keys() | known.keys() if told.get(meter) != known.get(meter))
            return f"does not tell what {', '.join(wrong)} answered"
        return None if data == self._read else "differs from what was told before"

    def _load_affected(self, row: Row, result: LoadAffected, time_s: float) -> str | None:
        if row.kind != "computation":
            return None if result == self._result else "differs from what was computed"
        self._result = result
        true_kw = self._field.shed_kw(list(self._selected))
        measurement = Measurement(
            quantity="total load affected, as the MDMS computed it",
            value=result.total_kw,
            unit="kW",
            uncertainty=0.0,
            time_s=time_s,
            source="MDMS against the feeder model",
            limits=Limits.around(true_kw, AFFECTED_TOLERANCE * true_kw),
            row=row.number,
            clause="true difference of the feeder's load",
        )
        self._evidence.measurement(measurement)
        if measurement.verdict is not Verdict.PASS:
            return f"{worded(measurement)}, {true_kw:.1f} kW being the true difference"
        if not math.isclose(math.fsum(result.by_customer_kw.values()), result.total_kw, rel_tol=1e-6):
            return "its customers do not add up to its total"
        return None
