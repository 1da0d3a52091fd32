"""Preconditions that the bench file, the tables beside it and the cast settle."""

from collections.abc import Sequence

from bench.feeder.sites import Site
from bench.names import Party
from bench.preconditions.finding import Finding, Subject, listed

ELIGIBLE_ABOVE_KVA = 100.0
"""DER has to be larger than this at its meter for the DMS to act on it; equal to it is not enough."""
ENERGY_MANAGEMENT = "Energy Management System"


def _configured(held: bool, evidence: str) -> Finding:
    return Finding("configuration", held, evidence)


def utility_pv_placed(subject: Subject) -> Finding:
    """Find the utility's PV on the feeder."""
    sites = [site for site in subject.sites if (site.kind, site.owner) == ("pv", "utility")]
    places = [f"{site.name} of {site.rating_kva:g} kVA at {site.bus}" for site in sites]
    return _configured(bool(sites), listed(places, 5) or "no PV on the feeder is the utility's")


def customer_pv_placed(subject: Subject) -> Finding:
    """Find customers' PV on the feeder, and behind how many of the services it is."""
    sites = [site for site in subject.sites if (site.kind, site.owner) == ("pv", "customer")]
    homes = {site.service for site in sites} - {""}
    kva = sum(site.rating_kva for site in sites)
    text = f"{len(sites)} PV systems of {kva:.0f} kVA in all, behind {len(homes)} of {len(subject.meters)} services"
    return _configured(bool(homes), text)


def tariff_agreements(subject: Subject) -> Finding:
    """Hold the customers' contracts against the programme that they are enrolled in."""
    enrolled = [premise.customer for premise in subject.premises if premise.customer.is_enrolled]
    without = [customer.service for customer in enrolled if not (customer.contracted_kw > 0.0 and customer.profile)]
    kw = sum(customer.contracted_kw for customer in enrolled)
    text = f"{len(enrolled)} of {len(subject.premises)} customers are enrolled, with contracts over {kw:.1f} kW"
    lacking = f"; enrolled without a contract or a profile: {listed(without, 5)}" if without else ""
    return _configured(bool(enrolled) and not without, text + lacking)


def cloud_is_the_cause(subject: Subject) -> Finding:
    """Find the cloud in the environment: a front of the bench file, or a record of the user's."""
    environment = subject.config.environment
    if environment.irradiance_csv is not None:
        return _configured(True, f"irradiance is the record {environment.irradiance_csv.name}")
    cloud = environment.cloud
    if cloud is None:
        return _configured(False, "the bench file's environment has no cloud")
    text = f"a front takes the sun of all of the feeder to {100 * cloud.depth_pu:.0f} % within {cloud.fall_s:g} s"
    return _configured(cloud.depth_pu < 1.0, f"{text}, for {cloud.duration_s:g} s from when the scenario lets it come")


def controlled_as_one(subject: Subject) -> Finding:
    """Find the inverter that each battery works through."""
    bound = subject.config.behind_inverter
    batteries = subject.devices("battery")
    alone = [name for name in batteries if name not in bound]
    pairs = [f"{name} through {bound[name]}" for name in batteries if name in bound]
    text = listed([*pairs, *(f"{name} through none" for name in alone)], 8)
    return _configured(bool(pairs) and not alone, text or "there is no battery on this bench")


def assets_for_dispatch(subject: Subject) -> Finding:
    """Count what the dispatch has to choose from, kind by kind; each kind has to be there."""
    kinds = {
        "storage": len(subject.devices("battery")),
        "generation": sum(site.kind == "generator" for site in subject.sites),
        "capacitor banks": len(subject.devices("capacitor_bank")),
        "tap changers": len(subject.devices("load_tap_changer")),
        "customers for demand response": sum(premise.customer.is_enrolled for premise in subject.premises),
    }
    return _configured(all(kinds.values()), ", ".join(f"{kind} {count}" for kind, count in kinds.items()))


def dispatch_in_dms(subject: Subject) -> Finding:
    """Find the application and the DMS that it is part of on the bus."""
    return _on_the_bus(subject, Party.DER_AUTOMATION, Party.DMS)


def operators_may_call(subject: Subject) -> Finding:
    """Find who orders demand response, who carries it out, and what the bench file lets them order."""
    found = _on_the_bus(subject, Party.RESOURCE_CONTROL, Party.AMI_NETWORK)
    order = subject.config.actors.operations
    enrolled = sum(premise.customer.is_enrolled for premise in subject.premises)
    ordered = f"operators order {order.reduction_kw:g} kW for {order.duration_s:g} s from {enrolled} enrolled customers"
    return _configured(bool(found.held and enrolled), f"{found.evidence}; {ordered}")


def lambda_kept(subject: Subject) -> Finding:
    """Find the Energy Management System on the bus, and its section in the bench file."""
    section = getattr(subject.config.actors, "energy_management", None)
    if section is None:
        return _configured(False, "the bench file has no section actors.energy_management")
    found = _on_the_bus(subject, ENERGY_MANAGEMENT)
    return _configured(bool(found.held), f"{found.evidence}; actors.energy_management: {str(section)[:200]}")


def only_large_der_eligible(subject: Subject) -> Finding:
    """Sort the customers' DER by the limit; there has to be some above it, or the DMS has nothing to act on."""
    theirs = [site for site in subject.sites if site.owner == "customer"]
    large = [site for site in theirs if site.rating_kva > ELIGIBLE_ABOVE_KVA]
    small = [site for site in theirs if site.rating_kva <= ELIGIBLE_ABOVE_KVA]
    text = f"of the customers' DER, above {ELIGIBLE_ABOVE_KVA:g} kW: {_rated(large) or 'none'}"
    largest = max((site.rating_kva for site in small), default=0.0)
    return _configured(bool(large), f"{text}; {len(small)} others of up to {largest:g} kW are not eligible")


def no_override(subject: Subject) -> Finding:
    """Look for a row in which a customer overrides."""
    offered = [row.number for row in subject.rows if "override" in row.information.lower()]
    if offered:
        return _configured(False, f"the scenario has rows in which a customer overrides: {listed(offered, 5)}")
    text = f"none of its {len(subject.rows)} rows passes an override on; an attempt has to be refused in the scenario"
    return _configured(bool(subject.rows), text)


def _rated(sites: Sequence[Site]) -> str:
    return listed([f"{site.name} {site.rating_kva:g}" for site in sites], 8)


def _on_the_bus(subject: Subject, *parties: str) -> Finding:
    absent = [str(party) for party in parties if party not in subject.parties]
    if absent:
        return _configured(False, f"not on the bus: {', '.join(absent)}")
    return _configured(True, f"on the bus: {', '.join(map(str, parties))}")
