"""Puts the matcher and its judge together: rows, wiring, and what planned and dispatched DER are held against."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
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
from bench.judgement.log import JudgementLog, OverheardLedger, RecordedConformance, overheard
from bench.judgement.rules import Rules
from bench.measurement import PowerReading
from bench.messages.names import Information, Party
from bench.plant.transmission_stage import StagedGrid
from bench.truth.planning_field import Centre, PlanningField
from bench.truth.range_a import ServiceVoltages
from bench.use_case.call_judge import CallField
from bench.use_case.conformance import Conformance
from bench.use_case.dispatch_judge import device_of
from bench.use_case.hindrances import Hindrances
from bench.use_case.judge import Der, Field, PlantJudge, Wiring
from bench.use_case.model import Row, UseCase


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


def make_conformance(rules: Rules, judge: PlantJudge, evidence: Evidence, bus: Bus, log: JudgementLog) -> Conformance:
    """Make the matcher for the rows that a feature encodes, and those that its variant wants to stay away."""
    log.begin(rules.entry())
    ledger = OverheardLedger(evidence, log)
    hindrances = overheard("links", Hindrances(bus.log, judge, bus.clock), log)
    matcher = rules.matcher()
    return RecordedConformance(log, judge=judge, evidence=ledger, clock=bus.clock, hindrances=hindrances, **matcher)


def make_rules(use_case: UseCase, rows: Sequence[str], variant: str | None, der: Der) -> Rules:
    """Put together by what a scenario is judged."""
    scenario = use_case.row(rows[0]).scenario if rows else ""
    rules = Rules.of(use_case, frozenset(rows), variant, use_case.absent_rows(scenario, variant))
    return replace(rules, scenario=scenario, meters=der.meters, read_after_s=der.read_after_s)


def make_judge(
    voltages: ServiceVoltages,
    field: Field,
    calls: CallField,
    wiring: Wiring,
    der: Der,
    evidence: Evidence,
    log: JudgementLog,
) -> PlantJudge:
    """Make the judge, all of whose questions go through the judgement log."""
    planned = replace(
        der,
        field=overheard("planning", der.field, log),
        since_s=lambda row: log.ask("der.since_s", (row,), der.since_s),
    )
    wired = Wiring(lambda party, name: log.ask("wiring.endpoint", (party, name), wiring.endpoint))
    return PlantJudge(
        overheard("voltages", voltages, log),
        overheard("field", field, log),
        overheard("calls", calls, log),
        wired,
        OverheardLedger(evidence, log),
        planned,
    )


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
