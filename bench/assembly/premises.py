"""The premises of a bench: who lives behind which service, with which meters, after the table of customers."""

from collections.abc import Sequence

from bench.assembly.emulated_meters import MeterGroup, meter_names
from bench.assembly.places import FeederPlaces
from bench.config import FeederSection
from bench.customers import Premise, load_customers, premise_names
from instruments.errors import ConfigError


def make_premises(section: FeederSection, places: FeederPlaces, meters: Sequence[MeterGroup]) -> tuple[Premise, ...]:
    """Return the premises with a customer; raises ConfigError for one at a service that the feeder has not."""
    if section.customers is None:
        return ()
    numbers = {service.name: number for number, service in enumerate(places.services)}
    net_meters = meter_names(meters, "services", len(places.services))
    credit_meters = _credit_meters(places, meters)
    names, premises = premise_names(places.services), []
    for customer in load_customers(section.customers):
        if customer.service not in numbers:
            raise ConfigError(f"{section.customers}: the feeder has no service {customer.service!r}")
        number = numbers[customer.service]
        credit_meter = credit_meters.get(customer.service)
        premises.append(Premise(names[number], number, net_meters[number], credit_meter, customer))
    return tuple(premises)


def _credit_meters(places: FeederPlaces, meters: Sequence[MeterGroup]) -> dict[str, str]:
    """Return the meter of the generation behind each service that has one."""
    names = meter_names(meters, "generation", len(places.sites))
    return {site.service.lower(): name for site, name in zip(places.sites, names, strict=True) if name and site.service}
