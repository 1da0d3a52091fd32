"""What the judge of planned and dispatched DER rests on: models and tables of its own, and what is measured."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from bench.actors.meter_data import READ_AFTER_STATUS_S
from bench.actors.site import DerSite
from bench.assembly.der_sites import der_register, der_sites
from bench.assembly.places import FeederPlaces
from bench.config import BenchFile
from bench.dispatch.day_ahead import read_generation_stack
from bench.dispatch.transmission import load_transmission
from bench.feeder_models import HeadForecastModel
from bench.measurement import PowerReading
from bench.names import Information
from bench.planning_field import Centre, PlanningField
from bench.transmission_stage import StagedGrid
from bench.use_case.judge import Der
from bench.use_case.model import Row


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
