"""The part of the bench file about actors: what applications, operators and customers work with."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from bench.config.section import Name, Section


class ReviewSection(Section):
    """An application that stays in charge: the settings are those of `bench.dispatch.review.ReviewSettings`."""

    every_s: Annotated[float, Field(gt=0)] = 900.0
    spacing_s: Annotated[float, Field(gt=0)] = 120.0
    cloud_pu: Annotated[float, Field(ge=0, le=1)] = 0.1


class DispatchSection(Section):
    """Settings of the DER automation application: margin to Range A, V; how long commands hold, s.

    With `review` it stays in charge after the first event and holds what it switched.
    """

    margin_v: Annotated[float, Field(ge=0)] = 0.5
    duration_s: Annotated[float, Field(gt=0)] = 3600.0
    compute_s: Annotated[float, Field(ge=0)] = 2.0
    review: ReviewSection | None = None


class OperationsSection(Section):
    """What the operators order: load reduction, kW, and for how long, s."""

    reduction_kw: Annotated[float, Field(gt=0)] = 250.0
    duration_s: Annotated[float, Field(gt=0)] = 3600.0


class ResourceControlSection(Section):
    """Settings of the DRAACS: time from a call to its start, s, and for computing; what it knows of responses.

    `response_rate` is the share of the contracted load that calls brought so far; `customer_sd` and `common_sd` are its
    standard deviations, per unit of contracted load: from customer to customer, and of all together.
    """

    notice_s: Annotated[float, Field(gt=0)] = 30.0
    compute_s: Annotated[float, Field(ge=0)] = 2.0
    response_rate: Annotated[float, Field(gt=0)] = 0.95
    customer_sd: Annotated[float, Field(ge=0)] = 0.3
    common_sd: Annotated[float, Field(ge=0)] = 0.08


class CustomersSection(Section):
    """What called customers do: so many keep their load, and so many more would but have forgotten the code."""

    overriding: Annotated[int, Field(ge=0)] = 2
    forgetful: Annotated[int, Field(ge=0)] = 1


class PlanningSection(Section):
    """What the application's register says of DER: one-way efficiency of storage, and what stays in it, per unit.

    `charged_from_grid`: whose storage the utility may have charged from the grid, by tariff.
    Costs of generators' energy per MWh, by device, and of those that are not listed.
    """

    compute_s: Annotated[float, Field(ge=0)] = 5.0
    efficiency: Annotated[float, Field(gt=0, le=1)] = 0.95
    reserve_pu: Annotated[float, Field(ge=0, lt=1)] = 0.1
    charged_from_grid: tuple[Literal["utility", "customer"], ...] = ("utility",)
    cost_per_mwh: dict[Name, Annotated[float, Field(ge=0)]] = Field(default_factory=dict)
    generation_cost_per_mwh: Annotated[float, Field(ge=0)] = 120.0


class EnergyManagementSection(Section):
    """The control centre: its generation stack and transmission grid, and how many feeders alike it serves.

    `feeders_at_bus` of them hang at this feeder's bus of the transmission grid.
    `plan_at_s`: when the plan for the next day is made, s of the scenario; `price_gaps`: intervals of that day without
    a price. `security_every_s`: time between two security analyses; `duration_s`: how long a constraint lasts, s.
    """

    generation_stack: Path | None = None
    transmission: Path | None = None
    feeders_alike: Annotated[float, Field(gt=0)] = 10.0
    feeders_at_bus: Annotated[float, Field(gt=0)] = 6.0
    reserve_kw: Annotated[float, Field(ge=0)] = 0.0
    plan_at_s: Annotated[float, Field(ge=0)] | None = None
    interval_s: Annotated[float, Field(gt=0)] = 3600.0
    lambda_every_s: Annotated[float, Field(gt=0)] = 3600.0
    price_gaps: tuple[int, ...] = ()
    security_every_s: Annotated[float, Field(gt=0)] = 30.0
    duration_s: Annotated[float, Field(gt=0)] = 3600.0


class WholesaleSection(Section):
    """What the wholesale desk authorizes: whether customers may decline a load reduction."""

    may_override: bool = True


class ActorsSection(Section):
    """Settings of actors that have any."""

    energy_management: EnergyManagementSection = EnergyManagementSection()
    planning: PlanningSection = PlanningSection()
    wholesale: WholesaleSection = WholesaleSection()

    der_automation: DispatchSection = DispatchSection()
    operations: OperationsSection = OperationsSection()
    resource_control: ResourceControlSection = ResourceControlSection()
    customers: CustomersSection = CustomersSection()
    status_after_s: Annotated[float, Field(gt=0)] = 15.0
    generator_status_after_s: Annotated[float, Field(gt=0)] = 45.0
