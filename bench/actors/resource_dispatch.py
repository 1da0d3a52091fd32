"""The DMS's part in dispatching DER: from a need to requests, to what they delivered, to whether that sufficed."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

from bench.actors.base import Actor, Handler
from bench.bus import Delivery
from bench.clock import Process
from bench.dispatch.eligibility import ResourceClass
from bench.dispatch.sufficiency import HeadFinding
from bench.messages.customers import LoadAffected, MeterData
from bench.messages.equipment import AssetCommand, EquipmentState, EquipmentStatus
from bench.messages.names import Information, Party
from bench.messages.occurrences import event_of
from bench.messages.resource_paths import PATHS
from bench.messages.resources import (
    AvailableResource,
    AvailableResources,
    DispatchOrder,
    DispatchRequest,
    DispatchStatus,
    EventHistory,
    PeakingRequirements,
    ResourceAssessment,
    ResourceRecord,
    ResourceRequest,
    ResourceStrategy,
    TransmissionConstraint,
)
from instruments.errors import InstrumentError, TransportError

Citing = Callable[[], AbstractContextManager[list[str]]]

PATIENCE_S = 240.0
"""How long after the start of requests their status and their credit meters' data are waited for, s."""
STRATEGY_S = 2.0
"""Time that a strategy, and the check of what is available, take, s."""


@dataclass(frozen=True)
class ResourceTelemetry:
    """What the DMS may read by itself, over the equipment's own wires.

    `read_states` of all DER, `read_load_kw` of the feeder's head (None where nothing measures it);
    `credit_meters` by DER; `head_uncertainty` of the reading at the head, share of it (coverage factor 2).
    """

    read_states: Callable[[], tuple[EquipmentState, ...]]
    read_load_kw: Callable[[], float | None]
    credit_meters: Mapping[str, str]
    head_uncertainty: float


@dataclass
class Need:
    """A need that DER are dispatched for: what the feeder may take at a time, kW (None: as much as it wants)."""

    limit_kw: Callable[[float], float | None]
    is_constraint: bool = False
    requests: dict[str, ResourceRequest] = field(default_factory=dict)
    status_kw: dict[str, float] = field(default_factory=dict)
    delivered_kw: dict[str, float] = field(default_factory=dict)
    assessments: list[ResourceAssessment] = field(default_factory=list)
    affected_kw: dict[str, float] = field(default_factory=dict)
    commands: tuple[AssetCommand, ...] = ()

    def active(self, time_s: float) -> list[ResourceRequest]:
        """Return the requests that are in force at a time."""
        return [r for r in self.requests.values() if r.start_s <= time_s < r.start_s + r.duration_s]


