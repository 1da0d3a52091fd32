"""Puts the matcher and its judge together: rows, wiring, and what planned and dispatched DER are held against."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from bench.actors.meter_data import READ_AFTER_STATUS_S
from bench.actors.site import DerSite
from bench.assembly.der_sites import der_register, der_sites
from bench.assembly.places import FeederPlaces
from bench.bus import Bus
from bench.config import BenchFile
from bench.dispatch.day_ahead import read_generation_stack
from bench.dispatch.transmission import load_transmission
from bench.evidence import Evidence
from bench.feeder_models import HeadForecastModel
from bench.measurement import PowerReading
from bench.messages.names import Information, Party
from bench.plant.transmission_stage import StagedGrid
from bench.truth.planning_field import Centre, PlanningField
from bench.use_case.conformance import Conformance
from bench.use_case.dispatch_judge import device_of
from bench.use_case.judge import Der, PlantJudge, Wiring
from bench.use_case.model import Row, UseCase
from bench.use_case.order import RowOrder


def make_der_judge(
    config: BenchFile,
    places: FeederPlaces,
    drivers: Mapping[str, Any],
    forecast: HeadForecastModel,
    grid: StagedGrid,
    head_load_kw: Callable[[], float],
    power: Callable[[str], PowerReading | None],
) -> Der:
    """Put together what plans, requests and deliveries are held against; raises ConfigError for unreadable tables."""
    section = config.actors.energy_management
    sites = der_sites(config, drivers, places)
    centre = Centre(
        stack=read_generation_stack(section.generation_stack) if section.generation_stack else (),
        reserve_kw=section.reserve_kw,
        feeders_alike=section.feeders_alike,
        feeders_at_bus=section.feeders_at_bus,
        network=load_transmission(section.transmission) if section.transmission else None,
        forecast_kw=forecast.head_load_kw,
        out=grid.out_of_service,
    )
    field = PlanningField(
        centre,
        der_register(config, places, sites, config.actors.planning),
        {name: partial(_stored_kwh, site) for name, site in sites.items() if site.battery is not None},
        config.actors.planning.reserve_pu,
        head_load_kw,
        power,
    )
    read_after_s = config.actors.generator_status_after_s + READ_AFTER_STATUS_S
    return Der(field, places.der_credit_meters(), read_after_s, partial(_since_s, section.plan_at_s, grid))


def _stored_kwh(site: DerSite) -> float:
    """Read the energy in a battery over its own wire, kWh on the feeder's side."""
    if site.battery is None:
        raise ValueError(f"{site.device} stores nothing")
    return site.feeder_kw(site.battery.read_storage().energy_wh)


def _since_s(plan_at_s: float | None, grid: StagedGrid, row: Row) -> float | None:
    """Return from when on a row's limit counts that begins with a time of day, or with what happens to the grid."""
    if row.information == Information.PEAKING_REQUIREMENTS:
        return plan_at_s
    return grid.since_s if row.information == Information.TRANSMISSION_CONSTRAINT else None


def make_conformance(
    use_case: UseCase,
    judge: PlantJudge,
    rows: Sequence[str],
    variant: str | None,
    evidence: Evidence,
    bus: Bus,
) -> Conformance:
    """Make the matcher for the rows that a feature encodes, and those that its variant wants to stay away."""
    scenario = use_case.row(rows[0]).scenario if rows else ""
    absent = use_case.absent_rows(scenario, variant)
    chosen = tuple(row for number, row in use_case.rows.items() if number in {*rows, *absent})
    earlier = partial(RowOrder(use_case).predecessors, variant=variant)
    repeating = use_case.repeating_rows()
    return Conformance(chosen, earlier, judge, evidence, bus.clock, use_case.rivals, absent, repeating, bus.log)


def make_wiring(config: BenchFile) -> Wiring:
    """Tell which device a party is, for an instance of a row: a meter, a control, a battery or its inverter."""

    def endpoint(party: Party, instance: str) -> str | None:
        device = device_of(instance)
        if party in {Party.UTILITY_INVERTER, Party.CUSTOMER_INVERTER}:
            return config.behind_inverter.get(device, device)
        return device if party in OWN_WIRE else None

    return Wiring(endpoint)


OWN_WIRE = frozenset(
    {
        Party.NET_METER,
        Party.CREDIT_METER,
        Party.UTILITY_BATTERY,
        Party.CUSTOMER_BATTERY,
        Party.UTILITY_GENERATION,
        Party.CUSTOMER_GENERATION,
        Party.CAPACITOR_CONTROLS,
        Party.TAP_CHANGER_CONTROLS,
    }
)
"""Parties whose instances are devices of the bench, each with a wire of its own."""
