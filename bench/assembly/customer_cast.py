"""Puts the customers' side of demand response on the bus: DRAACS, CIS, home controllers, displays and people."""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from bench.actors.base import Actor
from bench.actors.customer_information import CustomerInformation
from bench.actors.home import CustomerDisplays, CustomerEnergyManagement, Customers, HomeAreaNetwork
from bench.actors.resource_control import ResourceControl, ResourceSettings
from bench.assembly.seeds import derived_seed
from bench.bus import Bus
from bench.config import ActorsSection
from bench.customers import Premise
from bench.dispatch.demand_response import ResponseModel
from bench.dispatch.network import ReliefModel
from bench.meter_store import MeterStore
from bench.stage import TRY_OVERRIDE

CODE_DIGITS = 8


@dataclass(frozen=True)
class CustomerSide:
    """The customers, with what the actors on their side may use.

    `codes` are the override codes that customers got when they enrolled, by premise; `meter_pct` is the class of the
    worst of the meters, percent of reading.
    """

    premises: Sequence[Premise]
    codes: Mapping[str, str]
    appliances: HomeAreaNetwork
    relief: ReliefModel
    store: MeterStore
    meter_pct: float

    @property
    def enrolled(self) -> list[str]:
        """Premises whose radios are provisioned for calls."""
        return [premise.name for premise in self.premises if premise.customer.is_enrolled]

    @property
    def credit_meters(self) -> list[str]:
        """Credit meters at the premises."""
        return [premise.credit_meter for premise in self.premises if premise.credit_meter is not None]


def override_codes(premises: Sequence[Premise], seed: int) -> dict[str, str]:
    """Give every enrolled customer a code of their own, the same for the same seed."""
    enrolled = [premise.name for premise in premises if premise.customer.is_enrolled]
    return {name: _code(derived_seed(seed, f"{name}/override")) for name in enrolled}


def make_customer_side(
    settings: ActorsSection, bus: Bus, side: CustomerSide
) -> tuple[tuple[Actor, ...], dict[str, Callable[[], None]]]:
    """Make the actors, and what people do for each row that they drive."""
    known, wanted = settings.resource_control, settings.customers
    model = ResponseModel(known.response_rate, known.customer_sd, known.common_sd)
    shares = {premise.name: premise.customer.shed_share for premise in side.premises}
    people = Customers(bus, side.codes, wanted.overriding, wanted.forgetful)
    resources = ResourceSettings(known.notice_s, known.compute_s, model, side.meter_pct / 100.0)
    actors = (
        ResourceControl(bus, side.relief, resources),
        CustomerInformation(bus, side.premises),
        CustomerEnergyManagement(bus, shares, side.appliances),
        CustomerDisplays(bus, side.codes),
        people,
    )
    return actors, {"1.19.5.1A.1": people.decline, "2.7.1.3.1A.1": people.decline, TRY_OVERRIDE: people.try_all_ways}


def _code(seed: int) -> str:
    digits = random.Random(seed).randrange(10**CODE_DIGITS)  # noqa: S311 - an emulated customer's, reproducible
    return f"{digits:0{CODE_DIGITS}d}"
