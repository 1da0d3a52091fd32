"""Preconditions that the bench file, the tables beside it and the cast settle."""

from bench.dispatch.day_ahead import read_generation_stack
from bench.dispatch.eligibility import THRESHOLD_KW, DistributedResource, eligible
from bench.feeder.sites import Site
from bench.messages.names import Information, Party
from bench.preconditions.finding import Finding, Subject, listed


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
    """Find the cloud in the environment: a front of the bench file, or a record of the user's.

    The use case states it for scenarios as well that no voltage out of range begins; no cloud is let come in those.
    """
    if not any(row.information == Information.VOLTAGE_EVENT for row in subject.rows):
        text = "not exercised: no row of this scenario begins with a voltage out of range, and no cloud is let come"
        return Finding("assumed", None, text)
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
    """Find the Energy Management System on the bus, and the generation stack that it computes lambda from."""
    section = subject.config.actors.energy_management
    if section.generation_stack is None or section.plan_at_s is None:
        return _configured(False, "actors.energy_management has no generation_stack, or no plan_at_s")
    units = read_generation_stack(section.generation_stack)
    kw = sum(unit.highest_kw for unit in units)
    found = _on_the_bus(subject, Party.ENERGY_MANAGEMENT)
    text = f"{len(units)} units of {kw:.0f} kW in all, lambda every {section.lambda_every_s:g} s"
    return _configured(bool(found.held and units), f"{found.evidence}; {text}")


def only_large_der_eligible(subject: Subject) -> Finding:
    """Sort all DER by what stands behind their meter; the customers have to have some that is eligible."""
    sorted_out = eligible(_resource(site) for site in subject.sites)
    theirs = [r for r in subject.sites if r.owner == "customer" and r.name in sorted_out.devices]
    named = [
        f"{name} {sorted_out.meter_kw[_meter(site)]:g}"
        for site in subject.sites
        if (name := site.name) in sorted_out.devices
    ]
    small = sum(meter_kw <= THRESHOLD_KW for meter_kw in sorted_out.meter_kw.values())
    text = f"eligible, with the kW behind their meter: {listed(named, 8) or 'none'}"
    return _configured(bool(theirs), f"{text}; {small} meters have not more than {THRESHOLD_KW:g} kW behind them")


def no_override(subject: Subject) -> Finding:
    """Look for a row in which a customer overrides, and at what the wholesale desk authorizes."""
    offered = [row.number for row in subject.rows if "override" in row.information.lower()]
    if offered:
        return _configured(False, f"the scenario has rows in which a customer overrides: {listed(offered, 5)}")
    may = subject.config.actors.wholesale.may_override
    text = f"none of its {len(subject.rows)} rows passes an override on; actors.wholesale.may_override is {may}"
    return _configured(bool(subject.rows) and not may, f"{text}; an attempt has to be refused in the scenario")


def _resource(site: Site) -> DistributedResource:
    return DistributedResource(site.name, _meter(site), site.owner, site.kind, site.rating_kva)


def _meter(site: Site) -> str:
    """Name what a resource is metered at: its service, or its owner's at a bus without one."""
    return site.service or f"{site.bus}, {site.owner}"


def _on_the_bus(subject: Subject, *parties: str) -> Finding:
    absent = [str(party) for party in parties if party not in subject.parties]
    if absent:
        return _configured(False, f"not on the bus: {', '.join(absent)}")
    return _configured(True, f"on the bus: {', '.join(map(str, parties))}")
