"""The DER automation application's part in planning: a schedule for the next day, what is available, what to keep."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

from bench.actors.base import Actor, Handler
from bench.bus import Delivery
from bench.clock import Process
from bench.dispatch.availability import Constraint, ResourceState, available_strategy
from bench.dispatch.eligibility import DistributedResource, ResourceClass, eligible, resource_class
from bench.dispatch.storage_schedule import Generator, Schedule, Signal, Storage, blocks, optimise
from bench.messages.equipment import EquipmentState
from bench.messages.names import Information, Party
from bench.messages.resources import (
    AvailableResource,
    AvailableResources,
    EventHistory,
    PeakingRequirements,
    RelevantEventHistory,
    RequiredResources,
    ResourceRecord,
    ResourceRequest,
    ResourceStrategy,
)

Citing = Callable[[], AbstractContextManager[list[str]]]
SHORT = 0.05
"""A DER that delivers less than its request by more than this share of it fell short."""
HOUR_S = 3600.0


@dataclass(frozen=True)
class DerUnit:
    """A DER as the application has it in its register: what it is, behind which meter, and what its energy costs.

    `energy_kwh` and the one-way `efficiency` are those of storage, and whether its tariff lets the utility have it
    charged from the grid; `cost_per_mwh` is that of a generator.
    """

    resource: DistributedResource
    energy_kwh: float
    efficiency: float
    may_charge: bool
    cost_per_mwh: float


@dataclass(frozen=True)
class PlanningSettings:
    """Time that a computation takes, s, and what stays in every battery, per unit of its energy."""

    compute_s: float
    reserve_pu: float


class ResourcePlanning:
    """Schedules DER against the price signal, and says what is available against a constraint."""

    def __init__(
        self,
        application: Actor,
        units: Sequence[DerUnit],
        read_states: Callable[[], tuple[EquipmentState, ...]],
        citing: Citing,
        settings: PlanningSettings,
    ) -> None:
        """Take the register of all DER, and what reads their states over their own wires."""
        self._application, self._read_states, self._citing = application, read_states, citing
        self._settings = settings
        self._units = {unit.resource.device: unit for unit in units}
        self._eligible = eligible(unit.resource for unit in units)
        self.constraints: set[str] = set()

    def handlers(self) -> dict[Information, Handler]:
        """Understand plans, requests for what is available, and histories."""
        return {
            Information.PEAKING_REQUIREMENTS: self._schedule,
            Information.AVAILABILITY_REQUEST: self._offer,
            Information.EVENT_HISTORY: self._compile,
        }

    def _schedule(self, delivery: Delivery) -> Process:
        plan = delivery.message.payload
        if not isinstance(plan, PeakingRequirements):
            return
        yield self._application.clock.timeout(self._settings.compute_s)
        states, citations = self._read()
        signal = Signal(plan.interval_s, plan.lambda_per_mwh, plan.requirement_kw)
        try:
            schedule = optimise(signal, self._storages(states), self._generators())
        except (ValueError, ArithmeticError) as error:  # no schedule can be made, and that is said
            nothing = _nothing(plan, str(error))
            self._application.answer(delivery, Party.DER_AUTOMATION, Information.REQUIRED_RESOURCES, nothing)
            return
        required = RequiredResources(
            event=plan.event,
            requests=tuple(self._requests(plan, schedule)),
            ineligible=tuple(sorted(self._eligible.excluded)),
            estimated=len(schedule.estimated),
            uncovered_kw=tuple(schedule.uncovered_kw.tolist()),
            state_of_charge_kwh={device: float(kwh[0]) for device, kwh in schedule.stored_kwh.items()},
            power_kw={device: tuple(kw.tolist()) for device, kw in schedule.power_kw.items()},
            value=schedule.value,
        )
        self._application.answer(delivery, Party.DER_AUTOMATION, Information.REQUIRED_RESOURCES, required, citations)

    def _read(self) -> tuple[dict[str, EquipmentState], list[str]]:
        with self._citing() as citations:
            states = {state.device: state for state in self._read_states()}
        return states, citations

    def _storages(self, states: dict[str, EquipmentState]) -> list[Storage]:
        """Return the batteries, customers' first: of equal hours they get the earlier, the utility's can follow."""
        found = []
        for device in self._of(ResourceClass.CUSTOMER_STORAGE, ResourceClass.UTILITY_STORAGE):
            state, unit = states[device], self._units[device]
            if not state.available:
                continue
            reserve_kwh = self._settings.reserve_pu * unit.energy_kwh
            stored_kwh = min(max(state.energy_kwh or 0.0, reserve_kwh), unit.energy_kwh)
            found.append(
                Storage(
                    device=device,
                    charge_kw=state.rating_kw if unit.may_charge else 0.0,
                    discharge_kw=state.rating_kw,
                    energy_kwh=unit.energy_kwh,
                    initial_kwh=stored_kwh,
                    reserve_kwh=reserve_kwh,
                    charge_efficiency=unit.efficiency,
                    discharge_efficiency=unit.efficiency,
                )
            )
        return found

    def _generators(self) -> list[Generator]:
        devices = self._of(ResourceClass.UTILITY_GENERATION, ResourceClass.CUSTOMER_GENERATION)
        units = (self._units[device] for device in devices)
        return [Generator(u.resource.device, u.resource.rating_kw, u.cost_per_mwh) for u in units]

    def _of(self, *classes: ResourceClass) -> list[str]:
        return [r.device for group in classes for r in self._eligible.by_class[group]]

    def _requests(self, plan: PeakingRequirements, schedule: Schedule) -> list[ResourceRequest]:
        requests = []
        for block in blocks(schedule):
            start_s = plan.start_s + block.start * plan.interval_s
            hour, second = divmod(round(block.start * plan.interval_s), round(HOUR_S))
            requests.append(
                ResourceRequest(
                    request=f"{block.device}@{hour:02d}:{second // 60:02d}",
                    device=block.device,
                    resource=resource_class(self._units[block.device].resource),
                    power_kw=round(block.power_kw, 1),
                    start_s=start_s,
                    duration_s=(block.end - block.start) * plan.interval_s,
                )
            )
        return sorted(requests, key=lambda request: (request.start_s, request.device))

    def _offer(self, delivery: Delivery) -> Process:
        """Say what each eligible DER can give for the whole time, at the bus that this feeder hangs at."""
        asked = delivery.message.payload
        if not isinstance(asked, ResourceStrategy):
            return
        self.constraints.add(asked.event)
        yield self._application.clock.timeout(self._settings.compute_s)
        states, citations = self._read()
        wanted = [d for d in self._eligible.devices if resource_class(self._units[d].resource) in asked.order]
        constraint = Constraint(asked.bus, asked.requirement_kw, asked.duration_s, {asked.bus: 1.0})
        found = available_strategy(constraint, [self._resource_state(asked.bus, states[d]) for d in wanted])
        resources = tuple(
            AvailableResource(
                device=offer.device,
                resource=offer.resource_class,
                available_kw=round(offer.power_kw, 1),
                state=states[offer.device],
            )
            for offer in found.offers
        )
        answer = AvailableResources(
            event=asked.event,
            resources=resources,
            left_out={**self._eligible.excluded, **found.excluded, **_troubles(states[d] for d in wanted)},
            total_kw=sum(resource.available_kw for resource in resources),
        )
        self._application.answer(delivery, Party.DMS, Information.AVAILABLE_RESOURCES, answer, citations)

    def _resource_state(self, bus: str, state: EquipmentState) -> ResourceState:
        unit = self._units[state.device]
        stores = state.energy_kwh is not None
        return ResourceState(
            device=state.device,
            resource_class=resource_class(unit.resource),
            bus=bus,
            rating_kw=state.rating_kw,
            is_available=state.available,
            present_kw=state.power_kw,
            cost_per_mwh=unit.cost_per_mwh,
            energy_kwh=unit.energy_kwh if stores else None,
            state_of_charge_pu=(state.energy_kwh or 0.0) / unit.energy_kwh if stores else None,
            reserve_pu=self._settings.reserve_pu if stores else 0.0,
            discharge_efficiency=unit.efficiency if stores else 1.0,
        )

    def _compile(self, delivery: Delivery) -> None:
        history = delivery.message.payload
        if isinstance(history, EventHistory):
            relevant = compile_relevant_event(history)
            self._application.answer(delivery, Party.DMS, Information.RELEVANT_EVENT_HISTORY, relevant)


def _troubles(states: Iterable[EquipmentState]) -> dict[str, str]:
    return {state.device: state.trouble for state in states if state.trouble}


def compile_relevant_event(history: EventHistory) -> RelevantEventHistory:
    """Keep of an event who was asked and what came of it."""
    latest = {record.request.device: record for record in history.resources}.values()
    last = history.assessments[-1] if history.assessments else None
    return RelevantEventHistory(
        event=history.event,
        resources=history.resources,
        short=tuple(r.request.request for r in history.resources if fell_short(r)),
        requested_kw=sum(r.request.power_kw for r in latest),
        delivered_kw=sum(r.delivered_kw or 0.0 for r in latest),
        shortfall_kw=last.shortfall_kw if last else 0.0,
        load_affected_kw=history.load_affected_kw,
        commands=history.commands,
    )


def fell_short(record: ResourceRecord) -> bool:
    """Whether a DER gave less than was asked of it, or nobody knows what it gave."""
    asked_kw = record.request.power_kw
    return record.delivered_kw is None or abs(record.delivered_kw - asked_kw) > SHORT * abs(asked_kw)


def _nothing(plan: PeakingRequirements, reason: str) -> RequiredResources:
    """Say that a signal could not be used."""
    gaps = sum(price is None for price in plan.lambda_per_mwh)
    return RequiredResources(
        event=plan.event,
        requests=(),
        ineligible=(),
        estimated=gaps,
        uncovered_kw=plan.requirement_kw,
        state_of_charge_kwh={},
        power_kw={},
        value=0.0,
        refused=reason,
    )