class ResourceDispatch:
    """Keeps needs by event; `relieve` is what the DMS does when DER do not suffice against a constraint."""

    def __init__(
        self, dms: Actor, telemetry: ResourceTelemetry, citing: Citing, relieve: Callable[[Delivery, str], None]
    ) -> None:
        self._dms, self._telemetry, self._citing, self._relieve = dms, telemetry, citing, relieve
        self._device_of = {meter: device for device, meter in telemetry.credit_meters.items()}
        self.needs: dict[str, Need] = {}

    def handlers(self) -> Mapping[Information, Handler]:
        """Understand plans and constraints, what is available, orders, credit meters and compiled histories."""
        return {
            Information.PEAKING_REQUIREMENTS: self._take_plan,
            Information.TRANSMISSION_REPORT: self._devise,
            Information.RESOURCE_STRATEGY: self._ask_application,
            Information.AVAILABLE_RESOURCES: self._check_available,
            Information.DISPATCH_ORDER: self._carry_out,
            Information.CREDIT_METER_DATA: self._take_credit,
            Information.INSUFFICIENT_RESOURCES: self._act_on_assessment,
            Information.RELEVANT_EVENT_HISTORY: self._file_history,
        }

    def knows(self, event: str) -> bool:
        """Whether an event is one for which DER are dispatched."""
        return event_of(event) in self.needs

    def take_status(self, status: EquipmentStatus) -> None:
        """Note what a DER says of itself upon a request."""
        if self.knows(status.event):
            self.needs[status.event].status_kw[status.request] = status.equipment.power_kw

    def note_commands(self, event: str, commands: tuple[AssetCommand, ...]) -> None:
        """Keep what was commanded besides DER."""
        self.needs[event].commands = commands

    def report(self, delivery: Delivery, affected: LoadAffected) -> None:
        """Report to the control centre and hand the event's history to the application."""
        need = self.needs[event_of(affected.event)]
        need.affected_kw[affected.event] = affected.total_kw
        total_kw = sum(need.affected_kw.values())
        now_s = self._dms.clock.now_s
        active = need.active(now_s)
        with self._citing() as citations:
            head_kw = self._read_head_kw()
        status = DispatchStatus(
            event=affected.event,
            requested_kw={r.device: r.power_kw for r in active},
            delivered_kw={r.device: need.delivered_kw[r.request] for r in active if r.request in need.delivered_kw},
            load_affected_kw=total_kw,
            head_load_kw=head_kw,
            limit_kw=need.limit_kw(now_s) or 0.0,
        )
        self._dms.answer(delivery, Party.ENERGY_MANAGEMENT, Information.DISPATCH_STATUS, status, citations)
        history = EventHistory(
            event=affected.event,
            resources=tuple(_record(need, request) for request in need.requests.values() if request.start_s <= now_s),
            assessments=tuple(need.assessments),
            commands=need.commands,
            load_affected_kw=total_kw,
        )
        self._dms.answer(delivery, Party.DER_AUTOMATION, Information.EVENT_HISTORY, history)

    def _take_plan(self, delivery: Delivery) -> None:
        plan = delivery.message.payload
        if isinstance(plan, PeakingRequirements):
            self.needs[plan.event] = Need(lambda time_s: planned_limit_kw(plan, time_s))
            self._dms.answer(delivery, Party.DER_AUTOMATION, delivery.message.information, plan)

    def _devise(self, delivery: Delivery) -> Process:
        """Decide which kinds of DER to use: storage first, for it is there at once, then generation."""
        report = delivery.message.payload
        if not isinstance(report, TransmissionConstraint):
            return
        self.needs[report.event] = Need(lambda _time_s: report.limit_kw, is_constraint=True)
        yield self._dms.clock.timeout(STRATEGY_S)
        strategy = ResourceStrategy(
            event=report.event,
            bus=report.bus,
            order=tuple(ResourceClass) if report.transfer_factor > 0.0 else (),
            requirement_kw=report.requirement_kw,
            duration_s=report.duration_s,
        )
        self._dms.answer(delivery, Party.DMS, Information.RESOURCE_STRATEGY, strategy)

    def _ask_application(self, delivery: Delivery) -> None:
        payload = delivery.message.payload
        self._dms.answer(delivery, Party.DER_AUTOMATION, Information.AVAILABILITY_REQUEST, payload)

    def _check_available(self, delivery: Delivery) -> Process | None:
        """Check what the application found against the equipment's own state; the check itself needs no other."""
        if delivery.message.producer is self._dms.party:
            return None
        return self._checked(delivery)

    def _checked(self, delivery: Delivery) -> Process:
        yield self._dms.clock.timeout(STRATEGY_S)
        found = delivery.message.payload
        if not isinstance(found, AvailableResources):
            return
        with self._citing() as citations:
            states = {state.device: state for state in self._telemetry.read_states()}
        held = [r for r in found.resources if _still_holds(r, states.get(r.device))]
        gone = {r.device: "its own state does not bear it out" for r in found.resources if r not in held}
        mute = {device: states[device].trouble for device in gone if device in states and states[device].trouble}
        checked = AvailableResources(
            event=found.event,
            resources=tuple(held),
            left_out=found.left_out | gone | mute,
            mute=(*found.mute, *mute),
            total_kw=sum(resource.available_kw for resource in held),
        )
        self._dms.answer(delivery, Party.DMS, Information.AVAILABLE_RESOURCES, checked, citations)

    def _carry_out(self, delivery: Delivery) -> None:
        """Send each request at its time, whatever the others do."""
        order = delivery.message.payload
        if not isinstance(order, DispatchOrder):
            return
        need = self.needs[order.event]
        need.requests |= {request.request: request for request in order.requests}
        for request in order.requests:
            self._dms.clock.start(self._request(delivery, order.event, request))
        for start_s in sorted({request.start_s for request in order.requests}):
            self._dms.clock.start(self._assess_late(delivery, order.event, start_s))

    def _request(self, delivery: Delivery, event: str, request: ResourceRequest) -> Process:
        yield self._dms.clock.timeout(max(0.0, request.start_s - self._dms.clock.now_s))
        information = PATHS[request.resource].request
        self._dms.answer(delivery, Party.AMI_NETWORK, information, DispatchRequest(event=event, request=request))

    def _take_credit(self, delivery: Delivery) -> None:
        """Keep what a credit meter shows; when those of all DER at work are there, assess."""
        data = delivery.message.payload
        if not isinstance(data, MeterData) or not self.knows(data.event):
            return
        need, now_s = self.needs[data.event], self._dms.clock.now_s
        device = self._device_of.get(data.registers.meter)
        for request in need.active(now_s):
            if request.device == device:
                need.delivered_kw[request.request] = -data.registers.p_w / 1000.0
        if not _awaited(need, now_s):
            self._assess(delivery, data.event)

    def _assess_late(self, delivery: Delivery, event: str, start_s: float) -> Process:
        """Assess without those that do not answer."""
        yield self._dms.clock.timeout(max(0.0, start_s + PATIENCE_S - self._dms.clock.now_s))
        if _awaited(self.needs[event], self._dms.clock.now_s):
            self._assess(delivery, event)

    def _assess(self, delivery: Delivery, event: str) -> None:
        need, now_s = self.needs[event], self._dms.clock.now_s
        limit_kw = need.limit_kw(now_s)
        if limit_kw is None:
            return
        with self._citing() as citations:
            head_kw = self._read_head_kw()
        if head_kw is None:
            return
        found = HeadFinding(head_kw, self._telemetry.head_uncertainty * abs(head_kw), limit_kw)
        active = need.active(now_s)
        delivered = {r.device: need.delivered_kw[r.request] for r in active if r.request in need.delivered_kw}
        assessment = ResourceAssessment(
            event=event,
            head_load_kw=found.measured_kw,
            uncertainty_kw=found.uncertainty_kw,
            limit_kw=limit_kw,
            sufficient=found.is_sufficient,
            shortfall_kw=found.further_kw,
            delivered_kw=delivered,
            silent=tuple(sorted({r.device for r in active} - delivered.keys())),
        )
        need.assessments.append(assessment)
        self._dms.answer(delivery, Party.DMS, Information.INSUFFICIENT_RESOURCES, assessment, citations)

    def _read_head_kw(self) -> float | None:
        try:
            return self._telemetry.read_load_kw()
        except (TransportError, InstrumentError):
            return None

    def _act_on_assessment(self, delivery: Delivery) -> None:
        assessment = delivery.message.payload
        if not isinstance(assessment, ResourceAssessment) or assessment.sufficient:
            return
        if self.needs[assessment.event].is_constraint:
            self._relieve(delivery, assessment.event)

    def _file_history(self, delivery: Delivery) -> None:
        self._dms.answer(delivery, Party.MDMS, delivery.message.information, delivery.message.payload)


def planned_limit_kw(plan: PeakingRequirements, time_s: float) -> float | None:
    """Return what the feeder may take at a time by the plan, kW; None outside of it and where nothing is required."""
    number = int((time_s - plan.start_s) // plan.interval_s)
    if not 0 <= number < len(plan.limit_kw) or plan.requirement_kw[number] <= 0.0:
        return None
    return plan.limit_kw[number]


def _awaited(need: Need, time_s: float) -> bool:
    """Whether a DER at work has not shown by status and credit meter what it does."""
    return any(r.request not in need.delivered_kw for r in need.active(time_s))


def _record(need: Need, request: ResourceRequest) -> ResourceRecord:
    return ResourceRecord(
        request=request,
        status_kw=need.status_kw.get(request.request),
        delivered_kw=need.delivered_kw.get(request.request),
    )


def _still_holds(resource: AvailableResource, state: EquipmentState | None) -> bool:
    """Whether a DER's own state bears out what was found available."""
    return state is not None and state.available and resource.available_kw <= state.rating_kw
