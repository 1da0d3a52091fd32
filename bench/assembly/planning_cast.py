"""Puts the control centre on the bus: what it plans and studies with, and when."""

from collections.abc import Callable

from bench.actors.energy_management import EnergyManagement, GridTelemetry, HeadForecast, PlanningDesk, SecurityDesk
from bench.bus import Bus
from bench.clock import Process
from bench.config import EnergyManagementSection
from bench.dispatch.day_ahead import read_generation_stack
from bench.dispatch.transmission import load_transmission
from bench.evidence import Evidence

DAY_HOURS = 24.0


def make_energy_management(
    section: EnergyManagementSection,
    start_hour: float,
    bus: Bus,
    forecast: HeadForecast,
    read_load_kw: Callable[[], float | None],
    grid: GridTelemetry,
    evidence: Evidence,
) -> tuple[EnergyManagement, list[Process]]:
    """Make the control centre and its processes; raises ConfigError for tables that cannot be read."""
    actor = EnergyManagement(bus, forecast, read_load_kw, grid, evidence.citing)
    processes: list[Process] = []
    if section.generation_stack is not None and section.plan_at_s is not None:
        desk = planning_desk(section, start_hour)
        processes += [actor.plan(desk), actor.watch_lambda(desk)]
    if section.transmission is not None:
        network = load_transmission(section.transmission)
        security = SecurityDesk(network, section.feeders_at_bus, section.security_every_s, section.duration_s)
        processes.append(actor.watch_security(security))
    return actor, processes


def planning_desk(section: EnergyManagementSection, start_hour: float) -> PlanningDesk:
    """Return what the day-ahead plan rests on: the next day begins at the midnight after the start."""
    if section.generation_stack is None or section.plan_at_s is None:
        raise ValueError("no day-ahead plan without a generation stack and a time for it")
    return PlanningDesk(
        stack=read_generation_stack(section.generation_stack),
        reserve_kw=section.reserve_kw,
        feeders_alike=section.feeders_alike,
        plan_at_s=section.plan_at_s,
        day_start_s=(DAY_HOURS - start_hour) * 3600.0,
        interval_s=section.interval_s,
        lambda_every_s=section.lambda_every_s,
        price_gaps=frozenset(section.price_gaps),
    )
