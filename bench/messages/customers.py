"""Typed payloads of demand response and of meter reads: what utility and customers' premises tell each other.

Times are seconds of the scenario. Load is positive where the customer takes it.
"""

from typing import Literal

from bench.messages.equipment import Payload


class DemandResponseEvent(Payload):
    """An operator's order for demand response: present load at the feeder's head, area, amount and time.

    `voltage_v` is that of all meters that answered (120 V base); the affected ones are those that alerted.
    """

    event: str
    system_load_kw: float
    affected_meters: tuple[str, ...]
    voltage_v: dict[str, float]
    reduction_kw: float
    duration_s: float


class EnrolmentRequest(Payload):
    """Asks which customers may be called."""

    event: str


class EnrolledCustomer(Payload):
    """A customer of the demand-response programme, with the load that the contract offers."""

    customer: str
    net_meter: str
    credit_meter: str | None
    contracted_kw: float


class Enrolment(Payload):
    """All customers who may be called."""

    event: str
    customers: tuple[EnrolledCustomer, ...]


class SelectedCustomer(Payload):
    """A customer who is called, with the response that is expected."""

    customer: str
    net_meter: str
    credit_meter: str | None
    expected_kw: float


class SelectedCustomers(Payload):
    """The customers chosen for an order, and how much they and all enrolled customers together are good for.

    Precisions are half widths with a coverage factor of 2.
    """

    event: str
    reduction_kw: float
    customers: tuple[SelectedCustomer, ...]
    expected_kw: float
    precision_kw: float
    available_kw: float
    available_precision_kw: float


class CustomerCall(Payload):
    """The call for demand response, with the customers whom it concerns, and whether they may decline."""

    event: str
    start_s: float
    duration_s: float
    may_override: bool = True
    customers: tuple[SelectedCustomer, ...]


class CallUndeliverable(Payload):
    """Listed customers whose premises the AMI cannot call."""

    event: str
    customers: tuple[str, ...]


class Override(Payload):
    """A customer's refusal of a call. `code_proof` stands for the typed code, which no record may hold."""

    event: str
    customer: str
    code_proof: str = ""


class OverrideRefused(Payload):
    """A display does not take a code, or an energy management system no override: none is left, or none is allowed."""

    event: str
    customer: str
    tries_left: int
    allowed: bool = True


class CustomerStatus(Payload):
    """What a home controller did about a call."""

    event: str
    customer: str
    response: Literal["shedding", "overridden", "nothing in the profile"]


class MetersReadRequest(Payload):
    """An order to read these meters now."""

    event: str
    net_meters: tuple[str, ...]
    credit_meters: tuple[str, ...]


class MeterReadRequest(Payload):
    """A request to one meter for its registers."""

    event: str
    meter: str


class MeterRegisters(Payload):
    """A meter's registers at a time: power and `import_wh` towards the customer, `export_wh` from the customer.

    `q_var` is None of a meter that has no reactive power.
    """

    meter: str
    time_s: float
    voltage_v: tuple[float, ...]
    p_w: float
    q_var: float | None
    import_wh: float
    export_wh: float


class MeterData(Payload):
    """A meter's answer to a read request."""

    event: str
    registers: MeterRegisters


class MetersData(Payload):
    """The answers of all meters of an order; those that did not answer are listed, not guessed."""

    event: str
    net: tuple[MeterRegisters, ...]
    credit: tuple[MeterRegisters, ...]
    silent: tuple[str, ...]


class IntervalReadings(Payload):
    """Registers of all meters of the called customers at one time; those that did not answer are listed."""

    event: str
    time_s: float
    registers: tuple[MeterRegisters, ...]
    silent: tuple[str, ...]


class LoadAffected(Payload):
    """The load that a call removed, in total and by customer, kW; `uncertainty_kw` with a coverage factor of 2.

    `estimated` customers lack readings of their own; readings of `unverified` ones contradict their energy registers;
    `edited` counts single readings that were replaced.
    """

    event: str
    total_kw: float
    uncertainty_kw: float
    by_customer_kw: dict[str, float]
    estimated: tuple[str, ...]
    unverified: tuple[str, ...]
    edited: int
