"""Holds plans, constraints and assessments of DER against independent calculations and the plant."""

import math
from collections.abc import Mapping, Sequence
from typing import Protocol

from bench.bus import Delivery
from bench.measurement import PowerReading
from bench.messages.equipment import Payload
from bench.messages.occurrences import event_of
from bench.messages.resources import (
    AvailableResources,
    ConfirmedDer,
    ConfirmedResources,
    DispatchStatus,
    EventHistory,
    LoadReductionEvent,
    PeakingRequirements,
    ReductionRequest,
    RelevantEventHistory,
    RequiredResources,
    ResourceAssessment,
    ResourceRequest,
    ResourceStrategy,
    TransmissionConstraint,
)
from bench.use_case.dispatch_told import DispatchTold
from bench.use_case.figures import inconsistent, not_those_that_fell_short, present, unlike_sum
from bench.use_case.model import Row

HEAD_SHARE = 0.01
"""How far a told load at the feeder's head may lie from the plant's, per unit: it has moved on since it was read."""
DELIVERED_KW = 2.0
DELIVERED_SHARE = 0.02
"""How far a told delivery may lie from what is measured, kW and per unit."""
ASK_SHARE = 1.5
"""Over the shortfall, the most that an operator may ask of customers."""


class PlanField(Protocol):
    """What the judge asks of models of its own, of the plant and of the equipment's places."""

    def planned_wrongly(self, plan: PeakingRequirements) -> str | None:
        """Say in what a day-ahead plan is not the cheapest way to serve its forecast, or its forecast is not true."""
        ...

    def scheduled_wrongly(self, plan: PeakingRequirements, required: RequiredResources) -> str | None:
        """Say in what a schedule breaks limits of the equipment, or earns less than another that covers as much."""
        ...

    def constrained_wrongly(self, constraint: TransmissionConstraint) -> str | None:
        """Say in what a constraint is not what a power flow with the outage gives."""
        ...

    def most_kw(self, device: str, duration_s: float) -> float | None:
        """Return what a DER can give for a time, kW, by its nameplate and its own registers; None where it is none."""
        ...

    def rating_kw(self, device: str) -> float | None:
        """Return what a DER is rated for, kW, by its nameplate; None where it is none."""
        ...

    @property
    def dispatchable(self) -> frozenset[str]:
        """The DER that may be dispatched: large enough at their meters, and able to give power on request."""
        ...

    def is_eligible(self, device: str) -> bool:
        """Whether more than 100 kW stand behind the DER's meter."""
        ...

    def head_load_kw(self) -> float:
        """Return what flows into the feeder."""
        ...

    def power(self, device: str) -> PowerReading | None:
        """Return the latest power of a device by another source than the device."""
        ...


