"""The energy management system: plans the next day, watches the price of energy and the transmission's security."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from bench.actors.base import Actor, Handler
from bench.bus import Bus, Delivery
from bench.clock import Process
from bench.dispatch.day_ahead import Reserve, Unit, plan_day
from bench.dispatch.security import analyse, relief_factors, required_reduction
from bench.dispatch.transmission import Transmission
from bench.messages.names import Information, Party
from bench.messages.resources import PeakingRequirements, SystemLambda, TransmissionConstraint

Citing = Callable[[], AbstractContextManager[list[str]]]
DAY_S = 86400.0
COMPUTE_S = 5.0
"""Time that a day-ahead plan takes, s."""


class HeadForecast(Protocol):
    """A forecast of the load at the feeder's head, of the control centre's own."""

    def head_load_kw(self, time_s: float) -> float:
        """Return the load to be expected at a time of the scenario with no DER dispatched, kW."""
        ...


class GridTelemetry(Protocol):
    """What remote terminals tell of the transmission grid."""

    def out_of_service(self) -> frozenset[str]:
        """Return the branches that are out."""
        ...


@dataclass(frozen=True)
class PlanningDesk:
    """What the day-ahead plan rests on.

    `feeders_alike`: how many feeders like this one the control area consists of; `plan_at_s`, `day_start_s`: when the
    plan is made and when the day begins that it is for, seconds of the scenario; `price_gaps`: intervals for which the
    market delivers no price.
    """

    stack: Sequence[Unit]
    reserve_kw: float
    feeders_alike: float
    plan_at_s: float
    day_start_s: float
    interval_s: float
    lambda_every_s: float
    price_gaps: frozenset[int] = frozenset()


@dataclass(frozen=True)
class SecurityDesk:
    """What the security analysis rests on: the network, how many feeders alike hang at the bus, how often, s."""

    network: Transmission
    feeders_alike: float
    every_s: float
    duration_s: float


class EnergyManagement(Actor):
    """Plans once a day ahead, computes system lambda all the time, and studies single outages at intervals."""

    party = Party.ENERGY_MANAGEMENT

    def __init__(
        self,
        bus: Bus,
        forecast: HeadForecast,
        read_load_kw: Callable[[], float | None],
        grid: GridTelemetry,
        citing: Citing,
    ) -> None:
        """Take the forecast, what reads the substation's load, and the transmission's telemetry."""
        super().__init__(bus)
        self._forecast, self._read_load_kw, self._grid, self._citing = forecast, read_load_kw, grid, citing
        self._constrained = False

    def handlers(self) -> Mapping[Information, Handler]:
        """Understand its own plans and findings; confirmations and status are for its operators to see."""
        return {
            Information.PEAKING_REQUIREMENTS: self._publish_plan,
            Information.TRANSMISSION_CONSTRAINT: self._publish_constraint,
        }

    def plan(self, desk: PlanningDesk) -> Process:
        """Plan the next day."""
        yield self.clock.timeout(desk.plan_at_s + COMPUTE_S)
        count = round(DAY_S / desk.interval_s)
        middles_s = [desk.day_start_s + (number + 0.5) * desk.interval_s for number in range(count)]
        feeder_kw = [self._forecast.head_load_kw(time_s) for time_s in middles_s]
        area_kw = [desk.feeders_alike * load_kw for load_kw in feeder_kw]
        planned = plan_day(desk.stack, [max(0.0, kw) for kw in area_kw], desk.interval_s, Reserve(desk.reserve_kw))
        required_kw = [(need or 0.0) / desk.feeders_alike for need in planned.requirement_kw()]
        event = f"day-{round(desk.day_start_s / DAY_S + 0.5)}"
        requirements = PeakingRequirements(
            event=event,
            start_s=desk.day_start_s,
            interval_s=desk.interval_s,
            area_load_kw=tuple(area_kw),
            feeder_load_kw=tuple(feeder_kw),
            lambda_per_mwh=tuple(
                None if number in desk.price_gaps else price for number, price in enumerate(planned.price_per_mwh)
            ),
            requirement_kw=tuple(required_kw),
            limit_kw=tuple(load - need for load, need in zip(feeder_kw, required_kw, strict=True)),
        )
        self.send(self.party, Information.PEAKING_REQUIREMENTS, requirements, event)

    def watch_lambda(self, desk: PlanningDesk) -> Process:
        """Compute system lambda for the present load, again and again."""
        while True:
            with self._citing() as citations:
                head_kw = self._read_load_kw()
            if head_kw is not None:
                area_kw = max(0.0, desk.feeders_alike * head_kw)
                (now,) = plan_day(desk.stack, [area_kw], desk.interval_s, Reserve(desk.reserve_kw)).intervals
                payload = SystemLambda(area_load_kw=area_kw, lambda_per_mwh=now.lambda_per_mwh or 0.0)
                correlation = f"lambda-{self.clock.now_s:.0f}"
                self.send(self.party, Information.SYSTEM_LAMBDA, payload, correlation, tuple(citations))
            yield self.clock.timeout(desk.lambda_every_s)

    def watch_security(self, desk: SecurityDesk) -> Process:
        """Study all single outages of the grid as it is; a constraint is reported once."""
        while not self._constrained:
            yield self.clock.timeout(desk.every_s)
            with self._citing() as citations:
                head_kw = self._read_load_kw()
            if head_kw is not None:
                self._study(desk, head_kw, tuple(citations))

    def _study(self, desk: SecurityDesk, head_kw: float, citations: tuple[str, ...]) -> None:
        out, bus = self._grid.out_of_service(), desk.network.feeder_bus
        loads = {bus: desk.feeders_alike * head_kw / 1000.0}
        network = desk.network.without(out).with_loads(loads)
        overloads = analyse(network).overloads
        needed = required_reduction(network, overloads, bus)
        if needed.binding is None:
            return
        self._constrained = True
        requirement_kw = needed.required_kw / desk.feeders_alike
        constraint = TransmissionConstraint(
            event="constraint-1",
            branch=needed.binding.branch,
            outage=needed.binding.contingency or "",
            out_of_service=tuple(sorted(out)),
            flow_kw=abs(needed.binding.flow_mw) * 1000.0,
            rating_kw=needed.binding.limit_mw * 1000.0,
            bus=bus,
            transfer_factor=relief_factors(network, needed.binding)[bus],
            feeder_load_kw=head_kw,
            requirement_kw=requirement_kw,
            limit_kw=head_kw - requirement_kw,
            duration_s=desk.duration_s,
        )
        self.send(self.party, Information.TRANSMISSION_CONSTRAINT, constraint, constraint.event, citations)

    def _publish_plan(self, delivery: Delivery) -> None:
        self._tell_dms(delivery, Information.PEAKING_REQUIREMENTS)

    def _publish_constraint(self, delivery: Delivery) -> None:
        self._tell_dms(delivery, Information.TRANSMISSION_REPORT)

    def _tell_dms(self, delivery: Delivery, information: Information) -> None:
        message = delivery.message
        self.send(Party.DMS, information, message.payload, message.correlation, (delivery.citation,))
