"""Typed payloads of planning and dispatching distributed energy resources (DER): peaking need, constraint, requests.

Times are seconds of the scenario. Power is positive into the feeder, load positive where it is taken.
"""

from typing import Literal

from bench.dispatch.eligibility import ResourceClass
from bench.messages.equipment import AssetCommand, EquipmentState, Payload


class PeakingRequirements(Payload):
    """What the energy management system plans for the next day, interval by interval from `start_s` on.

    `area_load_kw` is the forecast of the control area, `feeder_load_kw` that of this feeder's head; `lambda_per_mwh`
    the system lambda, which is the price signal; None where there is none. `requirement_kw` is what the generation
    stack cannot serve, this feeder's share of it, and `limit_kw` what the feeder may therefore take at its head.
    """

    event: str
    start_s: float
    interval_s: float
    area_load_kw: tuple[float | None, ...]
    feeder_load_kw: tuple[float, ...]
    lambda_per_mwh: tuple[float | None, ...]
    requirement_kw: tuple[float, ...]
    limit_kw: tuple[float, ...]


class SystemLambda(Payload):
    """The cost of the next energy that dispatchable units could produce, per MWh, at the present area load."""

    area_load_kw: float
    lambda_per_mwh: float


class ResourceRequest(Payload):
    """Power of one DER for a time: what is planned, ordered, and sent to the device. `request` names it."""

    request: str
    device: str
    resource: ResourceClass
    power_kw: float
    start_s: float
    duration_s: float


class RequiredResources(Payload):
    """The DER that are required, in order of their start, with what the schedule rests on and brings.

    `ineligible` DER are not more than 100 kW at their meter; `estimated` counts price intervals that were filled in;
    `uncovered_kw` is what of the requirement no DER covers, by interval. `state_of_charge_kwh` is what each storage
    held when the schedule was made; `value` what it earns at the price signal, in its currency; `refused` why a signal
    could not be used.
    """

    event: str
    requests: tuple[ResourceRequest, ...]
    ineligible: tuple[str, ...]
    estimated: int
    uncovered_kw: tuple[float, ...]
    state_of_charge_kwh: dict[str, float]
    power_kw: dict[str, tuple[float, ...]]
    value: float
    refused: str = ""


class ConfirmedResources(Payload):
    """An operator's confirmation that these requests will be available."""

    event: str
    requests: tuple[ResourceRequest, ...]


class DispatchOrder(Payload):
    """An operator's order at the DMS to carry confirmed requests out, and what the feeder may take meanwhile."""

    event: str
    requests: tuple[ResourceRequest, ...]


class DispatchRequest(Payload):
    """A request on its way to one device."""

    event: str
    request: ResourceRequest


class ResourceAssessment(Payload):
    """Whether DER sufficed: the load measured at the feeder's head against its limit.

    `uncertainty_kw` of the measurement (coverage factor 2); `shortfall_kw` is 0 where the resources suffice.
    `delivered_kw` by device over its credit meter; devices whose meter did not answer are listed in `silent`.
    """

    event: str
    head_load_kw: float
    uncertainty_kw: float
    limit_kw: float
    sufficient: bool
    shortfall_kw: float
    delivered_kw: dict[str, float]
    silent: tuple[str, ...]


class ReductionRequest(Payload):
    """An operator asks the wholesale desk for a reduction of load."""

    event: str
    system_load_kw: float
    reduction_kw: float
    duration_s: float


class LoadReductionEvent(Payload):
    """The wholesale desk authorizes a reduction of load; whether customers may decline."""

    event: str
    system_load_kw: float
    reduction_kw: float
    duration_s: float
    may_override: bool


class ResponseTracking(Payload):
    """What a call has brought so far, by the meters, against what was authorized, kW; and what is done about it.

    `rate` and `common_sd` are the refined model of responses, per unit of contracted load.
    """

    event: str
    authorized_kw: float
    achieved_kw: float
    uncertainty_kw: float
    rate: float
    common_sd: float
    decision: Literal["reached", "further request", "nothing left"]


class DispatchStatus(Payload):
    """What the DMS reports of DER and demand response, kW: requested and delivered by device, load affected."""

    event: str
    requested_kw: dict[str, float]
    delivered_kw: dict[str, float]
    load_affected_kw: float
    head_load_kw: float | None
    limit_kw: float


class ResourceRecord(Payload):
    """One DER's part in an event: request, start and power, and what its status and its credit meter said."""

    request: ResourceRequest
    status_kw: float | None
    delivered_kw: float | None


class EventHistory(Payload):
    """The course of an event as the DMS kept it."""

    event: str
    resources: tuple[ResourceRecord, ...]
    assessments: tuple[ResourceAssessment, ...]
    commands: tuple[AssetCommand, ...]
    load_affected_kw: float


class RelevantEventHistory(Payload):
    """What is worth keeping of an event: who fell short of its request, and what the measures brought together, kW.

    `requested_kw` and `delivered_kw` add up the last request of each resource: what the need found at work.
    """

    event: str
    resources: tuple[ResourceRecord, ...]
    short: tuple[str, ...]
    requested_kw: float
    delivered_kw: float
    shortfall_kw: float
    load_affected_kw: float
    commands: tuple[AssetCommand, ...]


class TransmissionConstraint(Payload):
    """A branch that a single outage would overload, and how much load at this feeder's bus has to go, kW.

    `transfer_factor`: kW less on the branch for one kW less load at the bus; `limit_kw` is what the feeder may take.
    """

    event: str
    branch: str
    outage: str
    out_of_service: tuple[str, ...]
    flow_kw: float
    rating_kw: float
    bus: str
    transfer_factor: float
    feeder_load_kw: float
    requirement_kw: float
    limit_kw: float
    duration_s: float


class ResourceStrategy(Payload):
    """Which kinds of DER the DMS wants, in order, and for which location, signal and time."""

    event: str
    bus: str
    order: tuple[ResourceClass, ...]
    requirement_kw: float
    duration_s: float


class AvailableResource(Payload):
    """What one DER can give for the whole time, kW, and from which state of its own."""

    device: str
    resource: ResourceClass
    available_kw: float
    state: EquipmentState


class AvailableResources(Payload):
    """What all eligible DER can give, in the order of the strategy; those left out with the reason.

    `mute` are those left out because they give no values.
    """

    event: str
    resources: tuple[AvailableResource, ...]
    left_out: dict[str, str]
    mute: tuple[str, ...] = ()
    total_kw: float


class ConfirmedDer(Payload):
    """An operator's confirmation to the control centre of what is going to be dispatched, kW in total."""

    event: str
    requests: tuple[ResourceRequest, ...]
    total_kw: float