class PlanJudge:
    """Follows one need from the plan to the history; what it was told once it expects to be told again."""

    def __init__(self, field: PlanField, meters: Mapping[str, str]) -> None:
        """Take the credit meter of each DER."""
        self._field, self._told = field, DispatchTold(meters)
        self._plan: PeakingRequirements | None = None
        self._constraint: TransmissionConstraint | None = None
        self._required: RequiredResources | None = None
        self._available: AvailableResources | None = None
        self._strategy: ResourceStrategy | None = None
        self._assessment: ResourceAssessment | None = None
        self._asked: ReductionRequest | None = None
        self._history: dict[str, EventHistory] = {}
        self._relevant: dict[str, RelevantEventHistory] = {}
        self.requests: tuple[ResourceRequest, ...] = ()

    @property
    def needed_from_s(self) -> float:
        """The first time for which the plan requires anything, s; infinite without a plan, 0 with a constraint."""
        if self._constraint is not None:
            return 0.0 if not self.requests else min(request.start_s for request in self.requests)
        if self._plan is None:
            return math.inf
        needed = (number for number, kw in enumerate(self._plan.requirement_kw) if kw > 0.0)
        first = next(needed, None)
        return math.inf if first is None else self._plan.start_s + first * self._plan.interval_s

    def witness(self, delivery: Delivery) -> None:
        """Keep what the DMS is told and commands."""
        self._told.witness(delivery)

    def not_rightly_absent(self) -> str | None:
        """Say why load had to be reduced; None where the DER sufficed."""
        if self._assessment is None:
            return "nobody has held the load against its limit"
        if self._assessment.sufficient:
            return None
        return f"{self._assessment.shortfall_kw:.0f} kW were missing"

    def untrue(self, row: Row, delivery: Delivery) -> str | None:
        """Say what in a message is not true; None when it stands."""
        payload = delivery.message.payload
        match payload:
            case PeakingRequirements():
                return self._planned(row, payload)
            case RequiredResources():
                return self._scheduled(payload)
            case ConfirmedResources():
                return self._confirmed(payload.requests, self._required.requests if self._required else ())
            case ResourceAssessment():
                return self._assessed(payload, delivery.sent_s)
        return (
            self._against_constraint(row, payload)
            or self._reduction(payload)
            or self._recorded(payload, delivery.sent_s)
        )

    def _against_constraint(self, row: Row, payload: Payload) -> str | None:
        match payload:
            case TransmissionConstraint():
                return self._constrained(row, payload)
            case ResourceStrategy():
                return self._devised(payload)
            case AvailableResources():
                return self._offered(payload)
            case ConfirmedDer():
                return self._confirmed_der(payload)
        return None

    def _reduction(self, payload: Payload) -> str | None:
        match payload:
            case ReductionRequest():
                return self._asked_for(payload)
            case LoadReductionEvent():
                return self._authorized(payload)
        return None

    def _recorded(self, payload: Payload, time_s: float) -> str | None:
        match payload:
            case DispatchStatus():
                return self._status(payload, time_s)
            case EventHistory():
                return self._kept(payload, time_s)
            case RelevantEventHistory():
                return self._compiled(payload)
        return None

    def _planned(self, row: Row, plan: PeakingRequirements) -> str | None:
        if row.kind != "computation":
            return None if plan == self._plan else "differs from what was planned"
        self._plan = plan
        return self._field.planned_wrongly(plan)

    def _scheduled(self, required: RequiredResources) -> str | None:
        self._required = required
        if required.refused:
            return f"nothing is scheduled: {required.refused}"
        small = [r.device for r in required.requests if not self._field.is_eligible(r.device)]
        if small:
            return f"schedules {', '.join(sorted(set(small)))}, which are not more than 100 kW at their meter"
        return self._field.scheduled_wrongly(self._plan, required) if self._plan else "rests on no plan"

    def _confirmed(self, told: Sequence[ResourceRequest], known: Sequence[ResourceRequest]) -> str | None:
        self.requests = tuple(known)
        return None if tuple(told) == tuple(known) else "confirms other requests than those that were required"

    def _constrained(self, row: Row, constraint: TransmissionConstraint) -> str | None:
        if row.kind != "computation":
            return None if constraint == self._constraint else "differs from the constraint that was found"
        self._constraint = constraint
        return self._head(constraint.feeder_load_kw) or self._field.constrained_wrongly(constraint)

    def _devised(self, strategy: ResourceStrategy) -> str | None:
        self._strategy, found = strategy, self._constraint
        wanted = (strategy.bus, strategy.requirement_kw, strategy.duration_s)
        if found is None or wanted != (found.bus, found.requirement_kw, found.duration_s):
            return "is a strategy for another constraint"
        return None if strategy.order else "uses no DER, although power at the feeder's bus relieves the constraint"

    def _offered(self, offered: AvailableResources) -> str | None:
        """Hold an offer against the equipment: all of it, and no more; what the DMS has checked may only be less."""
        if self._available is not None and not set(offered.resources) <= set(self._available.resources):
            return "holds resources that the application did not find"
        self._available = offered
        duration_s = self._strategy.duration_s if self._strategy else 0.0
        told = {resource.device for resource in offered.resources} | offered.left_out.keys()
        if unnamed := sorted(self._field.dispatchable - told):
            return f"neither offers {', '.join(unnamed)} nor says why not"
        if mute := next(iter(offered.mute), None):
            return f"nothing is known of {mute}: {offered.left_out[mute]}"
        for resource in offered.resources:
            most_kw = self._field.most_kw(resource.device, duration_s)
            if most_kw is None or not self._field.is_eligible(resource.device):
                return f"offers {resource.device}, which may not be dispatched"
            tolerance_kw = DELIVERED_SHARE * most_kw + DELIVERED_KW
            least_kw = min(most_kw, resource.state.rating_kw)  # it may be rated lower by its own nameplate
            if not least_kw - tolerance_kw <= resource.available_kw <= most_kw + tolerance_kw:
                return f"offers {resource.available_kw:.1f} kW of {resource.device}, which can give {most_kw:.1f} kW"
        return unlike_sum("in total", offered.total_kw, (resource.available_kw for resource in offered.resources))

    def _confirmed_der(self, confirmed: ConfirmedDer) -> str | None:
        self.requests = confirmed.requests
        offered = self._available.resources if self._available else ()
        known = {resource.device: resource.available_kw for resource in offered}
        told = {request.device: request.power_kw for request in confirmed.requests}
        if told != known:
            return "confirms other power than what is available"
        return unlike_sum("in total", confirmed.total_kw, told.values())

    def _assessed(self, assessment: ResourceAssessment, time_s: float) -> str | None:
        self._assessment = assessment
        limit_kw = self._limit_kw(time_s)
        if limit_kw is None or not math.isclose(assessment.limit_kw, limit_kw, rel_tol=1e-6, abs_tol=1e-3):
            known = "there is none" if limit_kw is None else f"it is {limit_kw:.1f} kW"
            return f"holds the load against a limit of {assessment.limit_kw:.1f} kW, but {known}"
        in_force = {request.device for request in self._in_force(time_s)}
        return (
            self._head(assessment.head_load_kw)
            or self._delivered(assessment.delivered_kw)
            or self._told.unaccounted(in_force, assessment.delivered_kw, assessment.silent)
            or inconsistent(assessment)
        )

    def _in_force(self, time_s: float) -> list[ResourceRequest]:
        return [r for r in self.requests if r.start_s <= time_s < r.start_s + r.duration_s]

    @property
    def _silent(self) -> tuple[str, ...]:
        return self._assessment.silent if self._assessment else ()

    def _limit_kw(self, time_s: float) -> float | None:
        """Return what the feeder may take at a time, kW: by the constraint, or forecast less requirement."""
        if self._constraint is not None:
            return self._constraint.feeder_load_kw - self._constraint.requirement_kw
        plan = self._plan
        number = math.floor((time_s - plan.start_s) / plan.interval_s) if plan else -1
        if plan is None or not 0 <= number < len(plan.requirement_kw):
            return None
        return plan.feeder_load_kw[number] - plan.requirement_kw[number]

    def _asked_for(self, asked: ReductionRequest) -> str | None:
        self._asked = asked
        shortfall_kw = self._assessment.shortfall_kw if self._assessment else 0.0
        if shortfall_kw <= asked.reduction_kw <= ASK_SHARE * shortfall_kw:
            return None
        return f"asks for {asked.reduction_kw:.1f} kW, {shortfall_kw:.1f} kW being short"

    def _authorized(self, order: LoadReductionEvent) -> str | None:
        asked = self._asked
        if asked is None or (order.reduction_kw, order.duration_s) != (asked.reduction_kw, asked.duration_s):
            return "authorizes another reduction than the one that was asked for"
        return None

    def _status(self, status: DispatchStatus, time_s: float) -> str | None:
        asked = {r.device: r.power_kw for r in self._in_force(time_s)}
        if not asked or status.requested_kw != asked:
            return "tells of other requests than those that were confirmed"
        if status.head_load_kw is None:
            return "does not tell the load at the feeder's head"
        return (
            self._head(status.head_load_kw)
            or self._delivered(status.delivered_kw)
            or self._told.unaccounted(asked, status.delivered_kw, self._silent)
            or self._affected(status.event, status.load_affected_kw)
        )

    def _kept(self, history: EventHistory, time_s: float) -> str | None:
        self._history[history.event] = history
        told = {record.request for record in history.resources}
        strangers = told - set(self.requests)
        if strangers or not told:
            names = ", ".join(r.request for r in strangers) or "none at all"
            return f"holds requests that were never confirmed: {names}"
        if missing := {r.request for r in self.requests if r.start_s <= time_s} - {r.request for r in told}:
            return f"leaves out {', '.join(sorted(missing))}"
        if self._assessment not in history.assessments:
            return "leaves out the assessment that led to the reduction of load"
        present_kw, in_force = present(history, time_s), {r.device for r in self._in_force(time_s)}
        return (
            self._delivered(present_kw)
            or self._told.unaccounted(in_force, present_kw, self._silent)
            or self._told.unlike(history)
            or self._affected(history.event, history.load_affected_kw)
        )

    def _compiled(self, relevant: RelevantEventHistory) -> str | None:
        known = self._relevant.get(relevant.event)
        if known is not None:
            return None if relevant == known else "differs from what was compiled"
        self._relevant[relevant.event] = relevant
        history = self._history.get(relevant.event)
        if history is None or relevant.resources != history.resources:
            return "holds other requests than the history"
        if (relevant.commands, relevant.load_affected_kw) != (history.commands, history.load_affected_kw):
            return "tells other measures than the history"
        shortfall_kw = history.assessments[-1].shortfall_kw if history.assessments else 0.0
        if relevant.shortfall_kw != shortfall_kw:
            return f"tells a shortfall of {relevant.shortfall_kw:.1f} kW, the last assessment {shortfall_kw:.1f} kW"
        begun = sorted(history.resources, key=lambda record: record.request.start_s)
        records = list({record.request.device: record for record in begun}.values())  # of each resource the last
        return (
            unlike_sum("delivered", relevant.delivered_kw, (record.delivered_kw or 0.0 for record in records))
            or unlike_sum("requested", relevant.requested_kw, (record.request.power_kw for record in records))
            or not_those_that_fell_short(relevant)
        )

    def _head(self, told_kw: float) -> str | None:
        true_kw = self._field.head_load_kw()
        if abs(told_kw - true_kw) <= HEAD_SHARE * abs(true_kw):
            return None
        return f"tells {told_kw:.0f} kW at the feeder's head, into which {true_kw:.0f} kW flow"

    def _delivered(self, delivered_kw: Mapping[str, float]) -> str | None:
        for device, told_kw in delivered_kw.items():
            reading = self._field.power(device)
            if reading is None:
                return f"tells of {device}, whose power nothing measures"
            tolerance_kw = DELIVERED_KW + DELIVERED_SHARE * abs(reading.power_kw) + reading.uncertainty_kw
            if abs(told_kw - reading.power_kw) > tolerance_kw:
                return f"tells {told_kw:.1f} kW of {device}, where {reading.source} measures {reading.power_kw:.1f} kW"
        return None

    def _affected(self, event: str, told_kw: float) -> str | None:
        """What all occurrences up to this one brought has to be told."""
        known_kw = math.fsum(kw for name, kw in self._told.affected_kw.items() if event_of(name) == event_of(event))
        if math.isclose(told_kw, known_kw, rel_tol=1e-6, abs_tol=1e-3):
            return None
        return f"tells {told_kw:.1f} kW of load affected, the MDMS found {known_kw:.1f} kW"
