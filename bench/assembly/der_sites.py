"""The DER of a bench that can be commanded, the register that the application has of all DER, and their meters."""

from collections.abc import Mapping
from typing import Any

from bench.actors.resource_planning import DerUnit
from bench.actors.site import DerSite
from bench.assembly.places import FeederPlaces
from bench.config import BenchFile, PlanningSection
from bench.dispatch.eligibility import DistributedResource, ResourceClass
from bench.feeder.sites import Site

CLASSES = {
    ("battery", "utility"): ResourceClass.UTILITY_STORAGE,
    ("battery", "customer"): ResourceClass.CUSTOMER_STORAGE,
    ("generator", "utility"): ResourceClass.UTILITY_GENERATION,
    ("generator", "customer"): ResourceClass.CUSTOMER_GENERATION,
}


def der_sites(config: BenchFile, drivers: Mapping[str, Any], places: FeederPlaces) -> dict[str, DerSite]:
    """Return what can be commanded, by device: batteries behind inverters, and generators."""
    found = {}
    for battery, inverter in config.behind_inverter.items():
        scale = places.terminal(inverter).power_scale
        rating_kw = drivers[battery].read_nameplate().p_max_w * scale / 1000.0
        group = CLASSES["battery", places.site(inverter).owner]
        found[battery] = DerSite(battery, group, drivers[inverter], drivers[battery], scale, rating_kw)
    for name, device in config.devices.items():
        if device.role == "inverter" and places.site(name).kind == "generator":
            scale = places.terminal(name).power_scale
            rating_kw = drivers[name].read_nameplate().p_max_w * scale / 1000.0
            group = CLASSES["generator", places.site(name).owner]
            found[name] = DerSite(name, group, drivers[name], None, scale, rating_kw)
    return found


def utility_storage(sites: Mapping[str, DerSite]) -> dict[str, DerSite]:
    """Return the storage that the DMS may command against a voltage event."""
    return {name: site for name, site in sites.items() if site.resource is ResourceClass.UTILITY_STORAGE}


def der_register(
    config: BenchFile, places: FeederPlaces, sites: Mapping[str, DerSite], settings: PlanningSection
) -> list[DerUnit]:
    """Return every DER of the feeder: those at one bus are behind one meter, and count together."""
    meters = {device: _bus(config, places, device) for device in sites}
    units = []
    for site in places.sites:
        owner = "utility" if site.owner == "utility" else "customer"
        own = sites.get(site.name)
        rating_kw = own.rating_kw if own else site.rating_kva
        resource = DistributedResource(site.name, meters.get(site.name, site.bus), owner, site.kind, rating_kw)
        units.append(
            DerUnit(
                resource=resource,
                energy_kwh=_energy_kwh(config, places, site),
                efficiency=settings.efficiency,
                may_charge=owner in settings.charged_from_grid,
                cost_per_mwh=settings.cost_per_mwh.get(site.name, settings.generation_cost_per_mwh),
            )
        )
    return units


def _bus(config: BenchFile, places: FeederPlaces, device: str) -> str:
    return places.site(config.behind_inverter.get(device, device)).bus


def _energy_kwh(config: BenchFile, places: FeederPlaces, site: Site) -> float:
    """Return what a battery of the bench stores, on the feeder's side; of others what the table of sites says."""
    inverter = config.behind_inverter.get(site.name)
    stored_kwh = config.devices[site.name].stored_kwh if inverter else None
    if inverter is None or stored_kwh is None:
        return site.energy_kwh
    return stored_kwh * places.terminal(inverter).power_scale
